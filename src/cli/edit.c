#include "cli/edit.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

enum { TRIES = 8 };

static void add_operation(json_t *patch, const char *op, const char *path,
			  json_t *value)
{
	json_t *operation = json_pack("{ss, ss, so*}", "op", op, "path", path,
				      "value", value);

	json_array_append_new(patch, operation);
}

/* Where it is in the list, or -1. */
static int find(struct arena *a, const json_t *list, const char *value)
{
	const char *wanted = text_lower(a, value);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		if (one != NULL && strcmp(text_lower(a, one), wanted) == 0)
			return (int)i;
	}
	return -1;
}

/* From the end, so that places before it stay as they are. */
static bool take_away(struct arena *a, json_t *patch, const char *key,
		      const json_t *list, const json_t *values)
{
	for (size_t i = 0; i < json_array_size(values); i++) {
		const char *value =
			json_string_value(json_array_get(values, i));

		if (find(a, list, value) < 0) {
			fprintf(stderr, "provost: %s is not among %s\n", value,
				key);
			return false;
		}
	}
	for (size_t i = json_array_size(list); i > 0; i--) {
		json_t *one = json_array_get(list, i - 1);
		const char *path = arena_printf(a, "/%s/%zu", key, i - 1);

		if (find(a, values, json_string_value(one)) < 0)
			continue;
		add_operation(patch, "test", path, json_incref(one));
		add_operation(patch, "remove", path, NULL);
	}
	return true;
}

/* NULL, and a line on standard error, if there is nothing to take away. */
static json_t *make_patch(struct talk *t, struct arena *a, const json_t *record)
{
	json_t *patch = json_array(), *value;
	const char *key;

	json_object_foreach(t->o->edits, key, value) {
		json_t *added = json_object_get(value, "add");

		if (!take_away(a, patch, key, json_object_get(record, key),
			       json_object_get(value, "remove"))) {
			json_decref(patch);
			return NULL;
		}
		for (size_t i = 0; i < json_array_size(added); i++)
			add_operation(patch, "add",
				      arena_printf(a, "/%s/-", key),
				      json_incref(json_array_get(added, i)));
	}
	json_object_foreach(t->o->body, key, value)
		add_operation(patch, "add", arena_join(a, "/", key, NULL),
			      json_incref(value));
	return patch;
}

/* Whether somebody changed the list after we read it. */
static bool has_moved(const struct client_reply *r)
{
	const char *code = json_string_value(json_object_get(r->json, "code"));

	return text_equal(code, "test_failed") ||
	       text_equal(code, "patch_conflict");
}

enum outcome edit_lists(struct talk *t, struct arena *a, const char *path,
			struct client_reply *ret)
{
	const char *record = arena_strndup(a, path, strcspn(path, "?"));
	const struct client_ask look = {.method = "GET", .path = record};

	for (int tries = 1;; tries++) {
		struct client_ask ask = {.method = "PATCH",
					 .path = path,
					 .type = "application/"
						 "json-patch+json"};
		enum outcome outcome = talk_ask(t, a, &look, ret);

		if (outcome != OUTCOME_DONE)
			return outcome;
		json_t *patch = make_patch(t, a, ret->json);
		if (patch == NULL)
			return OUTCOME_NOT_FOUND;
		ask.body = json_text_print(a, patch, JSON_COMPACT);
		outcome = talk_try(t, a, &ask, ret);
		if (outcome != OUTCOME_CONFLICT || !has_moved(ret) ||
		    tries == TRIES)
			return talk_judge(t, outcome, ret);
	}
}
