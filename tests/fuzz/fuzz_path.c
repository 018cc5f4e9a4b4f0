#include <string.h>

#include "api/query.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

static const struct route route = {.path = "users/{address}/password",
				   .query = {"limit", "cursor", "domain"}};

/* Encoding everything and decoding it gives the same. */
static void round_trip(struct arena *a, const char *decoded)
{
	char *coded = arena_alloc(a, strlen(decoded) * 3 + 1), *to = coded;

	for (const char *p = decoded; *p != '\0'; p++) {
		to += snprintf(to, 4, "%%%02x", (unsigned char)*p);
	}
	const char *again = query_decode(a, coded, strlen(coded));
	HOLDS(again != NULL && strcmp(again, decoded) == 0);
}

static void path(struct arena *a, const char *text)
{
	const char *params[ROUTE_PARAMS] = {NULL};
	struct path p;
	struct err e = {0};

	if (!path_split(a, text, &p, &e)) {
		HOLDS(e.kind == ERR_MALFORMED || e.kind == ERR_NOT_FOUND);
		return;
	}
	HOLDS(p.count <= ROUTE_SEGMENTS);
	for (size_t i = 0; i < p.count; i++)
		HOLDS(text_is_clean(p.segments[i]));
	if (route_matches(&route, &p, params)) {
		HOLDS(p.count == 3 && params[0] == p.segments[1]);
		HOLDS(params[0][0] != '\0' && params[1] == NULL);
	}
}

static void query(struct arena *a, const char *text)
{
	const struct request req = {.arena = a, .query = text};
	struct call call = {.req = &req, .route = &route, .task = {.arena = a}};
	struct err e = {0};

	if (!query_parse(&call, &e)) {
		HOLDS(e.kind == ERR_MALFORMED && e.code != NULL);
		return;
	}
	for (size_t i = 0; i < ROUTE_QUERY; i++)
		HOLDS(call.query[i] == NULL || text_is_clean(call.query[i]));
	HOLDS(call.query[3] == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *decoded = query_decode(a, text, strlen(text));

	if (decoded != NULL) {
		HOLDS(strlen(decoded) <= strlen(text));
		HOLDS(text_is_clean(decoded));
		round_trip(a, decoded);
	}
	path(a, text);
	query(a, text);
	arena_free(a);
	return 0;
}
