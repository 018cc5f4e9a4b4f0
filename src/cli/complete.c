#include "cli/complete.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void print(const char *prefix, const char *dashes, const char *word,
		  size_t size, const char *what)
{
	size_t given = strlen(prefix), lead = strlen(dashes);

	if (strncmp(prefix, dashes, given < lead ? given : lead) == 0 &&
	    (given <= lead ||
	     strncmp(prefix + lead, word, given - lead) == 0) &&
	    (given <= lead || given - lead <= size))
		printf("%s%.*s\t%s\n", dashes, (int)size, word, what);
}

/* Words with | between, or what a placeholder stands for. */
static void print_values(const char *prefix, const char *values)
{
	if (strcmp(values, "FILE") == 0)
		puts(":files");
	else if (strcmp(values, "DIR") == 0)
		puts(":directories");
	if (isupper((unsigned char)values[0]))
		return;
	while (*values != '\0') {
		size_t size = strcspn(values, "|");

		print(prefix, "", values, size, "");
		values += size + (values[size] == '|');
	}
}

static void print_options(const struct command *c, const char *prefix)
{
	for (size_t g = 0; g < COMMAND_GROUPS_MAX && c->groups[g] != NULL;
	     g++) {
		for (const struct command_option *o = c->groups[g]->rows;
		     o->name != NULL; o++)
			print(prefix, "--", o->name, strlen(o->name), o->help);
	}
	print(prefix, "--", "help", strlen("help"), "print a summary");
}

/* Of what is no option, by its place among these. */
static void print_word(const struct command *c, const char *prefix,
		       size_t place)
{
	const char *words = c->words != NULL ? c->words : "";
	struct arena *a;

	if (place == 0 && c->choices != NULL) {
		print_values(prefix, c->choices);
		return;
	}
	for (; place > 0 && *words != '\0'; place--) {
		words += strcspn(words, " ");
		words += *words == ' ';
	}
	a = arena_new();
	print_values(prefix, arena_strndup(a, words, strcspn(words, " ")));
	arena_release(&a);
}

/* The option whose value is to come, or NULL. */
static const struct command_option *pending(const struct command *c,
					    const char *word)
{
	const struct command_option *o = strncmp(word, "--", 2) == 0
						 ? command_option(c, word + 2)
						 : NULL;

	return o != NULL && o->value != NULL ? o : NULL;
}

static void print_next(const struct command *c, char *const *words)
{
	const struct command_option *o = NULL;
	size_t place = 0;

	for (; words[1] != NULL; words++) {
		if (o != NULL)
			o = NULL;
		else if (words[0][0] == '-')
			o = pending(c, words[0]);
		else
			place++;
	}
	if (o != NULL)
		print_values(words[0], o->value);
	else if (words[0][0] == '-')
		print_options(c, words[0]);
	else
		print_word(c, words[0], place);
}

void complete_print(char *const *words)
{
	const struct command *const *all = commands;
	const struct command *c = NULL;

	while (all != NULL && words[0] != NULL && words[1] != NULL) {
		for (; *all != NULL && strcmp((*all)->name, words[0]) != 0;
		     all++)
			;
		if (*all == NULL)
			return;
		c = *all;
		all = c->verbs;
		words++;
	}
	if (words[0] == NULL)
		return;
	if (all == NULL) {
		print_next(c, words);
		return;
	}
	for (; *all != NULL; all++)
		print(words[0], "", (*all)->name, strlen((*all)->name),
		      (*all)->summary);
}
