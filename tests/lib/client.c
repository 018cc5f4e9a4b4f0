#include "tests/lib/client.h"

#include <string.h>
#include <strings.h>

#include "util/base64.h"
#include "util/clock.h"
#include "json/text.h"

enum { HEADERS_MAX = 4 };

static const char openapi[] = "{\"openapi\":\"3.1.0\"}";

static void add_condition(struct arena *a, const char *line, struct header *h)
{
	size_t name = strcspn(line, ":");

	h->name = arena_strndup(a, line, name);
	h->value = line + name + strspn(line + name, ": ");
}

const struct deprecation *client_deprecations;

struct response client_ask(struct world *w, const struct ask *ask)
{
	const struct service service = {.gateway = &w->gateway,
					.openapi = openapi,
					.deprecations = client_deprecations};
	struct arena *a = w->arena;
	struct header headers[HEADERS_MAX];
	struct request req = {.arena = a,
			      .id = "r1",
			      .method = ask->method,
			      .path = ask->path,
			      .query = ask->query,
			      .source = "192.0.2.1",
			      .headers = headers,
			      .body = ask->body != NULL ? ask->body : "",
			      .began = clock_micros(),
			      .deadline = INT64_MAX};
	struct response res;

	req.body_size = strlen(req.body);
	if (ask->login != NULL)
		headers[req.header_count++] = (struct header){
			"Authorization",
			arena_printf(a, "Basic %s",
				     base64_encode(a, ask->login,
						   strlen(ask->login)))};
	if (ask->type != NULL)
		headers[req.header_count++] =
			(struct header){"Content-Type", ask->type};
	if (ask->condition != NULL)
		add_condition(a, ask->condition, &headers[req.header_count++]);
	dispatch(&service, &req, &res);
	return res;
}

const char *client_header(const struct response *res, const char *name)
{
	for (size_t i = 0; i < res->header_count; i++) {
		if (strcasecmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	}
	return NULL;
}

const char *client_member(struct world *w, const struct response *res,
			  const char *name)
{
	json_t *body = NULL, *member;
	struct err e = {0};

	if (res->body == NULL ||
	    !json_text_parse(w->arena, res->body, res->body_size, &body, &e) ||
	    (member = json_object_get(body, name)) == NULL)
		return NULL;
	return json_text_print(w->arena, json_incref(member),
			       JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}
