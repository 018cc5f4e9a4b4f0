/*
 * patch - a change to a record, and the states in which it may be made
 */
#ifndef CORE_PATCH_H
#define CORE_PATCH_H

#include "core/store.h"
#include "util/field.h"

/* A change to a record: take these members from it. */
struct patch {
	const void *record;
	const struct field *fields;
	size_t count;
	bool keep_key;     /* if the key is another: the old one leads to it */
	const char *guard; /* NULL, or ERR_CHANGED if it was written since then
			    */
};

bool patch_touches(const struct patch *p, struct field f);
void patch_apply(const struct patch *p, void *record);

/* Whether nobody wrote since a patch was made: else ERR_CHANGED. */
bool patch_is_fresh(const struct patch *p, const struct revision *rev,
		    struct err *e);

/* Whether the record is in one of the states that were asked for: else
 * ERR_CHANGED. */
bool provision_matches(const struct text_list *if_match,
		       const struct revision *rev, struct err *e);

/* ERR_CHANGED, with the state that it is in; always false. */
bool patch_too_late(const struct revision *rev, const char *why, struct err *e);

/* ERR_UNCONDITIONAL; always false. */
bool patch_unconditional(struct err *e);

#endif
