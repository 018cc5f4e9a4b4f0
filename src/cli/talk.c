#include "cli/talk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/connection.h"
#include "cli/show.h"
#include "util/clock.h"
#include "util/random.h"

enum {
	HEADERS_MAX = 8,
	KEY_LENGTH = 26,
	TRIES = 3,
	LOOK_MILLIS = 500, /* between looks at a job */
	DRAW_MILLIS = 200,
	MILLIS = 1000,
	NANOS = 1000000,
	BAR = 30,
	PERCENT = 100,
};

bool talk_open(struct talk *t, const struct command *c, const void *options)
{
	struct err e = {0};

	*t = (struct talk){.arena = arena_new(), .command = c, .o = options};
	if (show_is_blank(t->o)) {
		t->outcome = command_misused("--columns has an empty name");
		arena_release(&t->arena);
		return false;
	}
	if (connection_open(t->arena, t->o, &t->set, &t->client, &e))
		return true;
	t->outcome = outcome_fail(&e);
	arena_release(&t->arena);
	return false;
}

void talk_close(struct talk *t)
{
	client_close(&t->client);
	arena_release(&t->arena);
}

/* What is made is made once, however often it is asked for: the answer may be
 * lost on its way. */
static bool is_repeatable(const struct client_ask *ask)
{
	return strcmp(ask->method, "POST") == 0 && ask->send == NULL;
}

static const char **add_headers(struct talk *t, struct arena *a,
				const struct client_ask *ask)
{
	const char **all = arena_alloc(a, (HEADERS_MAX + 3) * sizeof(*all));
	size_t n = 0;

	while (ask->headers != NULL && ask->headers[n] != NULL &&
	       n < HEADERS_MAX) {
		all[n] = ask->headers[n];
		n++;
	}
	if (is_repeatable(ask))
		all[n++] = arena_join(a, "Idempotency-Key: ",
				      random_word(a, KEY_LENGTH), NULL);
	if (t->o->dry_run && strcmp(ask->method, "GET") != 0)
		all[n++] = "Prefer: dry-run";
	return all;
}

bool talk_attempt(struct talk *t, struct arena *a, const struct client_ask *ask,
		  struct client_reply *ret, struct err *e)
{
	struct client_ask mine = *ask;
	int tries = 0;
	bool good;

	*ret = (struct client_reply){.detail = ""};
	mine.headers = add_headers(t, a, ask);
	do {
		err_clear(e);
		good = client_request(t->client, a, &mine, ret, e);
	} while (!good && e->kind == ERR_UNKNOWN && is_repeatable(ask) &&
		 ++tries < TRIES);
	if (!good && e->kind == ERR_UNKNOWN && strcmp(ask->method, "GET") == 0)
		e->kind = ERR_UNAVAILABLE; /* nothing was to be done */
	if (!good)
		ret->status = 0;
	return good;
}

enum outcome talk_try(struct talk *t, struct arena *a,
		      const struct client_ask *ask, struct client_reply *ret)
{
	struct err e = {0};

	return talk_attempt(t, a, ask, ret, &e) ? outcome_of(ret)
						: outcome_fail(&e);
}

enum outcome talk_judge(struct talk *t, enum outcome outcome,
			const struct client_reply *r)
{
	/* Of what was not answered there was a word already. */
	if (outcome == OUTCOME_DONE || r->status == 0)
		return outcome;
	return outcome_tell(t->command, r);
}

enum outcome talk_ask(struct talk *t, struct arena *a,
		      const struct client_ask *ask, struct client_reply *ret)
{
	return talk_judge(t, talk_try(t, a, ask, ret), ret);
}

enum outcome talk_page(struct talk *t, struct arena *a,
		       const struct client_ask *ask, struct client_reply *ret)
{
	enum outcome outcome = talk_ask(t, a, ask, ret);

	if (outcome != OUTCOME_DONE ||
	    json_is_array(json_object_get(ret->json, "items")))
		return outcome;
	ret->detail = "there is no list in the answer: is that a gateway?";
	return (enum outcome)command_complain(ret->detail);
}

const char *talk_path(struct talk *t, struct arena *a, const char *pattern,
		      char *const *words)
{
	const char *path = "", *name;
	char mark = '?';
	json_t *value;

	for (const char *at; (at = strchr(pattern, '%')) != NULL;
	     pattern = at + 1)
		path = arena_printf(a, "%s%.*s%s", path, (int)(at - pattern),
				    pattern,
				    client_escape(t->client, a, *words++));
	path = arena_join(a, path, pattern, NULL);
	json_object_foreach(t->o->query, name, value) {
		path = arena_printf(a, "%s%c%s=%s", path, mark, name,
				    client_escape(t->client, a,
						  json_string_value(value)));
		mark = '&';
	}
	return path;
}

static const char *state_of(const json_t *job)
{
	const char *state = json_string_value(json_object_get(job, "state"));

	return state != NULL ? state : "";
}

static int64_t number_of(const json_t *job, const char *name)
{
	return json_integer_value(json_object_get(job, name));
}

static void rest(void)
{
	struct timespec pause = {.tv_nsec = (long)LOOK_MILLIS * NANOS};

	nanosleep(&pause, NULL);
}

/* A job that ended otherwise is told as the reply would have been. */
static enum outcome judge(struct talk *t, const json_t *job)
{
	const char *state = state_of(job);
	json_t *error = json_object_get(job, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *why = json_string_value(json_object_get(error, "detail"));

	if (strcmp(state, "succeeded") == 0)
		return OUTCOME_DONE;
	fprintf(stderr, "provost: the job %s: %s (%s)\n",
		strcmp(state, "failed") == 0 ? "failed" : "is not done yet",
		outcome_clean(t->arena, why != NULL ? why : state),
		outcome_clean(t->arena, code != NULL ? code : state));
	return strcmp(state, "failed") == 0 ? OUTCOME_CONFLICT
					    : OUTCOME_UNKNOWN;
}

/* Look at it; true: it has ended.  What fails is told if it is the end, too. */
static bool look(struct talk *t, struct arena *a, const struct client_ask *ask,
		 bool last, json_t **ret, enum outcome *outcome)
{
	struct client_reply reply;
	struct err e = {0};
	bool answered = talk_attempt(t, a, ask, &reply, &e);

	*outcome = answered                    ? outcome_of(&reply)
		   : e.kind == ERR_UNAVAILABLE ? OUTCOME_UNAVAILABLE
					       : OUTCOME_UNKNOWN;
	if (*outcome == OUTCOME_DONE) {
		const char *state = state_of(reply.json);

		*ret = reply.json;
		talk_progress(state, number_of(reply.json, "steps_done"),
			      number_of(reply.json, "steps_total"));
		return strcmp(state, "succeeded") == 0 ||
		       strcmp(state, "failed") == 0;
	}
	if (*outcome == OUTCOME_UNAVAILABLE && !last)
		return false;
	talk_progress_end();
	if (answered)
		outcome_tell(t->command, &reply);
	else
		outcome_fail(&e);
	fputs("  the job was begun: it may have been done\n", stderr);
	return true;
}

enum outcome talk_follow(struct talk *t, struct arena *a, const char *path,
			 json_t **ret)
{
	int64_t deadline = clock_now() + t->o->wait * MILLIS;
	const struct client_ask ask = {.method = "GET", .path = path};
	enum outcome outcome;
	bool over = false;

	*ret = NULL;
	while (!over) {
		struct arena *own = arena_new();
		bool last = clock_now() > deadline;

		/* What is kept lives as long as the last look. */
		arena_defer(a, (void (*)(void *))arena_free, own);
		over = look(t, own, &ask, last, ret, &outcome) || last;
		if (!over)
			rest();
	}
	talk_progress_end();
	return outcome == OUTCOME_DONE ? judge(t, *ret) : OUTCOME_UNKNOWN;
}

enum outcome talk_follow_reply(struct talk *t, const struct client_reply *r,
			       json_t **ret)
{
	const char *path = r->location;

	/* It is put after the URL: it must not reach into the host's name. */
	if (path == NULL || path[0] != '/' || path[1] == '/') {
		*ret = NULL;
		command_complain("the gateway does not say where its job is: "
				 "it may have been done");
		return OUTCOME_UNKNOWN;
	}
	return talk_follow(t, t->arena, path, ret);
}

void talk_progress(const char *what, int64_t done, int64_t total)
{
	static int64_t last;
	int64_t now = clock_now();

	if (!isatty(STDERR_FILENO) || now - last < DRAW_MILLIS)
		return;
	last = now;
	if (total <= 0) {
		fprintf(stderr, "\r\033[K%.40s %lld", what, (long long)done);
	} else {
		int filled = (int)((double)done / (double)total * BAR);

		filled = filled < 0 ? 0 : filled > BAR ? BAR : filled;
		fprintf(stderr, "\r\033[K%.40s [%-*.*s] %d%%", what, BAR,
			filled, "##############################",
			(int)((double)done / (double)total * PERCENT));
	}
	fflush(stderr);
}

void talk_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}
