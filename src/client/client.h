/*
 * client - requests to a gateway over HTTP, one after the other
 *
 * Every wait has a limit, no redirection is followed, no proxy is used, and
 * what is kept of a reply is bounded.  With https:// the certificate is
 * verified; http:// goes nowhere but to the machine itself.  What libcurl lets
 * go of is wiped, for there are passwords among it.
 *
 * A body may be a file that is sent as it is read, and a reply may go into a
 * file as it comes: neither is ever in memory as a whole, and they may take as
 * long as they do while something moves.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdio.h>

#include "util/arena.h"
#include "util/err.h"
#include "json/text.h"

struct client;

/* The texts are kept.  With neither login nor key nobody logs in. */
struct client_settings {
	const char *url;
	const char *ca_file; /* PEM; NULL: the system's authorities */
	const char *login, *password;
	const char *key; /* an API key, or another bearer's token */
};

struct client_ask {
	const char *method;
	const char *path; /* below the URL, with its query */
	const char *type; /* of the body; NULL: application/json */
	const char *body; /* or NULL */

	/* "Name: value", ended by NULL; or NULL */
	const char *const *headers;

	FILE *send;           /* in place of a body, or NULL */
	int64_t send_size;    /* of that; -1: nobody knows */
	FILE *receive;        /* where the body of a reply of class 2xx goes */
	const char *receives; /* NULL: JSON; else what is accepted */

	/* Called now and then while `send` is under way, or NULL. */
	void (*progress)(void *ctx, int64_t sent);
	void *ctx;
};

struct client_reply {
	unsigned status;
	const char *text;   /* the body as it came, "" if it was received */
	json_t *json;       /* the same, or NULL */
	const char *detail; /* of an error, in words */

	/* Headers, or NULL. */
	const char *location, *etag, *request, *retry_after;
};

/* NULL, with e set, on failure. */
struct client *client_open(const struct client_settings *set, struct err *e);

/* Accepts NULL; for CLEANUP(). */
void client_close(struct client **c);

/* True if the gateway answered, whatever it said.  Else ERR_UNAVAILABLE if
 * nothing was sent, ERR_UNKNOWN if the answer was lost. */
bool client_request(struct client *c, struct arena *a,
		    const struct client_ask *ask, struct client_reply *ret,
		    struct err *e);

/* Something as a part of a path or query. */
const char *client_escape(struct client *c, struct arena *a, const char *text);

#endif
