/*
 * stream - a connected socket that one fiber at a time reads and writes
 *
 * What is waited for ends at *until, by clock_now(); who makes that earlier
 * wakes the fiber.
 */
#ifndef POLICY_STREAM_H
#define POLICY_STREAM_H

#include "loop/loop.h"
#include "policy/request.h"

struct stream;

/* Takes the descriptor over, also when it fails. */
struct stream *stream_open(struct loop *l, int fd, struct err *e);

/* Accepts NULL. */
void stream_close(struct stream **s);

/* What was received and not yet taken. */
const char *stream_text(const struct stream *s, size_t *size);
void stream_take(struct stream *s, size_t size);

/* Receive more.  ERR_UNAVAILABLE: the other side is gone; ERR_TOO_LARGE: what
 * is there fills the REQUEST_MAX bytes we have for it. */
bool stream_fill(struct stream *s, const int64_t *until, struct err *e);

bool stream_write(struct stream *s, const char *text, const int64_t *until,
		  struct err *e);

/* Let a fiber that waits on it look at its deadline. */
void stream_wake(struct stream *s);

/* Whether nothing was heard on it that nobody has asked for. */
bool stream_is_quiet(const struct stream *s);

/* How often somebody waited on it. */
unsigned long stream_waits(const struct stream *s);

#endif
