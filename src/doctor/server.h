/*
 * server - what can be told of slapd itself
 */
#ifndef DOCTOR_SERVER_H
#define DOCTOR_SERVER_H

#include "doctor/sight.h"

struct server {
	struct sight *sight;
	struct report *report;
	const char *base;
	const char *config;  /* slapd.d, or NULL: not on this machine */
	const char *program; /* slapd, if it is the one that runs */
	const char *listens; /* the address for others, or NULL */
};

/* Indexes and overlays, against what is shipped. */
bool server_configuration(const struct server *s, struct err *e);

/* Is an old slapd to be reached from elsewhere? */
void server_exposure(const struct server *s);

/* Has more than one server taken writes? */
bool server_writers(const struct server *s, struct err *e);

/* The same, of texts: for each way in which the first indexes an attribute and
 * the second does not, and each overlay, one call. */
typedef void server_lack(void *ctx, const char *what);
void server_compare(const char *shipped, const char *name, const char *found,
		    server_lack *lack, void *ctx);

/* "2.5.13+dfsg-5" is older than that. */
bool server_is_old(const char *version);

#endif
