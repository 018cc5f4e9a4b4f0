#include "cli/job.h"

#include "cli/show.h"
#include "cli/talk.h"

/* clang-format off */
static const struct command_group waiting = {
	NULL, (const struct command_option[]){
	OPTION("wait", FIELD(struct request_options, wait), "SECONDS",
	       "how long to wait [3600]"),
	OPTIONS_END}};
/* clang-format on */

/* How a job ended is how the command ends. */
static int wait_for(const struct command *c, const void *options,
		    char *const *words)
{
	struct client_reply first;
	json_t *job = NULL;
	struct talk t;

	if (words[0] == NULL || words[0][0] == '\0' || words[1] != NULL)
		return command_misused("say which job: it is \"job wait ID\"");
	if (!talk_open(&t, c, options))
		return (int)t.outcome;
	const char *path = talk_path(&t, t.arena, "/v1/jobs/%", words);
	const struct client_ask ask = {.method = "GET", .path = path};
	/* Whether there is one is to be known before it is waited for. */
	enum outcome outcome = talk_ask(&t, t.arena, &ask, &first);
	if (outcome == OUTCOME_DONE)
		outcome = talk_follow(&t, t.arena, path, &job);
	if (job != NULL)
		show_object(t.o, job);
	talk_close(&t);
	return (int)outcome;
}

static const struct command job_show =
	REQUEST_SHOW("Show a job", "ID", "/v1/jobs/%");

static const struct command job_wait =
	{.name = "wait",
	 .summary = "Wait for the end of a job, and tell what came of it",
	 .words = "ID",
	 .groups = {&waiting, REQUEST_READS},
	 .defaults = &request_defaults,
	 .size = sizeof(struct request_options),
	 .run = wait_for,
	 .asks = "GET\t/v1/jobs/%\t\t\n"};

static const struct command job_import =
	{.name = "import",
	 .summary = "Show how far an import has come",
	 .words = "ID",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/imports/%")};

static const struct command *const verbs[] = {&job_show, &job_wait, &job_import,
					      NULL};

const struct command command_job = {.name = "job",
				    .summary = "What takes its time",
				    .verbs = verbs};
