#include "cli/status.h"

#include <stdio.h>

#include "cli/show.h"
#include "cli/talk.h"

enum { READY = 200, UNREADY = 503 };

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void print_checks(const json_t *checks)
{
	static const char *const headings[] = {"CHECK", "STATUS", "DETAIL"};
	CLEANUP(table_free)
	struct table *t = table_new(COUNT(headings), headings);

	for (size_t i = 0; i < json_array_size(checks); i++) {
		const json_t *check = json_array_get(checks, i);
		const char *row[] = {text_of(check, "name"),
				     text_of(check, "status"),
				     text_of(check, "detail")};

		table_add(t, row);
	}
}

/* Readiness is an answer, whichever it is. */
static enum outcome ask_ready(struct talk *t, json_t **ret)
{
	const struct client_ask ask = {.method = "GET", .path = "/readyz"};
	struct client_reply reply;
	enum outcome outcome = talk_try(t, t->arena, &ask, &reply);

	if (reply.status != READY && reply.status != UNREADY)
		return talk_judge(t, outcome, &reply);
	*ret = reply.json;
	if (!t->o->json)
		print_checks(json_object_get(reply.json, "checks"));
	return outcome;
}

static enum outcome ask_me(struct talk *t, json_t **ret)
{
	const struct client_ask ask = {.method = "GET", .path = "/v1/me"};
	struct client_reply reply;
	enum outcome outcome = talk_ask(t, t->arena, &ask, &reply);

	*ret = outcome == OUTCOME_DONE ? reply.json : NULL;
	if (*ret != NULL && !t->o->json)
		show_object(t->o, reply.json);
	return outcome;
}

static int run(const struct command *c, const void *options, char *const *words)
{
	json_t *ready = NULL, *me = NULL;
	struct talk t;

	if (words[0] != NULL)
		return command_misused("status takes options only");
	if (!talk_open(&t, c, options))
		return t.outcome;
	enum outcome outcome = ask_ready(&t, &ready);
	if (outcome == OUTCOME_DONE)
		outcome = ask_me(&t, &me);
	if (t.o->json && ready != NULL) {
		json_t *both = json_pack("{sO, sO?}", "ready", ready, "me", me);

		show_object(t.o, both);
		json_decref(both);
	}
	talk_close(&t);
	return outcome;
}

const struct command command_status = {
	.name = "status",
	.summary = "Say whether the gateway is ready, and who you are to it",
	.more = "The exit status is 0 if it is ready and knows you, 7 if it is "
		"not ready or does not answer, 6 if it does not know you.",
	.groups = {REQUEST_READS},
	.defaults = &request_defaults,
	.size = sizeof(struct request_options),
	.run = run,
	.asks = "GET\t/readyz\t\t\nGET\t/v1/me\t\t\n"};
