#include "json/codec.h"

#include <string.h>

static size_t count_rows(const struct codec *c)
{
	size_t n = 0;

	while (c->fields[n].key != NULL)
		n++;
	return n;
}

static const struct codec_field *find(const struct codec_field *table,
				      const char *key)
{
	for (; table->key != NULL; table++) {
		if (!(table->flags & CODEC_INSIDE) &&
		    strcmp(table->key, key) == 0)
			return table;
	}
	return NULL;
}

static bool take_list(struct arena *a, const json_t *value,
		      struct text_list *list)
{
	if (!json_is_array(value))
		return false;
	list->items = arena_alloc(a, json_array_size(value) * sizeof(char *));
	for (list->count = 0; list->count < json_array_size(value);
	     list->count++) {
		const json_t *item = json_array_get(value, list->count);

		if (!json_is_string(item))
			return false;
		list->items[list->count] =
			arena_strdup(a, json_string_value(item));
	}
	return true;
}

static bool take(struct arena *a, struct field f, const json_t *value,
		 void *record)
{
	void *to = field_at(f, record);

	switch (f.kind) {
	case FIELD_TEXT:
		if (json_is_string(value))
			*(const char **)to =
				arena_strdup(a, json_string_value(value));
		return json_is_string(value);
	case FIELD_NUMBER:
		*(int64_t *)to = json_integer_value(value);
		/* Stands for "not given"; its neighbour is as negative. */
		if (*(int64_t *)to == NUMBER_NONE)
			*(int64_t *)to = NUMBER_NONE + 1;
		return json_is_integer(value);
	case FIELD_FLAG:
		*(bool *)to = json_is_true(value);
		return json_is_boolean(value);
	case FIELD_LIST:
		break;
	}
	return take_list(a, value, to);
}

static const char *wanted(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return "it must be a string";
	case FIELD_NUMBER:
		return "it must be an integer";
	case FIELD_FLAG:
		return "it must be true or false";
	case FIELD_LIST:
		break;
	}
	return "it must be an array of strings";
}

/* The row behind those that are inside an object. */
static const struct codec_field *behind(const struct codec_field *row)
{
	do
		row++;
	while (row->key != NULL && row->flags & CODEC_INSIDE);
	return row;
}

/* An object on its way into a record. */
struct taking {
	const struct codec *codec;
	struct arena *arena;
	void *record;
	struct presence *named; /* members that can be set */
	struct presence *kept;  /* read-only ones; NULL: not to be named */
	struct err *err;
};

static void take_member(struct taking *t, const struct codec_field *row,
			const json_t *value, struct presence *into)
{
	into->fields[into->count++] = row->field;
	if (!json_is_null(value) &&
	    !take(t->arena, row->field, value, t->record))
		fault_field(t->err, t->arena, FAULT_TYPE, row->field,
			    wanted(row->field.kind));
}

/* What is inside it was not named, and is what it was. */
static void take_inside(struct taking *t, const struct codec_field *object,
			json_t *value)
{
	const struct codec_field *end = behind(object);
	const char *key;
	json_t *inner;

	json_object_foreach(value, key, inner) {
		const struct codec_field *row = object + 1;

		while (row < end && strcmp(row->key, key) != 0)
			row++;
		if (row < end)
			take_member(t, row, inner, t->named);
		else if (t->codec->unknown_bad)
			fault_key(t->err, t->arena, FAULT_UNKNOWN,
				  arena_strdup(t->arena, key),
				  arena_printf(t->arena,
					       "there is no such field in %s",
					       object->key));
	}
}

/* null takes away all that was inside. */
static void take_nested(struct taking *t, const struct codec_field *row,
			json_t *value)
{
	t->named->fields[t->named->count++] = row->field;
	*(bool *)field_at(row->field, t->record) = json_is_object(value);
	if (json_is_object(value))
		take_inside(t, row, value);
	else if (!json_is_null(value))
		fault_field(t->err, t->arena, FAULT_TYPE, row->field,
			    "it must be an object or null");
	for (const struct codec_field *in = row + 1;
	     json_is_null(value) && in < behind(row); in++)
		t->named->fields[t->named->count++] = in->field;
}

/* What changes by itself need not be what is there; its type is looked at. */
static void take_kept(struct taking *t, const struct codec_field *row,
		      const json_t *value)
{
	take_member(t, row, value, t->kept);
	if (row->flags & CODEC_PASSING)
		t->kept->count--;
}

static void take_known(struct taking *t, const char *key, json_t *value)
{
	const struct codec_field *row = find(t->codec->fields, key);
	bool bad = t->codec->unknown_bad;

	if (row == NULL && bad)
		fault_key(t->err, t->arena, FAULT_UNKNOWN,
			  arena_strdup(t->arena, key),
			  "there is no such field");
	if (row == NULL)
		return;
	if (row->flags & CODEC_OBJECT)
		take_nested(t, row, value);
	else if (!(row->flags & CODEC_READ_ONLY))
		take_member(t, row, value, t->named);
	else if (t->kept != NULL && !(row->flags & CODEC_OMIT_NULL))
		take_kept(t, row, value);
	else if (bad)
		fault_key(t->err, t->arena, FAULT_READ_ONLY, row->key,
			  "it cannot be set");
}

static void take_object(struct taking *t, json_t *object)
{
	const struct codec *c = t->codec;
	const char *key;
	json_t *value;

	if (c->defaults != NULL)
		memcpy(t->record, c->defaults, c->size);
	else
		memset(t->record, 0, c->size);
	json_object_foreach(object, key, value) {
		take_known(t, key, value);
	}
}

static void new_presence(const struct codec *c, struct arena *a,
			 struct presence *ret)
{
	ret->fields = arena_alloc(a, count_rows(c) * sizeof(*ret->fields));
	ret->count = 0;
}

static void require(struct taking *t, json_t *object, const struct field *but)
{
	for (const struct codec_field *row = t->codec->fields; row->key;
	     row++) {
		const json_t *given = json_object_get(object, row->key);

		if (!(row->flags & CODEC_REQUIRED) ||
		    (but != NULL && row->field.offset == but->offset) ||
		    (given != NULL && !json_is_null(given)))
			continue;
		fault_field(t->err, t->arena, FAULT_MISSING, row->field,
			    "it is required");
	}
}

bool codec_decode(const struct codec *c, struct arena *a, json_t *object,
		  bool partial, void *record, struct presence *ret,
		  struct err *e)
{
	struct taking t = {c, a, record, ret, NULL, e};

	new_presence(c, a, ret);
	take_object(&t, object);
	if (!partial)
		require(&t, object, NULL);
	return e->faults == NULL;
}

bool codec_decode_whole(const struct codec *c, struct arena *a, json_t *object,
			struct field key, void *record, struct whole *ret,
			struct err *e)
{
	struct presence named;
	struct taking t = {c, a, record, &named, &ret->kept, e};

	new_presence(c, a, &named);
	new_presence(c, a, &ret->kept);
	new_presence(c, a, &ret->written);
	take_object(&t, object);
	require(&t, object, &key);
	for (const struct codec_field *row = c->fields; row->key; row++) {
		const json_t *given = json_object_get(object, row->key);
		bool secret = row->flags & CODEC_WRITE_ONLY;

		if (row->flags & CODEC_READ_ONLY ||
		    (secret && (given == NULL || json_is_null(given))))
			continue;
		ret->written.fields[ret->written.count++] = row->field;
	}
	return e->faults == NULL;
}

const char *codec_key(const struct codec *c, const struct fault *fault)
{
	if (fault->key != NULL)
		return fault->key;
	for (const struct codec_field *row = c->fields; row->key; row++) {
		if (row->field.offset == fault->field.offset)
			return row->key;
	}
	return NULL;
}

const char *codec_parent(const struct codec *c, const struct fault *fault)
{
	const struct codec_field *object = NULL;

	if (fault->key != NULL)
		return NULL;
	for (const struct codec_field *row = c->fields; row->key; row++) {
		if (row->flags & CODEC_OBJECT)
			object = row;
		if (row->field.offset == fault->field.offset)
			return row->flags & CODEC_INSIDE && object != NULL
				       ? object->key
				       : NULL;
	}
	return NULL;
}

static json_t *show(struct field f, const void *record)
{
	const void *from = field_in(f, record);
	const struct text_list *list = from;
	json_t *array;

	switch (f.kind) {
	case FIELD_TEXT:
		return *(const char *const *)from != NULL
			       ? json_string(*(const char *const *)from)
			       : json_null();
	case FIELD_NUMBER:
		return *(const int64_t *)from != NUMBER_NONE
			       ? json_integer(*(const int64_t *)from)
			       : json_null();
	case FIELD_FLAG:
		return json_boolean(*(const bool *)from);
	case FIELD_LIST:
		break;
	}
	array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *show_nested(const struct codec_field *row, const void *record)
{
	if (!*(const bool *)field_in(row->field, record))
		return json_null();
	json_t *object = json_object();
	for (const struct codec_field *in = row + 1; in < behind(row); in++)
		json_object_set_new_nocheck(object, in->key,
					    show(in->field, record));
	return object;
}

json_t *codec_encode(const struct codec *c, const void *record)
{
	json_t *object = json_object();

	for (const struct codec_field *row = c->fields; row->key; row++) {
		if (row->flags & (CODEC_WRITE_ONLY | CODEC_INSIDE))
			continue;
		json_t *value = row->flags & CODEC_OBJECT
					? show_nested(row, record)
					: show(row->field, record);
		if (json_is_null(value) && row->flags & CODEC_OMIT_NULL)
			json_decref(value);
		else
			json_object_set_new_nocheck(object, row->key, value);
	}
	return object;
}

static bool is_null(struct field f, const void *record)
{
	const void *from = field_in(f, record);

	return (f.kind == FIELD_TEXT && *(const char *const *)from == NULL) ||
	       (f.kind == FIELD_NUMBER &&
		*(const int64_t *)from == NUMBER_NONE);
}

static void write_list(const struct text_list *list, struct writer *w)
{
	writer_raw(w, "[");
	for (size_t i = 0; i < list->count; i++) {
		writer_raw(w, i > 0 ? "," : "");
		writer_text(w, list->items[i]);
	}
	writer_raw(w, "]");
}

static void write_value(struct field f, const void *record, struct writer *w)
{
	const void *from = field_in(f, record);

	if (is_null(f, record)) {
		writer_text(w, NULL);
		return;
	}
	switch (f.kind) {
	case FIELD_TEXT:
		writer_text(w, *(const char *const *)from);
		break;
	case FIELD_NUMBER:
		writer_number(w, *(const int64_t *)from);
		break;
	case FIELD_FLAG:
		writer_flag(w, *(const bool *)from);
		break;
	case FIELD_LIST:
		write_list(from, w);
		break;
	}
}

static void write_key(const char *separator, const char *key, struct writer *w)
{
	writer_raw(w, separator);
	writer_raw(w, "\"");
	writer_raw(w, key);
	writer_raw(w, "\":");
}

static void write_nested(const struct codec_field *row, const void *record,
			 struct writer *w)
{
	const char *separator = "{";

	if (!*(const bool *)field_in(row->field, record)) {
		writer_text(w, NULL);
		return;
	}
	for (const struct codec_field *in = row + 1; in < behind(row); in++) {
		write_key(separator, in->key, w);
		write_value(in->field, record, w);
		separator = ",";
	}
	writer_raw(w, "}");
}

void codec_write(const struct codec *c, const void *record, struct writer *w)
{
	const char *separator = "{";

	for (const struct codec_field *row = c->fields; row->key; row++) {
		if (row->flags & (CODEC_WRITE_ONLY | CODEC_INSIDE) ||
		    (row->flags & CODEC_OMIT_NULL &&
		     is_null(row->field, record)))
			continue;
		write_key(separator, row->key, w);
		if (row->flags & CODEC_OBJECT)
			write_nested(row, record, w);
		else
			write_value(row->field, record, w);
		separator = ",";
	}
	writer_raw(w, "}");
}
