#include "core/keys.h"

#include "api/conditional.h"
#include "api/dialect.h"
#include "api/item.h"
#include "api/native.h"

/* clang-format off */
#define F(member) FIELD(struct key, member)
static const struct codec_field key_fields[] = {
	{"label",          F(label),          0},
	{"owner",          F(owner),          0},
	{"scopes",         F(scopes),         CODEC_REQUIRED},
	{"domains",        F(domains),        0},
	{"networks",       F(networks),       0},
	{"enabled",        F(enabled),        0},
	{"expires_at",     F(expires_at),     0},
	{"id",             F(id),             CODEC_READ_ONLY},
	{"created_at",     F(created_at),     CODEC_READ_ONLY},
	{"last_used_at",   F(last_used_at),   CODEC_READ_ONLY},
	{"last_used_from", F(last_used_from), CODEC_READ_ONLY},
	{"key",            F(text),           CODEC_READ_ONLY | CODEC_OMIT_NULL},
	{"dinomail_key",   F(foreign),        CODEC_WRITE_ONLY},
	{NULL,             {0, 0},            0},
};
#undef F
/* clang-format on */

static const struct codec codec = {key_fields, sizeof(struct key),
				   &key_defaults, true};

enum { LIST_OWNER };

/* An empty list of domains must not look as if it were none. */
json_t *native_show_key(const struct key *k)
{
	json_t *object = codec_encode(&codec, k);

	if (k->domains.count == 0)
		json_object_set_new(object, "domains", json_null());
	return object;
}

static bool create(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	const struct text_list rights = dialect_rights(call->task.arena);
	struct key *k = call->body;
	struct revision rev;

	if (!conditional_never(call->req, e) ||
	    !keys_create(call->gateway, &call->task, &rights, k, &rev, e))
		return false;
	return item_made(call,
			 arena_join(call->task.arena, "/v1/keys/", k->id, NULL),
			 &rev, native_show_key(k), res, ret);
}

static bool amend_read(const struct call *call, void *ret, struct revision *rev,
		       struct err *e)
{
	return keys_read(call->gateway, &call->task, call->params[0], ret, rev,
			 e);
}

static json_t *amend_show(const struct call *call, const void *record)
{
	(void)call;
	return native_show_key(record);
}

static bool amend_write(const struct call *call, const struct patch *p,
			const struct text_list *if_match, void *ret,
			struct revision *rev, struct err *e)
{
	const struct text_list rights = dialect_rights(call->task.arena);

	return keys_change(call->gateway, &call->task, &rights, call->params[0],
			   p, if_match, ret, rev, e);
}

const struct amendable native_key_amendable = {amend_read, amend_show,
					       amend_write};

static bool list(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct key *keys;
	size_t count;

	(void)res;
	if (!keys_list(call->gateway, &call->task, call->query[LIST_OWNER],
		       &keys, &count, e))
		return false;
	*ret = item_list(call, &native_key_amendable, keys, sizeof(*keys),
			 count);
	return true;
}

static bool read(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct key k;

	return item_read(call, &native_key_amendable, &k, res, ret, e);
}

bool native_key_change(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	struct key k;

	return item_change(call, &native_key_amendable, &k, res, ret, e);
}

static bool revoke(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	const struct text_list *if_match;

	(void)ret;
	res->status = 204;
	return conditional_none(call->req, "If-None-Match", e) &&
	       conditional_demanded(call, &if_match, e) &&
	       keys_revoke(call->gateway, &call->task, call->params[0],
			   if_match, e);
}

/* clang-format off */
const struct route key_routes[] = {
	{"GET",    "keys",      NULL,   list,   "keys:read",  KIND_COUNT, {"owner"}},
	{"POST",   "keys",      &codec, create, "keys:write", KIND_COUNT, {NULL}},
	{"GET",    "keys/{id}", NULL,   read,   "keys:read",  KIND_COUNT, {NULL}},
	{"PATCH",  "keys/{id}", &codec, native_key_change, "keys:write", KIND_COUNT, {NULL}},
	{"DELETE", "keys/{id}", NULL,   revoke, "keys:write", KIND_COUNT, {NULL}},
	{NULL,     NULL,        NULL,   NULL,   NULL,         KIND_COUNT, {NULL}},
};
/* clang-format on */
