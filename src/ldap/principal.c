#include "ldap/principal.h"

#include <string.h>

#include "ldap/dn.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/reach.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "util/text.h"

static const char member[] = "member", certificate[] = "provostCertificate";

/* The members of the group, by their names. */
struct members {
	struct arena *arena;
	const struct berval *values; /* ended by a NULL bv_val, or NULL */
	struct err err;
};

static void each_group(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct members *m = ctx;
	struct entry en;

	if (entry_read(ld, message, m->arena, &en, &m->err))
		m->values = entry_values(&en, member);
}

static bool read_members(struct ldap_store *s, const struct task *t,
			 struct members *ret, struct err *e)
{
	static const char *const want[] = {member, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_administrators_dn(t->arena,
							      s->set->base),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter_present(t->arena, member),
			       .want = want,
			       .each = each_group,
			       .ctx = ret};

	*ret = (struct members){.arena = t->arena};
	if (!store_run(s, t, &op, s->set->read_seconds, "administrators", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return e->kind == ERR_NONE;
}

bool principal_mark(struct ldap_store *s, const struct task *t,
		    struct principal *p, size_t count, struct err *e)
{
	struct members m;

	if (count == 0)
		return true;
	if (!read_members(s, t, &m, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *dn =
			schema_login_dn(t->arena, s->set->base, p[i].login);
		const struct berval *v = m.values;

		while (v != NULL && v->bv_val != NULL &&
		       !dn_equal(v->bv_val, dn))
			v++;
		p[i].super_administrator = v != NULL && v->bv_val != NULL;
	}
	return true;
}

bool principal_gives(struct arena *a, const struct principal *old,
		     const struct principal *p, LDAPMod ***mods)
{
	const struct text_list *was = &old->certificates;
	size_t n = 0, at = 0;

	if (*mods == NULL || p->certificates.count == 0 ||
	    text_list_equal(*was, p->certificates))
		return false;
	for (; (*mods)[n] != NULL; n++) {
		if (text_equal((*mods)[n]->mod_type, certificate))
			at = n;
	}
	LDAPMod *give = (*mods)[at];
	LDAPMod **all = arena_alloc(a, (n + 2) * sizeof(*all));
	memcpy(all, *mods, n * sizeof(*all));
	give->mod_op = LDAP_MOD_ADD;
	if (was->count > 0) {
		char **gone = arena_alloc(a, (was->count + 1) * sizeof(*gone));

		for (size_t i = 0; i < was->count; i++)
			gone[i] = arena_strdup(a, was->items[i]);
		all[at] = map_mod(a, LDAP_MOD_DELETE, certificate, gone);
		all[n] = give;
	}
	*mods = all;
	return true;
}

struct holders {
	struct arena *arena;
	const char *login; /* who asks */
	bool other;
	struct err err;
};

static void each_holder(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct holders *h = ctx;
	struct entry en;

	if (entry_read(ld, message, h->arena, &en, &h->err))
		h->other = h->other ||
			   !text_equal(entry_text(&en, schema_login), h->login);
}

/* Whether somebody else has one of them. */
static bool has_other(struct ldap_store *s, const struct task *t,
		      const struct principal *p, bool *ret, struct err *e)
{
	static const char *const want[] = {schema_login, NULL};
	const struct text_list *list = &p->certificates;
	struct holders h = {.arena = t->arena, .login = p->login};
	const char **any = arena_alloc(t->arena, list->count * sizeof(*any));

	for (size_t i = 0; i < list->count; i++)
		any[i] = filter_equal(t->arena, certificate, list->items[i]);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_principals_dn(t->arena,
							  s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_any(t->arena, any, list->count),
			       .want = want,
			       .each = each_holder,
			       .ctx = &h};
	if (!store_run(s, t, &op, s->set->read_seconds, "certificates", e))
		return false;
	*ret = h.other;
	return true;
}

/* slapd looks for others before it looks who asks: who may not write it is not
 * told that they are there. */
bool principal_refused(struct ldap_store *s, const struct task *t,
		       const struct principal *p, struct err *e)
{
	bool taken, may;
	struct err why = *e;

	if (p->certificates.count == 0 ||
	    !text_equal(e->code, "directory_constraint"))
		return false;
	err_clear(e);
	if (!has_other(s, t, p, &taken, e) ||
	    !reach_is_super_administrator(&s->port, t, &may, e))
		return false;
	if (taken)
		return may ? err_code(e, ERR_CONFLICT, "certificate_taken",
				      "another principal has one of these "
				      "certificates")
			   : err_set(e, ERR_DENIED,
				     "you may not write certificates");
	*e = why;
	return false;
}

/* What is no login of ours helps nobody. */
bool principal_administrators(struct store *port, const struct task *t,
			      struct text_list *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct members m;
	size_t room = 0;

	if (!read_members(s, t, &m, e))
		return false;
	while (m.values != NULL && m.values[room].bv_val != NULL)
		room++;
	ret->items = arena_alloc(t->arena, (room + 1) * sizeof(*ret->items));
	ret->count = 0;
	for (size_t i = 0; i < room; i++) {
		const char *login = schema_login_of(t->arena, s->set->base,
						    m.values[i].bv_val);

		if (login != NULL && standing_is_login(login))
			ret->items[ret->count++] = login;
	}
	return true;
}

/* One whom the gateway does not see at all is no help. */
bool principal_can_log_in(struct store *port, const struct task *t,
			  const char *login, bool *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct standing standing;

	if (!standing_find(s->session, s->set, t, login, &standing, e))
		return false;
	*ret = standing.id != NULL;
	return true;
}

/* The result that says that it was so already. */
static bool is_done(const struct operation *op, bool yes)
{
	return op->result ==
	       (yes ? LDAP_TYPE_OR_VALUE_EXISTS : LDAP_NO_SUCH_ATTRIBUTE);
}

bool principal_set_administrator(struct store *port, const struct task *t,
				 const char *login, bool yes, bool ask,
				 struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	char *values[] = {arena_strdup(a,
				       schema_login_dn(a, s->set->base, login)),
			  NULL};
	LDAPMod *mods[] = {map_mod(a, yes ? LDAP_MOD_ADD : LDAP_MOD_DELETE,
				   member, values),
			   NULL};
	struct controls c = store_as_caller(t);

	if (ask)
		control_no_op(&c);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_administrators_dn(a, s->set->base),
			       .mods = mods,
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, op.dn, e) &&
	    !(ask && op.result == LDAP_X_NO_OPERATION) && !is_done(&op, yes)) {
		/* A group has a member, and this one was the last. */
		if (op.result == LDAP_OBJECT_CLASS_VIOLATION)
			return err_code(e, ERR_CONFLICT, "last_administrator",
					"%s is the only super administrator",
					login);
		return ask ? store_nothing_done(e) : false;
	}
	err_clear(e);
	return true;
}
