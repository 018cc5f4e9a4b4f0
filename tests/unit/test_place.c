#include "policy/place.h"

#include "tests/lib/tap.h"

static struct arena *a;

static const char *parsed(const char *text)
{
	struct place p;
	struct err e = {0};

	if (!place_parse(a, text, &p, &e))
		return "refused";
	return arena_printf(a, "%s %s", p.path != NULL ? p.path : p.server,
			    place_is_near(&p) ? "near" : "far");
}

static const struct {
	const char *text, *want;
} cases[] = {
	{"127.0.0.1:10040", "127.0.0.1:10040 near"},
	{"inet:127.1.2.3:1", "127.1.2.3:1 near"},
	{"inet:[::1]:1", "[::1]:1 near"},
	{"192.0.2.1:1", "192.0.2.1:1 far"},
	{"0.0.0.0:1", "0.0.0.0:1 far"},
	{"[2001:db8::1]:1", "[2001:db8::1]:1 far"},
	{"unix:/run/x", "/run/x near"},
	{"unix:run/x", "refused"},
	{"unix:", "refused"},
	{"/run/x", "refused"},
	{"inet:1", "refused"},
	{":1", "refused"},
	{"localhost:1", "refused"},
	{"127.0.0.1:65536", "refused"},
	{"127.0.0.1:", "refused"},
	{"", "refused"},
	{"unix:/1234567890123456789012345678901234567890123456789012345678901234"
	 "5678901234567890123456789012345678901234567",
	 "refused"},
};

int main(void)
{
	a = arena_new();
	for (size_t i = 0; i < COUNT(cases); i++)
		IS(parsed(cases[i].text), cases[i].want, cases[i].text);
	struct text_list list = place_list(a, " one  two ");
	NUMBER(list.count, 2, "a list of two");
	IS(list.items[1], "two", "the second of them");
	NUMBER(place_list(a, " ").count, 0, "an empty one");
	arena_free(a);
	return tap_done();
}
