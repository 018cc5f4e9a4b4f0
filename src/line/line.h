/*
 * line - connections that speak in lines of text, for small protocols of mail
 * servers
 *
 * Each connection is served on a fiber of its own, by straight-line code that
 * reads a line, answers it, and reads the next.  Everything is bounded: lines,
 * connections, and every wait.  All functions belong to the loop's thread.
 */
#ifndef LINE_LINE_H
#define LINE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct line;
struct line_server;

struct line_parts {
	struct loop *loop;
	int listener;         /* listens already, does not block; taken over */
	unsigned connections; /* at most; others wait to be accepted */
	size_t longest;       /* bytes of a line, at most */
	int64_t patience;     /* milliseconds for a whole line to arrive, and
			       * for an answer to be taken */

	/* The conversation, on a fiber; when it returns the connection ends. */
	void (*serve)(void *ctx, struct line *l);
	void *ctx;
};

/* NULL, with e set, if the kernel refuses; then the listener is closed, too. */
struct line_server *line_server_open(const struct line_parts *p, struct err *e);

/* Accept nobody any more; who waits for a line is told that there is none. */
void line_server_stop(struct line_server *s);
bool line_server_is_idle(const struct line_server *s);

/* It must be idle.  Accepts NULL. */
void line_server_free(struct line_server **s);

/* The next line, without its "\n" or "\r\n"; it lives until the next call.
 * False when there is none: the peer is gone, or took too long, or sent a line
 * that is too long or has a NUL in it, or the server stops. */
bool line_read(struct line *l, char **ret);

/* False if the peer does not take it in time, or is gone. */
bool line_write(struct line *l, const char *text, size_t size);

#endif
