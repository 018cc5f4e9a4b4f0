/*
 * talk - what a command asks a gateway, and what becomes of that
 *
 *	struct talk t;
 *
 *	if (!talk_open(&t, c, options))
 *		return t.outcome;
 *	int status = talk_ask(&t, a, &ask, &reply);
 *	talk_close(&t);
 *
 * What goes wrong is told on standard error; what is returned is the exit
 * status.
 */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "cli/outcome.h"
#include "cli/request.h"
#include "client/client.h"

struct talk {
	struct arena *arena; /* of the whole command */
	struct client *client;
	struct client_settings set;
	const struct command *command;
	const struct request_options *o;
	enum outcome outcome; /* of talk_open() */
};

/* Options begin with a struct request_options. */
bool talk_open(struct talk *t, const struct command *c, const void *options);
void talk_close(struct talk *t);

/* Ask; OUTCOME_DONE if the reply is of class 2xx.  `Prefer: dry-run` is added
 * where --dry-run was given and the method writes. */
enum outcome talk_ask(struct talk *t, struct arena *a,
		      const struct client_ask *ask, struct client_reply *ret);

/* The same without a word about a reply that is no good: talk_judge() has it.
 */
enum outcome talk_try(struct talk *t, struct arena *a,
		      const struct client_ask *ask, struct client_reply *ret);
enum outcome talk_judge(struct talk *t, enum outcome outcome,
			const struct client_reply *r);

/* The same without a word about anything: false, and why, if there was no
 * answer. */
bool talk_attempt(struct talk *t, struct arena *a, const struct client_ask *ask,
		  struct client_reply *ret, struct err *e);

/* The same of a page of a list: that has to have an array of items. */
enum outcome talk_page(struct talk *t, struct arena *a,
		       const struct client_ask *ask, struct client_reply *ret);

/* A path out of a pattern with a word for each %, escaped, and the query of
 * the options. */
const char *talk_path(struct talk *t, struct arena *a, const char *pattern,
		      char *const *words);

/* Follow a job until it ends, or for as long as --wait says, while the gateway
 * starts anew for one; on a terminal its progress is shown on standard error.
 * The job as it was seen last, or NULL.  It is under way: if nobody tells what
 * became of it that is OUTCOME_UNKNOWN. */
enum outcome talk_follow(struct talk *t, struct arena *a, const char *path,
			 json_t **ret);

/* The same of the job that a reply, of 202, tells of. */
enum outcome talk_follow_reply(struct talk *t, const struct client_reply *r,
			       json_t **ret);

/* How far something is, on standard error if that is a terminal.  `total` 0:
 * nobody knows.  The line is drawn anew a few times a second; talk_progress_end
 * takes it away. */
void talk_progress(const char *what, int64_t done, int64_t total);
void talk_progress_end(void);

#endif
