#include <string.h>

#include "api/dialect.h"
#include "api/problem.h"

static bool livez(const struct call *call, struct response *res, json_t **ret,
		  struct err *e)
{
	(void)call, (void)e;
	res->status = 200;
	*ret = json_pack("{s:s}", "status", "ok");
	return true;
}

static bool readyz(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct store *s = call->gateway->store;
	struct login *l = call->gateway->login;

	if (!s->ops->is_ready(s) || !l->ops->is_ready(l))
		return err_code(e, ERR_UNAVAILABLE, "directory_down",
				"no connection to the directory");
	return livez(call, res, ret, e);
}

static bool openapi(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	(void)ret, (void)e;
	res->status = 200;
	res->type = "application/json";
	res->body = call->service->openapi;
	res->body_size = strlen(res->body);
	return true;
}

/* clang-format off */
static const struct route routes[] = {
	{"GET", "livez",        NULL, livez,   "none", KIND_COUNT, {NULL}},
	{"GET", "readyz",       NULL, readyz,  "none", KIND_COUNT, {NULL}},
	{"GET", "openapi.json", NULL, openapi, "none", KIND_COUNT, {NULL}},
	{NULL,  NULL,           NULL, NULL,    NULL,   KIND_COUNT, {NULL}},
};
/* clang-format on */

static const struct route *const tables[] = {routes, NULL};

const struct dialect dialect_health = {
	.name = "health",
	.prefix = "/",
	.tables = tables,
	.json_style = JSON_COMPACT,
	.error_type = "application/problem+json",
	.word_error = problem_word,
};
