/*
 * numbered - resources that clients of a foreign API name by numbers
 *
 * Lists, single objects, sets of them, and what is written to these, once for
 * all such resources; what an object looks like is the dialect's.
 */
#ifndef API_NUMBERED_H
#define API_NUMBERED_H

#include "api/tastypie.h"
#include "core/rows.h"

struct collection;

/* An object on its way in. */
struct item {
	const struct collection *of;
	struct roster_row was;   /* what is there; without a key: nothing */
	int64_t id;              /* the number it is to have; or NUMBER_NONE */
	bool goes;               /* it is to be deleted */
	void *record;            /* as its kind has it; not of an alias */
	struct presence present; /* its members that were sent */
	struct alias_row row;    /* of an alias */
};

struct collection {
	const char *name;            /* in paths */
	const char *noun, *key_noun; /* in errors */
	const char *key;             /* what an object calls its name */
	const struct tastypie_field *fields;
	bool (*show)(const struct call *call, const struct roster_row *rows,
		     size_t count, json_t *into, struct err *e);
	/* Fill in the rest of ret, or note what is wrong. */
	bool (*take)(const struct call *call, json_t *object, struct item *ret,
		     struct err *e);
};

/* That of a kind, in the dialect of the call. */
const struct collection *numbered_collection(const struct call *call,
					     enum kind k);

/* What has that number, for who sees it.  ERR_NOT_FOUND. */
bool numbered_find(const struct call *call, enum kind k, int64_t number,
		   struct roster_row *ret, struct err *e);

/* What the path names. */
bool numbered_named(const struct call *call, struct roster_row *ret,
		    struct err *e);

bool numbered_not_a_number(struct err *e, struct arena *a, const char *text);

/* Handlers. */
route_fn numbered_list, numbered_post, numbered_put_list, numbered_patch_list,
	numbered_delete_list, numbered_detail, numbered_post_detail,
	numbered_change, numbered_delete, numbered_set;

#endif
