/*
 * provost - the command-line client
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/dkim.h"
#include "cli/doctor.h"
#include "cli/user.h"
#include "util/arena.h"
#include "util/text.h"

static const struct command *const commands[] = {
	&command_audit,  &command_config, &command_dkim,
	&command_doctor, &command_user,
};

int command_complain(const char *why)
{
	fprintf(stderr, "provost: %s\n", why);
	return EXIT_FAILURE;
}

/* Of one command, or of all of them. */
static void print_usage(const struct command *only)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (only == NULL || only == commands[i])
			printf("Usage: provost %s\n", commands[i]->usage);
	}
	fputs("  --help, --version\n", stdout);
}

static void tell_and_end(const struct command *c, int which)
{
	if (which == 'h')
		print_usage(c);
	else
		puts("provost " PACKAGE_VERSION);
	exit(EXIT_SUCCESS);
}

static bool take(const struct command_option *o, const char *value, void *to)
{
	void *there = field_at(o->field, to);

	switch (o->field.kind) {
	case FIELD_TEXT:
		*(const char **)there = value;
		return true;
	case FIELD_FLAG:
		*(bool *)there = true;
		return true;
	case FIELD_NUMBER:
		if (text_number(value, 0, INT64_MAX, there))
			return true;
		break;
	case FIELD_LIST:
		break;
	}
	fprintf(stderr, "provost: --%s is a number, 0 or more\n", o->name);
	return false;
}

/* The options, each into its member; false at one that is unknown. */
static bool read_options(const struct command *c, int argc, char **argv,
			 void *to)
{
	struct option names[COMMAND_OPTIONS_MAX + 3] = {{"help", no_argument,
							 NULL, 'h'},
							{"version", no_argument,
							 NULL, 'v'}};
	int which, row;

	for (size_t i = 0; c->options[i].name != NULL; i++) {
		if (i == COMMAND_OPTIONS_MAX)
			abort();
		names[i + 2].name = c->options[i].name;
		names[i + 2].has_arg = c->options[i].field.kind == FIELD_FLAG
					       ? no_argument
					       : required_argument;
	}
	while ((which = getopt_long(argc, argv, "", names, &row)) != -1) {
		if (which == 'h' || which == 'v')
			tell_and_end(c, which);
		if (which == '?' || !take(&c->options[row - 2], optarg, to))
			return false;
	}
	return true;
}

static int run(const struct command *c, int argc, char **argv)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	void *options = arena_alloc(a, c->size);

	if (c->defaults != NULL)
		memcpy(options, c->defaults, c->size);
	if (!read_options(c, argc, argv, options))
		return c->misused != 0 ? c->misused : EXIT_FAILURE;
	return c->run(options, argv + optind);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "--version") == 0)
		tell_and_end(NULL, name[2]);
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return run(commands[i], argc - 1, argv + 1);
	}
	return command_complain("what is to be done?  See --help");
}
