#include "api/route.h"
#include "tests/lib/tap.h"

/* A path, its segments with '|' between them; NULL and the kind of error. */
static const struct {
	const char *path, *segments;
	enum err_kind kind;
} paths[] = {
	{"/", "", ERR_NONE},
	{"", "", ERR_NONE},
	{"/users", "users", ERR_NONE},
	{"/users/", "users", ERR_NONE},
	{"/users//", "users|", ERR_NONE},
	{"//users", "|users", ERR_NONE},
	{"/users/ann%40example.org", "users|ann@example.org", ERR_NONE},
	{"/a%2Fb/c", "a/b|c", ERR_NONE},
	{"/a%20b", "a b", ERR_NONE},
	{"/a+b", "a+b", ERR_NONE},
	{"/./../x", ".|..|x", ERR_NONE},
	{"/%2e%2e/x", "..|x", ERR_NONE},
	{"/a%00", NULL, ERR_MALFORMED},
	{"/a%0d%0a", NULL, ERR_MALFORMED},
	{"/%", NULL, ERR_MALFORMED},
	{"/%f", NULL, ERR_MALFORMED},
	{"/%ff", NULL, ERR_MALFORMED},
	{"/%4/1", NULL, ERR_MALFORMED},
	{"/1/2/3/4/5/6/7/8", "1|2|3|4|5|6|7|8", ERR_NONE},
	{"/1/2/3/4/5/6/7/8/", "1|2|3|4|5|6|7|8", ERR_NONE},
	{"/1/2/3/4/5/6/7/8/9", NULL, ERR_NOT_FOUND},
};

/* Whether a path fits a pattern, and what it hands to the handler. */
static const struct {
	const char *pattern, *path;
	bool fits;
	const char *params[2];
} routes[] = {
	{"users", "/users", true, {NULL, NULL}},
	{"users", "/users/", true, {NULL, NULL}},
	{"users", "/user", false, {NULL, NULL}},
	{"users", "/userss", false, {NULL, NULL}},
	{"users", "/Users", false, {NULL, NULL}},
	{"users", "/", false, {NULL, NULL}},
	{"users", "/users/ann", false, {NULL, NULL}},
	{"users", "/users//", false, {NULL, NULL}},
	{"users", "//users", false, {NULL, NULL}},
	{"users/{address}", "/users/ann", true, {"ann", NULL}},
	{"users/{address}", "/users/ann/", true, {"ann", NULL}},
	{"users/{address}", "/users/a%2Fb", true, {"a/b", NULL}},
	{"users/{address}", "/users/", false, {NULL, NULL}},
	{"users/{address}", "/users//", false, {NULL, NULL}},
	{"users/{address}", "/users", false, {NULL, NULL}},
	{"users/{address}", "/users/ann/password", false, {NULL, NULL}},
	{"users/{address}/password",
	 "/users/ann/password",
	 true,
	 {"ann", NULL}},
	{"users/{address}/password",
	 "/users/password/password",
	 true,
	 {"password", NULL}},
	{"users/{address}/password", "/users/ann/", false, {NULL, NULL}},
	{"users/{address}/password", "/users/ann/passwor", false, {NULL, NULL}},
	{"users/{a}/keys/{b}", "/users/x/keys/y", true, {"x", "y"}},
	{"users/{a}/keys/{b}", "/users/x/keys", false, {NULL, NULL}},
	{"{any}", "/%7Bany%7D", true, {"{any}", NULL}},
};

static const char *joined(struct arena *a, const struct path *p)
{
	const char *text = "";

	for (size_t i = 0; i < p->count; i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? "|" : "",
				    p->segments[i]);
	return text;
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct path p;
		struct err e = {0};
		bool good = path_split(a, paths[i].path, &p, &e);

		IS(good ? joined(a, &p) : NULL, paths[i].segments,
		   paths[i].path);
		NUMBER(e.kind, paths[i].kind, "what it is");
	}
	for (size_t i = 0; i < COUNT(routes); i++) {
		const struct route r = {.path = routes[i].pattern};
		const char *params[ROUTE_PARAMS] = {NULL};
		struct path p;
		struct err e = {0};

		path_split(a, routes[i].path, &p, &e);
		OK(route_matches(&r, &p, params) == routes[i].fits,
		   arena_printf(a, "%s: %s", routes[i].pattern,
				routes[i].path));
		if (!routes[i].fits)
			continue;
		IS(params[0], routes[i].params[0], "the first parameter");
		IS(params[1], routes[i].params[1], "the second");
	}
	return tap_done();
}
