#include "api/native.h"

#include <string.h>

#include "api/query.h"
#include "core/domain.h"
#include "core/listing.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

/* The parameters of a list, in the order of the tables of routes. */
enum {
	LIST_LIMIT,
	LIST_CURSOR,
	LIST_SEARCH,
	LIST_ENABLED,
	LIST_DOMAIN,
	LIST_KIND = LIST_DOMAIN, /* of domains */
	LIST_OK,                 /* of aliases */
	LIST_IDLE = LIST_OK,     /* of users */
	LIST_NEVER
};
enum { IDLE_DAYS_MAX = 36500, DAY_SECONDS = 86400, SEARCH_MAX = 255 };

static bool malformed(struct err *e, const char *what)
{
	return err_code(e, ERR_MALFORMED, "parameter_malformed", "%s", what);
}

/* NULL if it is not asked for. */
static bool read_flag(const struct call *call, size_t which, const bool **ret,
		      struct err *e)
{
	static const bool no = false, yes = true;
	const char *value = call->query[which];

	*ret = value == NULL ? NULL : strcmp(value, "true") == 0 ? &yes : &no;
	return *ret != &no || strcmp(value, "false") == 0 ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"%s is true or false", call->route->query[which]);
}

/* A cursor is the last key of a page, so that it stays valid while entries come
 * and go; base64 keeps clients from making up their own. */
static bool read_cursor(const struct call *call, struct query *q, struct err *e)
{
	const char *cursor = call->query[LIST_CURSOR];
	char *key;
	size_t size;

	if (cursor == NULL)
		return true;
	if (!base64_decode(call->task.arena, cursor, &key, &size) ||
	    strlen(key) != size || !text_is_clean(key))
		return err_code(e, ERR_MALFORMED, "cursor_malformed",
				"that is not a cursor of ours");
	q->after = key;
	return true;
}

/* Who is wanted of those who do not log in. */
static bool read_idle(const struct call *call, struct query *q, struct err *e)
{
	const char *days = call->query[LIST_IDLE];
	const char *never = call->query[LIST_NEVER];
	char *since = arena_alloc(call->task.arena, INSTANT_SIZE);
	int64_t n = 0;

	if (days != NULL && !text_number(days, 1, IDLE_DAYS_MAX, &n))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"inactive_days is a number from 1 to %d",
				IDLE_DAYS_MAX);
	if (never != NULL && (days == NULL || (strcmp(never, "only") != 0 &&
					       strcmp(never, "exclude") != 0)))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"never is only or exclude, and goes with "
				"inactive_days");
	if (days == NULL)
		return true;
	instant_text(since, clock_seconds() - n * DAY_SECONDS);
	q->idle_since = since;
	q->idle_days = n;
	q->never = never == NULL                ? NEVER_TOO
		   : strcmp(never, "only") == 0 ? NEVER_ONLY
						: NEVER_EXCLUDED;
	return true;
}

/* What is looked for, and whether a star says that it is how keys begin. */
static bool read_search(const struct call *call, struct query *q, struct err *e)
{
	const char *text = call->query[LIST_SEARCH];
	size_t size = text != NULL ? strlen(text) : 0;

	if (text == NULL)
		return true;
	q->begins = size > 0 && text[size - 1] == '*';
	if (q->begins)
		size--;
	q->search = arena_strndup(call->task.arena, text, size);
	return (size > 0 && size <= SEARCH_MAX &&
		strchr(q->search, '*') == NULL) ||
	       malformed(e, "q is 1 to 255 bytes to look for; a star may stand "
			    "behind them");
}

static bool read_domain(const struct call *call, struct query *q, struct err *e)
{
	struct err bad = {0};

	if (call->query[LIST_DOMAIN] == NULL)
		return true;
	q->domain = text_lower(call->task.arena, call->query[LIST_DOMAIN]);
	return domain_name_check(q->domain, &bad) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed", "domain: %s",
			bad.text);
}

static bool read_kind(const struct call *call, struct query *q, struct err *e)
{
	static const char *const kinds[] = {"local", "alias", "relay"};

	q->domain_kind = call->query[LIST_KIND];
	for (size_t i = 0; q->domain_kind != NULL && i < COUNT(kinds); i++) {
		if (strcmp(kinds[i], q->domain_kind) == 0)
			return true;
	}
	return q->domain_kind == NULL ||
	       malformed(e, "kind is local, alias or relay");
}

/* What only records of that kind have. */
static bool read_filters(const struct call *call, struct query *q,
			 struct err *e)
{
	switch (q->kind) {
	case KIND_DOMAIN:
		return read_kind(call, q, e);
	case KIND_USER:
		return read_domain(call, q, e) && read_idle(call, q, e);
	case KIND_ALIAS:
		return read_domain(call, q, e) &&
		       read_flag(call, LIST_OK, &q->ok, e);
	case KIND_PRINCIPAL:
	case KIND_COUNT:
		break;
	}
	return true;
}

static bool read_query(const struct call *call, struct query *q, struct err *e)
{
	const char *limit = call->query[LIST_LIMIT];
	int64_t n = QUERY_LIMIT_DEFAULT;

	q->kind = call->route->kind;
	if (limit != NULL && !text_number(limit, 1, QUERY_LIMIT_MAX, &n))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"limit is a number from 1 to %d",
				QUERY_LIMIT_MAX);
	q->limit = (size_t)n;
	return read_search(call, q, e) &&
	       read_flag(call, LIST_ENABLED, &q->enabled, e) &&
	       read_filters(call, q, e) && read_cursor(call, q, e);
}

/* The parameters of this request again, but for the cursor. */
static const char *parameters(const struct call *call, struct arena *a)
{
	const char *text = "";

	for (size_t i = LIST_SEARCH; i < ROUTE_QUERY; i++) {
		if (call->query[i] != NULL)
			text = arena_join(a, text, "&", call->route->query[i],
					  "=", query_encode(a, call->query[i]),
					  NULL);
	}
	return text;
}

static const char *next_cursor(const struct call *call, const struct query *q,
			       const struct page *page, struct response *res)
{
	struct arena *a = call->task.arena;
	size_t size = kind_rules(q->kind)->size;

	if (!page->more || (page->count == 0 && page->last == NULL))
		return NULL;
	const char *last =
		page->last != NULL
			? page->last
			: kind_key(q->kind,
				   page->records + (page->count - 1) * size);
	const char *cursor = base64_encode(a, last, strlen(last));
	response_header(res, "Link",
			arena_printf(a,
				     "<%s?limit=%zu&cursor=%s%s>; "
				     "rel=\"next\"",
				     call->req->path, q->limit, cursor,
				     parameters(call, a)));
	return cursor;
}

bool native_list(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	struct writer w = {.arena = call->task.arena};
	struct query q = {0};
	struct page page = {0};

	(void)ret;
	if (!read_query(call, &q, e) ||
	    !listing(call->gateway, &call->task, &q, &page, e))
		return false;
	writer_raw(&w, "{\"items\":[");
	for (size_t i = 0; i < page.count; i++) {
		writer_raw(&w, i > 0 ? "," : "");
		codec_write(native_codec(q.kind),
			    page.records + i * kind_rules(q.kind)->size, &w);
	}
	writer_raw(&w, "],\"next_cursor\":");
	writer_text(&w, next_cursor(call, &q, &page, res));
	writer_raw(&w, "}");
	res->body = w.text;
	res->body_size = w.used;
	return true;
}
