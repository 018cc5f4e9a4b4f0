#include "ldap/expiry.h"

#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"

enum {
	AT_ONCE = 200,     /* entries that one call changes */
	SEARCH_FACTOR = 5, /* the search may take that many times a read */
};

struct expired {
	const char *dn, *guard;
};

struct finding {
	struct arena *arena;
	struct expired *items; /* AT_ONCE */
	size_t count;
	bool more;
	struct err err;
};

static void each_expired(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct finding *f = ctx;
	BerElement *ber = NULL;
	struct berval dn;
	struct entry en;

	if (f->count == AT_ONCE || f->err.kind != ERR_NONE ||
	    !entry_read(ld, message, f->arena, &en, &f->err) ||
	    ldap_get_dn_ber(ld, message, &ber, &dn) != LDAP_SUCCESS)
		return;
	f->items[f->count++] =
		(struct expired){arena_strndup(f->arena, dn.bv_val, dn.bv_len),
				 entry_text(&en, schema_guard)};
	ber_free(ber, 0);
}

static bool find(struct ldap_store *s, const struct task *t, const char *from,
		 const char *to, struct finding *f, struct err *e)
{
	struct arena *a = t->arena;
	const char *const want[] = {schema_guard, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter =
				       schema_expired_filter(a,
							     map_time(a, from),
							     map_time(a, to)),
			       .want = want,
			       .limit = AT_ONCE,
			       .each = each_expired,
			       .ctx = f};

	if (!store_run(s, t, &op, s->set->read_seconds * SEARCH_FACTOR,
		       "expired", e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	f->more = op.result == LDAP_SIZELIMIT_EXCEEDED;
	err_clear(e);
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

/* Unless somebody has just changed it: then it is looked at again. */
static bool disable(struct ldap_store *s, const struct task *t,
		    const struct expired *x, struct err *e)
{
	struct arena *a = t->arena;
	char *no[] = {arena_strdup(a, "FALSE"), NULL},
	     *yes[] = {arena_strdup(a, "TRUE"), NULL};
	LDAPMod *mods[] = {map_mod(a, LDAP_MOD_REPLACE, schema_enabled, no),
			   map_mod(a, LDAP_MOD_REPLACE, schema_wish, yes),
			   NULL};
	struct controls c = {.count = 0};

	control_assert(&c, a, schema_guard, x->guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = x->dn,
			       .mods = mods,
			       .controls = control_list(&c)};

	if (store_run(s, t, &op, s->set->write_seconds, x->dn, e))
		return true;
	if (e->kind != ERR_CHANGED && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

bool ldap_expire(struct store *port, const struct task *t, const char *from,
		 const char *to, bool *more, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct finding f =
		{.arena = t->arena,
		 .items = arena_alloc(t->arena,
				      AT_ONCE * sizeof(struct expired))};

	if (!find(s, t, from, to, &f, e))
		return false;
	for (size_t i = 0; i < f.count; i++) {
		if (f.items[i].guard != NULL && !disable(s, t, &f.items[i], e))
			return false;
	}
	*more = f.more;
	return true;
}
