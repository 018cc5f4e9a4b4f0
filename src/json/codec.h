/*
 * codec - JSON objects to records and back, driven by tables
 *
 * Absent and null both mean the default when a record is made; in a change,
 * absent leaves a member alone and null brings its default back.
 */
#ifndef JSON_CODEC_H
#define JSON_CODEC_H

#include <jansson.h>

#include "util/fault.h"
#include "json/writer.h"

enum codec_flags {
	CODEC_REQUIRED = 1 << 0,
	CODEC_WRITE_ONLY = 1 << 1, /* taken from requests, never shown */
	CODEC_READ_ONLY = 1 << 2,  /* shown, not taken from requests */
	CODEC_OMIT_NULL = 1 << 3,  /* not shown when it is not set */
	CODEC_PASSING = 1 << 4,    /* read-only, and changes by itself: what is
				    * sent back is not looked at */
	CODEC_OBJECT = 1 << 5,     /* a flag: null, or an object of the... */
	CODEC_INSIDE = 1 << 6, /* ...rows behind it, members of the record */
};

struct codec_field {
	const char *key;
	struct field field;
	unsigned flags;
};

struct codec {
	const struct codec_field *fields;
	size_t size;          /* of the record */
	const void *defaults; /* a record; NULL: all zero */
	bool unknown_bad; /* what is not in the table is a fault, not ignored */
};

/* Which members an object named. */
struct presence {
	struct field *fields;
	size_t count;
};

/* Notes every fault in e.  With `partial`, required members may be absent. */
bool codec_decode(const struct codec *c, struct arena *a, json_t *object,
		  bool partial, void *record, struct presence *ret,
		  struct err *e);

/* What a whole record that is sent in place of another says. */
struct whole {
	struct presence
		written;      /* members to write, named or not; of those
			       * that are never shown, the ones with a value */
	struct presence kept; /* read-only members that were named */
};

/* As codec_decode() for a new record, but its key need not be named, and what
 * is only shown may be sent back: the caller compares it with what is there. */
bool codec_decode_whole(const struct codec *c, struct arena *a, json_t *object,
			struct field key, void *record, struct whole *ret,
			struct err *e);

json_t *codec_encode(const struct codec *c, const void *record);

/* The same as text, at a tenth of the cost. */
void codec_write(const struct codec *c, const void *record, struct writer *w);

/* What this codec calls the field at fault; NULL if it does not show it. */
const char *codec_key(const struct codec *c, const struct fault *fault);

/* What it calls the object in which that field is; NULL: the record itself. */
const char *codec_parent(const struct codec *c, const struct fault *fault);

#endif
