#include "http/status.h"

#include <stddef.h>

#include "util/field.h"

unsigned status_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return 200;
	case ERR_MALFORMED:
		return 400;
	case ERR_UNAUTHENTICATED:
		return 401;
	case ERR_DENIED:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_GONE:
		return 410;
	case ERR_METHOD:
		return 405;
	case ERR_EXISTS:
	case ERR_CONFLICT:
		return 409;
	case ERR_CHANGED:
		return 412;
	case ERR_UNCONDITIONAL:
		return 428;
	case ERR_TOO_LARGE:
		return 413;
	case ERR_MEDIA_TYPE:
		return 415;
	case ERR_INVALID:
		return 422;
	case ERR_RATE:
		return 429;
	case ERR_LIMIT:
	case ERR_UNAVAILABLE:
	case ERR_UNKNOWN:
		return 503;
	case ERR_TIMEOUT:
		return 504;
	case ERR_INTERNAL:
		break;
	}
	return 500;
}

static const struct {
	unsigned status;
	const char *title, *code;
} titles[] = {
	{400, "Bad Request", "bad_request"},
	{401, "Unauthorized", "unauthenticated"},
	{403, "Forbidden", "forbidden"},
	{404, "Not Found", "not_found"},
	{405, "Method Not Allowed", "method_not_allowed"},
	{409, "Conflict", "conflict"},
	{410, "Gone", "gone"},
	{412, "Precondition Failed", "precondition_failed"},
	{413, "Content Too Large", "too_large"},
	{415, "Unsupported Media Type", "unsupported_media_type"},
	{422, "Unprocessable Content", "invalid"},
	{428, "Precondition Required", "precondition_required"},
	{429, "Too Many Requests", "rate_limited"},
	{431, "Request Header Fields Too Large", "headers_too_large"},
	{503, "Service Unavailable", "busy"},
	{504, "Gateway Timeout", "timeout"},
	{505, "HTTP Version Not Supported", "version_not_supported"},
	{500, "Internal Server Error", "internal"}, /* and all others */
};

static size_t find(unsigned status)
{
	size_t i = 0;

	while (i + 1 < COUNT(titles) && titles[i].status != status)
		i++;
	return i;
}

const char *status_title(unsigned status)
{
	return titles[find(status)].title;
}

const char *status_code(unsigned status)
{
	return titles[find(status)].code;
}
