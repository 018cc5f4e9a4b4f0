#include "core/webhooks.h"

#include "api/conditional.h"
#include "api/item.h"
#include "api/native.h"

/* clang-format off */
#define F(member) FIELD(struct webhook, member)
static const struct codec_field webhook_fields[] = {
	{"url",                       F(url),              CODEC_REQUIRED},
	{"description",               F(description),      0},
	{"events",                    F(events),           0},
	{"domains",                   F(domains),          0},
	{"enabled",                   F(enabled),          0},
	{"id",                        F(id),               CODEC_READ_ONLY},
	{"owner",                     F(owner),            CODEC_READ_ONLY},
	{"status",                    F(status),           CODEC_READ_ONLY | CODEC_PASSING},
	{"failing_since",             F(failing_since),    CODEC_READ_ONLY | CODEC_PASSING},
	{"failure",                   F(failure),          CODEC_READ_ONLY | CODEC_PASSING},
	{"next_attempt_at",           F(next_attempt_at),  CODEC_READ_ONLY | CODEC_PASSING},
	{"delivered_at",              F(delivered_at),     CODEC_READ_ONLY | CODEC_PASSING},
	{"secret_rotated_at",         F(rotated_at),       CODEC_READ_ONLY},
	{"old_secret_until",          F(old_secret_until), CODEC_READ_ONLY | CODEC_PASSING},
	{"created_at",                F(created_at),       CODEC_READ_ONLY},
	{"secret",                    F(secret),           CODEC_READ_ONLY | CODEC_OMIT_NULL},
	{NULL,                        {0, 0},              0},
};
#undef F

#define F(member) FIELD(struct webhook_attempt, member)
static const struct codec_field attempt_fields[] = {
	{"at",          F(at),      CODEC_READ_ONLY},
	{"message_id",  F(message), CODEC_READ_ONLY},
	{"event",       F(event),   CODEC_READ_ONLY},
	{"attempt",     F(number),  CODEC_READ_ONLY},
	{"status",      F(status),  CODEC_READ_ONLY},
	{"duration_ms", F(millis),  CODEC_READ_ONLY},
	{"error",       F(error),   CODEC_READ_ONLY},
	{NULL,          {0, 0},     0},
};
#undef F
/* clang-format on */

static const struct codec codec = {webhook_fields, sizeof(struct webhook),
				   &webhook_defaults, true};
static const struct codec attempts = {attempt_fields,
				      sizeof(struct webhook_attempt), NULL,
				      true};

enum { LIST_OWNER };

/* An empty list must not look as if it were none. */
json_t *native_show_webhook(const struct webhook *w)
{
	json_t *object = codec_encode(&codec, w);

	if (w->domains.count == 0)
		json_object_set_new(object, "domains", json_null());
	return object;
}

/* What had no reply has no status. */
static json_t *show_attempt(const struct webhook_attempt *x)
{
	json_t *object = codec_encode(&attempts, x);

	if (x->status == 0)
		json_object_set_new(object, "status", json_null());
	return object;
}

static bool there_are(const struct call *call, struct err *e)
{
	return call->gateway->webhooks != NULL ||
	       err_set(e, ERR_UNAVAILABLE, "there are no webhooks");
}

static bool create(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct webhook *w = call->body;
	struct revision rev;

	if (!there_are(call, e) || !conditional_never(call->req, e) ||
	    !webhooks_create(call->gateway, &call->task, w, &rev, e))
		return false;
	return item_made(call,
			 arena_join(call->task.arena, "/v1/webhooks/", w->id,
				    NULL),
			 &rev, native_show_webhook(w), res, ret);
}

static bool amend_read(const struct call *call, void *ret, struct revision *rev,
		       struct err *e)
{
	return webhooks_read(call->gateway, &call->task, call->params[0], ret,
			     rev, e);
}

static json_t *amend_show(const struct call *call, const void *record)
{
	(void)call;
	return native_show_webhook(record);
}

static bool amend_write(const struct call *call, const struct patch *p,
			const struct text_list *if_match, void *ret,
			struct revision *rev, struct err *e)
{
	return webhooks_change(call->gateway, &call->task, call->params[0], p,
			       if_match, ret, rev, e);
}

const struct amendable native_webhook_amendable = {amend_read, amend_show,
						   amend_write};

static bool list(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct webhook *items;
	size_t count;

	(void)res;
	if (!there_are(call, e) ||
	    !webhooks_list(call->gateway, &call->task, call->query[LIST_OWNER],
			   &items, &count, e))
		return false;
	*ret = item_list(call, &native_webhook_amendable, items, sizeof(*items),
			 count);
	return true;
}

static bool read(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct webhook w;

	return there_are(call, e) &&
	       item_read(call, &native_webhook_amendable, &w, res, ret, e);
}

bool native_webhook_change(const struct call *call, struct response *res,
			   json_t **ret, struct err *e)
{
	struct webhook w;

	return there_are(call, e) &&
	       item_change(call, &native_webhook_amendable, &w, res, ret, e);
}

static bool remove_webhook(const struct call *call, struct response *res,
			   json_t **ret, struct err *e)
{
	const struct text_list *if_match;

	(void)ret;
	res->status = 204;
	return there_are(call, e) &&
	       conditional_none(call->req, "If-None-Match", e) &&
	       conditional_demanded(call, &if_match, e) &&
	       webhooks_remove(call->gateway, &call->task, call->params[0],
			       if_match, e);
}

/* Neither is of any use without being done. */
static bool is_for_real(const struct call *call, struct err *e)
{
	return there_are(call, e) &&
	       (!rehearsal_is(&call->task) ||
		err_code(e, ERR_MALFORMED, "dry_run_unsupported",
			 "that cannot be tried without doing it"));
}

static bool rotate(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct webhook w;

	(void)res;
	if (!is_for_real(call, e) ||
	    !webhooks_rotate(call->gateway, &call->task, call->params[0], &w,
			     e))
		return false;
	*ret = native_show_webhook(&w);
	return true;
}

static bool test(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct webhook_attempt x;

	(void)res;
	if (!is_for_real(call, e) ||
	    !webhooks_test(call->gateway, &call->task, call->params[0], &x, e))
		return false;
	*ret = show_attempt(&x);
	return true;
}

static bool deliveries(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	struct webhook_state st;

	(void)res;
	if (!there_are(call, e) ||
	    !webhooks_attempts(call->gateway, &call->task, call->params[0], &st,
			       e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < st.attempt_count; i++)
		json_array_append_new(items, show_attempt(&st.attempts[i]));
	*ret = json_pack("{s:o}", "items", items);
	return true;
}

/* clang-format off */
const struct route webhook_routes[] = {
	{"GET",    "webhooks",                 NULL,   list,   "webhooks:read",  KIND_COUNT, {"owner"}},
	{"POST",   "webhooks",                 &codec, create, "webhooks:write", KIND_COUNT, {NULL}},
	{"GET",    "webhooks/{id}",            NULL,   read,   "webhooks:read",  KIND_COUNT, {NULL}},
	{"PATCH",  "webhooks/{id}",            &codec, native_webhook_change, "webhooks:write", KIND_COUNT, {NULL}},
	{"DELETE", "webhooks/{id}",            NULL,   remove_webhook, "webhooks:write", KIND_COUNT, {NULL}},
	{"POST",   "webhooks/{id}/secret",     NULL,   rotate, "webhooks:write", KIND_COUNT, {NULL}},
	{"POST",   "webhooks/{id}/test",       NULL,   test,   "webhooks:write", KIND_COUNT, {NULL}},
	{"GET",    "webhooks/{id}/deliveries", NULL,   deliveries, "webhooks:read", KIND_COUNT, {NULL}},
	{NULL,     NULL,                       NULL,   NULL,   NULL,             KIND_COUNT, {NULL}},
};
/* clang-format on */
