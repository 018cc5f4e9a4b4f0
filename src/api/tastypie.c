#include "api/tastypie.h"

#include <string.h>
#include <strings.h>

#include "api/query.h"
#include "core/roster.h"
#include "http/status.h"
#include "util/text.h"
#include "json/text.h"

const char tastypie_plain[] = "plain";
static const char sorry[] = "sorry";
static const char html[] = "text/html; charset=utf-8";
static const char media[] = "application/json";

bool tastypie_sorry(struct err *e, enum err_kind kind)
{
	return err_code(e, kind, sorry,
			"Sorry, this request could not be processed. Please "
			"try again later.");
}

const char *tastypie_method(const struct request *req)
{
	const char *method = request_header(req, "X-HTTP-Method-Override");
	char *upper;

	if (method == NULL || method[0] == '\0')
		return req->method;
	upper = arena_strdup(req->arena, method);
	for (char *p = upper; *p != '\0'; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	}
	return upper;
}

/* Keys are fetched with a password, and all else is done with them. */
static bool takes_password(const struct call *call)
{
	return call->route != NULL &&
	       (call->dialect->foreign->schemes(call->route) & AUTH_BASIC) != 0;
}

/* What is in a URL is kept in logs and histories. */
bool tastypie_credential(const struct call *call, struct auth *ret,
			 struct err *e)
{
	const char *header = request_header(call->req, "Authorization");
	const char *key = tastypie_parameter(call, "api_key");

	if (key == NULL || takes_password(call) ||
	    (header != NULL && strncasecmp(header, "ApiKey ", 7) == 0))
		return false;
	if (!call->dialect->foreign->url_keys(call->service))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Credentials in the URL are refused here: send "
				"them in the header Authorization.");
	*ret = (struct auth){AUTH_API_KEY, tastypie_parameter(call, "username"),
			     key};
	return ret->name != NULL;
}

/* '&', '<' and '>' as HTML has them. */
static const char *escape(struct arena *a, const char *text)
{
	char *ret = arena_alloc(a, 5 * strlen(text) + 1), *to = ret;

	for (; *text != '\0'; text++) {
		if (*text == '&')
			to = stpcpy(to, "&amp;");
		else if (*text == '<')
			to = stpcpy(to, "&lt;");
		else if (*text == '>')
			to = stpcpy(to, "&gt;");
		else
			*to++ = *text;
	}
	return ret;
}

/* Bytes that a quoted text may take. */
static size_t quoted(const char *text)
{
	return 2 * strlen(text) + 2;
}

/* As Python shows a string; returns the end. */
static char *quote(char *to, const char *text)
{
	bool simple = strchr(text, '\'') == NULL || strchr(text, '"') != NULL;
	char mark = simple ? '\'' : '"';

	*to++ = mark;
	for (; *text != '\0'; text++) {
		if (*text == '\\' || (simple && *text == mark))
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = mark;
	return to;
}

static const char *list_of(struct arena *a, const struct err *e)
{
	const struct fault only = {.text = e->text};
	const struct fault *all = e->faults != NULL ? e->faults : &only;
	size_t size = 3;

	for (const struct fault *f = all; f != NULL; f = f->next)
		size += quoted(f->text) + 2;
	char *ret = arena_alloc(a, size), *to = stpcpy(ret, "[");
	for (const struct fault *f = all; f != NULL; f = f->next) {
		to = quote(to, f->text);
		to = stpcpy(to, f->next != NULL ? ", " : "");
	}
	stpcpy(to, "]");
	return ret;
}

static void say(struct response *res, const char *type, const char *body)
{
	res->type = type;
	res->body = body;
	res->body_size = strlen(body);
}

static void say_json(const struct call *call, struct response *res,
		     const char *key, const char *text)
{
	say(res, media,
	    json_text_print(call->req->arena, json_pack("{s:s}", key, text),
			    TASTYPIE_STYLE));
}

static unsigned status_for(const struct err *e)
{
	unsigned usual = status_of(e->kind);

	/* What it may not be, was not sent so, or is in the way. */
	if (usual == 422 || usual == 409 || usual == 412 || usual == 410)
		return 400;
	return e->kind == ERR_DENIED ? 401 : usual;
}

/* Whatever follows the name of a resource is taken for one of its objects. */
static bool is_object(const struct call *call)
{
	const char *path = call->req->path + strlen(call->dialect->prefix) - 1;
	const struct resource *r = call->dialect->foreign->resources;

	path += *path == '/';
	while (r->name != NULL && (strlen(r->name) != strcspn(path, "/") ||
				   strncmp(path, r->name, strlen(r->name))))
		r++;
	return r->name != NULL;
}

/* Nothing but a status, or words. */
static void refuse(const struct call *call, struct response *res,
		   const struct err *e)
{
	struct arena *a = call->req->arena;
	bool own = text_equal(e->code, tastypie_plain);

	res->status = status_for(e);
	if (res->status == 401 ||
	    (res->status == 404 && !text_equal(e->code, sorry) &&
	     (call->route != NULL || !is_object(call))))
		say(res, html, "");
	else if (res->status == 404 || res->status == 415 ||
		 (res->status >= 500 && !own))
		say_json(call, res, "error_message",
			 "Sorry, this request could not be processed. Please "
			 "try again later.");
	else
		say_json(call, res, "error",
			 escape(a, own ? e->text : list_of(a, e)));
	if (res->status == 503 || res->status == 504)
		response_header(res, "Retry-After", "1");
}

void tastypie_finish(const struct call *call, struct response *res,
		     const struct err *e)
{
	bool options = strcmp(call->req->method, "OPTIONS") == 0;

	response_header(res, "X-Frame-Options", "DENY");
	response_header_again(res, "Referrer-Policy", "same-origin");
	if (e->kind == ERR_METHOD) {
		res->status = options ? 200 : 405;
		say(res, html, call->allow);
	} else if (e->kind != ERR_NONE)
		refuse(call, res, e);
	else if (res->body == NULL && res->status != 204)
		say(res, html, "");
	if (e->kind == ERR_UNAUTHENTICATED && takes_password(call))
		response_header(res, "WWW-Authenticate",
				"Basic Realm=\"django-tastypie\"");
	if (res->status != 401 && (res->status < 300 || res->type == html))
		response_header(res, "Vary", "Accept");
	if (res->status == 200 && res->type != html && !takes_password(call))
		response_header_again(res, "Cache-Control", "no-cache");
}

const char *tastypie_each(const struct call *call, const char **at)
{
	const char *p = *at == NULL ? call->req->query : *at;

	while (p != NULL && *p != '\0') {
		const char *name =
			query_decode(call->req->arena, p, strcspn(p, "=&"));

		p += strcspn(p, "&");
		*at = p += *p == '&';
		if (name != NULL)
			return name;
	}
	return NULL;
}

const char *tastypie_parameter(const struct call *call, const char *name)
{
	const char *p = call->req->query, *ret = NULL;
	struct arena *a = call->req->arena;

	while (p != NULL && *p != '\0') {
		size_t size = strcspn(p, "&"), key = strcspn(p, "=&");
		const char *value = key < size ? query_decode(a, p + key + 1,
							      size - key - 1)
					       : "";

		if (text_equal(query_decode(a, p, key), name) && value != NULL)
			ret = value;
		p += size + (p[size] == '&');
	}
	return ret;
}

static bool page_number(const struct call *call, const char *name,
			const char *what, int64_t *ret, struct err *e)
{
	const char *text = tastypie_parameter(call, name);
	int64_t n;

	if (text == NULL)
		return true;
	if (!text_number(text[0] == '-' ? text + 1 : text, 0, INT32_MAX, &n))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Invalid %s '%.80s' provided. Please provide "
				"%s.",
				name, text, what);
	if (text[0] == '-' && n > 0)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Invalid %s '%.80s' provided. Please provide a "
				"positive integer >= 0.",
				name, text);
	*ret = n;
	return true;
}

bool tastypie_page(const struct call *call, struct roster_query *q,
		   struct err *e)
{
	int64_t limit = 0, offset = 0;

	if (!page_number(call, "limit", "a positive integer", &limit, e) ||
	    !page_number(call, "offset", "an integer", &offset, e))
		return false;
	q->limit = limit == 0 || limit > ROSTER_LIMIT_MAX ? ROSTER_LIMIT_MAX
							  : (size_t)limit;
	q->offset = (size_t)offset;
	return true;
}

/* The same request for another page; credentials are not repeated. */
static json_t *page_at(const struct call *call, const struct roster_query *q,
		       size_t offset)
{
	static const char *const left_out[] = {"limit", "offset", "username",
					       "api_key"};
	struct arena *a = call->req->arena;
	const char *p = call->req->query, *kept = "";

	while (p != NULL && *p != '\0') {
		size_t size = strcspn(p, "&"), i = 0;
		const char *name = query_decode(a, p, strcspn(p, "=&"));

		while (i < COUNT(left_out) && !text_equal(left_out[i], name))
			i++;
		if (i == COUNT(left_out))
			kept = arena_join(a, kept, arena_strndup(a, p, size),
					  "&", NULL);
		p += size + (p[size] == '&');
	}
	size_t size = strlen(call->req->path);
	bool slash = size > 0 && call->req->path[size - 1] == '/';
	return json_string(arena_printf(a, "%s%s?%slimit=%zu&offset=%zu",
					call->req->path, slash ? "" : "/", kept,
					q->limit, offset));
}

json_t *tastypie_meta(const struct call *call, const struct roster_query *q,
		      size_t total)
{
	json_t *next = q->offset + q->limit < total
			       ? page_at(call, q, q->offset + q->limit)
			       : json_null();
	json_t *previous = q->offset >= q->limit
				   ? page_at(call, q, q->offset - q->limit)
				   : json_null();

	return json_pack("{s:I, s:o, s:I, s:o, s:I}", "limit",
			 (json_int_t)q->limit, "next", next, "offset",
			 (json_int_t)q->offset, "previous", previous,
			 "total_count", (json_int_t)total);
}

bool tastypie_accepted(const struct call *call, struct err *e)
{
	const char *accept = request_header(call->req, "Accept");

	return accept == NULL || accept[0] == '\0' ||
	       strchr(accept, '/') != NULL ||
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"Invalid Accept header");
}

bool tastypie_body(const struct call *call, json_t **ret, struct err *e)
{
	const struct request *req = call->req;
	const char *type = request_header(req, "Content-Type");

	if (type != NULL && type[0] != '\0' &&
	    (strncmp(type, media, strlen(media)) != 0 ||
	     strchr("; ", type[strlen(media)]) == NULL))
		return tastypie_sorry(e, ERR_MEDIA_TYPE);
	if (json_text_parse(req->arena, req->body, req->body_size, ret, e) ||
	    e->kind != ERR_MALFORMED)
		return e->kind == ERR_NONE;
	err_clear(e);
	return err_code(e, ERR_MALFORMED, tastypie_plain,
			"Request is not valid JSON.");
}

bool tastypie_number(const char *text, int64_t *ret)
{
	const char *digits = text + (text[0] == '-');

	*ret = NUMBER_NONE;
	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	while (digits[0] == '0' && digits[1] != '\0')
		digits++;
	if (text[0] == '-' || !text_number(digits, 1, INT64_MAX, ret))
		*ret = NUMBER_NONE;
	return true;
}

bool tastypie_uri_number(const char *uri, const char *collection, int64_t *ret)
{
	size_t size = strlen(uri), name = strlen(collection);
	size_t end = size > 0 ? size - 1 : 0, at = end;

	while (at > 0 && strchr("0123456789", uri[at - 1]) != NULL)
		at--;
	if (size == 0 || uri[end] != '/' || at == end || end - at > 18 ||
	    at < name + 6 || strncmp(uri + at - name - 6, "/api/", 5) != 0 ||
	    strncmp(uri + at - name - 1, collection, name) != 0 ||
	    uri[at - 1] != '/')
		return false;
	*ret = 0;
	for (; at < end; at++)
		*ret = *ret * 10 + (uri[at] - '0');
	return true;
}

const char *tastypie_uri(struct arena *a, const char *collection,
			 int64_t number)
{
	return arena_printf(a, "/api/%s/%lld/", collection, (long long)number);
}
