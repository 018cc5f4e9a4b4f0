#include "ldap/signing.h"

#include <stdlib.h>

#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "util/clock.h"

static const char *const wanted[] = {"provostDkimDomain", "provostDkimSelector",
				     "provostDkimKeyType",
				     "provostDkimPrivateKey", NULL};

struct reading_keys {
	struct arena *arena;
	struct signing_list *list;
	struct err err;
};

static void each_key(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading_keys *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE || r->list->count == SIGNING_MAX ||
	    !entry_read(ld, message, r->arena, &en, &r->err))
		return;
	const struct signing k = {entry_text(&en, wanted[0]),
				  entry_text(&en, wanted[1]),
				  entry_text(&en, wanted[2]),
				  entry_text(&en, wanted[3])};
	if (k.domain != NULL && k.selector != NULL && k.type != NULL &&
	    k.stored != NULL)
		r->list->items[r->list->count++] = k;
}

static const char *active_filter(struct arena *a, const char *domain)
{
	const char *parts[] = {
		filter_equal(a, "objectClass", "provostDkimKey"),
		filter_equal(a, wanted[0], domain),
		filter_equal(a, "provostDkimState", "active"),
	};

	return filter_all(a, parts, sizeof(parts) / sizeof(parts[0]));
}

bool signing_read(struct session *s, const struct ldap_settings *set,
		  struct arena *a, const char *domain, int64_t deadline,
		  struct signing_list *ret, struct err *e)
{
	struct reading_keys r = {.arena = a, .list = ret};
	int64_t own = clock_now() + set->read_seconds * 1000;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = active_filter(a, domain),
			       .want = wanted,
			       .each = each_key,
			       .ctx = &r};

	ret->count = 0;
	if (!session_run(s, a, &op, own < deadline ? own : deadline, e))
		return false;
	if (r.err.kind != ERR_NONE)
		*e = r.err;
	return r.err.kind == ERR_NONE &&
	       (op.result == LDAP_SUCCESS || result_of(&op, domain, e));
}
