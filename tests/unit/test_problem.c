#include "api/problem.h"
#include "tests/lib/tap.h"
#include "json/text.h"

struct thing {
	const char *name, *hidden;
	int64_t size;
};

static const struct codec_field fields[] = {
	{"name", FIELD(struct thing, name), 0},
	{"size", FIELD(struct thing, size), 0},
	{NULL, {0, 0}, 0},
};
static const struct codec codec = {fields, sizeof(struct thing), NULL, true};

static struct arena *arena;

static const char *worded(const struct err *e, unsigned status,
			  const struct codec *body)
{
	return json_text_print(arena, problem_word(arena, e, status, body),
			       JSON_COMPACT | JSON_SORT_KEYS);
}

/* Which kinds let a client read what went wrong, in our own words. */
static const struct {
	enum err_kind kind;
	const char *code;
	bool told;
} kinds[] = {
	{ERR_MALFORMED, "bad_request", true},
	{ERR_INVALID, "invalid", true},
	{ERR_UNAUTHENTICATED, "unauthenticated", true},
	{ERR_DENIED, "forbidden", true},
	{ERR_NOT_FOUND, "not_found", true},
	{ERR_METHOD, "method_not_allowed", true},
	{ERR_EXISTS, "exists", true},
	{ERR_CONFLICT, "conflict", true},
	{ERR_CHANGED, "precondition_failed", true},
	{ERR_TOO_LARGE, "too_large", true},
	{ERR_MEDIA_TYPE, "unsupported_media_type", true},
	{ERR_LIMIT, "busy", false},
	{ERR_UNAVAILABLE, "unavailable", false},
	{ERR_TIMEOUT, "timeout", false},
	{ERR_UNKNOWN, "outcome_unknown", false},
	{ERR_INTERNAL, "internal", false},
};

static void each_kind(void)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct err e = {0};

		err_set(&e, kinds[i].kind, "cn=inner workings");
		const char *text = worded(&e, 500, NULL);
		OK((strstr(text, "inner workings") != NULL) == kinds[i].told,
		   kinds[i].code);
		OK(strstr(text, arena_printf(arena, "\"code\":\"%s\"",
					     kinds[i].code)) != NULL,
		   "its code");
	}
}

/* What a client's own key becomes in a JSON pointer. */
static const struct {
	const char *key, *pointer;
} pointers[] = {
	{"plain", "/plain"},       {"", "/"},      {"a/b", "/a~1b"},
	{"a~b", "/a~0b"},          {"~1", "/~01"}, {"a b", "/a b"},
	{"\xc3\xa9", "/\xc3\xa9"},
};

static void all_pointers(void)
{
	for (size_t i = 0; i < COUNT(pointers); i++) {
		struct err e = {0};

		fault_key(&e, arena, FAULT_UNKNOWN, pointers[i].key, "x");
		json_t *problem = problem_word(arena, &e, 422, &codec);
		const json_t *first =
			json_array_get(json_object_get(problem, "errors"), 0);
		IS(json_string_value(json_object_get(first, "pointer")),
		   pointers[i].pointer, pointers[i].key);
		json_decref(problem);
	}
}

int main(void)
{
	struct err e = {0}, taken = {0};

	arena = arena_new();
	each_kind();
	all_pointers();
	fault_field(&e, arena, FAULT_RANGE,
		    (struct field)FIELD(struct thing, size), "too big");
	fault_field(&e, arena, FAULT_MISSING,
		    (struct field)FIELD(struct thing, hidden), "not there");
	IS(worded(&e, 422, &codec),
	   "{\"code\":\"invalid\",\"detail\":\"too big\",\"errors\":["
	   "{\"code\":\"range\",\"detail\":\"too big\",\"pointer\":\"/size\"},"
	   "{\"code\":\"missing\",\"detail\":\"not there\",\"pointer\":\"\"}],"
	   "\"status\":422,\"title\":\"Unprocessable Content\","
	   "\"type\":\"about:blank\"}",
	   "all faults by the client's names");
	err_code(&taken, ERR_EXISTS, "taken", "it is there");
	taken.conflicts_with = "/v1/users/ann@example.org";
	IS(worded(&taken, 409, NULL),
	   "{\"code\":\"taken\",\"conflicts_with\":"
	   "\"/v1/users/ann@example.org\",\"detail\":\"it is there\","
	   "\"status\":409,\"title\":\"Conflict\",\"type\":\"about:blank\"}",
	   "what is in the way");
	const struct err_count counts[] = {{"users", 3},
					   {"aliases", 0},
					   {NULL, 0}};
	taken.conflicts_with = NULL;
	taken.counts = counts;
	IS(worded(&taken, 409, NULL),
	   "{\"code\":\"taken\",\"counts\":{\"aliases\":0,\"users\":3},"
	   "\"detail\":\"it is there\",\"status\":409,"
	   "\"title\":\"Conflict\",\"type\":\"about:blank\"}",
	   "how many there are");
	arena_free(arena);
	return tap_done();
}
