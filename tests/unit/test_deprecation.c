#include <string.h>

#include "api/deprecation.h"
#include "core/health.h"
#include "tests/lib/client.h"
#include "tests/lib/tap.h"
#include "json/text.h"

#define ADMIN "admin:admin's"
#define LINK                                                     \
	"<https://provost.example/users>; rel=\"deprecation\"; " \
	"type=\"text/html\""

/* clang-format off */
static const struct deprecation fakes[] = {
	{"GET", "/v1/users", "2026-11-21T09:12:00Z", "2028-02-29T23:59:59Z", "https://provost.example/users"},
	{"GET", "/v1/users/{address}", "1970-01-01T00:00:00Z", NULL, "https://provost.example/users"},
	{NULL, NULL, NULL, NULL, NULL},
};
static const struct {
	const char *name;
	struct deprecation rows[2];
} wrong[] = {
	{"no such path", {{"GET", "/v1/nothing", "2026-11-21T09:12:00Z", NULL, "x"}, {NULL, NULL, NULL, NULL, NULL}}},
	{"without its prefix", {{"GET", "users", "2026-11-21T09:12:00Z", NULL, "x"}, {NULL, NULL, NULL, NULL, NULL}}},
	{"another method", {{"DELETE", "/v1/users", "2026-11-21T09:12:00Z", NULL, "x"}, {NULL, NULL, NULL, NULL, NULL}}},
	{"no time", {{"GET", "/v1/users", NULL, NULL, "x"}, {NULL, NULL, NULL, NULL, NULL}}},
	{"no day", {{"GET", "/v1/users", "2026-02-30T09:12:00Z", NULL, "x"}, {NULL, NULL, NULL, NULL, NULL}}},
	{"gone before it is to go", {{"GET", "/v1/users", "2026-11-21T09:12:00Z", "2026-11-21T09:12:00Z", "x"}, {NULL, NULL, NULL, NULL, NULL}}},
	{"no link", {{"GET", "/v1/users", "2026-11-21T09:12:00Z", NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}}},
};
/* clang-format on */

static struct world *w;

static struct response ask(const char *method, const char *path,
			   const char *query)
{
	const struct ask a = {method, path, query, ADMIN, NULL, NULL, NULL};

	return client_ask(w, &a);
}

static void checks(void)
{
	struct err e = {0};

	OK(deprecation_check(deprecations, &e), "our own rows are good");
	OK(deprecation_check(fakes, &e), "so are these");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		err_clear(&e);
		OK(!deprecation_check(wrong[i].rows, &e) &&
			   e.kind == ERR_INTERNAL,
		   wrong[i].name);
	}
}

static void told(void)
{
	struct response res = ask("GET", "/v1/users", NULL);

	IS(client_header(&res, "Deprecation"), NULL, "nothing is to go");
	client_deprecations = fakes;
	res = ask("GET", "/v1/users", NULL);
	NUMBER(res.status, 200, "it still does what it did");
	IS(client_header(&res, "Deprecation"), "@1795252320", "since when");
	IS(client_header(&res, "Sunset"), "Tue, 29 Feb 2028 23:59:59 GMT",
	   "until when");
	IS(client_header(&res, "Link"), LINK, "and what to do instead");
	res = ask("GET", "/v1/users", "limit=1");
	const char *link = client_header(&res, "Link");
	OK(link != NULL && strstr(link, "rel=\"next\", " LINK) != NULL,
	   "beside another link");
	res = ask("HEAD", "/v1/users/", NULL);
	IS(client_header(&res, "Deprecation"), "@1795252320",
	   "however it is asked for");
	res = ask("GET", "/v1/users", "colour=red");
	NUMBER(res.status, 400, "also who is refused");
	IS(client_header(&res, "Deprecation"), "@1795252320", "is told");
	res = ask("GET", "/v1/users/ann@example.org", NULL);
	IS(client_header(&res, "Deprecation"), "@0", "by the pattern");
	IS(client_header(&res, "Sunset"), NULL, "without an end");
	res = ask("GET", "/v1/domains", NULL);
	IS(client_header(&res, "Deprecation"), NULL, "others stay");
	IS(client_header(&res, "Link"), NULL, "and have no such link");
	client_deprecations = NULL;
}

int main(void)
{
	json_text_prepare();
	w = world_open();
	checks();
	told();
	world_close(&w);
	return tap_done();
}
