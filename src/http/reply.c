#include "http/reply.h"

#include <microhttpd.h>
#include <string.h>

#include "http/outlet.h"
#include "http/status.h"

/* NULL is none. */
static bool add_header(struct MHD_Response *r, const char *name,
		       const char *value)
{
	return value == NULL ||
	       MHD_add_response_header(r, name, value) == MHD_YES;
}

static struct MHD_Response *with_body(const struct response *res,
				      struct outlet *o)
{
	union {
		const char *is;
		void *taken; /* libmicrohttpd only reads it */
	} body = {.is = res->body != NULL ? res->body : ""};

	return o != NULL ? outlet_response(o)
			 : MHD_create_response_from_buffer(
				   res->body_size, body.taken,
				   MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *reply_make(const struct response *res, const char *id,
				bool close, struct outlet *o)
{
	struct MHD_Response *r = with_body(res, o);

	if (r == NULL)
		return NULL;
	/* A reply without one of its headers would be another reply. */
	bool whole = add_header(r, "Content-Type", res->type) &&
		     add_header(r, "X-Request-Id", id) &&
		     add_header(r, "Connection", close ? "close" : NULL);
	for (size_t i = 0; whole && i < res->header_count; i++)
		whole = add_header(r, res->headers[i].name,
				   res->headers[i].value);
	if (whole)
		return r;
	MHD_destroy_response(r);
	return NULL;
}

void reply_refusal(struct response *res, struct arena *a, unsigned status,
		   const char *why)
{
	*res = (struct response){.status = status,
				 .type = "application/problem+json"};
	res->body = arena_printf(a,
				 "{\"type\":\"about:blank\",\"title\":\"%s\","
				 "\"status\":%u,\"detail\":\"%s\","
				 "\"code\":\"%s\"}",
				 status_title(status), status, why,
				 status_code(status));
	res->body_size = strlen(res->body);
	response_header(res, "Cache-Control", "no-store");
	response_header(res, "X-Content-Type-Options", "nosniff");
	if (status == 503)
		response_header(res, "Retry-After", "1");
}
