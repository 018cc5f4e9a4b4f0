#include "core/patch.h"

#include <string.h>

#include "util/text.h"

bool patch_touches(const struct patch *p, struct field f)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->fields[i].offset == f.offset)
			return true;
	}
	return false;
}

static size_t field_size(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return sizeof(const char *);
	case FIELD_LIST:
		return sizeof(struct text_list);
	case FIELD_NUMBER:
		return sizeof(int64_t);
	case FIELD_FLAG:
		break;
	}
	return sizeof(bool);
}

void patch_apply(const struct patch *p, void *record)
{
	for (size_t i = 0; i < p->count; i++)
		memcpy(field_at(p->fields[i], record),
		       field_in(p->fields[i], p->record),
		       field_size(p->fields[i].kind));
}

bool provision_matches(const struct text_list *if_match,
		       const struct revision *rev, struct err *e)
{
	if (if_match == NULL)
		return true;
	for (size_t i = 0; i < if_match->count; i++) {
		if (strcmp(if_match->items[i], "*") == 0 ||
		    strcmp(if_match->items[i], rev->etag) == 0)
			return true;
	}
	return patch_too_late(rev, "it is not in the state you saw", e);
}

bool patch_too_late(const struct revision *rev, const char *why, struct err *e)
{
	err_code(e, ERR_CHANGED, "precondition_failed", "%s", why);
	e->etag = rev->etag;
	return false;
}

bool patch_unconditional(struct err *e)
{
	return err_code(e, ERR_UNCONDITIONAL, "precondition_required",
			"say in If-Match which state you change");
}

bool patch_is_fresh(const struct patch *p, const struct revision *rev,
		    struct err *e)
{
	return p->guard == NULL || text_equal(p->guard, rev->guard) ||
	       patch_too_late(rev, "it is not what it was", e);
}
