#include "api/audit.h"

#include <string.h>

#include "api/native.h"
#include "core/query.h"
#include "core/store.h"
#include "util/base64.h"
#include "util/instant.h"
#include "util/text.h"

/* In the order of the route's table. */
enum {
	AUDIT_LIMIT,
	AUDIT_CURSOR,
	AUDIT_OBJECT,
	AUDIT_DOMAIN,
	AUDIT_ACTOR,
	AUDIT_SINCE,
	AUDIT_UNTIL,
	AUDIT_REQUEST,
	AUDIT_PARAMETERS
};

/* Members that are made of more than one attribute, or of one of another
 * name. */
static const char *const made_of[][2] = {
	{"provostEnabled", "enabled"},
	{"provostEnabledWish", "enabled"},
	{"provostOwner", "owners"},
	{"provostAdministrator", "administrators"},
	{"provostViewer", "viewers"},
	{"userPassword", "password"},
	{"description", "description"},
	{"provostDkimState", "state"},
	{"provostDkimStaged", "staged"},
	{"provostDkimRotateDays", "rotate_after_days"},
	{"provostDkimPublicKey", "txt"},
	{"provostDkimKeyName", "next_step"},
	{"provostDkimDns", "dns"},
	{"provostDkimDnsChecked", "dns_checked_at"},
	{"provostDkimDue", "due_at"},
	{"provostDkimPublished", "published_at"},
	{"provostDkimActivated", "activated_at"},
	{"provostDkimRetired", "retired_at"},
};

static json_t *list(const struct text_list *values)
{
	json_t *ret = json_array();

	for (size_t i = 0; i < values->count; i++) {
		json_t *text = json_string(values->items[i]);

		/* Pictures and the like. */
		json_array_append_new(ret, text != NULL
						   ? text
						   : json_string("(binary)"));
	}
	return ret;
}

const char *audit_member(const struct audit_record *r,
			 const struct audit_change *c)
{
	const struct codec_field *f =
		r->kind != KIND_COUNT ? native_codec(r->kind)->fields : NULL;

	for (; c->field != NULL && f != NULL && f->key != NULL; f++) {
		if (f->field.offset == c->field->offset)
			return f->key;
	}
	for (size_t i = 0; c->attribute != NULL && i < COUNT(made_of); i++) {
		if (strcmp(made_of[i][0], c->attribute) == 0)
			return made_of[i][1];
	}
	return NULL;
}

static json_t *change_show(const struct audit_record *r,
			   const struct audit_change *c)
{
	json_t *ret =
		json_pack("{s:s?, s:s?, s:b}", "attribute", c->attribute,
			  "member", audit_member(r, c), "secret", c->secret);

	if (!c->secret) {
		json_object_set_new(ret, "before", list(&c->before));
		json_object_set_new(ret, "after", list(&c->after));
	}
	return ret;
}

static json_t *record_show(const struct audit_record *r)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < r->change_count; i++)
		json_array_append_new(changes, change_show(r, &r->changes[i]));
	return json_pack(
		"{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, "
		"s:s, s:s, s:s?, s:s?, s:o}",
		"id", r->id, "time", r->time, "action", r->action, "actor",
		r->actor, "actor_kind", r->actor_kind, "via", r->proof,
		"request", r->request, "source", r->source, "key", r->key,
		"trace", r->trace, "kind", r->sort, "object", r->object,
		"renamed_to", r->renamed_to, "domain", r->domain, "changes",
		changes);
}

static bool read_limit(const struct call *call, struct audit_query *q,
		       struct err *e)
{
	int64_t n = QUERY_LIMIT_DEFAULT;

	if (call->query[AUDIT_LIMIT] != NULL &&
	    !text_number(call->query[AUDIT_LIMIT], 1, QUERY_LIMIT_MAX, &n))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"limit is a number from 1 to %d",
				QUERY_LIMIT_MAX);
	q->limit = (size_t)n;
	return true;
}

/* A cursor is the place up to where was looked. */
static bool read_cursor(const struct call *call, struct audit_query *q,
			struct err *e)
{
	const char *cursor = call->query[AUDIT_CURSOR];
	char *key;
	size_t size;

	if (cursor == NULL)
		return true;
	if (!base64_decode(call->task.arena, cursor, &key, &size) ||
	    strlen(key) != size || !text_is_clean(key) || key[0] < '0' ||
	    key[0] > '9')
		return err_code(e, ERR_MALFORMED, "cursor_malformed",
				"that is not a cursor of ours");
	q->after = key;
	return true;
}

static bool read_moment(const struct call *call, size_t which, const char **ret,
			struct err *e)
{
	*ret = call->query[which];
	return *ret == NULL || instant_check(*ret) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"%s is a moment as 2026-11-21T09:12:00Z",
			call->route->query[which]);
}

static bool read_name(const struct call *call, size_t which, const char **ret,
		      struct err *e)
{
	const char *text = call->query[which];

	if (text == NULL)
		return true;
	*ret = text_lower(call->task.arena, text);
	return (text[0] != '\0' && strlen(text) <= ADDRESS_MAX &&
		text_is_clean(text)) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"%s is an address, a domain or a login",
			call->route->query[which]);
}

/* Everything but letters, digits and what is as good. */
static const char *encode(struct arena *a, const char *text)
{
	static const char digits[] = "0123456789ABCDEF",
			  plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~@:";
	char *ret = arena_alloc(a, 3 * strlen(text) + 1), *to = ret;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(plain, c) != NULL) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return ret;
}

static const char *next_link(const struct call *call, size_t limit,
			     const char *cursor)
{
	struct arena *a = call->task.arena;
	const char *link = arena_printf(a, "<%s?limit=%zu&cursor=%s",
					call->req->path, limit, cursor);

	for (size_t i = AUDIT_OBJECT; i < AUDIT_PARAMETERS; i++) {
		if (call->query[i] != NULL)
			link = arena_join(a, link, "&", call->route->query[i],
					  "=", encode(a, call->query[i]), NULL);
	}
	return arena_join(a, link, ">; rel=\"next\"", NULL);
}

static json_t *page_show(const struct call *call, struct response *res,
			 size_t limit, const struct audit_page *page)
{
	const char *cursor = NULL;
	json_t *items = json_array();

	for (size_t i = 0; i < page->count; i++)
		json_array_append_new(items, record_show(&page->records[i]));
	if (page->more) {
		cursor = base64_encode(call->task.arena, page->last,
				       strlen(page->last));
		response_header(res, "Link", next_link(call, limit, cursor));
	}
	return json_pack("{s:o, s:s?}", "items", items, "next_cursor", cursor);
}

static bool audit_list(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	struct audit_query q = {.request = call->query[AUDIT_REQUEST]};
	struct store *s = call->gateway->store;
	struct audit_page page;

	if (!read_limit(call, &q, e) || !read_cursor(call, &q, e) ||
	    !read_name(call, AUDIT_OBJECT, &q.object, e) ||
	    !read_name(call, AUDIT_DOMAIN, &q.domain, e) ||
	    !read_name(call, AUDIT_ACTOR, &q.actor, e) ||
	    !read_moment(call, AUDIT_SINCE, &q.since, e) ||
	    !read_moment(call, AUDIT_UNTIL, &q.until, e) ||
	    !s->ops->audit(s, &call->task, &q, &page, e))
		return false;
	*ret = page_show(call, res, q.limit, &page);
	return true;
}

/* clang-format off */
const struct route audit_routes[] = {
	{"GET", "audit", NULL, audit_list, "audit:read", KIND_COUNT,
	 {"limit", "cursor", "object", "domain", "actor", "since", "until", "request"}},
	{NULL, NULL, NULL, NULL, NULL, KIND_COUNT, {NULL}},
};
/* clang-format on */
