#include "api/query.h"
#include "tests/lib/tap.h"

static const struct {
	const char *text, *want; /* NULL: malformed */
} decoded[] = {
	{"", ""},
	{"plain", "plain"},
	{"a%20b", "a b"},
	{"a+b", "a+b"},
	{"%41%5a%7E", "AZ~"},
	{"%2f%2F", "//"},
	{"%2561", "%61"},
	{"%c3%a9", "\xc3\xa9"},
	{"ann%40example.org", "ann@example.org"},
	{"%", NULL},
	{"%4", NULL},
	{"a%", NULL},
	{"a%4", NULL},
	{"%zz", NULL},
	{"%4g", NULL},
	{"% 41", NULL},
	{"%-1", NULL},
	{"%00", NULL},
	{"a%00b", NULL},
	{"%0a", NULL},
	{"%7f", NULL},
	{"%c2%85", NULL},
	{"%ff", NULL},
	{"%c3", NULL},
	{"%ed%a0%80", NULL},
	{"%u0041", NULL},
	{"%%41", NULL},
	{"%\xc3\xa9", NULL},
};

static const struct route route = {.query = {"limit", "cursor", "domain"}};

static const struct {
	const char *query;
	const char *limit, *cursor, *domain;
	const char *code; /* NULL: it is fine */
} queries[] = {
	{NULL, NULL, NULL, NULL, NULL},
	{"", NULL, NULL, NULL, NULL},
	{"limit=5", "5", NULL, NULL, NULL},
	{"limit=5&cursor=a%3D&domain=x.example", "5", "a=", "x.example", NULL},
	{"domain=b&limit=5", "5", NULL, "b", NULL},
	{"limit", "", NULL, NULL, NULL},
	{"limit=", "", NULL, NULL, NULL},
	{"l%69mit=5", "5", NULL, NULL, NULL},
	{"cursor=a=b", NULL, "a=b", NULL, NULL},
	{"limit=5&", "5", NULL, NULL, NULL},
	{"Limit=5", NULL, NULL, NULL, "parameter_unknown"},
	{"x=1", NULL, NULL, NULL, "parameter_unknown"},
	{"&limit=5", NULL, NULL, NULL, "parameter_unknown"},
	{"=5", NULL, NULL, NULL, "parameter_unknown"},
	{"?limit=5", NULL, NULL, NULL, "parameter_unknown"},
	{"limit=5;cursor=x", "5;cursor=x", NULL, NULL, NULL},
	{"limit=5&limit=5", NULL, NULL, NULL, "parameter_twice"},
	{"limit=5&limi%74=6", NULL, NULL, NULL, "parameter_twice"},
	{"limit=%0", NULL, NULL, NULL, "parameter_malformed"},
	{"limit=%00", NULL, NULL, NULL, "parameter_malformed"},
	{"%ff=1", NULL, NULL, NULL, "parameter_malformed"},
	{"limit%=1", NULL, NULL, NULL, "parameter_malformed"},
	{"limit%3", NULL, NULL, NULL, "parameter_malformed"},
	{"limit%3D5", NULL, NULL, NULL, "parameter_unknown"},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(decoded); i++)
		IS(query_decode(a, decoded[i].text, strlen(decoded[i].text)),
		   decoded[i].want, decoded[i].text);
	IS(query_decode(a, "abc%41", 3), "abc", "only so many bytes");
	IS(query_encode(a, "aZ9-._~"), "aZ9-._~", "nothing to encode");
	IS(query_encode(a, "a b&c=*\xc3\xa4#"), "a%20b%26c%3D%2A%C3%A4%23",
	   "all that could mean something");
	IS(query_decode(a, "a%41", 3), NULL, "an escape that is cut off");
	for (size_t i = 0; i < COUNT(queries); i++) {
		const struct request req = {.arena = a,
					    .query = queries[i].query};
		struct call call = {.req = &req,
				    .route = &route,
				    .task = {.arena = a}};
		struct err e = {0};
		bool good = query_parse(&call, &e);

		OK(good == (queries[i].code == NULL),
		   queries[i].query != NULL ? queries[i].query : "no query");
		IS(e.code, queries[i].code, "its code");
		if (!good)
			continue;
		IS(call.query[0], queries[i].limit, "limit");
		IS(call.query[1], queries[i].cursor, "cursor");
		IS(call.query[2], queries[i].domain, "domain");
	}
	return tap_done();
}
