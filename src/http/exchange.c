#include "http/exchange.h"

#include <stdlib.h>
#include <strings.h>

const char *request_header(const struct request *req, const char *name)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (strcasecmp(req->headers[i].name, name) == 0)
			return req->headers[i].value;
	}
	return NULL;
}

void response_header(struct response *res, const char *name, const char *value)
{
	if (res->header_count == RESPONSE_HEADERS)
		abort();
	res->headers[res->header_count++] = (struct header){name, value};
}

void response_header_again(struct response *res, const char *name,
			   const char *value)
{
	for (size_t i = 0; i < res->header_count; i++) {
		if (strcasecmp(res->headers[i].name, name) == 0) {
			res->headers[i].value = value;
			return;
		}
	}
	response_header(res, name, value);
}
