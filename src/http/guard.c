#include "http/guard.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "util/field.h"
#include "util/text.h"

static const struct guard_verdict fine = {0, NULL};

static struct guard_verdict bad(const char *why)
{
	return (struct guard_verdict){400, why};
}

/* RFC 9110 5.6.2; strspn() would build its set anew for each name. */
static bool is_tchar(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(const char *s)
{
	const char *p = s;

	while (is_tchar(*p))
		p++;
	return p > s && *p == '\0';
}

/* Fields that mean something twice or not at all. */
static bool is_single(const char *name)
{
	static const char *const names[] =
		{"Host",           "Content-Length", "Transfer-Encoding",
		 "Authorization",  "Content-Type",   "Content-Encoding",
		 "Expect",         "If-Match",       "If-None-Match",
		 "Idempotency-Key"};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcasecmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* Of a folded header libmicrohttpd glues what follows to the name. */
static bool is_garbled(const char *name)
{
	static const char *const names[] = {"Content-Length",
					    "Transfer-Encoding"};

	for (size_t i = 0; i < COUNT(names); i++) {
		size_t size = strlen(names[i]);

		if (strncasecmp(name, names[i], size) == 0 &&
		    name[size] != '\0')
			return true;
	}
	return false;
}

static const char *find(const struct guard_input *in, const char *name)
{
	for (size_t i = 0; i < in->header_count; i++) {
		if (strcasecmp(in->headers[i].name, name) == 0)
			return in->headers[i].value;
	}
	return NULL;
}

static bool is_field_value(const char *s)
{
	for (; *s != '\0'; s++) {
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

static struct guard_verdict check_fields(const struct guard_input *in)
{
	size_t size = strlen(in->target) + strlen(in->method);

	if (in->header_count > GUARD_HEADERS_MAX)
		return (struct guard_verdict){431, "more than 64 headers"};
	for (size_t i = 0; i < in->header_count; i++) {
		const struct header *h = &in->headers[i];

		size += strlen(h->name) + strlen(h->value) + 4;
		if (!is_token(h->name) || is_garbled(h->name))
			return bad("a header's name is malformed");
		if (!is_field_value(h->value))
			return bad("a header has a control character in it");
		for (size_t j = 0; j < i && is_single(h->name); j++) {
			if (strcasecmp(in->headers[j].name, h->name) == 0)
				return bad("a header stands there twice");
		}
	}
	return size > GUARD_HEAD_MAX
		       ? (struct guard_verdict){431, "more than 16 KiB of "
						     "headers"}
		       : fine;
}

static struct guard_verdict check_line(const struct guard_input *in)
{
	bool modern = strcmp(in->version, "HTTP/1.1") == 0;
	const char *host = find(in, "Host");

	if (!modern && strcmp(in->version, "HTTP/1.0") != 0)
		return (struct guard_verdict){505, "only HTTP/1.1 is spoken"};
	if (!is_token(in->method))
		return bad("the method is malformed");
	if (in->target[0] != '/')
		return bad("the target must be a path");
	for (const char *p = in->target; *p != '\0'; p++) {
		if (*p <= ' ' || *p >= 0x7f || *p == '#')
			return bad("the target has a forbidden character");
	}
	if (modern && (host == NULL || host[0] == '\0'))
		return bad("the Host header is missing");
	if (host != NULL && strpbrk(host, " \t,/@?#") != NULL)
		return bad("the Host header is malformed");
	return fine;
}

static struct guard_verdict check_framing(const struct guard_input *in)
{
	const char *length = find(in, "Content-Length");
	const char *coding = find(in, "Transfer-Encoding");
	const char *content = find(in, "Content-Encoding");
	int64_t size = 0;

	if (length != NULL && coding != NULL)
		return bad("Content-Length and Transfer-Encoding exclude "
			   "each other");
	if (coding != NULL && (strcasecmp(coding, "chunked") != 0 ||
			       strcmp(in->version, "HTTP/1.1") != 0))
		return bad("only chunked transfer coding is understood");
	if (length != NULL && (strspn(length, "0123456789") != strlen(length) ||
			       !text_number(length, 0, INT64_MAX, &size)))
		return bad("Content-Length is not a number");
	if (size > (int64_t)in->body_limit)
		return (struct guard_verdict){413, "the body is too large"};
	if (content != NULL && strcasecmp(content, "identity") != 0)
		return (struct guard_verdict){415, "no content coding is "
						   "understood"};
	return fine;
}

struct guard_verdict guard_check(const struct guard_input *in)
{
	static struct guard_verdict (*const checks[])(
		const struct guard_input *) = {check_fields, check_line,
					       check_framing};
	struct guard_verdict v = fine;

	for (size_t i = 0; i < COUNT(checks) && v.status == 0; i++)
		v = checks[i](in);
	return v;
}
