/*
 * client - requests to a gateway over HTTP, one after the other
 *
 * Every wait has a limit, no redirection is followed, and what comes back is
 * bounded.  With https:// the certificate is verified against the system's
 * authorities; http:// goes nowhere but to the machine itself.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "util/arena.h"
#include "util/err.h"
#include "json/text.h"

struct client;

struct client_reply {
	unsigned status;
	const char *detail; /* of an error, in words */
	json_t *json;       /* the body, or NULL */
};

/* The texts are kept.  NULL, with e set, on failure. */
struct client *client_open(const char *url, const char *login,
			   const char *password, struct err *e);

/* Accepts NULL; for CLEANUP(). */
void client_close(struct client **c);

/* A path below the URL, with its query; json is the body, or NULL.  True if
 * the gateway answered, whatever it said. */
bool client_request(struct client *c, struct arena *a, const char *method,
		    const char *path, const char *json,
		    struct client_reply *ret, struct err *e);

/* Something as a part of a path or query. */
const char *client_escape(struct client *c, struct arena *a, const char *text);

#endif
