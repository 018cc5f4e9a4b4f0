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
	case ERR_METHOD:
		return 405;
	case ERR_EXISTS:
	case ERR_CONFLICT:
		return 409;
	case ERR_CHANGED:
		return 412;
	case ERR_TOO_LARGE:
		return 413;
	case ERR_MEDIA_TYPE:
		return 415;
	case ERR_INVALID:
		return 422;
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
	const char *title;
} titles[] = {
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{422, "Unprocessable Content"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

const char *status_title(unsigned status)
{
	for (size_t i = 0; i < COUNT(titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}
