/*
 * err - why something failed, told once, in words an operator understands
 *
 * A function that can fail returns bool and takes a struct err as its last
 * parameter.  The one that finds the fault calls err_set(); those it passes
 * through may add what they were doing with err_wrap().  Only the outermost
 * layer turns the result into a log line and a reply.
 */
#ifndef UTIL_ERR_H
#define UTIL_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_kind {
	ERR_NONE,
	ERR_MALFORMED,       /* cannot be understood at all */
	ERR_INVALID,         /* understood, and wrong: see faults */
	ERR_UNAUTHENTICATED, /* no or wrong credentials */
	ERR_DENIED,          /* known, but not allowed */
	ERR_NOT_FOUND,       /* absent, or not visible to the caller */
	ERR_GONE,            /* it was there, and never will be again */
	ERR_METHOD,          /* the thing exists, this verb does not */
	ERR_EXISTS,          /* taken */
	ERR_CONFLICT,        /* what is there forbids it */
	ERR_CHANGED,         /* not the state the caller demanded */
	ERR_UNCONDITIONAL,   /* he has to demand one */
	ERR_TOO_LARGE,
	ERR_MEDIA_TYPE,
	ERR_RATE,        /* he asks too often; waiting helps */
	ERR_LIMIT,       /* too much for now; retrying later may help */
	ERR_UNAVAILABLE, /* a service we need is down; nothing was changed */
	ERR_TIMEOUT,     /* a service we need is slow; nothing was changed */
	ERR_UNKNOWN,  /* sent, but the answer was lost: it may have happened */
	ERR_INTERNAL, /* our own fault */
};

struct fault;

/* A number that a program may want to know; {NULL, 0} ends a list of them. */
struct err_count {
	const char *name;
	int64_t number;
};

struct err {
	enum err_kind kind;
	struct fault *faults;       /* what is wrong with the input */
	const char *code;           /* a constant word for programs, or NULL */
	const char *conflicts_with; /* path of what is in the way, or NULL */
	const struct err_count *counts; /* or NULL */
	const char *etag; /* of ERR_CHANGED: the state it is in, or NULL */
	char text[256];   /* cut off when longer */
};

/* Both return false, so that a failure is one statement:
 *	return err_set(e, ERR_EXISTS, "%s is already taken", address);
 */
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool err_wrap(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* err_set() with a word that programs may compare, a string constant. */
bool err_code(struct err *e, enum err_kind kind, const char *code,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Forget what happened, so that e can be used for another try. */
void err_clear(struct err *e);

#endif
