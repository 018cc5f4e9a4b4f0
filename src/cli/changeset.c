#include "cli/changeset.h"

#include <stdio.h>
#include <string.h>

#include "cli/show.h"
#include "cli/talk.h"
#include "util/text.h"

enum { FILE_MAX = 16 << 20, ACCEPTED = 202 };

/* What is in it is the gateway's to judge, but that it is text. */
static bool read_set(struct arena *a, const char *name, const char **ret)
{
	FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char *text = arena_alloc(a, FILE_MAX + 2);

	if (from == NULL)
		return false;
	size_t size = fread(text, 1, FILE_MAX + 1, from);
	bool good = ferror(from) == 0 && size <= FILE_MAX &&
		    memchr(text, '\0', size) == NULL;
	if (from != stdin)
		fclose(from);
	text[size] = '\0';
	*ret = text;
	return good;
}

static void show_done(const struct request_options *o, struct arena *a,
		      json_t *reply)
{
	struct show_list shown;

	if (o->json) {
		show_object(o, reply);
		return;
	}
	show_list_begin(&shown, a, o, "status,location,etag");
	show_list_page(&shown, json_object_get(reply, "operations"));
	show_list_end(&shown, true);
}

/* As a job: a set may take longer than one waits for an answer. */
static enum outcome apply(struct talk *t, const char *set)
{
	static const char *const async[] = {"Prefer: respond-async", NULL};
	const struct client_ask ask = {.method = "POST",
				       .path = "/v1/changesets",
				       .headers = t->o->dry_run ? NULL : async,
				       .body = set};
	struct client_reply r;
	enum outcome outcome = talk_ask(t, t->arena, &ask, &r);
	json_t *told = r.json;

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (t->o->dry_run && !t->o->json)
		fputs("Nothing was done. All of it would have been.\n", stderr);
	if (r.status == ACCEPTED && t->o->no_wait) {
		show_object(t->o, told);
		return OUTCOME_DONE;
	}
	if (r.status == ACCEPTED)
		outcome = talk_follow_reply(t, &r, &told);
	if (outcome == OUTCOME_DONE)
		show_done(t->o, t->arena, told);
	return outcome;
}

static int run(const struct command *c, const void *options, char *const *words)
{
	const char *set;
	struct talk t;

	if (words[0] == NULL || words[1] != NULL)
		return command_misused("say which file has the change set");
	if (!talk_open(&t, c, options))
		return (int)t.outcome;
	enum outcome outcome =
		read_set(t.arena, words[0], &set)
			? apply(&t, set)
			: (enum outcome)command_misused(
				  "the file cannot be read, or has more than "
				  "16 MiB, or is no text");
	talk_close(&t);
	return (int)outcome;
}

static const struct command changeset_apply =
	{.name = "apply",
	 .summary = "Do several things, all of them or none",
	 .words = "FILE",
	 .more = "FILE is JSON, {\"operations\": [{\"method\": \"POST\", "
		 "\"path\": \"/v1/users\", \"body\": {...}}, ...]}, and may be "
		 "-, the standard input.",
	 .groups = {&request_waiting, REQUEST_WRITES},
	 .defaults = &request_defaults,
	 .size = sizeof(struct request_options),
	 .run = run,
	 .asks = "POST\t/v1/changesets\t\toperations\nGET\t/v1/jobs/%\t\t\n"};

static const struct command *const verbs[] = {&changeset_apply, NULL};

const struct command command_changeset =
	{.name = "changeset",
	 .summary = "Several things at once, all of them or none",
	 .verbs = verbs};
