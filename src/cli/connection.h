/*
 * connection - which gateway a command asks, and who asks
 *
 * What options do not say the environment does: PROVOST_URL, PROVOST_CA_FILE,
 * PROVOST_LOGIN, PROVOST_PASSWORD, PROVOST_PASSWORD_FILE, PROVOST_KEY,
 * PROVOST_KEY_FILE.  Without any it is the administrator of the provostd on
 * this machine, by the file in its state directory; else the password is asked
 * for at the terminal.  No secret is ever an argument.
 */
#ifndef CLI_CONNECTION_H
#define CLI_CONNECTION_H

#include "cli/request.h"
#include "client/client.h"

/* The settings live in the arena, as long as the client is used. */
bool connection_open(struct arena *a, const struct request_options *o,
		     struct client_settings *set, struct client **ret,
		     struct err *e);

/* The first line of a file; "-" is the standard input. */
bool connection_secret(struct arena *a, const char *path, const char **ret,
		       struct err *e);

#endif
