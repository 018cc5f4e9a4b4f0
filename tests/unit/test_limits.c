#include "tests/lib/tap.h"
#include "util/arena.h"
#include "util/field.h"
#include "json/limits.h"

static struct arena *arena;

static bool fits(const char *text)
{
	struct err e = {0};

	return json_limits_check(text, strlen(text), &e);
}

/* head, then n times piece with separators between them, then tail */
static const char *repeated(const char *head, const char *piece,
			    const char *between, size_t n, const char *tail)
{
	size_t one = strlen(piece), gap = strlen(between);
	char *text = arena_alloc(arena, strlen(head) + n * (one + gap) +
						strlen(tail) + 1);
	char *to = text + strlen(head);

	memcpy(text, head, strlen(head));
	for (size_t i = 0; i < n; i++) {
		memcpy(to, piece, one);
		to += one;
		memcpy(to, between, i + 1 < n ? gap : 0);
		to += i + 1 < n ? gap : 0;
	}
	memcpy(to, tail, strlen(tail));
	return text;
}

static const struct {
	const char *name, *head, *piece, *between, *tail;
	size_t most;
} limits[] = {
	{"arrays within each other", "", "[", "", "", JSON_DEPTH_MAX},
	{"objects within each other", "", "{\"a\":", "", "", JSON_DEPTH_MAX},
	{"keys of an object", "{", "\"a\":1", ",", "}", JSON_KEYS_MAX},
	{"keys of one within another", "{\"x\":[{", "\"a\":1", ",", "}]}",
	 JSON_KEYS_MAX},
	{"elements of an array", "[", "1", ",", "]", JSON_ELEMENTS_MAX - 1},
	{"empty arrays in a row", "[", "[]", ",", "]",
	 JSON_ELEMENTS_MAX / 2 - 1},
};

static const struct {
	const char *text;
	bool good;
} strings[] = {
	{"{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", true},
	{"{\"a\": \"{{{{{{{{{{{{{{{{{{{{{{{{{{{{\"}", true},
	{"{\"a\\\"[[[[[[[[[[[[[[[[[[[[[[[[[\": 1}", true},
	{"{\"a\": \"\\\\\", \"b\": [[[[[[[[[[[[[[[[[[[[1]]]}", false},
	{"{\"a\": \"\\\\\\\"[[[[[[[[[[[[[[[[[[[[[[[[[\"}", true},
	{"", true},
	{"\"", true},
	{"\"\\", true},
	{"]]]]]]]]]]]]]]]]]]]]]]}}}}}}}}}}}}", true},
	{"]]][[[[[[[[[[[[[[[[", true},
	{"]]][[[[[[[[[[[[[[[[[", false},
};

/* Keys are counted for each object, not for all. */
static void sisters(void)
{
	const char *half = repeated("{", "\"a\":1", ",", JSON_KEYS_MAX, "}");
	const char *two = arena_printf(arena, "[%s,%s]", half, half);
	const char *parent =
		repeated("{", "\"a\":{\"b\":1}", ",", JSON_KEYS_MAX, "}");

	OK(fits(two), "two objects with as many keys as allowed");
	OK(fits(parent), "one whose members are objects");
	OK(!fits(repeated("{", "\"a\":{\"b\":1}", ",", JSON_KEYS_MAX + 1, "}")),
	   "one more is too much");
}

int main(void)
{
	arena = arena_new();
	for (size_t i = 0; i < COUNT(limits); i++) {
		for (size_t more = 0; more < 2; more++)
			OK(fits(repeated(limits[i].head, limits[i].piece,
					 limits[i].between,
					 limits[i].most + more,
					 limits[i].tail)) != more,
			   arena_printf(arena, "%zu %s", limits[i].most + more,
					limits[i].name));
	}
	for (size_t i = 0; i < COUNT(strings); i++)
		OK(fits(strings[i].text) == strings[i].good, strings[i].text);
	sisters();
	struct err e = {0};
	json_limits_check("[[[[[[[[[[[[[[[[[[[[", 20, &e);
	OK(e.kind == ERR_MALFORMED && e.code != NULL, "the refusal has a code");
	OK(json_limits_check("[[[[[[[[[[[[[[[[[[[[", 3, &e),
	   "only so many bytes are looked at");
	arena_free(arena);
	return tap_done();
}
