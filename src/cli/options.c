#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "util/text.h"

/* All rows of all groups, one after the other. */
struct rows {
	const struct command_option *rows[COMMAND_OPTIONS_MAX];
	size_t count;
};

static void gather(const struct command *c, struct rows *ret)
{
	for (size_t g = 0; g < COMMAND_GROUPS_MAX && c->groups[g] != NULL;
	     g++) {
		for (const struct command_option *o = c->groups[g]->rows;
		     o->name != NULL; o++) {
			if (ret->count == COMMAND_OPTIONS_MAX)
				abort();
			ret->rows[ret->count++] = o;
		}
	}
}

const struct command_option *command_option(const struct command *c,
					    const char *name)
{
	struct rows all = {0};

	gather(c, &all);
	for (size_t i = 0; i < all.count; i++) {
		if (strcmp(all.rows[i]->name, name) == 0)
			return all.rows[i];
	}
	return NULL;
}

static void append(struct arena *a, struct text_list *list, const char *value)
{
	const char **longer =
		arena_alloc(a, (list->count + 1) * sizeof(*longer));

	if (list->count > 0)
		memcpy(longer, list->items, list->count * sizeof(*longer));
	longer[list->count++] = value;
	list->items = longer;
}

static const char *take_field(const struct command_option *o, struct arena *a,
			      const char *value, void *to)
{
	void *there = field_at(o->field, to);

	switch (o->field.kind) {
	case FIELD_TEXT:
		*(const char **)there = value;
		break;
	case FIELD_FLAG:
		*(bool *)there = true;
		break;
	case FIELD_NUMBER:
		if (!text_number(value, 0, INT64_MAX, there))
			return "a number, 0 or more";
		break;
	case FIELD_LIST:
		append(a, there, value);
		break;
	}
	return NULL;
}

static bool take(const struct command_option *o, struct arena *a,
		 const char *value, void *to)
{
	const char *wrong = o->take != NULL ? o->take(o, a, value, to)
					    : take_field(o, a, value, to);

	if (wrong != NULL)
		fprintf(stderr, "provost: --%s is %s\n", o->name, wrong);
	return wrong == NULL;
}

bool options_read(const struct command *c, const char *called, struct arena *a,
		  int argc, char **argv, void *to, char ***words)
{
	struct option names[COMMAND_OPTIONS_MAX + 3] = {{"help", no_argument,
							 NULL, 'h'},
							{"version", no_argument,
							 NULL, 'v'}};
	char *name = arena_join(a, "provost ", called, NULL);
	struct rows all = {0};
	int which, row;

	gather(c, &all);
	for (size_t i = 0; i < all.count; i++)
		names[i + 2] =
			(struct option){.name = all.rows[i]->name,
					.has_arg = all.rows[i]->value != NULL
							   ? required_argument
							   : no_argument};
	argv[0] = name;
	while ((which = getopt_long(argc, argv, "", names, &row)) != -1) {
		if (which == 'h' || which == 'v')
			help_and_end(c, called, which);
		if (which == '?' || !take(all.rows[row - 2], a, optarg, to))
			return false;
	}
	*words = argv + optind;
	return true;
}
