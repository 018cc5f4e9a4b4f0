/*
 * provost - the command-line client
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/alias.h"
#include "cli/audit.h"
#include "cli/change.h"
#include "cli/changeset.h"
#include "cli/command.h"
#include "cli/complete.h"
#include "cli/config.h"
#include "cli/dkim.h"
#include "cli/doctor.h"
#include "cli/domain.h"
#include "cli/export.h"
#include "cli/help.h"
#include "cli/import.h"
#include "cli/inventory.h"
#include "cli/job.h"
#include "cli/key.h"
#include "cli/options.h"
#include "cli/outcome.h"
#include "cli/principal.h"
#include "cli/resolve.h"
#include "cli/role.h"
#include "cli/status.h"
#include "cli/trash.h"
#include "cli/user.h"
#include "cli/webhook.h"
#include "util/arena.h"
#include "json/text.h"

const struct command *const commands[] =
	{&command_alias,     &command_audit,
	 &command_change,    &command_changeset,
	 &command_config,    &command_dkim,
	 &command_doctor,    &command_domain,
	 &command_export,    &command_import,
	 &command_job,       &command_key,
	 &command_principal, &command_resolve,
	 &command_role,      &command_status,
	 &command_trash,     &command_user,
	 &command_webhook,   NULL};

/* What could not be told may have been a password that nobody else knows. */
static int flush(const struct command *c, int status)
{
	bool good = fflush(stdout) == 0 && ferror(stdout) == 0;

	if (status != OUTCOME_DONE || good)
		return status;
	command_complain("what it says could not be written; what it changed "
			 "stays so");
	return c != NULL && c->misused != 0 ? c->misused : OUTCOME_FAILED;
}

static int run(const struct command *c, const char *called, struct arena *a,
	       int argc, char **argv)
{
	void *options = arena_alloc(a, c->size);
	char **words;

	if (c->defaults != NULL)
		memcpy(options, c->defaults, c->size);
	if (!options_read(c, called, a, argc, argv, options, &words))
		return c->misused != 0 ? c->misused : OUTCOME_MISUSED;
	return flush(c, c->run(c, options, words));
}

static const struct command *find(const struct command *const *all,
				  const char *name)
{
	for (; *all != NULL; all++) {
		if (strcmp((*all)->name, name) == 0)
			return *all;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct command *const *all = commands, *c = NULL;
	const char *called = "";

	setlocale(LC_CTYPE, ""); /* of the terminal, for how wide text is */
	json_text_prepare();
	if (argc > 1 && strcmp(argv[1], "--complete") == 0) {
		complete_print(argv + 2);
		return OUTCOME_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "--requests") == 0) {
		inventory_print();
		return flush(NULL, OUTCOME_DONE);
	}
	do {
		const char *name = argc > 1 ? argv[1] : "";

		if (strcmp(name, "help") == 0)
			name = "--help";
		if (strcmp(name, "--help") == 0 ||
		    strcmp(name, "--version") == 0)
			help_and_end(c, called, name[2]);
		const struct command *next = find(all, name);
		if (next == NULL)
			return command_misused(
				*name == '\0'
					? "a command is missing"
					: arena_printf(a, "%s is no command",
						       name));
		called = arena_join(a, called, *called != '\0' ? " " : "", name,
				    NULL);
		c = next;
		all = c->verbs;
		argc--;
		argv++;
	} while (all != NULL);
	return run(c, called, a, argc, argv);
}
