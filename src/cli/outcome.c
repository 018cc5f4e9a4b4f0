#include "cli/outcome.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

enum { CLASS_GOOD = 2, POINTER_MAX = 128 };

/* clang-format off */
static const struct {
	unsigned status;
	enum outcome outcome;
} statuses[] = {
	{400, OUTCOME_REFUSED},
	{401, OUTCOME_DENIED},
	{403, OUTCOME_DENIED},
	{404, OUTCOME_NOT_FOUND},
	{409, OUTCOME_CONFLICT},
	{410, OUTCOME_NOT_FOUND},
	{412, OUTCOME_CONFLICT},
	{413, OUTCOME_REFUSED},
	{415, OUTCOME_REFUSED},
	{422, OUTCOME_REFUSED},
	{428, OUTCOME_CONFLICT},
	{429, OUTCOME_UNAVAILABLE},
	{503, OUTCOME_UNAVAILABLE},
	{504, OUTCOME_UNAVAILABLE},
};

static const struct {
	enum err_kind kind;
	enum outcome outcome;
} kinds[] = {
	{ERR_INVALID,     OUTCOME_MISUSED},
	{ERR_UNAVAILABLE, OUTCOME_UNAVAILABLE},
	{ERR_TIMEOUT,     OUTCOME_UNAVAILABLE},
	{ERR_UNKNOWN,     OUTCOME_UNKNOWN},
};
/* clang-format on */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

enum outcome outcome_of(const struct client_reply *r)
{
	if (r->status / 100 == CLASS_GOOD)
		return OUTCOME_DONE;
	if (strcmp(text_of(r->json, "code"), "outcome_unknown") == 0)
		return OUTCOME_UNKNOWN;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		if (statuses[i].status == r->status)
			return statuses[i].outcome;
	}
	return OUTCOME_FAILED;
}

const char *outcome_clean(struct arena *a, const char *text)
{
	char *copy;

	if (text_is_clean(text))
		return text;
	copy = arena_strdup(a, text);
	/* C1 and the separators of lines are of several bytes. */
	for (unsigned char *p = (unsigned char *)copy; *p != '\0'; p++) {
		if (*p < ' ' || *p >= 0x7f)
			*p = '?';
	}
	return copy;
}

/* The option by which a member was given, or the pointer itself. */
static const char *name_of(struct arena *a, const struct command *c,
			   const char *pointer)
{
	const char *last = pointer[0] == '/' ? pointer + 1 : pointer;
	char key[POINTER_MAX];

	snprintf(key, sizeof(key), "%s", last);
	for (char *p = key; *p != '\0'; p++) {
		if (*p == '/')
			*p = '.';
	}
	for (size_t g = 0; g < COMMAND_GROUPS_MAX && c->groups[g] != NULL;
	     g++) {
		for (const struct command_option *o = c->groups[g]->rows;
		     o->name != NULL; o++) {
			size_t size = o->key != NULL ? strlen(o->key) : 0;

			if (size > 0 && strncmp(o->key, key, size) == 0 &&
			    (key[size] == '\0' || key[size] == '.'))
				return arena_printf(a, "--%s", o->name);
		}
	}
	return outcome_clean(a, pointer);
}

static void tell_more(struct arena *a, const struct command *c,
		      const json_t *problem)
{
	const char *way = text_of(problem, "conflicts_with"), *name;
	const json_t *errors = json_object_get(problem, "errors");
	json_t *counts = json_object_get(problem, "counts"), *count;

	for (size_t i = 0; i < json_array_size(errors); i++) {
		const json_t *fault = json_array_get(errors, i);

		fprintf(stderr, "  %s: %s (%s)\n",
			name_of(a, c, text_of(fault, "pointer")),
			outcome_clean(a, text_of(fault, "detail")),
			outcome_clean(a, text_of(fault, "code")));
	}
	if (way[0] != '\0')
		fprintf(stderr, "  in the way: %s\n", outcome_clean(a, way));
	json_object_foreach(counts, name, count)
		fprintf(stderr, "  %s: %lld\n", outcome_clean(a, name),
			(long long)json_integer_value(count));
}

enum outcome outcome_tell(const struct command *c, const struct client_reply *r)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *title = text_of(r->json, "title");
	const char *code = text_of(r->json, "code");

	fprintf(stderr, "provost: %s%s%u%s%s%s%s%s\n",
		outcome_clean(a, r->detail), r->detail[0] != '\0' ? " (" : "",
		r->status, title[0] != '\0' ? " " : "", outcome_clean(a, title),
		code[0] != '\0' ? ", " : "", outcome_clean(a, code),
		r->detail[0] != '\0' ? ")" : "");
	tell_more(a, c, r->json);
	if (r->retry_after != NULL)
		fprintf(stderr, "  try again in %s s\n",
			outcome_clean(a, r->retry_after));
	if (r->request != NULL && r->status >= 500)
		fprintf(stderr, "  request %s\n", outcome_clean(a, r->request));
	return outcome_of(r);
}

enum outcome outcome_fail(const struct err *e)
{
	fprintf(stderr, "provost: %s\n", e->text);
	if (e->kind == ERR_UNKNOWN)
		fputs("  the answer was lost: it may have been done\n", stderr);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].kind == e->kind)
			return kinds[i].outcome;
	}
	return OUTCOME_FAILED;
}

int command_complain(const char *why)
{
	fprintf(stderr, "provost: %s\n", why);
	return OUTCOME_FAILED;
}

int command_misused(const char *why)
{
	fprintf(stderr, "provost: %s.  See --help\n", why);
	return OUTCOME_MISUSED;
}
