#include "api/conditional.h"
#include "tests/lib/tap.h"

/* The tags of If-Match with '|' between them; NULL: it is no such list.  Then
 * whether If-None-Match of the same text names the tag "a". */
static const struct {
	const char *header, *tags;
	bool fresh;
} cases[] = {
	{"\"a\"", "a", true},
	{"*", "*", true},
	{"\"a\", \"b\"", "a|b", true},
	{"\"b\",\"a\"", "b|a", true},
	{"\"b\" ,\t\"c\" ", "b|c", false},
	{"W/\"a\"", "", true},
	{"W/\"b\", \"a\"", "a", true},
	{"\"\"", "", false},
	{"\"*\"", "", false}, /* not the bare one */
	{"\"*\", \"a\"", "a", true},
	{"\"a, b\"", "a, b", false},
	{"", NULL, false},
	{" ", NULL, false},
	{"a", NULL, false},
	{"\"a", NULL, false},
	{"a\"", NULL, false},
	{"'a'", NULL, false},
	{"\"a\" \"b\"", NULL, false},
	{"\"a\"b", NULL, false},
	{"\"a\",,b", NULL, false},
	{"w/\"a\"", NULL, false},
	{"W /\"a\"", NULL, false},
	{"W/ \"a\"", NULL, false},
	{"*, \"a\"", NULL, false},
	{"\"a\", *", NULL, false},
	{"**", NULL, false},
};

static struct request with(struct arena *a, struct header *h, const char *name,
			   const char *value)
{
	*h = (struct header){name, value};
	return (struct request){.arena = a, .headers = h, .header_count = 1};
}

static const char *joined(struct arena *a, const struct text_list *list)
{
	const char *text = "";

	for (size_t i = 0; i < list->count; i++)
		text = arena_printf(a, "%s%s%s", text, i > 0 ? "|" : "",
				    list->items[i]);
	return text;
}

static void parsing(struct arena *a)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct text_list *list = NULL;
		struct header h;
		struct err e = {0};
		struct request req = with(a, &h, "If-Match", cases[i].header);
		bool good = conditional_match(&req, &list, &e);

		IS(good ? joined(a, list) : NULL, cases[i].tags,
		   cases[i].header);
		NUMBER(e.kind, good ? ERR_NONE : ERR_MALFORMED, "what it is");
		req = with(a, &h, "If-None-Match", cases[i].header);
		OK(conditional_is_fresh(&req, "a") == cases[i].fresh,
		   "whether it names a");
	}
}

/* A list of any length does not grow beyond what we keep, and says so. */
static void many(struct arena *a)
{
	const char *value = "\"t0\"";
	const struct text_list *list = NULL;
	struct header h;
	struct err e = {0};

	for (int i = 1; i < 100; i++)
		value = arena_printf(a, "%s, \"t%d\"", value, i);
	struct request req = with(a, &h, "If-Match", value);
	bool good = conditional_match(&req, &list, &e);
	OK(!good || list->count == 100,
	   "a tag that was sent is compared, or the request refused");
}

static const struct {
	const char *header;
	bool good, absent;
} absences[] = {
	{"*", true, true},       {"\"a\"", false, false}, {"", false, false},
	{"\"*\"", false, false}, {"*, *", false, false},
};

static void absent(struct arena *a)
{
	const struct request none = {.arena = a};
	struct header h;
	bool is = true;

	for (size_t i = 0; i < COUNT(absences); i++) {
		struct request req =
			with(a, &h, "If-None-Match", absences[i].header);
		struct err e = {0};

		OK(conditional_absent(&req, &is, &e) == absences[i].good &&
			   is == absences[i].absent,
		   absences[i].header);
	}
	struct err e = {0};
	OK(conditional_absent(&none, &is, &e) && !is, "no such condition");
}

/* What is there is written without If-Match where nobody wants one. */
static void demands(struct arena *a)
{
	struct header h;
	const struct request none = {.arena = a},
			     some = with(a, &h, "If-Match", "\"a\"");
	struct call call = {.req = &none};
	const struct text_list *list = NULL;
	struct err e = {0};

	OK(conditional_demanded(&call, &list, &e) && list == NULL,
	   "none is wanted");
	call.must_match = true;
	OK(!conditional_demanded(&call, &list, &e) &&
		   e.kind == ERR_UNCONDITIONAL,
	   "one is wanted");
	call.req = &some;
	OK(conditional_demanded(&call, &list, &e) && list->count == 1,
	   "and is there");
	OK(!conditional_never(&some, &e) && e.kind == ERR_MALFORMED &&
		   conditional_never(&none, &e),
	   "what is made has no state");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct request none = {.arena = a};
	const struct text_list *list = NULL;
	struct response res = {0};
	struct err e = {0};

	parsing(a);
	many(a);
	absent(a);
	demands(a);
	OK(conditional_match(&none, &list, &e) && list == NULL,
	   "no condition at all");
	OK(!conditional_is_fresh(&none, "a"), "nothing to be fresh for");
	conditional_tag(&none, &res, "abc");
	IS(res.headers[0].value, "\"abc\"", "our own tag is quoted");
	return tap_done();
}
