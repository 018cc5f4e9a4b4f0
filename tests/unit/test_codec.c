#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "json/codec.h"
#include "json/text.h"

struct thing {
	const char *name, *colour, *secret, *id, *rare;
	struct text_list parts;
	int64_t size;
	bool heavy;
};

/* clang-format off */
#define F(member) FIELD(struct thing, member)
static const struct codec_field fields[] = {
	{"name",   F(name),   CODEC_REQUIRED},
	{"colour", F(colour), 0},
	{"parts",  F(parts),  0},
	{"size",   F(size),   0},
	{"heavy",  F(heavy),  0},
	{"secret", F(secret), CODEC_WRITE_ONLY},
	{"id",     F(id),     CODEC_READ_ONLY},
	{"rare",   F(rare),   CODEC_READ_ONLY | CODEC_OMIT_NULL},
	{NULL,     {0, 0},    0},
};
/* clang-format on */

/* The same with an object in it. */
static const struct codec_field nested_fields[] = {
	{"name", F(name), CODEC_REQUIRED},
	{"box", F(heavy), CODEC_OBJECT},
	{"size", F(size), CODEC_INSIDE},
	{"colour", F(colour), CODEC_INSIDE},
	{"id", F(id), 0},
	{NULL, {0, 0}, 0},
};

static const struct thing defaults = {.colour = "grey",
				      .size = 7,
				      .heavy = true};

static const struct codec strict = {fields, sizeof(struct thing), &defaults,
				    true};
static const struct codec lenient = {fields, sizeof(struct thing), &defaults,
				     false};
static const struct codec bare = {fields, sizeof(struct thing), NULL, true};

static struct arena *arena;
static struct presence present;

static struct thing decode(const struct codec *c, const char *text,
			   bool partial, struct err *e)
{
	struct thing t = {.name = "left over", .secret = "left over"};
	json_t *object = NULL;

	*e = (struct err){0};
	if (!json_text_parse(arena, text, strlen(text), &object, e))
		printf("Bail out! %s\n", e->text);
	codec_decode(c, arena, object, partial, &t, &present, e);
	return t;
}

/* Which fault has which member, and how many there are in all. */
static const struct {
	const char *text;
	bool partial;
	struct field field;
	int fault;
	size_t count;
} cases[] = {
	{"{\"name\": \"x\"}", false, F(name), -1, 0},
	{"{}", false, F(name), FAULT_MISSING, 1},
	{"{\"name\": null}", false, F(name), FAULT_MISSING, 1},
	{"{}", true, F(name), -1, 0},
	{"{\"name\": null}", true, F(name), -1, 0},
	{"{\"name\": 1}", false, F(name), FAULT_TYPE, 1},
	{"{\"name\": true}", false, F(name), FAULT_TYPE, 1},
	{"{\"name\": []}", false, F(name), FAULT_TYPE, 1},
	{"{\"name\": {}}", false, F(name), FAULT_TYPE, 1},
	{"{\"size\": \"7\"}", true, F(size), FAULT_TYPE, 1},
	{"{\"size\": 7.0}", true, F(size), FAULT_TYPE, 1},
	{"{\"size\": 1e3}", true, F(size), FAULT_TYPE, 1},
	{"{\"size\": true}", true, F(size), FAULT_TYPE, 1},
	{"{\"heavy\": 1}", true, F(heavy), FAULT_TYPE, 1},
	{"{\"heavy\": \"true\"}", true, F(heavy), FAULT_TYPE, 1},
	{"{\"parts\": \"a\"}", true, F(parts), FAULT_TYPE, 1},
	{"{\"parts\": {\"a\": 1}}", true, F(parts), FAULT_TYPE, 1},
	{"{\"parts\": [\"a\", 1]}", true, F(parts), FAULT_TYPE, 1},
	{"{\"parts\": [null]}", true, F(parts), FAULT_TYPE, 1},
	{"{\"parts\": [[\"a\"]]}", true, F(parts), FAULT_TYPE, 1},
	{"{\"colour\": 1, \"size\": \"x\", \"heavy\": 0, \"parts\": 1}", false,
	 F(name), FAULT_MISSING, 5},
};

static void faults(void)
{
	struct err e;

	for (size_t i = 0; i < COUNT(cases); i++) {
		decode(&strict, cases[i].text, cases[i].partial, &e);
		OK(fault_kind_of(&e, cases[i].field) == cases[i].fault &&
			   fault_count(&e) == cases[i].count,
		   cases[i].text);
	}
}

static void unknown_and_read_only(void)
{
	struct err e;
	struct thing t =
		decode(&strict, "{\"name\": \"x\", \"Name\": 1, \"id\": \"y\"}",
		       false, &e);

	NUMBER(fault_count(&e), 2, "strict: unknown and read-only are faults");
	NUMBER(e.faults->kind, FAULT_UNKNOWN, "unknown");
	IS(e.faults->key, "Name", "by the client's own key");
	NUMBER(e.faults->next->kind, FAULT_READ_ONLY, "read-only");
	IS(e.faults->next->key, "id", "by its key");
	IS(t.id, NULL, "what is read-only is not taken");
	t = decode(&lenient, "{\"name\": \"x\", \"Name\": 1, \"id\": \"y\"}",
		   false, &e);
	NUMBER(fault_count(&e), 0, "lenient: both are ignored");
	IS(t.id, NULL, "read-only is not taken either");
	NUMBER(present.count, 1, "nor noted as present");
}

static void values(void)
{
	struct err e;
	struct thing t = decode(&strict,
				"{\"name\": \"x\", \"colour\": null, "
				"\"parts\": [\"a\", \"\", \"a\"], "
				"\"size\": -5, \"heavy\": false, "
				"\"secret\": \"s\"}",
				false, &e);

	IS(t.name, "x", "text");
	IS(t.colour, "grey", "null is the default");
	NUMBER(t.size, -5, "number");
	OK(!t.heavy, "flag");
	NUMBER(t.parts.count, 3, "list");
	IS(t.parts.items[1], "", "of anything");
	IS(t.secret, "s", "what is write-only is taken");
	NUMBER(present.count, 6, "what was named is present, null too");
	t = decode(&strict, "{}", true, &e);
	NUMBER(present.count, 0, "nothing is present");
	OK(t.name == NULL && t.secret == NULL && t.size == 7 && t.heavy,
	   "and all is by default");
	t = decode(&bare, "{\"name\": \"x\"}", false, &e);
	OK(t.secret == NULL && t.size == 0 && !t.heavy,
	   "without a record of defaults they are zero");
	t = decode(&strict, "{\"name\": \"x\", \"parts\": []}", false, &e);
	NUMBER(t.parts.count, 0, "an empty list");
	t = decode(&strict, "{\"size\": -9223372036854775808}", true, &e);
	OK(t.size != NUMBER_NONE || e.faults != NULL,
	   "no number a client can send means that there is none");
}

/* Both ways of showing a record say the same. */
static const char *shown(const struct thing *t)
{
	struct writer w = {.arena = arena};
	const char *encoded =
		json_text_print(arena, codec_encode(&strict, t), JSON_COMPACT);

	codec_write(&strict, t, &w);
	IS(w.text, encoded, "written as encoded");
	return encoded;
}

static void encoding(void)
{
	const char *parts[] = {"b", "a"};
	struct thing t = {.name = "x",
			  .secret = "s",
			  .id = "1",
			  .parts = {parts, 2},
			  .size = NUMBER_NONE};

	IS(shown(&t),
	   "{\"name\":\"x\",\"colour\":null,\"parts\":[\"b\",\"a\"],"
	   "\"size\":null,\"heavy\":false,\"id\":\"1\"}",
	   "everything but secrets and what is rarely there");
	t.rare = "r";
	t.size = INT64_MAX;
	t.parts.count = 0;
	IS(shown(&t),
	   "{\"name\":\"x\",\"colour\":null,\"parts\":[],"
	   "\"size\":9223372036854775807,\"heavy\":false,\"id\":\"1\","
	   "\"rare\":\"r\"}",
	   "what is rarely there, when it is");
}

static const char *named(const struct presence *p)
{
	const char *text = "";

	for (size_t i = 0; i < p->count; i++) {
		const struct fault member = {.field = p->fields[i]};

		text = arena_printf(arena, "%s%s ", text,
				    codec_key(&strict, &member));
	}
	return text;
}

static const struct {
	const char *text, *written, *kept;
	size_t faults;
} wholes[] = {
	{"{}", "name colour parts size heavy ", "", 0},
	{"{\"name\": null, \"secret\": null, \"size\": 1}",
	 "name colour parts size heavy ", "", 0},
	{"{\"secret\": \"s\"}", "name colour parts size heavy secret ", "", 0},
	{"{\"id\": \"1\"}", "name colour parts size heavy ", "id ", 0},
	{"{\"id\": null}", "name colour parts size heavy ", "id ", 0},
	{"{\"id\": 1}", "name colour parts size heavy ", "id ", 1},
	{"{\"rare\": \"1\"}", "name colour parts size heavy ", "", 1},
	{"{\"typo\": 1, \"size\": \"x\"}", "name colour parts size heavy ", "",
	 2},
};

static void whole(void)
{
	const struct field key = F(name), other = F(size);
	struct thing t;
	struct whole w;
	struct err e;

	for (size_t i = 0; i < COUNT(wholes); i++) {
		json_t *object = NULL;

		e = (struct err){0};
		json_text_parse(arena, wholes[i].text, strlen(wholes[i].text),
				&object, &e);
		codec_decode_whole(&strict, arena, object, key, &t, &w, &e);
		IS(named(&w.written), wholes[i].written, wholes[i].text);
		IS(named(&w.kept), wholes[i].kept, "what is to be compared");
		NUMBER(fault_count(&e), wholes[i].faults, "its faults");
	}
	IS(t.colour, "grey", "what is not said has its default");
	json_t *object = NULL;
	e = (struct err){0};
	json_text_parse(arena, "{}", 2, &object, &e);
	OK(!codec_decode_whole(&strict, arena, object, other, &t, &w, &e) &&
		   fault_kind_of(&e, key) == FAULT_MISSING,
	   "what is required is, but for the key");
}

static void keys(void)
{
	const struct fault by_member = {.field = F(size)};
	const struct fault by_key = {.key = "typo"};
	const struct fault hidden = {.field = {FIELD_TEXT, 10000}};

	IS(codec_key(&strict, &by_member), "size", "the key of a member");
	IS(codec_key(&strict, &by_key), "typo", "a key the client used");
	IS(codec_key(&strict, &hidden), NULL, "a member that is not shown");
}

static const struct {
	const char *text, *shown;
	size_t named;
} boxes[] = {
	{"{\"name\": \"a\", \"box\": null}",
	 "{\"name\":\"a\",\"box\":null,\"id\":null}", 4},
	{"{\"name\": \"a\"}", "{\"name\":\"a\",\"box\":null,\"id\":null}", 1},
	{"{\"name\": \"a\", \"box\": {}}",
	 "{\"name\":\"a\",\"box\":{\"size\":7,\"colour\":\"grey\"},"
	 "\"id\":null}",
	 2},
	{"{\"name\": \"a\", \"box\": {\"size\": 1, \"colour\": null}, "
	 "\"id\": \"x\"}",
	 "{\"name\":\"a\",\"box\":{\"size\":1,\"colour\":\"grey\"},"
	 "\"id\":\"x\"}",
	 5},
};

/* Faults inside are told with both names; what is inside is nothing outside. */
static void objects(void)
{
	static const struct thing light = {.colour = "grey", .size = 7};
	const struct codec nested = {nested_fields, sizeof(struct thing),
				     &light, true};
	struct err e;

	for (size_t i = 0; i < COUNT(boxes); i++) {
		struct writer to = {.arena = arena};
		struct thing t = decode(&nested, boxes[i].text, true, &e);

		NUMBER(e.kind, ERR_NONE, boxes[i].text);
		NUMBER(present.count, boxes[i].named, "members that it names");
		codec_write(&nested, &t, &to);
		IS(to.text, boxes[i].shown, "as it is shown");
		IS(json_text_print(arena, codec_encode(&nested, &t),
				   JSON_COMPACT),
		   boxes[i].shown, "by an object, too");
	}
	decode(&nested, "{\"box\": {\"size\": \"x\"}}", true, &e);
	IS(codec_key(&nested, e.faults), "size", "a fault inside");
	IS(codec_parent(&nested, e.faults), "box", "and where that is");
	decode(&nested, "{\"size\": 1}", true, &e);
	NUMBER(fault_count(&e), 1, "what is inside is not outside");
	decode(&nested, "{\"box\": 1}", true, &e);
	IS(codec_key(&nested, e.faults), "box", "an object is no number");
	IS(codec_parent(&nested, e.faults), NULL, "and stands in nothing");
	decode(&nested, "{\"box\": {\"lid\": 1}}", true, &e);
	NUMBER(e.faults->kind, FAULT_UNKNOWN, "nothing else is inside");
}

int main(void)
{
	arena = arena_new();
	faults();
	unknown_and_read_only();
	values();
	encoding();
	whole();
	keys();
	objects();
	arena_free(arena);
	return tap_done();
}
