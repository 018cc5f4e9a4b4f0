/*
 * post - messages that are posted to servers which others have named
 *
 * One thread has all of them on their way, so that one who does not answer
 * holds up nobody else.  Over TLS 1.2 or later, with a certificate for the very
 * name in the address: no redirection, no proxy, nothing remembered from one to
 * the next.  Whether an address of the Internet may be spoken to is asked for
 * the very one that is connected to, after its name was looked up: what the
 * name leads to a moment earlier or later makes no difference.
 */
#ifndef CLIENT_POST_H
#define CLIENT_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util/err.h"

enum {
	POSTS_MOST = 256,  /* on their way */
	POSTS_AGAIN = 128, /* of these, of those that failed before */
	POSTS_WAITING = 2048,
	POST_REPLY = 65536, /* bytes of a reply that are read, and dropped */
	POST_ERROR = 128,
};

struct poster;

struct post_settings {
	const char *ca_file; /* PEM; NULL: the system's authorities */
	bool plain;          /* http, too */
	const char *agent;   /* what we are called */

	/* Whether that address may be spoken to; on the poster's thread. */
	bool (*allows)(void *ctx, const struct sockaddr *to);
	void *ctx;
};

/* One message; the caller's, until `done` was called for it. */
struct post {
	const char *url;
	const char *const *headers; /* "name: value", ended by NULL */
	const char *body;
	size_t size;
	int64_t millis; /* until it is given up; waiting counts */
	bool again;     /* it failed before */

	/* On the poster's thread: touch nothing there, just say so. */
	void (*done)(void *ctx);
	void *ctx;

	/* What came of it: a status, 0 if there was no whole reply; seconds
	 * that the receiver asks to wait, or 0; and in words why. */
	long status, retry_after;
	char error[POST_ERROR];

	/* The poster's own. */
	struct poster *poster;
	struct post *next;
	void *handle, *list;
	int64_t deadline;
	size_t got;
	bool cancelled, refused;
};

/* The settings must outlive it.  NULL: there is no thread. */
struct poster *poster_open(const struct post_settings *set, struct err *e);

/* From any thread.  False, and nothing more comes of it, if too many wait. */
bool poster_send(struct poster *p, struct post *what);

/* From any thread: end it soon; `done` is still called. */
void poster_cancel(struct poster *p, struct post *what);

/* Nothing may be on its way.  Accepts NULL. */
void poster_close(struct poster **p);

#endif
