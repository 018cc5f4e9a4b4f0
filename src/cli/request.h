/*
 * request - commands that are one request to a gateway, as a table says it
 *
 * What is to be sent comes of options (member.h) and words; what comes back is
 * shown.  The groups of options are for other commands that speak with a
 * gateway, too: their options begin with a struct request_options.
 */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "cli/command.h"
#include "json/text.h"

struct request_options {
	/* request_connection: of the gateway, and who we are. */
	const char *url, *ca_file, *login, *password_file, *key_file;
	const char *state_dir;

	/* request_output */
	const char *columns;
	bool json;

	/* request_writing */
	bool dry_run;

	/* request_unsetting: options whose members get their defaults */
	struct text_list unset;

	/* request_waiting */
	int64_t wait;
	bool no_wait;

	/* request_passwords */
	const char *new_password_file, *password_hash_file;
	bool ask_password, generate_password;

	/* What members say (member.h): objects, or NULL. */
	json_t *body, *query;
	json_t *edits; /* of lists: {"destinations": {"add": [], "remove": []}}
			*/
};

extern const struct command_group request_connection, request_output;
extern const struct command_group request_writing, request_waiting;
extern const struct command_group request_unsetting;
extern const struct command_group request_reverting, request_owner;
extern const struct command_group request_new_password, request_made_password;
extern const struct command_group request_ready_hash;

/* What holds if nothing is said; of a struct that begins with one
 * {.request = REQUEST_DEFAULTS}. */
#define REQUEST_DEFAULTS     \
	{                    \
		.wait = 3600 \
	}
extern const struct request_options request_defaults;

/* What one command asks; the subject of a struct command. */
struct action {
	const char *method;
	const char *path; /* each % is a word */

	/* Members that further words become, with commas between; of the last,
	 * if it ends in *, all that are left. */
	const char *members;

	/* Of a list: which members are shown on a terminal, with commas. */
	const char *columns;

	const char *items; /* of a record that is shown as a list: the member
			    * with that; NULL: it is a list, or no list */

	bool is_paged;   /* takes a limit and a cursor */
	bool is_text;    /* may be answered in something else than JSON */
	bool is_wanting; /* without a member there is nothing to do */
	enum { NO_PASSWORD, NEW_PASSWORD, ASKED_PASSWORD } password;
};

/* The rest of a row that is one request: REQUEST(.method = "GET", ...). */
#define REQUEST(...)                                                           \
	.defaults = &request_defaults, .size = sizeof(struct request_options), \
	.run = request_run, .subject = &(const struct action)                  \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

/* Groups of all that read, and of all that write. */
#define REQUEST_READS &request_output, &request_connection
#define REQUEST_WRITES &request_writing, REQUEST_READS

/* Rows that many families have: REQUEST_SHOW("Show a key", "ID", "/v1/keys/%").
 */
#define REQUEST_SHOW(said, word, at)                                \
	{                                                           \
		.name = "show", .summary = (said), .words = (word), \
		.groups = {REQUEST_READS},                          \
		REQUEST(.method = "GET", .path = (at))              \
	}
#define REQUEST_REMOVE(said, word, at)                                \
	{                                                             \
		.name = "remove", .summary = (said), .words = (word), \
		.groups = {REQUEST_WRITES},                           \
		REQUEST(.method = "DELETE", .path = (at))             \
	}
#define REQUEST_REVERT(said, word, at)                                      \
	{                                                                   \
		.name = "revert", .summary = (said), .words = (word),       \
		.groups = {&request_reverting, REQUEST_WRITES},             \
		REQUEST(.method = "POST", .path = (at), .is_wanting = true) \
	}

int request_run(const struct command *c, const void *options,
		char *const *words);

#endif
