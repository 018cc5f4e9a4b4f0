#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 79, INDENT = 26, NAME_MAX_SIZE = 80 };

/* Words, broken at the right; the cursor is at `column`. */
static void print_wrapped(const char *text, size_t indent, size_t column)
{
	while (*text != '\0') {
		size_t size = strcspn(text, " \n");

		if (column > indent && column + 1 + size > WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)size, text);
		column += size;
		text += size;
		if (*text == '\n') {
			printf("\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0';
	}
	putchar('\n');
}

static void print_row(const char *name, const char *help)
{
	size_t size = strlen(name) + 2;

	printf("  %s", name);
	if (size + 2 > INDENT) {
		putchar('\n');
		size = 0;
	}
	printf("%*s", (int)(INDENT - size), "");
	print_wrapped(help, INDENT, INDENT);
}

static void print_group(const struct command_group *g)
{
	char name[NAME_MAX_SIZE];

	printf("\n%s:\n", g->title != NULL ? g->title : "Options");
	for (const struct command_option *o = g->rows; o->name != NULL; o++) {
		snprintf(name, sizeof(name), "--%s%s%s", o->name,
			 o->value != NULL ? " " : "",
			 o->value != NULL ? o->value : "");
		print_row(name, o->help);
	}
}

static void print_members(const struct command *const *all, const char *above)
{
	char name[NAME_MAX_SIZE];

	for (; *all != NULL; all++) {
		const struct command *c = *all;

		snprintf(name, sizeof(name), "%s%s%s", above,
			 above[0] != '\0' ? " " : "", c->name);
		if (c->verbs != NULL)
			print_members(c->verbs, name);
		else
			print_row(name, c->summary);
	}
}

void help_print(const struct command *c, const char *called)
{
	if (c == NULL || c->verbs != NULL) {
		printf("Usage: provost %s%sCOMMAND [WORD]... [OPTION]...\n\n",
		       called, called[0] != '\0' ? " " : "");
		if (c != NULL)
			printf("%s.\n\n", c->summary);
		print_members(c != NULL ? c->verbs : commands, called);
		printf("\nEach has --help; provost%s%s(1) tells more.\n",
		       c != NULL ? "-" : "", c != NULL ? c->name : "");
		return;
	}
	printf("Usage: provost %s%s%s [OPTION]...\n\n", called,
	       c->words != NULL ? " " : "", c->words != NULL ? c->words : "");
	printf("%s.\n", c->summary);
	if (c->more != NULL) {
		putchar('\n');
		print_wrapped(c->more, 0, 0);
	}
	for (size_t g = 0; g < COMMAND_GROUPS_MAX && c->groups[g] != NULL; g++)
		print_group(c->groups[g]);
}

_Noreturn void help_and_end(const struct command *c, const char *called,
			    int which)
{
	if (which == 'h')
		help_print(c, called);
	else
		puts("provost " PACKAGE_VERSION);
	exit(EXIT_SUCCESS);
}
