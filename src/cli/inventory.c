#include "cli/inventory.h"

#include <stdio.h>
#include <string.h>

#include "cli/member.h"
#include "cli/request.h"
#include "util/text.h"

/* Options by which members and parameters come that are not theirs alone. */
static const struct {
	const char *option;
	bool is_query;
	const char *key;
} others[] = {
	{"new-password-file", false, "password"},
	{"password-hash-file", false, "password_hash"},
	{"generate-password", true, "generate_password"},
};

static void print_key(const char *key, const char **between)
{
	printf("%s%.*s", *between, (int)strcspn(key, "="), key);
	*between = ",";
}

static void print_row(const struct command_option *o, bool is_query,
		      const char **between)
{
	if (o->key != NULL && member_is_query(o->take) == is_query)
		print_key(o->key, between);
	for (size_t i = 0; i < COUNT(others); i++) {
		if (others[i].is_query == is_query &&
		    strcmp(others[i].option, o->name) == 0)
			print_key(others[i].key, between);
	}
}

static void print_rows(const struct command *c, bool is_query,
		       const char **between)
{
	for (size_t g = 0; g < COMMAND_GROUPS_MAX && c->groups[g] != NULL;
	     g++) {
		for (const struct command_option *o = c->groups[g]->rows;
		     o->name != NULL; o++)
			print_row(o, is_query, between);
	}
}

/* As one request, which a table says. */
static void print_action(const struct command *c, const struct action *action)
{
	const char *names = action->members != NULL ? action->members : "";
	const char *between = "";

	printf("%s\t%s\t", action->method, action->path);
	if (action->is_paged)
		print_key("limit,cursor", &between);
	print_rows(c, true, &between);
	between = "\t";
	for (size_t size; (size = strcspn(names, ",*")) > 0;
	     names += size + (names[size] != '\0')) {
		printf("%s%.*s", between, (int)size, names);
		between = ",";
	}
	print_rows(c, false, &between);
	if (action->password == ASKED_PASSWORD)
		print_key("current", &between);
	puts(between[0] == '\t' ? between : "");
}

static void print_command(const struct command *c, const char *above)
{
	const char *line = c->asks != NULL ? c->asks : "";

	if (c->run == request_run) {
		printf("%s%s\t", above, c->name);
		print_action(c, c->subject);
	}
	for (size_t size; *line != '\0'; line += size) {
		size = strcspn(line, "\n") + 1;
		printf("%s%s\t%.*s", above, c->name, (int)size, line);
	}
}

static void print_all(const struct command *const *all, const char *above)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (; *all != NULL; all++) {
		if ((*all)->verbs != NULL)
			print_all((*all)->verbs,
				  arena_join(a, above, (*all)->name, " ",
					     NULL));
		else
			print_command(*all, above);
	}
}

void inventory_print(void)
{
	print_all(commands, "");
}
