#include "api/idempotency.h"

#include <string.h>

#include "tests/lib/tap.h"
#include "util/text.h"

/* What comes of a header; NULL: it is refused. */
static const struct {
	const char *header, *key;
} cases[] = {
	{"\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
	 "8e03978e-40d5-43dd-bc93-6894a57f9324"},
	{"8e03978e-40d5-43dd-bc93-6894a57f9324",
	 "8e03978e-40d5-43dd-bc93-6894a57f9324"},
	{"\"a b,c;d\"", "a b,c;d"},
	{"\"a\\\"b\\\\\"", "a\"b\\"},
	{"\"a\" \t", "a"},
	{"", NULL},
	{"\"\"", NULL},
	{"\"", NULL},
	{"\"a", NULL},
	{"\"a\\\"", NULL},
	{"\"a\\", NULL},
	{"\"\\a\"", NULL},
	{"\"a\"b", NULL},
	{"\"a\";b=1", NULL},
	{"a b", NULL},
	{"a,b", NULL},
	{"a\\b", NULL},
	{"\"a\tb\"", NULL},
	{"\"\xc3\xa9\"", NULL},
	{"\xc3\xa9", NULL},
};

static bool read_key(struct arena *a, const char *value, size_t times,
		     const char **key)
{
	const struct header headers[] = {{"Idempotency-Key", value},
					 {"idempotency-key", value}};
	const struct request req = {.arena = a,
				    .headers = headers,
				    .header_count = times};
	struct err e = {0};
	bool good = idempotency_key(&req, key, &e);

	return good == (e.kind == ERR_NONE) && good;
}

static void keys(struct arena *a)
{
	const char *key;
	char *lengthy = arena_alloc(a, IDEMPOTENCY_KEY_MAX + 2);

	for (size_t i = 0; i < COUNT(cases); i++)
		OK(read_key(a, cases[i].header, 1, &key)
			   ? text_equal(key, cases[i].key)
			   : cases[i].key == NULL,
		   cases[i].header);
	OK(read_key(a, "", 0, &key) && key == NULL, "there need not be one");
	OK(!read_key(a, "a", 2, &key), "there are not two");
	memset(lengthy, 'x', IDEMPOTENCY_KEY_MAX + 1);
	lengthy[IDEMPOTENCY_KEY_MAX + 1] = '\0';
	OK(!read_key(a, lengthy, 1, &key), "it may be too long");
	OK(read_key(a, lengthy + 1, 1, &key), "or just not");
}

static void answers(struct arena *a)
{
	struct response res = {.status = 201, .type = "application/json"}, back;

	res.body = "{\n\n}";
	res.body_size = strlen(res.body);
	response_header(&res, "Location", "/v1/users/a b");
	response_header(&res, "RateLimit", "\"caller\";r=1");
	response_header(&res, "ETag", "\"x\"");
	const char *text = idempotency_write(a, &res);
	back = (struct response){.status = 200};
	OK(idempotency_read(a, text, &back) && back.status == 201 &&
		   text_equal(back.type, res.type) &&
		   back.body_size == res.body_size &&
		   memcmp(back.body, res.body, res.body_size) == 0,
	   "an answer is read back");
	NUMBER(back.header_count, 2, "with what belongs to it");
	IS(back.headers[0].value, "/v1/users/a b", "wholly");
	back = (struct response){.status = 200};
	OK(!idempotency_read(a, "201", &back) &&
		   !idempotency_read(a, "x\n\n", &back) &&
		   !idempotency_read(a, "201 \nSet-Cookie a\n\n", &back) &&
		   !idempotency_read(a, "201 \nETag x\n", &back),
	   "what is no answer is not read as one");
	res.body_size = IDEMPOTENCY_BODY_MAX + 1;
	text = idempotency_write(a, &res);
	back = (struct response){.status = 200};
	OK(idempotency_read(a, text, &back) && back.status == 201 &&
		   back.body == NULL && strlen(text) < 100,
	   "one that is too long is kept without its body");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	keys(a);
	answers(a);
	return tap_done();
}
