/* What mail clients are told of a domain, for who administers it. */
#include <string.h>

#include "api/client_documents.h"
#include "api/native.h"

static bool download(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct client_document d;
	struct client_setup c;

	(void)ret;
	if (!client_setup_read(call->gateway, &call->task, call->params[0], &c,
			       e))
		return false;
	client_document_thunderbird(call->task.arena, &c, &d);
	response_header(res, "Content-Disposition",
			arena_join(call->task.arena, "attachment; filename=\"",
				   d.file, "\"", NULL));
	res->type = d.type;
	res->body = d.text;
	res->body_size = d.size;
	return true;
}

/* clang-format off */
const struct route autoconfig_routes[] = {
	{"GET", "domains/{name}/autoconfig", NULL, download, "domains:read", KIND_DOMAIN, {NULL}},
	{NULL,  NULL,                        NULL, NULL,     NULL,           KIND_COUNT,  {NULL}},
};
/* clang-format on */
