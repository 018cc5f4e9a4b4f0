#include "core/dkim_keys.h"

#include "api/conditional.h"
#include "api/item.h"
#include "api/native.h"

/* clang-format off */
#define F(member) FIELD(struct dkim_key, member)
static const struct codec_field dkim_fields[] = {
	{"selector",          F(selector),     0},
	{"algorithm",         F(algorithm),    0},
	{"state",             F(state),        0},
	{"description",       F(description),  0},
	{"private_key",       F(pem),          CODEC_WRITE_ONLY},
	{"staged",            F(staged),       0},
	{"rotate_after_days", F(rotate_days),  0},
	{"domain",            F(domain),       CODEC_READ_ONLY},
	{"name",              F(name),         CODEC_READ_ONLY},
	{"txt",               F(txt),          CODEC_READ_ONLY},
	{"zone",              F(zone),         CODEC_READ_ONLY},
	{"next_step",         F(next_step),    CODEC_READ_ONLY},
	{"instruction",       F(instruction),  CODEC_READ_ONLY},
	{"dns",               F(dns),          CODEC_READ_ONLY},
	{"dns_checked_at",    F(checked_at),   CODEC_READ_ONLY},
	{"due_at",            F(due_at),       CODEC_READ_ONLY},
	{"created_at",        F(created_at),   CODEC_READ_ONLY},
	{"published_at",      F(published_at), CODEC_READ_ONLY},
	{"activated_at",      F(activated_at), CODEC_READ_ONLY},
	{"retired_at",        F(retired_at),   CODEC_READ_ONLY},
	{NULL,                {0, 0},          0},
};

/* What may be said of a key that takes the place of another. */
static const struct codec_field rotation_fields[] = {
	{"selector",          F(selector),    0},
	{"algorithm",         F(algorithm),   0},
	{"description",       F(description), 0},
	{"rotate_after_days", F(rotate_days), 0},
	{NULL,                {0, 0},         0},
};
#undef F
/* clang-format on */

static const struct codec codec = {dkim_fields, sizeof(struct dkim_key),
				   &dkim_defaults, true};
static const struct codec rotation = {rotation_fields, sizeof(struct dkim_key),
				      &dkim_defaults, true};

json_t *native_show_dkim(const struct dkim_key *k)
{
	return codec_encode(&codec, k);
}

static bool made(const struct call *call, struct response *res,
		 const struct dkim_key *k, const struct revision *rev,
		 json_t **ret)
{
	const char *at = arena_join(call->task.arena, "/v1/domains/", k->domain,
				    "/dkim/", k->selector, NULL);

	return item_made(call, at, rev, native_show_dkim(k), res, ret);
}

static bool create(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct dkim_key *k = call->body;
	struct revision rev;

	k->domain = call->params[0];
	return conditional_never(call->req, e) &&
	       dkim_create(call->gateway, &call->task, k, &rev, e) &&
	       made(call, res, k, &rev, ret);
}

static bool rotate(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct dkim_key *k = call->body;
	struct revision rev;

	k->domain = call->params[0];
	return conditional_never(call->req, e) &&
	       dkim_rotate(call->gateway, &call->task, k, &rev, e) &&
	       made(call, res, k, &rev, ret);
}

static bool amend_read(const struct call *call, void *ret, struct revision *rev,
		       struct err *e)
{
	return dkim_read(call->gateway, &call->task, call->params[0],
			 call->params[1], ret, rev, e);
}

static json_t *amend_show(const struct call *call, const void *record)
{
	(void)call;
	return native_show_dkim(record);
}

static bool amend_write(const struct call *call, const struct patch *p,
			const struct text_list *if_match, void *ret,
			struct revision *rev, struct err *e)
{
	return dkim_change(call->gateway, &call->task, call->params[0],
			   call->params[1], p, if_match, ret, rev, e);
}

const struct amendable native_dkim_amendable = {amend_read, amend_show,
						amend_write};

static bool list(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct dkim_list keys;

	(void)res;
	if (!dkim_list(call->gateway, &call->task, call->params[0], &keys, e))
		return false;
	*ret = item_list(call, &native_dkim_amendable, keys.items,
			 sizeof(*keys.items), keys.count);
	return true;
}

static bool read(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct dkim_key k;

	return item_read(call, &native_dkim_amendable, &k, res, ret, e);
}

bool native_dkim_change(const struct call *call, struct response *res,
			json_t **ret, struct err *e)
{
	struct dkim_key k;

	return item_change(call, &native_dkim_amendable, &k, res, ret, e);
}

static bool remove_key(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	const struct text_list *if_match;

	(void)ret;
	res->status = 204;
	return conditional_none(call->req, "If-None-Match", e) &&
	       conditional_demanded(call, &if_match, e) &&
	       dkim_remove(call->gateway, &call->task, call->params[0],
			   call->params[1], if_match, e);
}

/* clang-format off */
const struct route dkim_routes[] = {
	{"GET",    "domains/{name}/dkim",            NULL,      list,       "dkim:read",  KIND_COUNT, {NULL}},
	{"POST",   "domains/{name}/dkim",            &codec,    create,     "dkim:write", KIND_COUNT, {NULL}},
	{"POST",   "domains/{name}/dkim/rotate",     &rotation, rotate,     "dkim:write", KIND_COUNT, {NULL}},
	{"GET",    "domains/{name}/dkim/{selector}", NULL,      read,       "dkim:read",  KIND_COUNT, {NULL}},
	{"PATCH",  "domains/{name}/dkim/{selector}", &codec,    native_dkim_change, "dkim:write", KIND_COUNT, {NULL}},
	{"DELETE", "domains/{name}/dkim/{selector}", NULL,      remove_key, "dkim:write", KIND_COUNT, {NULL}},
	{NULL,     NULL,                             NULL,      NULL,       NULL,         KIND_COUNT, {NULL}},
};
/* clang-format on */
