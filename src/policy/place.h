/*
 * place - where a service is: "inet:ADDRESS:PORT" or "unix:/path", as Postfix
 * names them; "inet:" may be left out
 */
#ifndef POLICY_PLACE_H
#define POLICY_PLACE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "util/arena.h"
#include "util/err.h"
#include "util/field.h"

struct place {
	struct sockaddr_storage address;
	socklen_t size;
	const char *path;   /* of a unix socket, else NULL */
	const char *server; /* ADDRESS:PORT, else NULL */
};

/* Names of hosts are not looked up: that could take any time. */
bool place_parse(struct arena *a, const char *text, struct place *ret,
		 struct err *e);

/* The words between blanks. */
struct text_list place_list(struct arena *a, const char *text);

/* Whether only programs on this machine can get there. */
bool place_is_near(const struct place *p);

/* A socket that connects by itself while it is written to; -1 and errno. */
int place_dial(const struct place *p);

#endif
