#include "ldap/audit_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/audit_seal.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/map.h"
#include "ldap/store_parts.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/text.h"

enum {
	AT_ONCE = 1024,    /* records that are read */
	BEGIN_AGO = 3600,  /* seconds: what is older when sealing begins is not
			    * sealed */
	SEAL_SECONDS = 60, /* after an outage there may be much to look at */
};

static const char *time_of(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, seconds);
	return map_time(a, text);
}

struct newest {
	struct arena *arena;
	struct seal seal;
	struct err err;
};

static void each_seal(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct newest *n = ctx;
	struct entry en;
	struct seal s;

	if (n->err.kind == ERR_NONE &&
	    entry_read(ld, message, n->arena, &en, &n->err) &&
	    seal_read(&en, n->arena, &s, &n->err) && s.number > n->seal.number)
		n->seal = s;
}

/* Among those made since then.  A time costs as much as there is behind it, so
 * that the first look is at the last minute. */
static bool look(struct ldap_store *s, const struct task *t, int64_t ago,
		 struct newest *n, struct err *e)
{
	static const char *const want[] = {"provostSealNumber", "provostSealTo",
					   "provostSealDigest", NULL};
	struct arena *a = t->arena;
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = seal_parent(a, s->set->base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = ago > 0 ? filter_from(a, "provostSealTime",
						 time_of(a,
							 clock_seconds() - ago))
				   : filter_equal(a, "objectClass",
						  "provostSeal"),
		 .want = want,
		 .limit = OPERATION_ALL,
		 .each = each_seal,
		 .ctx = n};

	if (!store_run(s, t, &op, SEAL_SECONDS, "seals", e))
		return false;
	if (n->err.kind != ERR_NONE)
		*e = n->err;
	return n->err.kind == ERR_NONE;
}

static void take(struct audit_head *head, const struct seal *s)
{
	head->number = s->number;
	head->known = snprintf(head->digest, sizeof(head->digest), "%s",
			       s->digest) < (int)sizeof(head->digest) &&
		      snprintf(head->reached, sizeof(head->reached), "%s",
			       s->to) < (int)sizeof(head->reached);
}

bool ldap_audit_head(struct store *port, const struct task *t,
		     struct audit_head *ret, struct err *e)
{
	static const int64_t agos[] = {60, 3600, 86400, 30 * 86400, 0};
	struct newest n = {.arena = t->arena};

	*ret = (struct audit_head){.number = 0};
	for (size_t i = 0; i < COUNT(agos) && n.seal.number == 0; i++) {
		if (!look(store_self(port), t, agos[i], &n, e))
			return false;
	}
	if (n.seal.number > 0)
		take(ret, &n.seal);
	return true;
}

/* Where an older directory has no place for seals. */
static bool make_place(struct ldap_store *s, const struct task *t,
		       struct err *e)
{
	char class[] = "organizationalUnit", name[] = "audit";
	char *classes[] = {class, NULL}, *names[] = {name, NULL};
	LDAPMod *mods[] = {map_mod(t->arena, LDAP_MOD_ADD, "objectClass",
				   classes),
			   map_mod(t->arena, LDAP_MOD_ADD, "ou", names), NULL};
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = seal_parent(t->arena, s->set->base),
			       .mods = mods};

	err_clear(e);
	return store_run(s, t, &op, s->set->write_seconds, "ou=audit", e) ||
	       e->kind == ERR_EXISTS;
}

/* Where sealing begins, or goes on. */
static bool find_head(struct store *port, const struct task *t,
		      struct audit_head *head, struct err *e)
{
	struct ldap_store *s = store_self(port);

	if (head->known)
		return true;
	if (!ldap_audit_head(port, t, head, e) &&
	    (e->kind != ERR_NOT_FOUND || !make_place(s, t, e)))
		return false;
	err_clear(e);
	if (head->number > 0)
		return head->known;
	const struct seal none =
		{.digest = seal_none,
		 .to = arena_join(t->arena,
				  arena_strndup(t->arena,
						time_of(t->arena,
							clock_seconds() -
								BEGIN_AGO),
						14),
				  ".000000Z#000000#000#000000", NULL)};
	take(head, &none);
	return head->known;
}

struct fresh {
	struct arena *arena;
	const char *base, *reached;
	const char *lines[AT_ONCE];
	size_t count;
	struct err err;
};

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct fresh *f = ctx;
	struct entry en;
	char digest[SEAL_HEX];

	if (f->err.kind != ERR_NONE || f->count == AT_ONCE ||
	    !entry_read(ld, message, a, &en, &f->err))
		return;
	const char *csn = entry_text(&en, "entryCSN");
	const char *dn = entry_text(&en, "reqDN");
	if (csn == NULL || dn == NULL || strcmp(csn, f->reached) <= 0)
		return;
	seal_record_digest(&en, digest);
	f->lines[f->count++] =
		arena_join(f->arena, csn, " ", digest, " ",
			   seal_place(f->arena, f->base, dn), NULL);
}

static bool read_fresh(struct ldap_store *s, const struct task *t,
		       struct fresh *f, bool *more, struct err *e)
{
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = "cn=accesslog",
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_from(t->arena, "entryCSN",
						     f->reached),
			       .want = seal_counted,
			       .limit = AT_ONCE,
			       .each = each_record,
			       .ctx = f};

	*more = false;
	if (!store_run(s, t, &op, SEAL_SECONDS, "log", e)) {
		*more = op.result == LDAP_SIZELIMIT_EXCEEDED;
		if (!*more)
			return false;
		err_clear(e);
	}
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One more seal behind the head. */
static bool add_seal(struct ldap_store *s, const struct task *t,
		     struct audit_head *head, const char **lines, size_t count,
		     struct err *e)
{
	struct arena *a = t->arena;
	const char *last = lines[count - 1];
	char digest[SEAL_HEX];
	struct seal seal = {.number = head->number + 1,
			    .from = head->reached,
			    .to = arena_strndup(a, last, strcspn(last, " ")),
			    .time = time_of(a, clock_seconds()),
			    .previous = head->digest,
			    .records = {lines, count}};

	seal_digest(&seal, digest);
	seal.digest = digest;
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = seal_dn(a, s->set->base, seal.number),
			       .mods = seal_add(a, &seal)};
	head->known = false; /* whatever becomes of it */
	if (!store_run(s, t, &op, s->set->write_seconds, "seal", e))
		return false;
	take(head, &seal);
	return true;
}

/* Somebody who watches the logs can compare: `provost audit verify --anchor`.
 */
static void tell(struct arena *a, const struct audit_head *head)
{
	log_event(LOG_INFO, "sealed", "number",
		  arena_printf(a, "%lld", (long long)head->number), "digest",
		  head->digest, NULL);
}

bool ldap_audit_seal(struct store *port, const struct task *t,
		     struct audit_head *head, bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);

	if (!find_head(port, t, head, e))
		return false;
	struct fresh f = {.arena = t->arena,
			  .base = s->set->base,
			  .reached = arena_strdup(t->arena, head->reached)};
	if (!read_fresh(s, t, &f, more, e)) {
		/* A foreign directory may keep no log. */
		bool none = e->kind == ERR_NOT_FOUND || e->kind == ERR_DENIED;

		if (none)
			err_clear(e);
		return none;
	}
	qsort(f.lines, f.count, sizeof(*f.lines), by_text);
	for (size_t i = 0, n; i < f.count; i += n) {
		n = f.count - i < SEAL_RECORDS ? f.count - i : SEAL_RECORDS;
		if (!add_seal(s, t, head, f.lines + i, n, e))
			return e->kind == ERR_EXISTS ? (err_clear(e), true)
						     : false;
	}
	if (f.count > 0)
		tell(t->arena, head);
	return true;
}
