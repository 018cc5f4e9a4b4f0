#include "api/traced.h"

#include <strings.h>

static bool is_called(const struct header *h, const char *name)
{
	return strcasecmp(h->name, name) == 0;
}

/* Several are one list.  NULL: none, or none to be passed on. */
static const char *state_of(const struct request *req)
{
	const char *all = NULL;

	for (size_t i = 0; i < req->header_count; i++) {
		const struct header *h = &req->headers[i];

		if (is_called(h, "tracestate"))
			all = all == NULL ? h->value
					  : arena_join(req->arena, all, ",",
						       h->value, NULL);
	}
	return all != NULL && trace_state_is_good(all) ? all : NULL;
}

const struct trace *traced(const struct request *req, struct response *res)
{
	const char *parent = NULL;
	size_t count = 0;

	for (size_t i = 0; i < req->header_count; i++) {
		if (!is_called(&req->headers[i], "traceparent"))
			continue;
		parent = req->headers[i].value;
		count++;
	}
	if (count == 0)
		return NULL;
	struct trace *t = arena_alloc(req->arena, sizeof(*t));
	if (count == 1 && trace_read(parent, t))
		t->state = state_of(req);
	else
		trace_begin(t);
	response_header(res, "Server-Timing",
			arena_printf(req->arena, "traceparent;desc=\"%s\"",
				     trace_text(req->arena, t)));
	return t;
}
