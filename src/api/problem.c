#include "api/problem.h"

#include <string.h>

#include "http/status.h"

static const char *default_code(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
	case ERR_INTERNAL:
		break;
	case ERR_MALFORMED:
		return "bad_request";
	case ERR_INVALID:
		return "invalid";
	case ERR_UNAUTHENTICATED:
		return "unauthenticated";
	case ERR_DENIED:
		return "forbidden";
	case ERR_NOT_FOUND:
		return "not_found";
	case ERR_GONE:
		return "gone";
	case ERR_METHOD:
		return "method_not_allowed";
	case ERR_EXISTS:
		return "exists";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_CHANGED:
		return "precondition_failed";
	case ERR_UNCONDITIONAL:
		return "precondition_required";
	case ERR_TOO_LARGE:
		return "too_large";
	case ERR_MEDIA_TYPE:
		return "unsupported_media_type";
	case ERR_RATE:
		return "rate_limited";
	case ERR_LIMIT:
		return "busy";
	case ERR_UNAVAILABLE:
		return "unavailable";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_UNKNOWN:
		return "outcome_unknown";
	}
	return "internal";
}

const char *problem_code(const struct err *e)
{
	return e->code != NULL ? e->code : default_code(e->kind);
}

/* Of our own side a client learns what he can do about it. */
static const char *detail(const struct err *e)
{
	switch (e->kind) {
	case ERR_LIMIT:
		return "too much is under way; try again shortly";
	case ERR_UNAVAILABLE:
		return "the directory cannot do it at the moment; nothing was "
		       "changed";
	case ERR_TIMEOUT:
		return "the directory did not answer in time; nothing was "
		       "changed";
	case ERR_UNKNOWN:
		return "the directory's answer was lost; look whether it was "
		       "done";
	case ERR_INTERNAL:
		return "something went wrong here; the log knows it by the "
		       "request's id";
	case ERR_NONE:
	case ERR_MALFORMED:
	case ERR_INVALID:
	case ERR_UNAUTHENTICATED:
	case ERR_DENIED:
	case ERR_NOT_FOUND:
	case ERR_GONE:
	case ERR_METHOD:
	case ERR_EXISTS:
	case ERR_CONFLICT:
	case ERR_CHANGED:
	case ERR_UNCONDITIONAL:
	case ERR_TOO_LARGE:
	case ERR_MEDIA_TYPE:
	case ERR_RATE:
		break;
	}
	return e->text;
}

static const char *fault_code(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_MISSING:
		return "missing";
	case FAULT_UNKNOWN:
		return "unknown";
	case FAULT_READ_ONLY:
		return "read_only";
	case FAULT_TYPE:
		return "type";
	case FAULT_FORMAT:
		return "format";
	case FAULT_RANGE:
		return "range";
	case FAULT_POLICY:
		return "policy";
	case FAULT_TEST:
		return "test";
	case FAULT_REFERENCE:
		break;
	}
	return "reference";
}

/* A key as part of a JSON pointer (RFC 6901 section 3). */
const char *problem_escape(struct arena *a, const char *key)
{
	char *text = arena_alloc(a, strlen(key) * 2 + 2), *to = text;

	*to++ = '/';
	for (; *key != '\0'; key++) {
		if (*key == '~' || *key == '/')
			*to++ = '~';
		*to++ = *key == '~' ? '0' : *key == '/' ? '1' : *key;
	}
	return text;
}

const char *problem_pointer(struct arena *a, const struct codec *body,
			    const struct fault *f)
{
	if (f->placed)
		return f->key;
	const char *key = body != NULL ? codec_key(body, f) : f->key;
	const char *parent = body != NULL ? codec_parent(body, f) : NULL;

	if (key == NULL)
		return "";
	return parent == NULL ? problem_escape(a, key)
			      : arena_join(a, problem_escape(a, parent),
					   problem_escape(a, key), NULL);
}

static json_t *faults(struct arena *a, const struct err *e,
		      const struct codec *body)
{
	json_t *list = json_array();

	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "pointer",
						problem_pointer(a, body, f),
						"code",
						f->code != NULL
							? f->code
							: fault_code(f->kind),
						"detail", f->text));
	return list;
}

static json_t *counts(const struct err *e)
{
	json_t *object = json_object();

	for (const struct err_count *c = e->counts; c->name != NULL; c++)
		json_object_set_new(object, c->name, json_integer(c->number));
	return object;
}

json_t *problem_word(struct arena *a, const struct err *e, unsigned status,
		     const struct codec *body)
{
	json_t *problem =
		json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank",
			  "title", status_title(status), "status", (int)status,
			  "detail", detail(e), "code", problem_code(e));

	if (e->faults != NULL)
		json_object_set_new(problem, "errors", faults(a, e, body));
	if (e->conflicts_with != NULL)
		json_object_set_new(problem, "conflicts_with",
				    json_string(e->conflicts_with));
	if (e->counts != NULL)
		json_object_set_new(problem, "counts", counts(e));
	return problem;
}
