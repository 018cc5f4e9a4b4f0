#include <string.h>

#include "api/conditional.h"
#include "api/prefer.h"
#include "http/auth.h"
#include "http/forwarded.h"
#include "http/guard.h"
#include "tests/fuzz/fuzz.h"
#include "util/field.h"
#include "util/text.h"
#include "util/trace.h"

enum { LINES_MAX = 70 };

static void conditional(const struct request *req)
{
	const struct text_list *list = NULL;
	struct err e = {0};

	if (!conditional_match(req, &list, &e)) {
		HOLDS(e.kind == ERR_MALFORMED && list == NULL);
		return;
	}
	for (size_t i = 0; list != NULL && i < list->count; i++)
		HOLDS(strchr(list->items[i], '"') == NULL);
	HOLDS(list == NULL || request_header(req, "If-Match") != NULL);
	if (conditional_is_fresh(req, "a"))
		HOLDS(request_header(req, "If-None-Match") != NULL);
}

static void preferences(const struct request *req)
{
	struct preferences p;
	struct err e = {0};

	if (!prefer_read(req, &p, &e))
		HOLDS(e.kind == ERR_MALFORMED);
	else
		HOLDS((!p.dry_run && !p.respond_async) ||
		      request_header(req, "Prefer") != NULL);
}

/* What is passed on is as it came. */
static void traces(struct arena *a, const char *value)
{
	struct trace t, again;

	if (trace_read(value, &t)) {
		HOLDS(strncmp(value + 3, t.id, TRACE_ID) == 0);
		HOLDS(trace_read(trace_text(a, &t), &again) &&
		      strcmp(again.id, t.id) == 0);
	}
	if (trace_state_is_good(value))
		HOLDS(strlen(value) <= TRACE_STATE_MAX &&
		      strpbrk(value, "\r\n") == NULL);
}

static void credentials(const struct request *req)
{
	struct auth auth;

	if (!auth_read(req, AUTH_BASIC | AUTH_BEARER | AUTH_API_KEY, &auth))
		return;
	HOLDS((auth.name == NULL) == (auth.scheme == AUTH_BEARER));
	HOLDS(auth.name == NULL ||
	      (strchr(auth.name, ':') == NULL && text_is_clean(auth.name)));
	HOLDS(text_is_clean(auth.secret));
}

/* Whatever a client writes, what his proxy appends is who he is, or nobody. */
static void forwarded(struct arena *a, const char *value)
{
	static const struct {
		const char *name, *appended;
	} proxies[] = {
		{"X-Forwarded-For", ", 192.0.2.7"},
		{"Forwarded", ", for=192.0.2.7"},
		{"Forwarded", ",for=\"192.0.2.7:80\";host=\"a\\\"b\""},
	};
	struct network items[] = {{.bits = 0}}, client, found;
	const struct network_list trusted = {items, COUNT(items)};
	const char *why = NULL;

	HOLDS(network_address("127.0.0.1", &items[0]) &&
	      network_address("192.0.2.7", &client));
	for (size_t i = 0; i < COUNT(proxies); i++) {
		const struct header h = {proxies[i].name,
					 arena_join(a, value,
						    proxies[i].appended, NULL)};
		const struct request req = {.arena = a,
					    .headers = &h,
					    .header_count = 1};

		if (forwarded_source(&trusted, &items[0], &req, &found, &why))
			HOLDS(memcmp(&found, &client, sizeof(found)) == 0);
		else
			HOLDS(why != NULL);
	}
}

/* What passes the guard has one meaning. */
static void passed(const struct guard_input *in, const struct request *req)
{
	const char *length = request_header(req, "Content-Length");
	const char *coding = request_header(req, "Transfer-Encoding");
	const char *host = request_header(req, "Host");
	int64_t size = 0;

	HOLDS(in->target[0] == '/' && strpbrk(in->target, " \t#") == NULL);
	HOLDS(length == NULL || coding == NULL);
	HOLDS(length == NULL ||
	      text_number(length, 0, (int64_t)in->body_limit, &size));
	HOLDS(host != NULL || strcmp(in->version, "HTTP/1.0") == 0);
	HOLDS(in->header_count <= GUARD_HEADERS_MAX);
	for (size_t i = 0; i < in->header_count; i++) {
		HOLDS(strpbrk(in->headers[i].name, " \t\r\n:") == NULL);
		HOLDS(strpbrk(in->headers[i].value, "\r\n") == NULL);
	}
}

/* Cut off the next piece of text, up to that character. */
static char *cut(char **text, char end)
{
	char *piece = *text, *at = strchr(piece, end);

	if (at == NULL)
		return *text += strlen(*text), piece;
	*at = '\0';
	*text = at + 1;
	return piece;
}

/* Three words and then lines of "name: value". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = arena_strndup(a, (const char *)data, size);
	struct header headers[LINES_MAX];
	struct guard_input in = {.headers = headers, .body_limit = 1000};

	in.method = cut(&text, ' ');
	in.target = cut(&text, ' ');
	in.version = cut(&text, '\n');
	while (*text != '\0' && in.header_count < LINES_MAX) {
		char *line = cut(&text, '\n'), *value = line;
		const char *name = cut(&value, ':');

		headers[in.header_count++] =
			(struct header){name, value + (*value == ' ')};
	}
	const struct request req = {.arena = a,
				    .headers = headers,
				    .header_count = in.header_count};
	struct guard_verdict v = guard_check(&in);
	HOLDS((v.status == 0) == (v.why == NULL));
	if (v.status == 0)
		passed(&in, &req);
	else
		HOLDS(v.status >= 400 && v.status < 600);
	conditional(&req);
	preferences(&req);
	credentials(&req);
	if (in.header_count > 0)
		forwarded(a, headers[0].value);
	for (size_t i = 0; i < in.header_count; i++)
		traces(a, headers[i].value);
	arena_free(a);
	return 0;
}
