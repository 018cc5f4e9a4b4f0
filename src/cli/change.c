#include "cli/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/member.h"
#include "cli/show.h"
#include "cli/talk.h"
#include "util/alloc.h"
#include "util/clock.h"

enum { LINE_BYTES = 256 * 1024, PAUSE = 1, MILLIS = 1000 };

struct change_options {
	struct request_options request;
	int64_t count; /* of events; 0: without end */
};

static const struct change_options defaults = {.request = REQUEST_DEFAULTS};

/* clang-format off */
static const struct command_group choosing = {
	NULL, (const struct command_option[]){
	MEMBER("after", query_text, "cursor", "CURSOR",
	       "what came behind that: the cursor of a change, or of \"change "
	       "show\" [from now on]"),
	MEMBER("kind", query_text, "kind", "KIND",
	       "only changes of user, alias, domain, principal, administrators "
	       "or dkim_key; several with commas between"),
	MEMBER("domain", query_text, "domain", "DOMAIN",
	       "only changes of it and of what is in it"),
	OPTIONS_END}};

static const struct command_group following = {
	"How long", (const struct command_option[]){
	OPTION("count", FIELD(struct change_options, count), "N",
	 "end after so many changes [never]"),
	OPTION("wait", FIELD(struct change_options, request.wait), "SECONDS",
	 "how long the gateway may be away [3600]"),
	OPTIONS_END}};
/* clang-format on */

static const char columns[] = "time,event,key,domain,actor,changed";

/* A stream of server-sent events, as it comes. */
struct stream {
	struct talk talk;
	struct request_options o; /* its cursor moves on */
	struct show_list shown;
	int64_t left; /* changes until the end; 0: there is none */
	bool is_over, is_heard, is_lost;
	char *place; /* behind what is being read, or NULL */
	char line[LINE_BYTES];
	size_t used;
};

static bool show_event(struct stream *s, const char *text)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct err e = {0};
	json_t *event;

	if (!json_text_parse(a, text, strlen(text), &event, &e))
		return false;
	if (s->o.json) {
		puts(text);
	} else {
		json_t *items = json_pack("[O]", event);

		show_list_page(&s->shown, items);
		json_decref(items);
	}
	s->is_over = s->left > 0 && --s->left == 0;
	s->is_lost = fflush(stdout) != 0;
	return !s->is_lost;
}

/* A place counts when its block has come as a whole: what is cut off in the
 * middle comes again. */
static bool take_line(struct stream *s, const char *line)
{
	static const char data[] = "data: ", id[] = "id: ";

	if (strncmp(line, data, strlen(data)) == 0)
		return show_event(s, line + strlen(data)) && !s->is_over;
	if (strncmp(line, id, strlen(id)) == 0) {
		free(s->place);
		s->place = strdup(line + strlen(id));
	} else if (line[0] == '\0' && s->place != NULL) {
		member_set(s->talk.arena, &s->o.query, "cursor",
			   json_string(s->place));
		s->is_heard = true;
	}
	return true;
}

/* 0 is the end: libcurl is told so, and gives up. */
static ssize_t take(void *ctx, const char *data, size_t size)
{
	struct stream *s = ctx;

	for (size_t i = 0; i < size; i++) {
		if (s->used == LINE_BYTES - 1)
			return 0;
		s->line[s->used++] = data[i];
		if (data[i] != '\n')
			continue;
		s->line[s->used - 1] = '\0';
		s->used = 0;
		if (!take_line(s, s->line))
			return 0;
	}
	return (ssize_t)size;
}

/* Until the stream ends; false: the command ends, too, as *outcome says. */
static bool listen_once(struct stream *s, bool last, enum outcome *outcome)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	FILE *to = fopencookie(s, "w", (cookie_io_functions_t){.write = take});
	struct client_ask ask = {.method = "GET",
				 .receive = to,
				 .receives = "text/event-stream"};
	struct client_reply r;
	struct err e = {0};

	if (to == NULL)
		alloc_die();
	setvbuf(to, NULL, _IONBF, 0);
	ask.path = talk_path(&s->talk, a, "/v1/changes", NULL);
	s->used = 0;
	bool answered = talk_attempt(&s->talk, a, &ask, &r, &e);
	fclose(to);
	*outcome = answered ? outcome_of(&r) : OUTCOME_UNAVAILABLE;
	if (s->is_over || s->is_lost) {
		*outcome = s->is_over ? OUTCOME_DONE : OUTCOME_FAILED;
		return false;
	}
	if (*outcome == OUTCOME_DONE ||
	    (*outcome == OUTCOME_UNAVAILABLE && !last))
		return true;
	if (answered)
		talk_judge(&s->talk, *outcome, &r);
	else
		outcome_fail(&e);
	return false;
}

static enum outcome follow(struct stream *s)
{
	int64_t deadline = 0;
	enum outcome outcome = OUTCOME_DONE;

	s->is_heard = true;
	do {
		if (s->is_heard)
			deadline = clock_now() + s->o.wait * MILLIS;
		else
			sleep(PAUSE);
		s->is_heard = false;
	} while (listen_once(s, clock_now() >= deadline, &outcome));
	return outcome;
}

static int run(const struct command *c, const void *options, char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct change_options *o = options;
	struct stream *s = arena_alloc(a, sizeof(*s));

	if (words[0] != NULL)
		return command_misused("it takes no words");
	s->o = o->request;
	s->left = o->count;
	if (!talk_open(&s->talk, c, &s->o))
		return (int)s->talk.outcome;
	if (!s->o.json)
		show_list_begin(&s->shown, a, &s->o, columns);
	enum outcome outcome = follow(s);
	if (!s->o.json)
		show_list_end(&s->shown, true);
	free(s->place);
	talk_close(&s->talk);
	return (int)outcome;
}

static const struct command change_show =
	{.name = "show",
	 .summary = "Show where the log of changes ends, as cursor",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/changes?limit=0")};

static const struct command change_list =
	{.name = "list",
	 .summary = "List what changed, oldest first",
	 .groups = {&choosing, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/changes", .columns = columns,
		 .is_paged = true)};

static const struct command change_follow = {
	.name = "follow",
	.summary = "Tell what changes, as it happens",
	.more = "It goes on where a gateway cannot: with another that is at the "
		"same URL, or with the same later. With --json there is an "
		"object a line.",
	.groups = {&choosing, &following, REQUEST_READS},
	.defaults = &defaults,
	.size = sizeof(struct change_options),
	.run = run,
	.asks = "GET\t/v1/changes\tcursor,kind,domain\t\n"};

static const struct command *const verbs[] = {&change_show, &change_list,
					      &change_follow, NULL};

const struct command command_change = {.name = "change",
				       .summary = "What becomes of records",
				       .verbs = verbs};
