#include <string.h>

#include "api/conditional.h"
#include "api/native.h"
#include "core/appointment.h"
#include "core/principal.h"
#include "core/scope.h"

enum { ROLES_MAX = 1000 }; /* that somebody is told he has */

/* clang-format off */
#define F(member) FIELD(struct principal, member)
static const struct codec_field principal_fields[] = {
	{"login",               F(login),               CODEC_REQUIRED},
	{"name",                F(name),                0},
	{"kind",                F(kind),                0},
	{"enabled",             F(enabled),             0},
	{"super_administrator", F(super_administrator), 0},
	{"reseller",            F(reseller),            CODEC_OBJECT},
	{"max_domains",         F(max_domains),         CODEC_INSIDE},
	{"max_users",           F(max_users),           CODEC_INSIDE},
	{"max_aliases",         F(max_aliases),         CODEC_INSIDE},
	{"max_deputies",        F(max_deputies),        CODEC_INSIDE},
	{"quota_bytes",         F(quota_bytes),         CODEC_INSIDE},
	{"sponsor",             F(sponsor),             0},
	{"recovery_address",    F(recovery_address),    0},
	{"certificates",        F(certificates),        0},
	{"password",            F(clear),               CODEC_WRITE_ONLY},
	{"password_hash",       F(ready),               CODEC_WRITE_ONLY},
	{"generated_password",  F(generated),           CODEC_READ_ONLY | CODEC_OMIT_NULL},
	{"id",                  F(id),                  CODEC_READ_ONLY},
	{"created_at",          F(created_at),          CODEC_READ_ONLY},
	{"updated_at",          F(updated_at),          CODEC_READ_ONLY},
	{NULL,                  {0, 0},                 0},
};
#undef F

/* What is asked for one of a domain's administrators. */
struct wish {
	const char *role;
};
static const struct codec_field wish_fields[] = {
	{"role", FIELD(struct wish, role), CODEC_REQUIRED},
	{NULL,   {0, 0},                   0},
};
/* clang-format on */

const struct codec native_principal = {principal_fields,
				       sizeof(struct principal),
				       &principal_defaults, true};
static const struct codec wish = {wish_fields, sizeof(struct wish), NULL, true};

static json_t *number(int64_t n)
{
	return n != NUMBER_NONE ? json_integer(n) : json_null();
}

static json_t *text(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *list(const struct text_list *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(array, json_string(l->items[i]));
	return array;
}

json_t *native_show_manager(const struct manager *m)
{
	return json_pack("{s:s, s:s, s:o}", "login", m->login, "role",
			 role_word(m->role), "name", text(m->name));
}

json_t *native_show(const struct route *r, const void *record)
{
	if (strncmp(r->right, "webhooks:", 9) == 0)
		return native_show_webhook(record);
	return strncmp(r->right, "keys:", 5) == 0 ? native_show_key(record)
	       : strncmp(r->right, "dkim:", 5) == 0
		       ? native_show_dkim(record)
		       : native_show_manager(record);
}

static bool managers_list(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	struct managers m = {0};

	if (!appointments(call->gateway, &call->task, call->params[0], &m, e))
		return false;
	conditional_tag(call->req, res, m.etag);
	if (conditional_is_fresh(call->req, m.etag)) {
		res->status = 304;
		return true;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < m.list.count; i++)
		json_array_append_new(items,
				      native_show_manager(&m.list.items[i]));
	*ret = json_pack("{s:o}", "items", items);
	return true;
}

static bool manager_put(const struct call *call, struct response *res,
			json_t **ret, struct err *e)
{
	const struct wish *w = call->body;
	struct appointment a = {.domain = call->params[0],
				.login = call->params[1],
				.role = role_of_word(w->role)};
	struct manager m;
	const char *etag;

	if (a.role == ROLE_NONE) {
		fault_field(e, call->task.arena, FAULT_RANGE,
			    (struct field)FIELD(struct wish, role),
			    "the role is \"owner\", \"administrator\" or "
			    "\"viewer\"");
		return false;
	}
	a.must_match = call->must_match;
	if (!conditional_absent(call->req, &a.must_be_new, e) ||
	    !conditional_match(call->req, &a.if_match, e) ||
	    !appoint(call->gateway, &call->task, &a, &m, &etag, e))
		return false;
	if (etag != NULL)
		conditional_tag(call->req, res, etag);
	res->status = a.created ? 201 : 200;
	if (a.created)
		response_header(res, "Location",
				arena_printf(call->task.arena,
					     "/v1/domains/%s/administrators/%s",
					     a.domain, a.login));
	*ret = native_show_manager(&m);
	return true;
}

static bool manager_remove(const struct call *call, struct response *res,
			   json_t **ret, struct err *e)
{
	struct appointment a = {.domain = call->params[0],
				.login = call->params[1],
				.role = ROLE_NONE};
	struct manager m;
	const char *etag;

	(void)ret;
	res->status = 204;
	return conditional_none(call->req, "If-None-Match", e) &&
	       conditional_demanded(call, &a.if_match, e) &&
	       appoint(call->gateway, &call->task, &a, &m, &etag, e);
}

static json_t *show_budget(const struct budget *b, const char *prefix,
			   struct arena *a)
{
	json_t *o = json_object();

	json_object_set_new(o, arena_join(a, prefix, "domains", NULL),
			    number(b->domains));
	json_object_set_new(o, arena_join(a, prefix, "users", NULL),
			    number(b->users));
	json_object_set_new(o, arena_join(a, prefix, "aliases", NULL),
			    number(b->aliases));
	json_object_set_new(o, arena_join(a, prefix, "deputies", NULL),
			    number(b->deputies));
	json_object_set_new(o, "quota_bytes", number(b->quota_bytes));
	return o;
}

/* A reseller's budgets, and what he has given away of them. */
static bool add_budgets(const struct call *call, json_t *me, struct err *e)
{
	struct store *s = call->gateway->store;
	const struct task *t = &call->task;
	struct budget limits, given;
	/* A key for some domains knows nothing of them. */
	bool is_one = strchr(t->caller->login, '@') == NULL &&
		      !scope_is_bound(t->caller->scope);

	if (is_one)
		is_one = s->ops->budget(s, t, t->caller->login, KIND_COUNT,
					NULL, &limits, &given, e);
	if (!is_one && e->kind != ERR_NONE && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	json_object_set_new(me, "reseller",
			    is_one ? show_budget(&limits, "max_", t->arena)
				   : json_null());
	json_object_set_new(me, "usage",
			    is_one ? show_budget(&given, "", t->arena)
				   : json_null());
	return true;
}

static bool add_roles(const struct call *call, json_t *me, struct err *e)
{
	struct store *s = call->gateway->store;
	struct manager_list roles = {0};
	json_t *items = json_array();
	bool more = false;

	if (!s->ops->roles_of(s, &call->task, ROLES_MAX, &roles, &more, e)) {
		json_decref(items);
		return false;
	}
	for (size_t i = 0; i < roles.count; i++)
		json_array_append_new(items,
				      json_pack("{s:s, s:s}", "domain",
						roles.items[i].domain, "role",
						role_word(
							roles.items[i].role)));
	json_object_set_new(me, "roles", items);
	json_object_set_new(me, "more_roles", json_boolean(more));
	return true;
}

static json_t *show_key(const struct caller *c)
{
	if (c->key == NULL)
		return json_null();
	return json_pack("{s:s, s:o, s:o}", "id", c->key, "scopes",
			 c->scope != NULL ? list(&c->scope->rights)
					  : json_null(),
			 "domains",
			 c->scope != NULL && !c->scope->everywhere
				 ? list(&c->scope->domains)
				 : json_null());
}

static const char *proof_word(enum proof proof)
{
	switch (proof) {
	case PROOF_PASSWORD:
		break;
	case PROOF_KEY:
		return "key";
	case PROOF_CERTIFICATE:
		return "certificate";
	case PROOF_TOKEN:
		return "token";
	}
	return "password";
}

static bool me_read(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	const struct caller *c = call->task.caller;
	struct store *s = call->gateway->store;
	bool super = false;

	(void)res;
	if (!s->ops->is_super_administrator(s, &call->task, &super, e))
		return false;
	json_t *me =
		json_pack("{s:s, s:s, s:s, s:b, s:o}", "login", c->login,
			  "kind",
			  strchr(c->login, '@') != NULL ? "user" : "principal",
			  "authenticated_by", proof_word(c->proof),
			  "super_administrator", super, "key", show_key(c));
	if (!add_budgets(call, me, e) || !add_roles(call, me, e)) {
		json_decref(me);
		return false;
	}
	*ret = me;
	return true;
}

/* clang-format off */
const struct route principal_routes[] = {
	{"GET",    "principals",         NULL,              native_list,         "principals:read",  KIND_PRINCIPAL, {"limit", "cursor"}},
	{"POST",   "principals",         &native_principal, native_create_login, "principals:write", KIND_PRINCIPAL, {"generate_password"}},
	{"GET",    "principals/{login}", NULL,              native_read,         "principals:read",  KIND_PRINCIPAL, {"include"}},
	{"PUT",    "principals/{login}", &native_principal, native_replace,      "principals:write", KIND_PRINCIPAL, {NULL}},
	{"PATCH",  "principals/{login}", &native_principal, native_change,       "principals:write", KIND_PRINCIPAL, {NULL}},
	{"DELETE", "principals/{login}", NULL,              native_remove,       "principals:write", KIND_PRINCIPAL, {NULL}},
	{"PUT",    "principals/{login}/password", &native_password, native_password_set, "principals:write", KIND_PRINCIPAL, {"keys"}},
	{"GET",    "domains/{name}/administrators",         NULL,  managers_list,  "administrators:read",  KIND_COUNT, {NULL}},
	{"PUT",    "domains/{name}/administrators/{login}", &wish, manager_put,    "administrators:write", KIND_COUNT, {NULL}},
	{"DELETE", "domains/{name}/administrators/{login}", NULL,  manager_remove, "administrators:write", KIND_COUNT, {NULL}},
	{"GET",    "me",                 NULL,              me_read,             "me:read",          KIND_COUNT,     {NULL}},
	{NULL,     NULL,                 NULL,              NULL,                NULL,               KIND_COUNT,     {NULL}},
};
/* clang-format on */
