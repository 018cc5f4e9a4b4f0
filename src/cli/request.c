#include "cli/request.h"

#include <stdio.h>
#include <string.h>

#include "cli/connection.h"
#include "cli/edit.h"
#include "cli/member.h"
#include "cli/prompt.h"
#include "cli/show.h"
#include "cli/talk.h"
#include "util/alloc.h"
#include "util/text.h"

enum { PAGE = 500, ACCEPTED = 202 };

static bool misuse(const struct command *c, const char *why)
{
	fprintf(stderr, "provost: %s.  It is: %s %s; see --help\n", why,
		c->name, c->words != NULL ? c->words : "[OPTION]...");
	return false;
}

/* Empty, or one that is taken for a step within the path (RFC 3986, 5.2.4): it
 * would name something else. */
static bool names_nothing(const char *word)
{
	return *word == '\0' || strcmp(word, ".") == 0 ||
	       strcmp(word, "..") == 0;
}

/* Words for the path first, then those that are members. */
static bool take_words(struct request_options *o, struct arena *a,
		       const struct command *c, char *const *words)
{
	const struct action *action = c->subject;
	const char *names = action->members != NULL ? action->members : "";

	for (const char *p = action->path; *p != '\0'; p++) {
		if (*p != '%')
			continue;
		if (*words == NULL)
			return misuse(c, "a word is missing");
		if (names_nothing(*words++))
			return misuse(c, "a word names nothing");
	}
	for (; *names != '\0' && *words != NULL; words++) {
		size_t size = strcspn(names, ",*");
		const char *key = arena_strndup(a, names, size);

		if (!text_is_clean(*words))
			return misuse(c, "a word is not UTF-8");
		if (names[size] == '*') {
			member_append(a, &o->body, key, *words);
			continue;
		}
		member_set(a, &o->body, key, json_string(*words));
		names += size + (names[size] == ',');
	}
	if (*names != '\0' && names[strlen(names) - 1] != '*')
		return misuse(c, "a word is missing");
	return *words == NULL || misuse(c, "there is a word too many");
}

static bool take_unset(struct request_options *o, struct arena *a,
		       const struct command *c)
{
	for (size_t i = 0; i < o->unset.count; i++) {
		const struct command_option *row =
			command_option(c, o->unset.items[i]);

		if (row == NULL || row->key == NULL)
			return misuse(c, "--unset takes the name of another "
					 "option, without dashes");
		member_set(a, &o->body, row->key, json_null());
	}
	return true;
}

/* What takes the place of a list would take what is added with it. */
static bool check_edits(struct request_options *o, const struct command *c)
{
	json_t *value;
	const char *key;

	json_object_foreach(o->edits, key, value) {
		if (json_object_get(o->body, key) != NULL)
			return misuse(c, "a list is added to and taken from, "
					 "or replaced, not both");
	}
	return true;
}

static bool check(struct request_options *o, struct arena *a,
		  const struct command *c, char *const *words)
{
	const struct action *action = c->subject;

	if (!take_words(o, a, c, words) || !take_unset(o, a, c) ||
	    !check_edits(o, c))
		return false;
	return !action->is_wanting || o->body != NULL || o->edits != NULL ||
	       o->password_hash_file != NULL ||
	       misuse(c, "say what is to be changed");
}

static bool take_secret(struct talk *t, struct request_options *o,
			const char *key, const char *text, struct err *e)
{
	json_t *value = json_string(text);

	if (value == NULL)
		return err_set(e, ERR_INVALID, "the %s is not UTF-8",
			       strcmp(key, "password_hash") == 0 ? "hash"
								 : "password");
	member_set(t->arena, &o->body, key, value);
	return true;
}

/* In place of a password, the hash of one. */
static bool take_hash(struct talk *t, struct request_options *o, struct err *e)
{
	const char *hash;

	return connection_secret(t->arena, o->password_hash_file, &hash, e) &&
	       take_secret(t, o, "password_hash", hash, e);
}

/* Whoever changes his own says the one he has, too. */
static bool take_new(struct talk *t, struct request_options *o,
		     const char *whose, struct err *e)
{
	const char *text;

	return (o->new_password_file != NULL
			? connection_secret(t->arena, o->new_password_file,
					    &text, e)
			: prompt_new_secret(t->arena, whose, &text, e)) &&
	       take_secret(t, o, "password", text, e);
}

static bool take_passwords(struct talk *t, struct request_options *o,
			   const char *whose, struct err *e)
{
	const struct action *action = t->command->subject;
	bool asked = o->ask_password || o->new_password_file != NULL ||
		     action->password == ASKED_PASSWORD;

	if (asked + o->generate_password + (o->password_hash_file != NULL) > 1)
		return err_set(e, ERR_INVALID,
			       "a password comes from one place only");
	if (o->generate_password)
		member_set(t->arena, &o->query, "generate_password",
			   json_string("true"));
	if (o->password_hash_file != NULL)
		return take_hash(t, o, e);
	if (!asked)
		return true;
	if (!take_new(t, o, whose, e))
		return false;
	if (action->password == ASKED_PASSWORD && t->set.login != NULL &&
	    text_equal(text_lower(t->arena, t->set.login),
		       text_lower(t->arena, whose)))
		return take_secret(t, o, "current", t->set.password, e);
	return true;
}

/* Of what was read only: what was done is done, whatever is shown of it. */
static bool check_columns(struct talk *t, const json_t *records)
{
	const char *name = show_unknown(t->o, records);

	if (name != NULL)
		fprintf(stderr, "provost: there is no member %s\n",
			outcome_clean(t->arena,
				      arena_strndup(t->arena, name,
						    strcspn(name, ","))));
	return name == NULL;
}

static enum outcome follow(struct talk *t, const struct client_reply *r)
{
	json_t *job = NULL;
	enum outcome outcome = talk_follow_reply(t, r, &job);

	if (job != NULL)
		show_object(t->o, job);
	return outcome;
}

/* The list that is in a record. */
static enum outcome show_inside(struct talk *t, const struct action *action,
				const struct client_reply *r)
{
	const json_t *items = json_object_get(r->json, action->items);
	struct show_list shown;

	if (!check_columns(t, items))
		return OUTCOME_MISUSED;
	show_list_begin(&shown, t->arena, t->o, action->columns);
	show_list_page(&shown, items);
	show_list_end(&shown, true);
	return OUTCOME_DONE;
}

static enum outcome show(struct talk *t, const struct client_ask *ask,
			 const struct client_reply *r)
{
	const struct action *action = t->command->subject;

	if (t->o->dry_run && strcmp(ask->method, "GET") != 0) {
		show_rehearsal(t->o, r);
		return OUTCOME_DONE;
	}
	if (r->status == ACCEPTED && r->location != NULL && !t->o->no_wait)
		return follow(t, r);
	if (action->items != NULL && r->json != NULL && !t->o->json)
		return show_inside(t, action, r);
	if (strcmp(ask->method, "GET") == 0 && r->json != NULL) {
		json_t *records = json_pack("[O]", r->json);
		bool good = check_columns(t, records);

		json_decref(records);
		if (!good)
			return OUTCOME_MISUSED;
	}
	show_record(t->o, r);
	return OUTCOME_DONE;
}

static enum outcome ask_once(struct talk *t, const char *path)
{
	const struct action *action = t->command->subject;
	struct client_ask ask = {.method = action->method,
				 .path = path,
				 .receives = action->is_text ? "*/*" : NULL};
	struct client_reply reply;

	if (t->o->body != NULL)
		ask.body = json_text_print(t->arena, json_incref(t->o->body),
					   JSON_COMPACT);
	enum outcome outcome = talk_ask(t, t->arena, &ask, &reply);
	return outcome == OUTCOME_DONE ? show(t, &ask, &reply) : outcome;
}

static enum outcome edit(struct talk *t, const char *path)
{
	struct client_ask ask = {.method = "PATCH"};
	struct client_reply reply;
	enum outcome outcome = edit_lists(t, t->arena, path, &reply);

	return outcome == OUTCOME_DONE ? show(t, &ask, &reply) : outcome;
}

/* Where the next page begins, if there is one. */
static const char *next_of(const json_t *page)
{
	const json_t *more = json_object_get(page, "more");

	if (more == NULL)
		return json_string_value(json_object_get(page, "next_cursor"));
	return json_is_true(more)
		       ? json_string_value(json_object_get(page, "cursor"))
		       : NULL;
}

/* One page; *more: there is another, whose cursor is among the options. */
static enum outcome ask_page(struct talk *t, struct request_options *o,
			     struct show_list *list, char *const *words,
			     bool *more)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct action *action = t->command->subject;
	const struct client_ask ask = {.method = "GET",
				       .path = talk_path(t, a, action->path,
							 words)};
	struct client_reply reply;
	enum outcome outcome = talk_page(t, a, &ask, &reply);

	if (outcome != OUTCOME_DONE)
		return outcome;
	const json_t *items = json_object_get(reply.json, "items");
	if (!*more && !check_columns(t, items))
		return OUTCOME_MISUSED;
	show_list_page(list, items);
	const char *next = next_of(reply.json);
	*more = next != NULL;
	if (next != NULL)
		member_set(t->arena, &o->query, "cursor", json_string(next));
	return OUTCOME_DONE;
}

static enum outcome list(struct talk *t, struct request_options *o,
			 char *const *words)
{
	const struct action *action = t->command->subject;
	enum outcome outcome;
	struct show_list shown;
	bool more = false;

	if (action->is_paged)
		member_set(t->arena, &o->query, "limit",
			   json_string(arena_printf(t->arena, "%d", PAGE)));
	show_list_begin(&shown, t->arena, t->o, action->columns);
	do {
		outcome = ask_page(t, o, &shown, words, &more);
	} while (outcome == OUTCOME_DONE && more);
	show_list_end(&shown, outcome == OUTCOME_DONE);
	return outcome;
}

static enum outcome carry_out(struct talk *t, struct request_options *o,
			      char *const *words)
{
	const struct action *action = t->command->subject;
	struct err e = {0};

	if (action->password != NO_PASSWORD &&
	    !take_passwords(t, o, words[0], &e))
		return outcome_fail(&e);
	if (action->columns != NULL && action->items == NULL)
		return list(t, o, words);
	const char *path = talk_path(t, t->arena, action->path, words);
	return o->edits != NULL ? edit(t, path) : ask_once(t, path);
}

int request_run(const struct command *c, const void *options,
		char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct request_options o = *(const struct request_options *)options;
	struct talk t;

	if (!check(&o, a, c, words))
		return OUTCOME_MISUSED;
	if (!talk_open(&t, c, &o))
		return t.outcome;
	enum outcome outcome = carry_out(&t, &o, words);
	talk_close(&t);
	return outcome;
}

const struct request_options request_defaults = REQUEST_DEFAULTS;

/* clang-format off */
#define F(member) FIELD(struct request_options, member)
const struct command_group request_connection = {
	"The gateway", (const struct command_option[]){
	OPTION("url", F(url),           "URL",
	 "of the gateway: https://, or http:// on this machine "
	 "[$PROVOST_URL, or http://127.0.0.1:8080]"),
	OPTION("ca-file", F(ca_file),       "FILE",
	 "whom to trust about its certificate [$PROVOST_CA_FILE, or the "
	 "system's]"),
	OPTION("login", F(login),         "NAME",
	 "whom to log in as [$PROVOST_LOGIN, or admin]"),
	OPTION("password-file", F(password_file), "FILE",
	 "whose first line is his password, - is the standard input "
	 "[$PROVOST_PASSWORD, $PROVOST_PASSWORD_FILE, of admin that in the "
	 "state directory, or you are asked]"),
	OPTION("key-file", F(key_file),      "FILE",
	 "an API key in place of login and password [$PROVOST_KEY, "
	 "$PROVOST_KEY_FILE]"),
	OPTION("state-dir", F(state_dir),     "DIR",
	 "of provostd [/var/lib/provost as root]"),
	OPTIONS_END}};

const struct command_group request_output = {
	"What is printed", (const struct command_option[]){
	OPTION("json", F(json),    NULL, "JSON, as the gateway answers"),
	OPTION("columns", F(columns), "LIST",
	 "members to show, with commas between"),
	OPTIONS_END}};

const struct command_group request_writing = {
	"How it is done", (const struct command_option[]){
	OPTION("dry-run", F(dry_run), NULL,
	 "change nothing, and tell what would be changed"),
	OPTIONS_END}};

const struct command_group request_unsetting = {
	"Besides", (const struct command_option[]){
	OPTION("unset", F(unset), "NAME",
	 "bring back the default of what another option sets, quota-bytes for "
	 "one; may be given again"),
	OPTIONS_END}};

const struct command_group request_reverting = {
	"How it is to be", (const struct command_option[]){
	MEMBER("as-of", member_text, "as_of", "TIME",
	       "as it was then, 2026-11-22T00:00:00Z for one, or right after a "
	       "change, by the id that audit list has"),
	MEMBER("before", member_text, "before", "ID",
	       "as it was before that change"),
	OPTIONS_END}};

const struct command_group request_owner = {
	NULL, (const struct command_option[]){
	MEMBER("owner", query_text, "owner", "LOGIN",
	       "those of somebody else [yours]"),
	OPTIONS_END}};

const struct command_group request_waiting = {
	"If it takes its time", (const struct command_option[]){
	OPTION("wait", F(wait),    "SECONDS",
	 "how long to wait for the end of it [3600]"),
	OPTION("no-wait", F(no_wait), NULL, "do not wait"),
	OPTIONS_END}};

const struct command_group request_new_password = {
	"The password", (const struct command_option[]){
	OPTION("new-password-file", F(new_password_file), "FILE",
	 "whose first line it is, - is the standard input [you are asked]"),
	OPTIONS_END}};

const struct command_group request_ready_hash = {
	"The password", (const struct command_option[]){
	OPTION("password-hash-file", F(password_hash_file), "FILE",
	 "whose first line is a ready-made hash of another one"),
	OPTIONS_END}};

const struct command_group request_made_password = {
	"The password", (const struct command_option[]){
	OPTION("ask-password", F(ask_password),       NULL,
	 "ask for it, twice"),
	OPTION("new-password-file", F(new_password_file),  "FILE",
	 "whose first line it is, - is the standard input"),
	OPTION("generate-password", F(generate_password),  NULL,
	 "have one made up, and told"),
	OPTION("password-hash-file", F(password_hash_file), "FILE",
	 "whose first line is a ready-made hash of one"),
	OPTIONS_END}};
#undef F
/* clang-format on */
