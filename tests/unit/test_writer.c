#include <jansson.h>
#include <stdlib.h>

#include "tests/lib/tap.h"
#include "util/field.h"
#include "json/writer.h"

/* jansson judges: nobody shall see who wrote it. */
static void same(struct arena *a, const char *text, const char *what)
{
	struct writer w = {.arena = a};
	json_t *string = json_string(text);
	char *want = json_dumps(string, JSON_ENCODE_ANY | JSON_COMPACT);

	writer_text(&w, text);
	IS(w.text, want, what);
	NUMBER(w.used, strlen(want), "its length");
	free(want);
	json_decref(string);
}

static const struct {
	const char *name, *text;
} texts[] = {
	{"nothing", ""},
	{"plain", "John Doe <john@example.org>"},
	{"quotes and backslashes", "\"a\\\"\\\\b\""},
	{"a slash", "</script>"},
	{"controls", "a\nb\tc\rd\be\ff\x01g\x1fh"},
	{"DEL and C1", "a\x7f\xc2\x80\xc2\x9f"},
	{"two, three and four bytes", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	{"separators", "\xe2\x80\xa8\xe2\x80\xa9"},
};

static const char *const broken[] = {"\xff", "a\xc3", "\xed\xa0\x80",
				     "\xf4\x90\x80\x80", "\xc0\x80"};

static void test_numbers(struct arena *a)
{
	struct writer w = {.arena = a};

	writer_number(&w, INT64_MIN);
	writer_raw(&w, ",");
	writer_number(&w, INT64_MAX);
	writer_raw(&w, ",");
	writer_number(&w, 0);
	writer_raw(&w, ",");
	writer_flag(&w, true);
	writer_raw(&w, ",");
	writer_flag(&w, false);
	writer_raw(&w, ",");
	writer_text(&w, NULL);
	IS(w.text, "-9223372036854775808,9223372036854775807,0,true,false,null",
	   "numbers, flags and nothing");
}

static void test_growing(struct arena *a)
{
	enum { PIECES = 5000 };
	struct writer w = {.arena = a};
	bool good = true;

	for (int i = 0; i < PIECES; i++) {
		writer_text(&w, "0123456\"");
		good = good && w.used == 11 * (size_t)(i + 1) &&
		       w.text[w.used] == '\0' && w.used < w.room;
	}
	for (int i = 0; i < PIECES; i++)
		good = good &&
		       memcmp(w.text + 11 * i, "\"0123456\\\"\"", 11) == 0;
	OK(good, "it grows and keeps what is there");
}

int main(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(texts); i++)
		same(a, texts[i].text, texts[i].name);
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct writer w = {.arena = a};

		writer_text(&w, broken[i]);
		IS(w.text, "null", "what is not UTF-8");
	}
	test_numbers(a);
	test_growing(a);
	arena_free(a);
	return tap_done();
}
