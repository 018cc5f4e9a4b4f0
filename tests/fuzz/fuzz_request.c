#include <string.h>

#include "api/dispatch.h"
#include "core/listing.h"
#include "http/guard.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/client.h"
#include "util/base64.h"
#include "util/log.h"
#include "util/text.h"
#include "json/text.h"

enum { LINES_MAX = 8, REQUESTS_MAX = 8, BODY_MAX = 4096 };

static const char openapi[] = "{}";

/* "A: name:password" stands for credentials, which nobody would hit upon. */
static struct header header_of(struct arena *a, char *line)
{
	char *value = line;
	const char *name = strsep(&value, ":");

	if (value == NULL)
		return (struct header){name, ""};
	value += *value == ' ';
	if (strcmp(name, "A") != 0)
		return (struct header){name, value};
	return (struct header){"Authorization",
			       arena_printf(a, "Basic %s",
					    base64_encode(a, value,
							  strlen(value)))};
}

/* Whatever was asked, the answer is one of ours. */
static void answered(struct arena *a, const struct response *res)
{
	json_t *body = NULL;
	struct err e = {0};

	HOLDS(res->status >= 200 && res->status < 600 && res->status != 500);
	for (size_t i = 0; i < res->header_count; i++)
		HOLDS(text_is_clean(res->headers[i].value));
	if (res->body == NULL) {
		HOLDS(res->status == 204 || res->status == 304);
		return;
	}
	HOLDS(strlen(res->body) == res->body_size);
	HOLDS(json_text_parse(a, res->body, res->body_size, &body, &e));
	if (res->status >= 400) {
		HOLDS(json_integer_value(json_object_get(body, "status")) ==
		      (json_int_t)res->status);
		HOLDS(json_is_string(json_object_get(body, "code")));
	}
}

/* First line, headers, an empty line and a body. */
static void ask(struct world *w, char *text)
{
	const struct service service = {.gateway = &w->gateway,
					.openapi = openapi};
	struct arena *a = arena_new();
	struct header headers[LINES_MAX];
	char *line = strsep(&text, "\n"), *target = line;
	struct request req = {.arena = a,
			      .id = "r1",
			      .source = "192.0.2.1",
			      .headers = headers,
			      .deadline = INT64_MAX};
	struct guard_input in = {.headers = headers, .body_limit = BODY_MAX};
	struct response res;

	req.method = in.method = strsep(&target, " ");
	in.target = target != NULL ? arena_strdup(a, target) : "";
	in.version = "HTTP/1.1";
	headers[req.header_count++] = (struct header){"Host", "h"};
	while (text != NULL && *text != '\n' && req.header_count < LINES_MAX)
		headers[req.header_count++] = header_of(a, strsep(&text, "\n"));
	in.header_count = req.header_count;
	req.path = target != NULL ? strsep(&target, "?") : "";
	req.query = target;
	req.body = text != NULL && *text == '\n' ? text + 1 : "";
	req.body_size = strlen(req.body);
	if (guard_check(&in).status == 0) {
		dispatch(&service, &req, &res);
		answered(a, &res);
	}
	arena_free(a);
}

/* What is stored keeps the rules, whoever put it there. */
static void kept(struct world *w)
{
	for (enum kind k = KIND_DOMAIN; k < KIND_COUNT; k++) {
		const struct query q = {.kind = k, .limit = QUERY_LIMIT_MAX};
		const struct kind_rules *rules = kind_rules(k);
		struct page page = {0};
		struct err e = {0};

		HOLDS(listing(&w->gateway, &w->admin, &q, &page, &e));
		for (size_t i = 0; i < page.count; i++) {
			const void *record = page.records + i * rules->size;

			HOLDS(rules->check_key(kind_key(k, record), &e));
			rules->check(record, w->arena, &e);
			HOLDS(e.faults == NULL);
		}
	}
}

/* Requests, one after the other, to a gateway with a few records. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = world_open();
	char *text = arena_strndup(w->arena, (const char *)data, size);

	log_set_level(LOG_EMERG);
	for (int i = 0; i < REQUESTS_MAX && text != NULL; i++)
		ask(w, strsep(&text, "\x1e"));
	kept(w);
	world_close(&w);
	return 0;
}
