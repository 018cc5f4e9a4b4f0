#include "import/record.h"

#include <string.h>
#include <strings.h>

#include "util/text.h"
#include "json/limits.h"

static const enum kind kinds[] = {KIND_DOMAIN, KIND_USER, KIND_ALIAS};

enum kind record_kind(const char *word)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (text_equal(kind_rules(kinds[i])->noun, word))
			return kinds[i];
	}
	return KIND_COUNT;
}

static void drop(void *object)
{
	json_decref(object);
}

void record_begin(struct import_record *r, struct arena *a, enum kind k,
		  size_t line)
{
	*r = (struct import_record){.line = line,
				    .kind = k,
				    .members = json_object()};
	arena_defer(a, drop, r->members);
}

static const struct codec_field *find(const struct codec *c, const char *name)
{
	for (const struct codec_field *f = c->fields; f->key != NULL; f++) {
		if (strcmp(f->key, name) == 0)
			return f;
	}
	return NULL;
}

static json_t *flag(const char *text)
{
	static const char *const words[] = {"false", "true", "0",  "1", "no",
					    "yes",   "off",  "on", "f", "t"};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcasecmp(words[i], text) == 0)
			return json_boolean(i % 2 == 1);
	}
	return json_string(text);
}

static json_t *number(const char *text)
{
	int64_t n;

	return text_number(text, 0, INT64_MAX, &n) ? json_integer(n)
						   : json_string(text);
}

static json_t *list(const char *text)
{
	static const char between[] = " ,;\t\r\n";
	json_t *ret = json_array();

	for (text += strspn(text, between);
	     *text != '\0' && json_array_size(ret) <= JSON_ELEMENTS_MAX;
	     text += strspn(text, between)) {
		size_t size = strcspn(text, between);

		json_array_append_new(ret, json_stringn(text, size));
		text += size;
	}
	return ret;
}

static json_t *value_of(const struct codec_field *f, const char *text)
{
	switch (f->field.kind) {
	case FIELD_FLAG:
		return flag(text);
	case FIELD_NUMBER:
		return number(text);
	case FIELD_LIST:
		return list(text);
	case FIELD_TEXT:
		break;
	}
	return json_string(text);
}

/* jansson takes no other text. */
static bool is_utf8(const char *text)
{
	json_t *value = json_string(text);

	json_decref(value);
	return value != NULL;
}

bool record_set(struct import_record *r, const struct codec *c,
		const char *name, const char *text)
{
	const struct codec_field *f = find(c, name);

	if (f == NULL)
		return false;
	if (is_utf8(text))
		json_object_set_new(r->members, name, value_of(f, text));
	else
		r->bad = f->key;
	if (json_array_size(json_object_get(r->members, name)) >
	    JSON_ELEMENTS_MAX)
		r->many = f->key;
	return true;
}

void record_more(struct import_record *r, const struct codec *c,
		 const char *name, const char *text)
{
	const struct codec_field *f = find(c, name);
	json_t *there = json_object_get(r->members, name);

	if (f == NULL || !json_is_array(there))
		return;
	if (is_utf8(text))
		json_array_append_new(there, json_string(text));
	else
		r->bad = f->key;
}

static void put(struct import_record *r, const char *name, json_t *value)
{
	json_object_set_new(r->members, name, value);
}

void record_text(struct import_record *r, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	if (is_utf8(text))
		put(r, name, json_string(text));
	else
		r->bad = name;
}

/* A name is no reason to leave out what has it. */
void record_prose(struct import_record *r, struct arena *a, const char *name,
		  const char *text)
{
	char *clean = text != NULL ? arena_strdup(a, text) : NULL;

	for (char *at = clean; at != NULL && *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	}
	record_text(r, name, clean);
}

void record_number(struct import_record *r, const char *name, int64_t n)
{
	put(r, name, json_integer(n));
}

void record_flag(struct import_record *r, const char *name, bool on)
{
	put(r, name, json_boolean(on));
}

void record_item(struct import_record *r, const char *name, const char *text)
{
	json_t *list = json_object_get(r->members, name);

	if (text == NULL || text[0] == '\0' || r->many != NULL)
		return;
	if (list == NULL) {
		list = json_array();
		put(r, name, list);
	}
	if (json_array_size(list) == JSON_ELEMENTS_MAX)
		r->many = name;
	else if (is_utf8(text))
		json_array_append_new(list, json_string(text));
	else
		r->bad = name;
}

static const char keep_copy[] = "keep_copy";
static const char forward_to[] = "forward_to";

void record_forward(struct import_record *r, const char *own, const char *to)
{
	bool copy = strcmp(own, to) == 0;

	if (!copy)
		record_item(r, forward_to, to);
	if (copy || json_object_get(r->members, keep_copy) == NULL)
		record_flag(r, keep_copy, copy);
}

void record_forwards_end(struct import_record *r)
{
	if (json_object_get(r->members, forward_to) == NULL)
		json_object_del(r->members, keep_copy);
}
