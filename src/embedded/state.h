/*
 * state - the directory in the file system that holds everything we keep
 *
 *	lock            held while a gateway or its slapd lives
 *	base            the DN everything is below
 *	db, accesslog   slapd's databases
 *	slapd.d         its configuration, written anew at each start
 *	indexes, accesslog-indexes  what the databases are indexed by
 *	ldapi, read     its sockets
 *	ldap-uri        where it listens besides, for mail servers
 *	audit-keep-days that records of changes are kept
 *	admin-password  of the super administrator, as first made
 *	services/       passwords of the mail servers and others
 */
#ifndef EMBEDDED_STATE_H
#define EMBEDDED_STATE_H

#include "embedded/settings.h"

struct state {
	const char *dir;         /* absolute */
	const char *uri;         /* ldapi://... of the socket in it */
	const char *reading_uri; /* and of that for reading on behalf of others
				  */
	const char *adding_uri;  /* and of that for adding */
	int lock;                /* stays open; children inherit it */
};

/* Where it is by default: /var/lib/provost for root, else below the home. */
const char *state_default(struct arena *a);

/* ldapi://... of the socket in such a directory, which another process serves.
 */
bool state_socket(struct arena *a, const char *dir, const char **ret,
		  struct err *e);

/* Make the directory if there is none and, as root, give it to `user` and
 * become him.  Nothing runs as root afterwards. */
bool state_enter(const struct embedded_settings *set, struct arena *a,
		 struct state *ret, struct err *e);

/* As root become that user; as anybody else do nothing. */
bool state_become(const char *user, struct err *e);

/* Make sure that nobody else uses it. */
bool state_lock(struct state *st, struct err *e);

/* Path of something in it. */
const char *state_path(const struct state *st, struct arena *a,
		       const char *name);

#endif
