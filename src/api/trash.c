#include "core/trash.h"

#include <string.h>

#include "api/native.h"
#include "util/base64.h"
#include "util/text.h"

/* In the order of the route's table. */
enum { TRASH_LIMIT, TRASH_CURSOR, TRASH_KIND, TRASH_DOMAIN };

static json_t *item_show(const struct trashed *x)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s}", "id", x->id,
			 "kind", x->kind, "name", x->key, "domain", x->domain,
			 "deleted_by", x->by, "deleted_at", x->at,
			 "restorable_until", x->until);
}

static bool read_limit(const struct call *call, struct trash_query *q,
		       struct err *e)
{
	int64_t n = QUERY_LIMIT_DEFAULT;

	if (call->query[TRASH_LIMIT] != NULL &&
	    !text_number(call->query[TRASH_LIMIT], 1, TRASH_ITEMS_MAX, &n))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"limit is a number from 1 to %d",
				TRASH_ITEMS_MAX);
	q->limit = (size_t)n;
	return true;
}

/* The place of the last one; base64 keeps clients from making up their own. */
static bool read_cursor(const struct call *call, struct trash_query *q,
			struct err *e)
{
	const char *cursor = call->query[TRASH_CURSOR];
	char *place;
	size_t size;

	if (cursor == NULL)
		return true;
	if (!base64_decode(call->task.arena, cursor, &place, &size) ||
	    strlen(place) != size || !text_is_clean(place))
		return err_code(e, ERR_MALFORMED, "cursor_malformed",
				"that is not a cursor of ours");
	q->after = place;
	return true;
}

static bool read_filters(const struct call *call, struct trash_query *q,
			 struct err *e)
{
	const char *domain = call->query[TRASH_DOMAIN];
	struct err bad = {0};

	q->kind = call->query[TRASH_KIND];
	if (q->kind != NULL && trash_kind(q->kind) == KIND_COUNT)
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"kind is user, alias or domain");
	if (domain == NULL)
		return true;
	q->domain = text_lower(call->task.arena, domain);
	return domain_name_check(q->domain, &bad) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed", "domain: %s",
			bad.text);
}

static const char *next_cursor(const struct call *call,
			       const struct trash_query *q,
			       const struct trash_page *page,
			       struct response *res)
{
	struct arena *a = call->task.arena;

	if (!page->more || page->count == 0)
		return NULL;
	const char *last = trash_place(a, &page->items[page->count - 1]);
	const char *cursor = base64_encode(a, last, strlen(last));
	response_header(res, "Link",
			arena_printf(a,
				     "<%s?limit=%zu&cursor=%s%s%s%s%s>; "
				     "rel=\"next\"",
				     call->req->path, q->limit, cursor,
				     q->kind != NULL ? "&kind=" : "",
				     q->kind != NULL ? q->kind : "",
				     q->domain != NULL ? "&domain=" : "",
				     q->domain != NULL ? q->domain : ""));
	return cursor;
}

static bool trash_list_show(const struct call *call, struct response *res,
			    json_t **ret, struct err *e)
{
	struct trash_query q = {0};
	struct trash_page page;

	if (!read_limit(call, &q, e) || !read_cursor(call, &q, e) ||
	    !read_filters(call, &q, e) ||
	    !trash_list(call->gateway, &call->task, &q, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.count; i++)
		json_array_append_new(items, item_show(&page.items[i]));
	*ret = json_pack("{s:o, s:s?}", "items", items, "next_cursor",
			 next_cursor(call, &q, &page, res));
	return true;
}

static bool trash_show(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	struct trashed x;

	(void)res;
	if (!trash_read(call->gateway, &call->task, call->params[0], &x, e))
		return false;
	*ret = item_show(&x);
	json_object_set_new(*ret, "record",
			    codec_encode(native_codec(trash_kind(x.kind)),
					 x.record));
	return true;
}

static bool trash_bring_back(const struct call *call, struct response *res,
			     json_t **ret, struct err *e)
{
	struct trashed x;

	if (!trash_restore(call->gateway, &call->task, call->params[0], &x, e))
		return false;
	enum kind k = trash_kind(x.kind);
	response_header(res, "Content-Location",
			arena_join(call->task.arena, kind_rules(k)->path, x.key,
				   NULL));
	*ret = codec_encode(native_codec(k), x.record);
	return true;
}

static bool trash_empty(const struct call *call, struct response *res,
			json_t **ret, struct err *e)
{
	(void)ret;
	res->status = 204;
	return trash_purge(call->gateway, &call->task, call->params[0], e);
}

/* clang-format off */
const struct route trash_routes[] = {
	{"GET",    "trash",              NULL, trash_list_show,  "trash:read",  KIND_COUNT, {"limit", "cursor", "kind", "domain"}},
	{"GET",    "trash/{id}",         NULL, trash_show,       "trash:read",  KIND_COUNT, {NULL}},
	{"POST",   "trash/{id}/restore", NULL, trash_bring_back, "trash:write", KIND_COUNT, {NULL}},
	{"DELETE", "trash/{id}",         NULL, trash_empty,      "trash:write", KIND_COUNT, {NULL}},
	{NULL,     NULL,                 NULL, NULL,             NULL,          KIND_COUNT, {NULL}},
};
/* clang-format on */
