/*
 * record - what a file says of one domain, user or alias
 *
 * Whatever the file looks like, a record is members as the native API names
 * them.  They live in the arena it was read into.
 */
#ifndef IMPORT_RECORD_H
#define IMPORT_RECORD_H

#include "core/kind.h"
#include "json/codec.h"

struct import_record {
	size_t number;    /* of all records of the input, from 1 */
	size_t line;      /* where it begins */
	enum kind kind;   /* KIND_COUNT: nothing that is brought in */
	bool change;      /* of what is there; never anything new */
	json_t *members;  /* an object */
	const char *what; /* of what is not brought in: its name */
	const char *bad;  /* a member whose text is not UTF-8; or NULL */
	const char *many; /* one with more items than any body may have */
};

/* How the records of a kind are written; NULL: they are not brought in. */
typedef const struct codec *codec_of(enum kind k);

/* "domain", "user", "alias"; else KIND_COUNT. */
enum kind record_kind(const char *word);

/* An empty one. */
void record_begin(struct import_record *r, struct arena *a, enum kind k,
		  size_t line);

/* From text, as files have it: a list has its items between spaces, commas or
 * semicolons, a flag is true or false, or 1 or 0.  What does not read as the
 * member's type is kept as text, and found at fault later.  False: there is no
 * such member. */
bool record_set(struct import_record *r, const struct codec *c,
		const char *name, const char *text);

/* One more item of a list that has one; anything else stays. */
void record_more(struct import_record *r, const struct codec *c,
		 const char *name, const char *text);

#endif
