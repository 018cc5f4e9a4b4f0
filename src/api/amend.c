#include "api/amend.h"

#include "api/conditional.h"

enum { AMEND_TRIES = 16 };

bool amend_members(const struct json_patch *what, const struct codec *takes,
		   struct arena *a, json_t *shown, struct patch *ret,
		   struct err *e)
{
	json_t *then;
	void *record = arena_alloc(a, takes->size);
	struct presence named;

	bool good = json_patch_apply(what, a, shown, &then, e);
	if (good && !json_is_object(then)) {
		fault_at(e, a, FAULT_TYPE, "", "it must remain an object");
		good = false;
	}
	json_t *members = good ? json_patch_difference(a, shown, then) : NULL;
	json_decref(shown);
	if (!good || !codec_decode(takes, a, members, true, record, &named, e))
		return false;
	ret->record = record;
	ret->fields = named.fields;
	ret->count = named.count;
	return true;
}

/* `late`: it was written between reading and writing.  If the client's own
 * condition no longer holds, the next try finds that out. */
static bool amend_once(const struct call *call,
		       const struct text_list *if_match, void *ret,
		       struct revision *rev, bool *late, struct err *e)
{
	const struct amendable *by = call->amends;
	void *there = arena_alloc(call->task.arena, call->route->takes->size);
	struct patch p = {.record = NULL};
	struct revision seen;

	*late = false;
	if (!by->read(call, there, &seen, e) ||
	    !provision_matches(if_match, &seen, e) ||
	    !amend_members(call->amendment, call->route->takes,
			   call->task.arena, by->show(call, there), &p, e))
		return false;
	p.guard = seen.guard;
	if (by->write(call, &p, if_match, ret, rev, e))
		return true;
	*late = e->kind == ERR_CHANGED;
	return false;
}

static bool amend_tried(const struct call *call,
			const struct text_list *if_match, void *ret,
			struct revision *rev, struct err *e)
{
	bool late;

	for (int try = 1;; try++) {
		err_clear(e);
		if (amend_once(call, if_match, ret, rev, &late, e))
			return true;
		if (!late)
			return false;
		if (try == AMEND_TRIES)
			return err_code(e, ERR_LIMIT, "contended",
					"it is changed by too many at once");
	}
}

bool amend(const struct call *call, void *ret, struct revision *rev,
	   struct err *e)
{
	const struct text_list *if_match;
	const struct patch p = {.record = call->body,
				.fields = call->present.fields,
				.count = call->present.count};

	if (!conditional_none(call->req, "If-None-Match", e) ||
	    !conditional_demanded(call, &if_match, e))
		return false;
	return call->amendment == NULL
		       ? call->amends->write(call, &p, if_match, ret, rev, e)
		       : amend_tried(call, if_match, ret, rev, e);
}
