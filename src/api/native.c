#include "api/native.h"

#include <string.h>

#include "api/amend.h"
#include "api/conditional.h"
#include "api/dialect.h"
#include "api/history.h"
#include "api/include.h"
#include "api/problem.h"
#include "api/rename.h"
#include "api/resolution.h"
#include "core/address.h"
#include "core/again.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/password.h"
#include "core/removal.h"
#include "core/rename_domain.h"
#include "core/replace.h"
#include "core/user.h"
#include "util/text.h"

/* clang-format off */
#define F(member) FIELD(struct domain, member)
static const struct codec_field domain_fields[] = {
	{"name",                     F(name),               CODEC_REQUIRED},
	{"kind",                     F(kind),               0},
	{"target",                   F(target),             0},
	{"transport",                F(transport),          0},
	{"verify_recipients",        F(verify_recipients),  0},
	{"enabled",                  F(enabled),            0},
	{"state",                    F(state),              CODEC_READ_ONLY | CODEC_PASSING},
	{"description",              F(description),        0},
	{"display_name",             F(display_name),       0},
	{"short_display_name",       F(short_display_name), 0},
	{"imap_host",                F(imap_host),          0},
	{"pop3_host",                F(pop3_host),          0},
	{"smtp_host",                F(smtp_host),          0},
	{"default_user_quota_bytes", F(default_user_quota_bytes), 0},
	{"quota_bytes",              F(quota_bytes),        0},
	{"max_users",                F(max_users),          0},
	{"max_aliases",              F(max_aliases),        0},
	{"sponsor",                  F(sponsor),            0},
	{"reserved_to",              F(reserved_to),        CODEC_WRITE_ONLY},
	{"id",                       F(id),                 CODEC_READ_ONLY},
	{"created_at",               F(created_at),         CODEC_READ_ONLY},
	{"updated_at",               F(updated_at),         CODEC_READ_ONLY},
	{NULL,                       {0, 0},                0},
};
#undef F

#define F(member) FIELD(struct user, member)
static const struct codec_field user_fields[] = {
	{"address",            F(address),       CODEC_REQUIRED},
	{"name",               F(name),          0},
	{"given_name",         F(given_name),    0},
	{"family_name",        F(family_name),   0},
	{"enabled",            F(enabled),       0},
	{"state",              F(state),         CODEC_READ_ONLY | CODEC_PASSING},
	{"login_enabled",      F(login_enabled), 0},
	{"quota_bytes",        F(quota_bytes),   0},
	{"quota_messages",     F(quota_messages), 0},
	{"forward_to",         F(forward_to),    0},
	{"keep_copy",          F(keep_copy),     0},
	{"send_as",            F(send_as),       0},
	{"send_only",          F(send_only),     0},
	{"recovery_address",   F(recovery_address), 0},
	{"expires_at",         F(expires_at),    0},
	{"quota_used_bytes",   F(quota_used_bytes),    CODEC_READ_ONLY | CODEC_PASSING},
	{"quota_used_messages", F(quota_used_messages), CODEC_READ_ONLY | CODEC_PASSING},
	{"quota_measured_at",  F(quota_measured_at),   CODEC_READ_ONLY | CODEC_PASSING},
	{"last_login_at",      F(last_login_at),       CODEC_READ_ONLY | CODEC_PASSING},
	{"password",           F(clear),         CODEC_WRITE_ONLY},
	{"password_hash",      F(ready),         CODEC_WRITE_ONLY},
	{"generated_password", F(generated),     CODEC_READ_ONLY | CODEC_OMIT_NULL},
	{"id",                 F(id),            CODEC_READ_ONLY},
	{"created_at",         F(created_at),    CODEC_READ_ONLY},
	{"updated_at",         F(updated_at),    CODEC_READ_ONLY},
	{NULL,                 {0, 0},           0},
};
#undef F

#define F(member) FIELD(struct alias, member)
static const struct codec_field alias_fields[] = {
	{"address",      F(address),      CODEC_REQUIRED},
	{"destinations", F(destinations), CODEC_REQUIRED},
	{"enabled",      F(enabled),      0},
	{"state",        F(state),        CODEC_READ_ONLY | CODEC_PASSING},
	{"description",  F(description),  0},
	{"send_as_allowed", F(send_as_allowed), 0},
	{"expires_at",   F(expires_at),   0},
	{"exterior",     F(exterior),     CODEC_READ_ONLY | CODEC_PASSING},
	{"ok",           F(ok),           CODEC_READ_ONLY | CODEC_PASSING},
	{"id",           F(id),           CODEC_READ_ONLY},
	{"created_at",   F(created_at),   CODEC_READ_ONLY},
	{"updated_at",   F(updated_at),   CODEC_READ_ONLY},
	{NULL,           {0, 0},          0},
};
#undef F

#define F(member) FIELD(struct new_password, member)
static const struct codec_field password_fields[] = {
	{"password", F(clear),   CODEC_REQUIRED},
	{"current",  F(current), 0},
	{NULL,       {0, 0},     0},
};
#undef F
/* clang-format on */

static const struct codec domain = {domain_fields, sizeof(struct domain),
				    &domain_defaults, true};
static const struct codec user = {user_fields, sizeof(struct user),
				  &user_defaults, true};
static const struct codec alias = {alias_fields, sizeof(struct alias),
				   &alias_defaults, true};
const struct codec native_password = {password_fields,
				      sizeof(struct new_password), NULL, true};

const struct codec *native_codec(enum kind k)
{
	static const struct codec *const codecs[] = {[KIND_DOMAIN] = &domain,
						     [KIND_USER] = &user,
						     [KIND_ALIAS] = &alias,
						     [KIND_PRINCIPAL] =
							     &native_principal};

	return codecs[k];
}

static void tell_created(const struct call *call, struct response *res,
			 const void *record)
{
	enum kind k = call->route->kind;

	res->status = 201;
	response_header(res, "Location",
			arena_printf(call->task.arena, "%s%s",
				     kind_rules(k)->path, kind_key(k, record)));
}

bool native_create(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	enum kind k = call->route->kind;
	struct revision rev;

	if (!conditional_never(call->req, e) ||
	    !provision_create(call->gateway, &call->task, k, call->body, &rev,
			      e))
		return false;
	tell_created(call, res, call->body);
	conditional_tag(call->req, res, rev.etag);
	*ret = codec_encode(native_codec(k), call->body);
	return true;
}

/* The parameters of native_create_login and so on, in the order of the
 * table. */
enum { CREATE_GENERATE = 0 };
enum { READ_INCLUDE = 0 };
enum { CHANGE_KEEP = 0 };
enum { PASSWORD_KEYS = 0 };
enum { REMOVE_RECURSIVE = 0, REMOVE_ALIASES = 0 };

/* A parameter that is true or false; false if it is not given. */
static bool read_flag(const struct call *call, size_t which, bool *ret,
		      struct err *e)
{
	const char *value = call->query[which];

	*ret = value != NULL && strcmp(value, "true") == 0;
	return value == NULL || *ret || strcmp(value, "false") == 0 ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"%s is true or false", call->route->query[which]);
}

bool native_create_login(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	struct passwords p;
	bool generate;

	if (!read_flag(call, CREATE_GENERATE, &generate, e))
		return false;
	if (generate && kind_passwords(call->route->kind, call->body, &p)) {
		if (*p.clear != NULL || *p.ready != NULL)
			return err_code(e, ERR_MALFORMED, "password_twice",
					"give a password or let one be "
					"generated, not both");
		*p.generated = *p.clear = again_password(&call->task);
	}
	return native_create(call, res, ret, e);
}

/* Records are read and listed more than anything else is done: their JSON is
 * written without objects. */
static void show(struct response *res, const struct writer *w)
{
	res->body = w->text;
	res->body_size = w->used;
}

bool native_read(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	enum kind k = call->route->kind;
	void *record = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct writer w = {.arena = call->task.arena};
	include_set asked;
	struct revision rev;

	if (history_asked(call) != NULL)
		return history_show(call, res, ret, e);
	if (!include_read(call, READ_INCLUDE, &asked, e) ||
	    !provision_read(call->gateway, &call->task, k, call->params[0],
			    record, &rev, e))
		return false;
	conditional_tag(call->req, res, rev.etag);
	/* What is shown besides has no part in the tag. */
	if (asked == 0 && conditional_is_fresh(call->req, rev.etag)) {
		res->status = 304;
		return true;
	}
	codec_write(native_codec(k), record, &w);
	if (!include_write(call, asked, record, &w, e))
		return false;
	show(res, &w);
	return true;
}

static bool amend_read(const struct call *call, void *ret, struct revision *rev,
		       struct err *e)
{
	return provision_read(call->gateway, &call->task, call->route->kind,
			      call->params[0], ret, rev, e);
}

static json_t *amend_show(const struct call *call, const void *record)
{
	return codec_encode(native_codec(call->route->kind), record);
}

static bool amend_write(const struct call *call, const struct patch *p,
			const struct text_list *if_match, void *ret,
			struct revision *rev, struct err *e)
{
	struct patch patch = *p;

	if (call->route->kind == KIND_DOMAIN &&
	    rename_domain_asked(call->params[0], p))
		return rename_write(call, p, if_match, ret, rev, e);
	return read_flag(call, CHANGE_KEEP, &patch.keep_key, e) &&
	       provision_change(call->gateway, &call->task, call->route->kind,
				call->params[0], &patch, if_match, ret, rev, e);
}

static const struct amendable amendable = {amend_read, amend_show, amend_write};

bool native_change(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	enum kind k = call->route->kind;
	void *record = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct revision rev;

	if (!amend(call, record, &rev, e))
		return false;
	if (rename_goes_on(call, record))
		rename_accepted(call, record, res);
	conditional_tag(call->req, res, rev.etag);
	/* Where it is now: it may have got another address. */
	response_header(res, "Content-Location",
			arena_printf(call->task.arena, "%s%s",
				     kind_rules(k)->path, kind_key(k, record)));
	*ret = codec_encode(native_codec(k), record);
	return true;
}

bool native_replace(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	enum kind k = call->route->kind;
	void *record = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct replacement r = {
		.patch = {call->body, call->whole.written.fields,
			  call->whole.written.count},
		.kept = call->whole.kept.fields,
		.kept_count = call->whole.kept.count,
	};
	struct revision rev;

	r.must_match = call->must_match;
	if (!conditional_absent(call->req, &r.must_be_new, e) ||
	    !conditional_match(call->req, &r.if_match, e) ||
	    !replace(call->gateway, &call->task, k, call->params[0], &r, record,
		     &rev, e))
		return false;
	if (r.created)
		tell_created(call, res, record);
	conditional_tag(call->req, res, rev.etag);
	*ret = codec_encode(native_codec(k), record);
	return true;
}

static bool domain_remove(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	struct removal how = {0};
	struct text_list none;

	(void)ret;
	res->status = 204;
	return read_flag(call, REMOVE_RECURSIVE, &how.recursive, e) &&
	       conditional_none(call->req, "If-None-Match", e) &&
	       conditional_demanded(call, &how.if_match, e) &&
	       removal(call->gateway, &call->task, KIND_DOMAIN, call->params[0],
		       &how, &none, e);
}

static bool read_links(const struct call *call, enum links *ret, struct err *e)
{
	static const char *const words[] = {[LINKS_REFUSE] = "refuse",
					    [LINKS_REMOVE] = "remove",
					    [LINKS_KEEP] = "keep"};
	const char *value = call->query[REMOVE_ALIASES];

	*ret = LINKS_REFUSE;
	for (size_t i = 0; value != NULL && i < COUNT(words); i++) {
		if (strcmp(words[i], value) == 0) {
			*ret = (enum links)i;
			return true;
		}
	}
	return value == NULL ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"aliases is refuse, remove or keep");
}

/* A user or an alias, and what leads there; or a principal. */
bool native_remove(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct removal how = {0};
	struct text_list dangling;

	if (!read_links(call, &how.links, e) ||
	    !conditional_none(call->req, "If-None-Match", e) ||
	    !conditional_demanded(call, &how.if_match, e) ||
	    !removal(call->gateway, &call->task, call->route->kind,
		     call->params[0], &how, &dangling, e))
		return false;
	if (how.links != LINKS_KEEP) {
		res->status = 204;
		return true;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < dangling.count; i++)
		json_array_append_new(list, json_string(dangling.items[i]));
	*ret = json_pack("{s:o}", "dangling", list);
	return true;
}

static bool read_keys(const struct call *call, enum keys_fate *ret,
		      struct err *e)
{
	const char *value = call->query[PASSWORD_KEYS];

	*ret = value == NULL                  ? KEYS_USUAL
	       : strcmp(value, "keep") == 0   ? KEYS_KEEP
	       : strcmp(value, "revoke") == 0 ? KEYS_REVOKE
					      : KEYS_USUAL;
	return value == NULL || *ret != KEYS_USUAL ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"keys is keep or revoke");
}

bool native_password_set(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	struct new_password *n = call->body;

	(void)ret;
	res->status = 204;
	return conditional_none(call->req, "If-None-Match", e) &&
	       conditional_demanded(call, &n->if_match, e) &&
	       read_keys(call, &n->keys, e) &&
	       provision_password(call->gateway, &call->task, call->route->kind,
				  call->params[0], call->body, e);
}

static bool resolve_read(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	struct resolution r;

	(void)res;
	if (!resolve(call->gateway, &call->task, call->params[0], &r, e))
		return false;
	*ret = resolution_show(&r);
	return true;
}

/* clang-format off */
static const struct route routes[] = {
	{"GET",    "domains",           NULL,    native_list,   "domains:read",  KIND_DOMAIN, {"limit", "cursor", "q", "enabled", "kind"}},
	{"POST",   "domains",           &domain, native_create, "domains:write", KIND_DOMAIN, {NULL}},
	{"GET",    "domains/{name}",    NULL,    native_read,   "domains:read",  KIND_DOMAIN, {"include", "as_of"}},
	{"PUT",    "domains/{name}",    &domain, native_replace, "domains:write", KIND_DOMAIN, {NULL}},
	{"PATCH",  "domains/{name}",    &domain, native_change, "domains:write", KIND_DOMAIN, {"keep_alias"}},
	{"DELETE", "domains/{name}",    NULL,    domain_remove, "domains:write", KIND_DOMAIN, {"recursive"}},
	{"GET",    "users",             NULL,    native_list,   "users:read",    KIND_USER,   {"limit", "cursor", "q", "enabled", "domain", "inactive_days", "never"}},
	{"POST",   "users",             &user,   native_create_login,   "users:write",   KIND_USER,   {"generate_password"}},
	{"GET",    "users/{address}",   NULL,    native_read,   "users:read",    KIND_USER,   {"include", "as_of"}},
	{"PUT",    "users/{address}",   &user,   native_replace, "users:write",   KIND_USER,   {NULL}},
	{"PATCH",  "users/{address}",   &user,   native_change, "users:write",   KIND_USER,   {"keep_old_address"}},
	{"DELETE", "users/{address}",   NULL,    native_remove, "users:write",   KIND_USER,  {"aliases"}},
	{"PUT",    "users/{address}/password", &native_password, native_password_set, "passwords:write", KIND_USER, {"keys"}},
	{"GET",    "aliases",           NULL,    native_list,   "aliases:read",  KIND_ALIAS,  {"limit", "cursor", "q", "enabled", "domain", "ok"}},
	{"POST",   "aliases",           &alias,  native_create, "aliases:write", KIND_ALIAS,  {NULL}},
	{"GET",    "aliases/{address}", NULL,    native_read,   "aliases:read",  KIND_ALIAS,  {"as_of"}},
	{"PUT",    "aliases/{address}", &alias,  native_replace, "aliases:write", KIND_ALIAS,  {NULL}},
	{"PATCH",  "aliases/{address}", &alias,  native_change, "aliases:write", KIND_ALIAS,  {"keep_old_address"}},
	{"DELETE", "aliases/{address}", NULL,    native_remove, "aliases:write", KIND_ALIAS, {"aliases"}},
	{"GET",    "resolve/{address}", NULL,    resolve_read,  "resolve:read",  KIND_COUNT,  {NULL}},
	{NULL,     NULL,                NULL,    NULL,          NULL,            KIND_COUNT,  {NULL}},
};
/* clang-format on */

static const struct route *const tables[] =
	{routes,           audit_routes,      change_routes, changeset_routes,
	 history_routes,   export_routes,     import_routes, key_routes,
	 principal_routes, trash_routes,      dkim_routes,   webhook_routes,
	 dns_routes,       autoconfig_routes, NULL};

static const struct amendable *amends(const struct route *r)
{
	return r->handle == native_change           ? &amendable
	       : r->handle == native_key_change     ? &native_key_amendable
	       : r->handle == native_dkim_change    ? &native_dkim_amendable
	       : r->handle == native_webhook_change ? &native_webhook_amendable
						    : NULL;
}

const struct dialect dialect_native = {
	.name = "native",
	.prefix = "/v1/",
	.tables = tables,
	.schemes = AUTH_BASIC | AUTH_BEARER,
	.conditional = true,
	.amends = amends,
	.json_style = JSON_COMPACT,
	.error_type = "application/problem+json",
	.word_error = problem_word,
};
