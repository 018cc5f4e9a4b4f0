#include "cli/inactive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/talk.h"
#include "json/writer.h"

enum {
	PAGE = 50,
	DAYS_MAX = 36500,
};

struct inactive_options {
	struct request_options request;
	const char *domain, *never, *aliases;
	int64_t days;
	bool disable, delete, yes;
};

/* What is done, and how it went so far. */
struct run {
	const struct inactive_options *o;
	struct talk *talk;
	struct writer *out; /* of --json, or NULL */
	size_t count, failed;
	const char *error; /* why it was broken off, or NULL */
};

/* A member that is text, or NULL. */
static const char *member(const json_t *user, const char *name)
{
	return json_string_value(json_object_get(user, name));
}

/* NULL: done; else why not. */
static const char *act(struct run *r, struct arena *a, const char *address)
{
	const struct inactive_options *o = r->o;
	const char *path =
		arena_printf(a, "/v1/users/%s",
			     client_escape(r->talk->client, a, address));
	struct client_ask ask = {.method = o->delete ? "DELETE" : "PATCH",
				 .path = path,
				 .body = o->delete ? NULL
						   : "{\"enabled\":false}"};
	struct client_reply reply;
	struct err e = {0};

	if (o->delete &&o->aliases != NULL)
		ask.path = arena_printf(a, "%s?aliases=%s", path,
					client_escape(r->talk->client, a,
						      o->aliases));
	if (!client_request(r->talk->client, a, &ask, &reply, &e))
		return arena_strdup(a, e.text);
	/* Gone is what was wanted. */
	if (reply.status / 100 == 2 || (o->delete &&reply.status == 404))
		return NULL;
	return arena_printf(a, "%u %s", reply.status, reply.detail);
}

static void write_json(struct run *r, const json_t *user, const char *done,
		       const char *why)
{
	struct writer *w = r->out;

	writer_raw(w, r->count > 0 ? ",{\"address\":" : "{\"address\":");
	writer_text(w, member(user, "address"));
	writer_raw(w, ",\"last_login_at\":");
	writer_text(w, member(user, "last_login_at"));
	writer_raw(w, ",\"created_at\":");
	writer_text(w, member(user, "created_at"));
	writer_raw(w, ",\"outcome\":");
	writer_text(w, done);
	writer_raw(w, ",\"error\":");
	writer_text(w, why);
	writer_raw(w, "}");
}

static void report(struct run *r, const json_t *user, const char *done,
		   const char *why)
{
	const char *last = member(user, "last_login_at");

	if (r->out != NULL)
		write_json(r, user, done, why);
	else
		printf("%s\t%s%s\t%s%s%s\n", member(user, "address"),
		       last != NULL ? "last login " : "never logged in",
		       last != NULL ? last : "", done, why != NULL ? ": " : "",
		       why != NULL ? why : "");
	r->count++;
	r->failed += why != NULL;
}

static void handle(struct run *r, struct arena *a, const json_t *user)
{
	const struct inactive_options *o = r->o;
	const char *address = member(user, "address"), *why = NULL;
	bool enabled = json_is_true(json_object_get(user, "enabled"));
	const char *done = o->delete ? "deleted" : "disabled";

	if (address == NULL)
		return;
	if (!o->delete &&!o->disable) {
		report(r, user, enabled ? "enabled" : "disabled", NULL);
		return;
	}
	if (o->disable && !enabled) {
		report(r, user, "disabled already", NULL);
		return;
	}
	if (o->request.dry_run) {
		report(r, user, o->delete ? "to be deleted" : "to be disabled",
		       NULL);
		return;
	}
	why = act(r, a, address);
	report(r, user, why == NULL ? done : "failed", why);
}

static const char *list_path(struct run *r, struct arena *a, const char *cursor)
{
	const struct inactive_options *o = r->o;
	const char *path =
		arena_printf(a, "/v1/users?limit=%d&inactive_days=%lld", PAGE,
			     (long long)o->days);

	if (o->domain != NULL)
		path = arena_printf(a, "%s&domain=%s", path,
				    client_escape(r->talk->client, a,
						  o->domain));
	if (o->never != NULL)
		path = arena_printf(a, "%s&never=%s", path,
				    client_escape(r->talk->client, a,
						  o->never));
	return cursor == NULL ? path
			      : arena_printf(a, "%s&cursor=%s", path,
					     client_escape(r->talk->client, a,
							   cursor));
}

/* One page; the next one's cursor lives as long as the talk. */
static enum outcome do_page(struct run *r, const char **cursor)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct client_ask ask = {.method = "GET",
				       .path = list_path(r, a, *cursor)};
	struct client_reply reply;
	enum outcome outcome = talk_page(r->talk, a, &ask, &reply);

	if (outcome != OUTCOME_DONE) {
		r->error = arena_strdup(r->talk->arena, reply.status != 0
								? reply.detail
								: "no answer");
		return outcome;
	}
	const json_t *items = json_object_get(reply.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		handle(r, a, json_array_get(items, i));
	const char *next = member(reply.json, "next_cursor");
	*cursor = next != NULL ? arena_strdup(r->talk->arena, next) : NULL;
	return OUTCOME_DONE;
}

static enum outcome do_all(struct run *r)
{
	const char *cursor = NULL;
	enum outcome outcome;

	do {
		outcome = do_page(r, &cursor);
	} while (outcome == OUTCOME_DONE && cursor != NULL);
	return outcome;
}

static bool check(const struct inactive_options *o, struct err *e)
{
	if (o->days < 1 || o->days > DAYS_MAX)
		return err_set(e, ERR_INVALID,
			       "--days is a number from 1 to %d", DAYS_MAX);
	if (o->disable && o->delete)
		return err_set(e, ERR_INVALID,
			       "--disable or --delete, not both");
	if (o->aliases != NULL && !o->delete)
		return err_set(e, ERR_INVALID, "--aliases goes with --delete");
	if ((o->disable || o->delete) && !o->request.dry_run && !o->yes)
		return err_set(e, ERR_INVALID,
			       "give --yes to have it done, or --dry-run to "
			       "see what would be");
	return true;
}

static void write_end(struct run *r)
{
	struct writer *w = r->out;

	writer_raw(w, "],\"failed\":");
	writer_number(w, (int64_t)r->failed);
	writer_raw(w, ",\"error\":");
	writer_text(w, r->error);
	writer_raw(w, "}");
	puts(w->text);
}

static enum outcome conclude(struct run *r, enum outcome outcome)
{
	if (r->out != NULL)
		write_end(r);
	if (outcome == OUTCOME_DONE && r->failed > 0) {
		fprintf(stderr, "provost: %zu of %zu users failed\n", r->failed,
			r->count);
		return OUTCOME_FAILED;
	}
	return outcome;
}

static int inactive(const struct command *c, const void *options,
		    char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct inactive_options *o = options;
	struct writer w = {.arena = a};
	struct talk talk;
	struct run r = {.o = o,
			.talk = &talk,
			.out = o->request.json ? &w : NULL};
	struct err e = {0};

	if (words[0] != NULL)
		return command_misused("user inactive takes options only");
	if (!check(o, &e))
		return command_misused(e.text);
	writer_raw(&w, "{\"users\":[");
	if (!talk_open(&talk, c, options)) {
		r.error = "no gateway can be asked";
		return conclude(&r, talk.outcome);
	}
	enum outcome outcome = conclude(&r, do_all(&r));
	talk_close(&talk);
	return outcome;
}

/* clang-format off */
#define F(member) FIELD(struct inactive_options, member)
static const struct command_option option_rows[] = {
	OPTION("days", F(days), "N",
	 "from 1 to 36500"),
	OPTION("domain", F(domain), "D",
	 "only users of this domain"),
	OPTION("never", F(never), "only|exclude",
	 "those who never logged in, or all but those"),
	OPTION("disable", F(disable), NULL,
	 "no mail and no login; it can be taken back"),
	OPTION("delete", F(delete), NULL,
	 "with what the directory knows of them"),
	OPTION("aliases", F(aliases), "refuse|remove|keep",
	 "that lead to who is deleted [refuse]"),
	OPTION("yes", F(yes), NULL,
	 "do it"),
	OPTION("json", F(request.json), NULL,
	 "one JSON object instead of lines"),
	OPTIONS_END,
};
#undef F
/* clang-format on */

static const struct command_group group = {.rows = option_rows};

static const struct inactive_options defaults = {.request = REQUEST_DEFAULTS};

const struct command inactive_command = {
	.name = "inactive",
	.summary = "Name who has not logged in for long, or disable or delete "
		   "them",
	.more = "Who was there N days ago and has not logged in at the mail "
		"server since; the gateway knows of logins where Dovecot tells "
		"it.",
	.groups = {&group, &request_writing, &request_connection},
	.defaults = &defaults,
	.size = sizeof(struct inactive_options),
	.run = inactive,
	.asks = "GET\t/v1/users\tdomain,inactive_days,never\t\n"
		"PATCH\t/v1/users/%\t\tenabled\n"
		"DELETE\t/v1/users/%\taliases\t\n"};
