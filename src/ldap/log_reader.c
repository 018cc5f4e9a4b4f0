#include "ldap/log_reader.h"

#include <string.h>

#include "ldap/audit_newest.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/schema.h"

enum {
	AT_ONCE = 20,  /* records of a search */
	ALONE = 8,     /* that are fetched one by one before */
	KNOWN = 10000, /* of an entry */
};

static const char log_base[] = "cn=accesslog";

struct log_reader {
	struct ldap_store *store;
	const struct task *task;
	struct arena *arena; /* of those that were fetched */
	struct entry records[AT_ONCE];
	size_t count;

	const char *dn; /* of the last one */
	size_t alone;   /* how many of that entry were fetched one by one */
	struct newest newest;
	const char *const *csns; /* all of that entry, the newest last */
	size_t left;             /* which are not fetched yet */
	struct err err;
};

static void release(void *reader)
{
	struct log_reader *l = reader;

	arena_release(&l->arena);
}

struct log_reader *log_reader_new(struct ldap_store *s, const struct task *t)
{
	struct log_reader *l = arena_alloc(t->arena, sizeof(*l));

	l->store = s;
	l->task = t;
	l->arena = arena_new();
	arena_defer(t->arena, release, l);
	return l;
}

bool log_reader_has_none(int result)
{
	return result == LDAP_NO_SUCH_OBJECT ||
	       result == LDAP_INSUFFICIENT_ACCESS ||
	       result == LDAP_UNWILLING_TO_PERFORM || result == LDAP_REFERRAL;
}

static bool search(struct log_reader *l, struct operation *op, struct err *e)
{
	op->kind = OPERATION_SEARCH;
	op->dn = log_base;
	op->scope = LDAP_SCOPE_ONELEVEL;
	op->limit = OPERATION_ALL;
	op->ctx = l;
	if (!store_run(l->store, l->task, op, l->store->set->read_seconds,
		       "log", e)) {
		if (!log_reader_has_none(op->result))
			return false;
		err_clear(e);
	}
	if (l->err.kind != ERR_NONE)
		*e = l->err;
	return l->err.kind == ERR_NONE;
}

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct log_reader *l = ctx;

	if (l->count < AT_ONCE && l->err.kind == ERR_NONE &&
	    entry_read(ld, message, l->arena, &l->records[l->count], &l->err))
		l->count++;
}

/* At most AT_ONCE of them; those from before are gone.  slapd's index of
 * entryCSN knows seconds and nothing finer: where there are many writes in one
 * second, the entry they are about tells them apart; NULL: any. */
static bool fetch(struct log_reader *l, const char *dn, const char *const *csns,
		  size_t count, struct err *e)
{
	static const char *const want[] = {"entryCSN", "reqType", "reqDN",
					   "reqMod",   "reqOld",  NULL};
	const char *any[AT_ONCE];

	arena_release(&l->arena);
	l->arena = arena_new();
	l->count = 0;
	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(l->arena, schema_guard, csns[i]);
	const char *those = filter_any(l->arena, any, count);
	if (dn != NULL)
		those = filter_and(l->arena,
				   filter_equal(l->arena, "reqDN", dn), those);
	struct operation op = {.filter = those,
			       .want = want,
			       .each = each_record};
	return search(l, &op, e);
}

static void each_csn(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct log_reader *l = ctx;
	struct entry en;

	if (l->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &l->err))
		return;
	const char *csn = entry_text(&en, schema_guard);
	if (csn != NULL)
		newest_add(&l->newest, csn);
}

static bool list(struct log_reader *l, struct err *e)
{
	static const char *const want[] = {"entryCSN", NULL};
	struct operation op = {.filter = filter_equal(l->task->arena, "reqDN",
						      l->dn),
			       .want = want,
			       .each = each_csn};

	l->newest = newest_of(l->task->arena, KNOWN);
	if (!search(l, &op, e))
		return false;
	l->csns = newest_sorted(&l->newest);
	l->left = l->newest.count;
	return true;
}

static const struct entry *find(const struct log_reader *l, const char *csn)
{
	for (size_t i = 0; i < l->count; i++) {
		const char *own = entry_text(&l->records[i], schema_guard);

		if (own != NULL && strcmp(own, csn) == 0)
			return &l->records[i];
	}
	return NULL;
}

/* A renaming is recorded under the name before. */
static bool fetch_one(struct log_reader *l, const char *csn, struct err *e)
{
	if (l->dn[0] == '\0')
		return fetch(l, NULL, &csn, 1, e);
	return fetch(l, l->dn, &csn, 1, e) &&
	       (l->count > 0 || fetch(l, NULL, &csn, 1, e));
}

/* It, and if that is known those of the same entry before it. */
static bool fetch_some(struct log_reader *l, const char *csn, struct err *e)
{
	if (l->csns == NULL && ++l->alone > ALONE && !list(l, e))
		return false;
	while (l->left > 0 && strcmp(l->csns[l->left - 1], csn) > 0)
		l->left--;
	if (l->left == 0 || strcmp(l->csns[l->left - 1], csn) != 0)
		return fetch_one(l, csn, e);
	size_t n = l->left < AT_ONCE ? l->left : AT_ONCE;
	l->left -= n;
	return fetch(l, l->dn, l->csns + l->left, n, e);
}

static void begin(struct log_reader *l, const char *dn)
{
	l->dn = arena_strdup(l->task->arena, dn);
	l->alone = 0;
	l->csns = NULL;
	l->left = 0;
}

bool log_reader_get(struct log_reader *l, const char *dn, const char *csn,
		    struct entry *ret, struct err *e)
{
	const struct entry *found = find(l, csn);

	*ret = (struct entry){NULL, 0};
	if (l->dn == NULL || !dn_equal(l->dn, dn))
		begin(l, dn);
	if (found == NULL) {
		if (!fetch_some(l, csn, e))
			return false;
		found = find(l, csn);
	}
	if (found != NULL)
		*ret = *found;
	return true;
}
