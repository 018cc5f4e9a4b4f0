#include "ldap/changes.h"

#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	AT_ONCE = 10000,  /* writes that are read */
	DOMAINS = 1000,   /* that are told */
	FIRST_LOOK = 120, /* seconds that the clocks may differ */
};

static const char log_base[] = "cn=accesslog", log_end[] = "reqEnd",
		  log_dn[] = "reqDN";

struct reading {
	struct arena *arena;
	const char *below; /* all domains, with a comma before it */
	struct list *names;
	const char *reached;
	size_t count;
	struct err err;
};

/* The domain that a written entry is, or is in; NULL: in none. */
static const char *domain_of(const struct reading *r, const char *dn)
{
	size_t size = strlen(dn), tail = strlen(r->below);
	const char *key = schema_of(KIND_DOMAIN)->key;
	struct err bad = {0};

	if (size <= tail || strcasecmp(dn + size - tail, r->below) != 0)
		return NULL;
	const char *last = dn + size - tail;
	while (last > dn && last[-1] != ',')
		last--;
	if (strncasecmp(last, key, strlen(key)) != 0 ||
	    last[strlen(key)] != '=')
		return NULL;
	last += strlen(key) + 1;
	const char *name =
		text_lower(r->arena,
			   arena_strndup(r->arena, last,
					 (size_t)(dn + size - tail - last)));
	return domain_name_check(name, &bad) ? name : NULL;
}

static void each_write(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	r->count++;
	if (!entry_read(ld, message, r->arena, &en, &r->err))
		return;
	const char *end = entry_text(&en, log_end);
	const char *dn = entry_text(&en, log_dn);
	const char *name = dn != NULL ? domain_of(r, dn) : NULL;
	if (end != NULL && (r->reached == NULL || strcmp(end, r->reached) > 0))
		r->reached = end;
	if (name != NULL)
		list_add(r->names, name);
}

static const char *some_time_ago(struct arena *a)
{
	char text[INSTANT_SIZE];

	instant_text(text, clock_seconds() - FIRST_LOOK);
	return map_time(a, text);
}

static void each_tally(void *ctx, LDAP *ld, LDAPMessage *message)
{
	bool *any = ctx;

	(void)ld, (void)message;
	*any = true;
}

/* One tally tells; there may be very many. */
static bool is_needed(struct ldap_store *s, const struct task *t, bool *ret,
		      struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_journal_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_equal(t->arena, "objectClass",
						      "provostTally"),
			       .want = nothing,
			       .limit = 1,
			       .each = each_tally,
			       .ctx = ret};

	*ret = false;
	if (!store_run(s, t, &op, s->set->read_seconds, "tallies", e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	return true;
}

/* Where a foreign directory keeps no log, or does not show it. */
static bool has_none(int result)
{
	return result == LDAP_NO_SUCH_OBJECT ||
	       result == LDAP_INSUFFICIENT_ACCESS ||
	       result == LDAP_UNWILLING_TO_PERFORM || result == LDAP_REFERRAL;
}

bool ldap_changes_read(struct store *port, const struct task *t,
		       const char *since, struct writes *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	static const char *const want[] = {log_end, log_dn, NULL};
	bool needed, more;

	*ret = (struct writes){.known = true};
	if (!is_needed(s, t, &needed, e) || !needed)
		return e->kind == ERR_NONE;
	if (since == NULL)
		since = some_time_ago(t->arena);
	struct reading r =
		{.arena = t->arena,
		 .below = arena_printf(t->arena, ",%s",
				       schema_domains_dn(t->arena,
							 s->set->base)),
		 .names = list_new(t->arena, DOMAINS, NULL),
		 .reached = since};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = log_base,
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_from(t->arena, log_end, since),
			       .want = want,
			       .limit = AT_ONCE,
			       .each = each_write,
			       .ctx = &r};
	bool done = store_run(s, t, &op, s->set->read_seconds, "log", e);
	if (!done && op.result != LDAP_SIZELIMIT_EXCEEDED) {
		ret->known = false;
		return has_none(op.result) ? (err_clear(e), true) : false;
	}
	err_clear(e);
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		return false;
	}
	ret->domains.items = list_keys(r.names, &ret->domains.count, &more);
	ret->reached = r.reached;
	ret->known = done && !more;
	return true;
}
