#include "tests/lib/tap.h"
#include "util/field.h"
#include "json/text.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *text;
	size_t size;
	const char *code; /* NULL: it is an object */
} cases[] = {
	{BYTES("{}"), NULL},
	{BYTES(" \r\n\t{ } \n"), NULL},
	{BYTES("{\"a\": {\"a\": 1}}"), NULL},
	{BYTES("{\"a\": \"\\u00e9\\uD83D\\uDE00\"}"), NULL},
	{BYTES("{\"a\": \"\xc3\xa9\"}"), NULL},
	{BYTES("{\"a\": 9223372036854775807}"), NULL},
	{BYTES(""), "json_malformed"},
	{BYTES(" "), "json_malformed"},
	{BYTES("{"), "json_malformed"},
	{BYTES("{}}"), "json_malformed"},
	{BYTES("{} {}"), "json_malformed"},
	{BYTES("{}\0"), "json_malformed"},
	{BYTES("{\"a\": 1,}"), "json_malformed"},
	{BYTES("{a: 1}"), "json_malformed"},
	{BYTES("{'a': 1}"), "json_malformed"},
	{BYTES("{\"a\": NaN}"), "json_malformed"},
	{BYTES("{\"a\": 01}"), "json_malformed"},
	{BYTES("{\"a\": +1}"), "json_malformed"},
	{BYTES("{\"a\": 9223372036854775808}"), "json_malformed"},
	{BYTES("{\"a\": 1e999}"), "json_malformed"},
	{BYTES("{\"a\": \"\n\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\\x\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\xff\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\xc0\x80\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\xed\xa0\x80\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\\ud800\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\\udc00\\ud800\"}"), "json_malformed"},
	{BYTES("{\"a\": \"\\u0000\"}"), "json_malformed"},
	{BYTES("{\"\\u0000\": 1}"), "json_malformed"},
	{BYTES("{\"a\0b\": 1}"), "json_malformed"},
	{BYTES("{\"a\": \"x\0y\"}"), "json_malformed"},
	{BYTES("\xef\xbb\xbf{}"), "json_malformed"},
	{BYTES("\xff\xfe{\0}\0"), "json_malformed"},
	{BYTES("{\"a\": 1, \"a\": 2}"), "json_malformed"},
	{BYTES("{\"a\": 1, \"\\u0061\": 2}"), "json_malformed"},
	{BYTES("{\"x\": {\"a\": 1, \"a\": 1}}"), "json_malformed"},
	{BYTES("/* c */ {}"), "json_malformed"},
	{BYTES("[]"), "json_not_object"},
	{BYTES("[{}]"), "json_not_object"},
	{BYTES("null"), "json_malformed"}, /* a text is an array or object */
	{BYTES("1"), "json_malformed"},
	{BYTES("\"x\""), "json_malformed"},
	{BYTES("[[[[[[[[[[[[[[[[[[[["), "json_too_deep"},
};

/* Wherever it breaks, what was sent is not repeated. */
static const char *const secrets[] = {
	"{\"password\": \"hunter2\", \"password\": \"hunter2\"}",
	"{\"hunter2\": 1, \"hunter2\": 2}",
	"{\"password\": \"hunter2",
	"{\"password\": \"hunter2\\x\"}",
	"{\"password\": hunter2}",
	"{\"password\": \"hunter2\"} hunter2",
	"hunter2",
	"{\"password\": \"hunter2\xff\"}",
	"{\"hunter2\\u0000\": 1}",
	"{\"a\": 99999999999999999999hunter2}",
};

static void round_trip(struct arena *a)
{
	static const char *const texts[] =
		{"{}", "{\"a\":[1,2,{\"b\":null}],\"c\":true}",
		 "{\"a\":\"\xc3\xa9\\n\\\"\\\\\"}",
		 "{\"a\":-9223372036854775808}"};
	struct err e = {0};

	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *value = NULL;

		json_text_parse(a, texts[i], strlen(texts[i]), &value, &e);
		IS(json_text_print(a, json_incref(value), JSON_COMPACT),
		   texts[i], texts[i]);
	}
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct err e = {0};

	json_text_prepare();
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *value = NULL;

		err_clear(&e);
		bool good = json_text_parse(a, cases[i].text, cases[i].size,
					    &value, &e);
		OK(good == (value != NULL) && good == (e.kind == ERR_NONE),
		   cases[i].text);
		IS(e.code, cases[i].code, "its code");
	}
	for (size_t i = 0; i < COUNT(secrets); i++) {
		json_t *value = NULL;

		err_clear(&e);
		OK(!json_text_parse(a, secrets[i], strlen(secrets[i]), &value,
				    &e) &&
			   strstr(e.text, "hunter2") == NULL,
		   secrets[i]);
	}
	round_trip(a);
	return tap_done();
}
