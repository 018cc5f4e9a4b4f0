#include <string.h>

#include "api/checks.h"
#include "api/dialect.h"
#include "api/native.h"
#include "api/problem.h"
#include "util/meter.h"
#include "util/process.h"

static bool livez(const struct call *call, struct response *res, json_t **ret,
		  struct err *e)
{
	(void)call, (void)e;
	res->status = 200;
	*ret = json_pack("{s:s}", "status", "ok");
	return true;
}

static json_t *show(const struct check_result checks[CHECK_COUNT])
{
	json_t *list = json_array();

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		const struct check_result *c = &checks[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:b, s:s*}", "name",
						c->name, "status",
						c->wrong == NULL ? "ok"
								 : "failed",
						"required", c->required,
						"reason", c->wrong));
	}
	return list;
}

/* The first that fails tells. */
static json_t *not_ready(const struct call *call, struct response *res,
			 const struct check_result checks[CHECK_COUNT])
{
	size_t i = 0;
	struct err e = {0};

	while (checks[i].wrong == NULL || !checks[i].required)
		i++;
	err_code(&e, ERR_UNAVAILABLE,
		 i == CHECK_SCHEMA ? "directory_schema" : "directory_down",
		 "%s", checks[i].wrong);
	res->status = 503;
	res->type = "application/problem+json";
	response_header(res, "Retry-After", "1");
	return problem_word(call->task.arena, &e, res->status, NULL);
}

static bool readyz(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct check_result checks[CHECK_COUNT];

	if (checks_run(call->gateway, checks))
		livez(call, res, ret, e);
	else
		*ret = not_ready(call, res, checks);
	json_object_set_new(*ret, "checks", show(checks));
	return true;
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

/* It is about all domains together: for those who may see all of them. */
static bool may_watch(const struct call *call, struct err *e)
{
	struct store *s = call->gateway->store;
	bool super = call->service->open;

	if (!super &&
	    !s->ops->is_super_administrator(s, &call->task, &super, e))
		return false;
	return super || err_set(e, ERR_DENIED,
				"only super administrators, and keys of theirs,"
				" see the metrics");
}

static bool metrics(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	const char *accept = request_header(call->req, "Accept");
	bool open = accept != NULL &&
		    strstr(accept, "application/openmetrics-text") != NULL;
	struct check_result checks[CHECK_COUNT];

	(void)ret;
	if (!may_watch(call, e))
		return false;
	checks_run(call->gateway, checks);
	process_measure();
	res->status = 200;
	res->type = open ? "application/openmetrics-text; version=1.0.0; "
			   "charset=utf-8"
			 : "text/plain; version=0.0.4; charset=utf-8";
	res->body = meter_write(call->task.arena, open, &res->body_size);
	return true;
}

/* What the page may load stands in the page itself, which knows its style;
 * where it may be shown can be said here alone. */
static bool docs(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	(void)ret, (void)e;
	res->status = 200;
	res->type = "text/html; charset=utf-8";
	res->body = call->service->reference;
	res->body_size = strlen(res->body);
	response_header(res, "Content-Security-Policy",
			"base-uri 'none'; form-action 'none'; "
			"frame-ancestors 'none'");
	return true;
}

/* clang-format off */
static const struct route routes[] = {
	{"GET", "livez",        NULL, livez,   "none", KIND_COUNT, {NULL}},
	{"GET", "readyz",       NULL, readyz,  "none", KIND_COUNT, {NULL}},
	{"GET", "metrics",      NULL, metrics, "metrics:read", KIND_COUNT, {NULL}},
	{"GET", "openapi.json", NULL, openapi, "none", KIND_COUNT, {NULL}},
	{"GET", "docs",         NULL, docs,    "none", KIND_COUNT, {NULL}},
	{NULL,  NULL,           NULL, NULL,    NULL,   KIND_COUNT, {NULL}},
};
/* clang-format on */

static const struct route *const tables[] = {routes, client_routes, NULL};

const struct dialect dialect_health = {
	.name = "health",
	.prefix = "/",
	.tables = tables,
	.schemes = AUTH_BASIC | AUTH_BEARER,
	.json_style = JSON_COMPACT,
	.error_type = "application/problem+json",
	.word_error = problem_word,
};
