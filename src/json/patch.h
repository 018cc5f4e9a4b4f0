/*
 * patch - JSON Patch (RFC 6902): a document changed by a list of operations
 *
 * A patch is taken apart once and may be applied to any number of documents.
 * What it may cost is bounded before it is done: how many operations there are,
 * how deep values come to nest, and how much is copied.
 */
#ifndef JSON_PATCH_H
#define JSON_PATCH_H

#include <jansson.h>

#include "util/fault.h"

enum {
	JSON_PATCH_OPERATIONS_MAX = 1000,
	JSON_PATCH_MOVED_MAX = 1 << 20, /* bytes that move and copy handle */
};

struct json_patch;

/* Out of the parsed text, an array, which has to live as long as the arena.
 * Notes every fault of its form in e, with pointers into the patch. */
bool json_patch_read(struct arena *a, json_t *text,
		     const struct json_patch **ret, struct err *e);

/* Whether it may give this member of an object another value. */
bool json_patch_writes(const struct json_patch *p, const char *member);

/* Changes a copy, which is released with the arena; all operations were done,
 * or else the first that cannot be is in e: ERR_CONFLICT with "test_failed", or
 * with "patch_conflict" if the document has nothing at its place. */
bool json_patch_apply(const struct json_patch *p, struct arena *a,
		      json_t *document, json_t **ret, struct err *e);

/* What a merge patch (RFC 7396) has to say to make one object of the other:
 * members that differ, and null for those that are gone.  Released with the
 * arena. */
json_t *json_patch_difference(struct arena *a, json_t *from, json_t *to);

#endif
