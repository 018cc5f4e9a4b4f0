#include "api/history.h"

#include <string.h>

#include "api/conditional.h"
#include "api/native.h"
#include "core/history.h"
#include "util/base64.h"
#include "util/text.h"

/* To what a record goes back. */
struct return_to {
	const char *as_of, *before;
};

/* clang-format off */
#define F(member) FIELD(struct return_to, member)
static const struct codec_field return_fields[] = {
	{"as_of",  F(as_of),  0},
	{"before", F(before), 0},
	{NULL,     {0, 0},    0},
};
/* clang-format on */

static const struct codec return_to = {return_fields, sizeof(struct return_to),
				       NULL, true};

static const char wanted[] =
	"a moment that has come, as 2026-11-21T09:12:00Z, or the id or cursor "
	"of a change";

static const char *parameter(const struct call *call, const char *name)
{
	for (size_t i = 0; i < ROUTE_QUERY; i++) {
		if (call->route->query[i] != NULL &&
		    strcmp(call->route->query[i], name) == 0)
			return call->query[i];
	}
	return NULL;
}

const char *history_asked(const struct call *call)
{
	return parameter(call, "as_of");
}

/* The id of a change in the trail, or the cursor behind it, which is the same
 * for /v1/changes. */
static const char *change_of(struct arena *a, const char *text)
{
	char *place;
	size_t size;

	if (strchr(text, '#') != NULL)
		return text;
	return base64_decode(a, text, &place, &size) && strlen(place) == size &&
			       text_is_clean(place)
		       ? place
		       : NULL;
}

static bool read_moment(struct arena *a, const char *text, struct moment *ret)
{
	*ret = (struct moment){.time = NULL};
	if (history_is_time(text))
		ret->time = text;
	else if (strchr(text, ':') == NULL)
		ret->change = change_of(a, text);
	return ret->time != NULL || ret->change != NULL;
}

bool history_show(const struct call *call, struct response *res, json_t **ret,
		  struct err *e)
{
	enum kind k = call->route->kind;
	struct arena *a = call->task.arena;
	void *record = arena_alloc(a, kind_rules(k)->size);
	struct moment when;

	(void)res;
	if (parameter(call, "include") != NULL)
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"include tells what is now: leave it out with "
				"as_of");
	if (!read_moment(a, history_asked(call), &when))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"as_of is %s", wanted);
	if (!history_read(call->gateway, &call->task, k, call->params[0], &when,
			  record, e))
		return false;
	*ret = codec_encode(native_codec(k), record);
	return true;
}

static bool read_return(const struct call *call, struct moment *ret,
			struct err *e)
{
	const struct return_to *to = call->body;
	const char *text = to->as_of != NULL ? to->as_of : to->before;
	struct arena *a = call->task.arena;
	struct field named = to->as_of != NULL ? (struct field)F(as_of)
					       : (struct field)F(before);

	if ((to->as_of == NULL) == (to->before == NULL))
		fault_field(e, a, FAULT_MISSING, (struct field)F(as_of),
			    "say as_of or before, one of them");
	else if (!read_moment(a, text, ret) ||
		 (to->before != NULL && ret->time != NULL))
		fault_field(e, a, FAULT_FORMAT, named,
			    to->before != NULL
				    ? "it is the id or cursor of a change"
				    : arena_join(a, "it is ", wanted, NULL));
	ret->before = to->before != NULL;
	return e->faults == NULL;
}

/* What a change of the record may say, but for its key: that names it. */
static size_t members_of(enum kind k, struct arena *a, const struct field **ret)
{
	const struct codec_field *f = native_codec(k)->fields;
	size_t room = 0, count = 0;

	while (f[room].key != NULL)
		room++;
	struct field *fields = arena_alloc(a, room * sizeof(*fields));
	for (; f->key != NULL; f++) {
		if ((f->flags & (CODEC_READ_ONLY | CODEC_WRITE_ONLY)) == 0 &&
		    f->field.offset != kind_rules(k)->key.offset)
			fields[count++] = f->field;
	}
	*ret = fields;
	return count;
}

static bool history_return(const struct call *call, struct response *res,
			   json_t **ret, struct err *e)
{
	enum kind k = call->route->kind;
	struct arena *a = call->task.arena;
	void *record = arena_alloc(a, kind_rules(k)->size);
	struct reversion r = {.count = 0};
	struct revision rev;

	r.count = members_of(k, a, &r.members);
	if (!conditional_none(call->req, "If-None-Match", e) ||
	    !conditional_demanded(call, &r.if_match, e) ||
	    !read_return(call, &r.when, e) ||
	    !history_revert(call->gateway, &call->task, k, call->params[0], &r,
			    record, &rev, e))
		return false;
	conditional_tag(call->req, res, rev.etag);
	response_header(res, "Content-Location",
			arena_join(a, kind_rules(k)->path, kind_key(k, record),
				   NULL));
	*ret = codec_encode(native_codec(k), record);
	return true;
}

/* clang-format off */
const struct route history_routes[] = {
	{"POST", "domains/{name}/revert",    &return_to, history_return, "domains:write", KIND_DOMAIN, {NULL}},
	{"POST", "users/{address}/revert",   &return_to, history_return, "users:write",   KIND_USER,   {NULL}},
	{"POST", "aliases/{address}/revert", &return_to, history_return, "aliases:write", KIND_ALIAS,  {NULL}},
	{NULL,   NULL,                       NULL,       NULL,           NULL,            KIND_COUNT,  {NULL}},
};
/* clang-format on */
