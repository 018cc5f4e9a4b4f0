#include "cli/show.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "util/arena.h"
#include "util/field.h"

enum { COLUMNS_MAX = 64, DEPTH_MAX = 8 };

static const char *text_of(struct arena *a, const json_t *value);

static const char *join(struct arena *a, const json_t *list)
{
	const char *text = "";

	/* Most lists are short; of thousands this would take its time. */
	struct {
		char *text;
		size_t used, room;
	} out = {NULL, 0, 0};
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = text_of(a, json_array_get(list, i));
		size_t size = strlen(one) + (i > 0);

		if (out.used + size + 1 > out.room) {
			char *before = out.text;

			out.room = 2 * (out.used + size + 1);
			out.text = arena_alloc(a, out.room);
			if (before != NULL)
				memcpy(out.text, before, out.used);
		}
		if (i > 0)
			out.text[out.used] = ',';
		memcpy(out.text + out.used + (i > 0), one, size - (i > 0));
		out.used += size;
		out.text[out.used] = '\0';
		text = out.text;
	}
	return text;
}

/* null is empty, as is a list that has nothing in it. */
static const char *text_of(struct arena *a, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_INTEGER:
		return arena_printf(a, "%lld",
				    (long long)json_integer_value(value));
	case JSON_REAL:
		return arena_printf(a, "%g", json_real_value(value));
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_ARRAY:
		return join(a, value);
	case JSON_OBJECT:
		return json_text_print(a, json_deep_copy(value), JSON_COMPACT);
	case JSON_NULL:
		break;
	}
	return "";
}

/* The member that a path with dots names, or NULL. */
static const json_t *find(const json_t *object, const char *path)
{
	for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1)
		object = json_object_getn(object, path, (size_t)(dot - path));
	return json_object_get(object, path);
}

static void add_members(struct table *t, struct arena *a, const char *above,
			json_t *object, int depth)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		const char *full = arena_join(a, above, name, NULL);

		if (json_is_object(value) && depth < DEPTH_MAX) {
			add_members(t, a, arena_join(a, full, ".", NULL), value,
				    depth + 1);
			continue;
		}
		const char *row[] = {full, text_of(a, value)};
		table_add(t, row);
	}
}

static void print_json(json_t *object)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	puts(json_text_print(a, json_incref(object), JSON_INDENT(2)));
}

static size_t split(struct arena *a, const char *columns, const char **ret)
{
	size_t count = 0;

	while (*columns != '\0' && count < COLUMNS_MAX) {
		size_t size = strcspn(columns, ",");

		ret[count++] = arena_strndup(a, columns, size);
		columns += size + (columns[size] == ',');
	}
	return count;
}

void show_object(const struct request_options *o, json_t *object)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	CLEANUP(table_free) struct table *t = NULL;
	const char *names[COLUMNS_MAX], *row[COLUMNS_MAX];

	if (o->json) {
		print_json(object);
		return;
	}
	if (o->columns == NULL) {
		t = table_new(2, NULL);
		add_members(t, a, "", object, 0);
		return;
	}
	size_t count = split(a, o->columns, names);
	t = table_new(count, NULL);
	for (size_t i = 0; i < count; i++) {
		const json_t *value = find(object, names[i]);

		row[i] = value != NULL ? text_of(a, value) : NULL;
	}
	table_add(t, row);
}

bool show_is_blank(const struct request_options *o)
{
	const char *p = o->columns;
	size_t size;

	if (p == NULL)
		return false;
	for (; (size = strcspn(p, ",")) > 0; p += size + 1) {
		if (p[size] == '\0')
			return false;
	}
	return true;
}

/* Of a member that is an object the others may be left out (reseller). */
static bool is_unknown(const json_t *records, const char *name)
{
	for (size_t i = 0; i < json_array_size(records); i++) {
		if (strchr(name, '.') != NULL ||
		    json_object_get(json_array_get(records, i), name) != NULL)
			return false;
	}
	return true;
}

const char *show_unknown(const struct request_options *o, const json_t *records)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *names[COLUMNS_MAX], *at = o->columns;

	if (o->json || at == NULL || json_array_size(records) == 0)
		return NULL;
	size_t count = split(a, at, names);
	for (size_t i = 0; i < count; i++) {
		if (is_unknown(records, names[i]))
			return at;
		at += strlen(names[i]) + 1;
	}
	return NULL;
}

void show_record(const struct request_options *o, const struct client_reply *r)
{
	if (r->json != NULL)
		show_object(o, r->json);
	else if (r->text[0] != '\0')
		fputs(r->text, stdout);
}

static void add_changes(struct table *t, struct arena *a, const json_t *changes)
{
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *change = json_array_get(changes, i);
		const char *row[] =
			{text_of(a, json_object_get(change, "member")),
			 text_of(a, json_object_get(change, "before")),
			 text_of(a, json_object_get(change, "after"))};

		table_add(t, row);
	}
}

void show_rehearsal(const struct request_options *o,
		    const struct client_reply *r)
{
	static const char *const headings[] = {"MEMBER", "BEFORE", "AFTER"};
	CLEANUP(arena_release) struct arena *a = arena_new();
	const json_t *changes = json_object_get(r->json, "changes");
	json_t *object = json_object_get(r->json, "object");

	if (o->json) {
		print_json(r->json);
		return;
	}
	fprintf(stderr, "Nothing was done. The answer would have been %lld.\n",
		(long long)json_integer_value(
			json_object_get(r->json, "status")));
	if (json_array_size(changes) == 0 && json_is_object(object)) {
		show_object(o, object);
		return;
	}
	CLEANUP(table_free)
	struct table *t = table_new(COUNT(headings), headings);
	add_changes(t, a, changes);
}

void show_list_begin(struct show_list *l, struct arena *a,
		     const struct request_options *o, const char *columns)
{
	const char **headings = arena_alloc(a, COLUMNS_MAX * sizeof(*headings));

	*l = (struct show_list){.o = o};
	if (o->json) {
		fputs("{\"items\":[", stdout);
		return;
	}
	l->columns = arena_alloc(a, COLUMNS_MAX * sizeof(*l->columns));
	l->count =
		split(a, o->columns != NULL ? o->columns : columns, l->columns);
	for (size_t i = 0; i < l->count; i++) {
		char *heading = arena_strdup(a, l->columns[i]);

		for (char *p = heading; *p != '\0'; p++)
			*p = *p == '_' ? ' ' : (char)toupper((unsigned char)*p);
		headings[i] = heading;
	}
	l->table = table_new(l->count, headings);
}

void show_list_page(struct show_list *l, const json_t *items)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *row[COLUMNS_MAX];

	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *item = json_array_get(items, i);

		if (l->table == NULL) {
			printf("%s\n%s", l->any ? "," : "",
			       json_text_print(a, json_incref(item),
					       JSON_COMPACT));
			l->any = true;
			continue;
		}
		for (size_t k = 0; k < l->count; k++) {
			const json_t *value = find(item, l->columns[k]);

			row[k] = value != NULL ? text_of(a, value) : NULL;
		}
		table_add(l->table, row);
	}
	if (l->table != NULL)
		table_flush(l->table);
}

void show_list_end(struct show_list *l, bool whole)
{
	/* What was broken off is no JSON. */
	if (l->table == NULL && whole)
		fputs("\n],\"next_cursor\":null}\n", stdout);
	table_free(&l->table);
}
