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
	size_t number;  /* of all records of the input, from 1 */
	size_t line;    /* where it begins */
	enum kind kind; /* KIND_COUNT: nothing that is brought in */
	bool change;    /* of what is there; never anything new */
	bool implied;   /* nobody asked for it by itself: well if it is there */
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

/* For formats that know what their members are; NULL and "" are not said. */
void record_text(struct import_record *r, const char *name, const char *text);
void record_prose(struct import_record *r, struct arena *a, const char *name,
		  const char *text); /* without line ends and the like */
void record_number(struct import_record *r, const char *name, int64_t n);
void record_flag(struct import_record *r, const char *name, bool on);
void record_item(struct import_record *r, const char *name, const char *text);

/* Mail for a user goes there: his own address is the copy that he keeps. */
void record_forward(struct import_record *r, const char *own, const char *to);

/* Mail for him that goes nowhere else is no forwarding. */
void record_forwards_end(struct import_record *r);

#endif
