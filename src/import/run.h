/*
 * run - brings the records of an input in, a few at a time
 *
 * The directory is never idle between an answer and the next question, and yet
 * the outcome is as if it had been one record after the other: what is told is
 * told in the order of the input, a domain waits for all before it and is
 * waited for, and nobody has an address twice at a time.
 *
 * What has gone wrong through no fault of a record, as when the directory is
 * not there, is tried again for a while.  What a record has made carries a mark
 * of its own, so that who goes on where another was killed finds what that one
 * has made: nothing comes twice and nothing is left out.
 */
#ifndef IMPORT_RUN_H
#define IMPORT_RUN_H

#include "core/bulk.h"
#include "import/reader.h"

enum {
	RUN_AT_ONCE = 32,
	RUN_AHEAD = 4096, /* records that may have been begun beyond those of
			   * which it was kept that they are done */
};

/* What became of a record; lives until the function that is told returns. */
struct outcome {
	size_t number, line;
	enum kind kind;  /* KIND_COUNT: that could not be read */
	const char *key; /* or NULL */
	enum bulk_result result;
	const char *left_out;
	const struct err *err; /* of a failure */
	struct arena *arena;
};

struct run {
	const struct gateway *gateway;
	const struct task *task; /* of whom; its arena lives as long as this */
	struct reader *reader;
	enum bulk_conflict conflict;
	bool dry;           /* nothing is written */
	const char *secret; /* what the marks are made of; dry: not needed */
	size_t passed;      /* records that are done already */
	size_t reach;       /* the last that may have been begun before */

	/* Whether a record of that kind may be brought in with what he has
	 * shown: a key may not be for that. */
	bool (*may)(void *ctx, enum kind k, struct err *e);
	/* In the order of the input; false: nobody wants to know any more. */
	bool (*tell)(void *ctx, const struct outcome *o);
	/* What is told up to now is done, and others up to `reach` may be
	 * begun; false: not to be gone on with. */
	bool (*keep)(void *ctx, size_t done, size_t reach, struct err *e);
	void *ctx;

	size_t done; /* the last record that is done, and told of */
};

/* On a fiber.  False, with why, if it could not be gone on with; then more than
 * run->done may be done. */
bool run_all(struct run *run, struct err *e);

#endif
