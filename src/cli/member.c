#include "cli/member.h"

#include <string.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum { FILE_BYTES = 64 * 1024 };

/* Never NULL: jansson allocates by ours (json/text.h). */
static json_t *sure(json_t *value)
{
	if (value == NULL)
		alloc_die();
	return value;
}

static void release(void *json)
{
	json_decref(json);
}

/* The object in which the last part of the key is. */
static json_t *object_of(struct arena *a, json_t **object, const char **key)
{
	const char *dot = strchr(*key, '.');

	if (*object == NULL) {
		*object = sure(json_object());
		arena_defer(a, release, *object);
	}
	if (dot == NULL)
		return *object;
	size_t size = (size_t)(dot - *key);
	json_t *inner = json_object_getn(*object, *key, size);
	if (inner == NULL || !json_is_object(inner)) {
		inner = sure(json_object());
		json_object_setn_new(*object, *key, size, inner);
	}
	*key = dot + 1;
	return inner;
}

void member_set(struct arena *a, json_t **object, const char *key,
		json_t *value)
{
	json_t *in = object_of(a, object, &key);

	json_object_set_new(in, key, sure(value));
}

void member_append(struct arena *a, json_t **object, const char *key,
		   const char *word)
{
	json_t *in = object_of(a, object, &key);
	json_t *list = json_object_get(in, key);

	if (!json_is_array(list)) {
		list = sure(json_array());
		json_object_set_new(in, key, list);
	}
	json_array_append_new(list, sure(json_string(word)));
}

static const char *set_text(struct arena *a, json_t **object, const char *key,
			    const char *value)
{
	json_t *text = json_string(value);

	if (text == NULL)
		return "not UTF-8";
	member_set(a, object, key, text);
	return NULL;
}

const char *member_text(const struct command_option *o, struct arena *a,
			const char *value, void *options)
{
	struct request_options *r = options;

	return set_text(a, &r->body, o->key, value);
}

const char *member_file(const struct command_option *o, struct arena *a,
			const char *value, void *options)
{
	struct err e = {0};
	const char *text;

	if (!file_read(a, value, FILE_BYTES, &text, &e))
		return arena_join(a, "no file that can be read: ", e.text,
				  NULL);
	return member_text(o, a, text, options);
}

bool member_is_query(member_take *take)
{
	return take == query_text || take == query_true || take == query_flag;
}

const char *query_text(const struct command_option *o, struct arena *a,
		       const char *value, void *options)
{
	struct request_options *r = options;

	return set_text(a, &r->query, o->key, value);
}

const char *query_flag(const struct command_option *o, struct arena *a,
		       const char *value, void *options)
{
	struct request_options *r = options;
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return "yes or no";
	return set_text(a, &r->query, o->key, yes ? "true" : "false");
}

/* A key of "name=value". */
const char *query_true(const struct command_option *o, struct arena *a,
		       const char *value, void *options)
{
	struct request_options *r = options;
	const char *equals = strchr(o->key, '=');

	(void)value;
	return set_text(a, &r->query,
			arena_strndup(a, o->key, (size_t)(equals - o->key)),
			equals + 1);
}

const char *member_number(const struct command_option *o, struct arena *a,
			  const char *value, void *options)
{
	struct request_options *r = options;
	int64_t number;

	if (!text_number(value, 0, INT64_MAX, &number))
		return "a number, 0 or more";
	member_set(a, &r->body, o->key, json_integer(number));
	return NULL;
}

const char *member_bytes(const struct command_option *o, struct arena *a,
			 const char *value, void *options)
{
	static const char units[] = "KMGT";
	struct request_options *r = options;
	size_t size = strlen(value);
	const char *unit = size > 0 ? strchr(units, value[size - 1]) : NULL;
	int bits = unit != NULL && *unit != '\0' ? 10 * (int)(unit - units + 1)
						 : 0;
	int64_t number;

	if (!text_number(arena_strndup(a, value, size - (bits > 0)), 0,
			 INT64_MAX >> bits, &number))
		return "a number of bytes; with K, M, G or T of 1024, 1024^2 "
		       "and so on";
	member_set(a, &r->body, o->key, json_integer(number << bits));
	return NULL;
}

const char *member_flag(const struct command_option *o, struct arena *a,
			const char *value, void *options)
{
	struct request_options *r = options;
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return "yes or no";
	member_set(a, &r->body, o->key, json_boolean(yes));
	return NULL;
}

/* May be given again, and with "" not at all. */
const char *member_list(const struct command_option *o, struct arena *a,
			const char *value, void *options)
{
	struct request_options *r = options;

	if (!text_is_clean(value))
		return "not UTF-8, or has control characters";
	if (value[0] == '\0')
		member_set(a, &r->body, o->key, json_array());
	else
		member_append(a, &r->body, o->key, value);
	return NULL;
}

static const char *edit(const struct command_option *o, struct arena *a,
			const char *how, const char *value, void *options)
{
	struct request_options *r = options;

	if (!text_is_clean(value))
		return "not UTF-8, or has control characters";
	member_append(a, &r->edits, arena_join(a, o->key, ".", how, NULL),
		      value);
	return NULL;
}

const char *member_add(const struct command_option *o, struct arena *a,
		       const char *value, void *options)
{
	return edit(o, a, "add", value, options);
}

const char *member_remove(const struct command_option *o, struct arena *a,
			  const char *value, void *options)
{
	return edit(o, a, "remove", value, options);
}
