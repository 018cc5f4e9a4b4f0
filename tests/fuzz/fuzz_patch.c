#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "json/limits.h"
#include "json/patch.h"
#include "json/text.h"

enum { VALUES_MAX = 200000 }; /* the input's, and what may be copied */

/* No document nests deeper than one that was sent. */
static size_t measure(json_t *value, size_t depth, size_t *values)
{
	size_t deepest = depth, i, n;
	const char *key;
	json_t *in;

	++*values;
	json_array_foreach(value, i, in) {
		n = measure(in, depth + 1, values);
		deepest = n > deepest ? n : deepest;
	}
	json_object_foreach(value, key, in) {
		n = measure(in, depth + 1, values);
		deepest = n > deepest ? n : deepest;
	}
	return deepest;
}

/* What differs, put onto the one, makes the other (RFC 7396). */
static void merge(json_t *into, json_t *members)
{
	const char *key;
	json_t *value;

	json_object_foreach(members, key, value) {
		json_t *there = json_object_get(into, key);

		if (json_is_null(value))
			json_object_del(into, key);
		else if (json_is_object(value) && json_is_object(there))
			merge(there, value);
		else
			json_object_set(into, key, value);
	}
}

static void without_nulls(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value)
	{
		if (json_is_null(value))
			json_object_del(object, key);
		else if (json_is_object(value))
			without_nulls(value);
	}
}

static void compare(struct arena *a, json_t *from, json_t *to)
{
	json_t *merged = json_deep_copy(from), *wanted = json_deep_copy(to);

	merge(merged, json_patch_difference(a, from, to));
	without_nulls(merged);
	without_nulls(wanted);
	HOLDS(json_equal(merged, wanted));
	json_decref(wanted);
	json_decref(merged);
}

static void apply(struct arena *a, const struct json_patch *p, json_t *document)
{
	json_t *before = json_deep_copy(document), *then = NULL;
	size_t values = 0;
	struct err e = {0};

	if (json_patch_apply(p, a, document, &then, &e)) {
		HOLDS(measure(then, 0, &values) <= JSON_DEPTH_MAX);
		HOLDS(values < VALUES_MAX);
		if (json_is_object(then))
			compare(a, document, then);
	} else {
		HOLDS(e.faults != NULL && e.faults->placed);
		HOLDS(e.kind == ERR_CONFLICT || e.kind == ERR_INVALID);
	}
	HOLDS(json_equal(before, document));
	json_decref(before);
}

/* A document and a patch, members of an object. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const struct json_patch *p;
	json_t *input = NULL;
	struct err e = {0};

	if (json_text_parse(a, (const char *)data, size, &input, &e)) {
		json_t *document = json_object_get(input, "d");
		json_t *patch = json_object_get(input, "p");

		if (json_is_object(document) && json_is_array(patch) &&
		    json_patch_read(a, patch, &p, &e))
			apply(a, p, document);
		else
			HOLDS(e.kind == ERR_NONE || e.faults != NULL);
	}
	arena_free(a);
	return 0;
}
