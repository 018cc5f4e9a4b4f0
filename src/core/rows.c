#include "core/rows.h"

#include <string.h>

#include "core/alias.h"
#include "util/text.h"

static const struct field destinations[] = {FIELD(struct alias, destinations)};

/* Without one of them, and with another: each may be NULL. */
static struct text_list swap(struct arena *a, const struct text_list *list,
			     const char *less, const char *more)
{
	struct text_list ret = {arena_alloc(a, (list->count + 1) *
						       sizeof(*ret.items)),
				0};

	for (size_t i = 0; i < list->count; i++) {
		if (!text_equal(list->items[i], less))
			ret.items[ret.count++] = list->items[i];
	}
	if (more != NULL)
		ret.items[ret.count++] = more;
	return ret;
}

static bool has(const struct alias *al, const char *destination)
{
	for (size_t i = 0; i < al->destinations.count; i++) {
		if (text_equal(al->destinations.items[i], destination))
			return true;
	}
	return false;
}

static bool add(struct changeset *c, struct operation_asked *o, struct err *e)
{
	bool skipped;

	o->kind = KIND_ALIAS;
	if (changeset_add(c, o, &skipped, e))
		return true;
	return e->kind == ERR_NONE &&
	       err_set(e, ERR_CONFLICT, "what it depends on was refused");
}

static bool refuse(struct err *e, const struct alias_row *r)
{
	return err_set(e, ERR_EXISTS, "%s leads to %s already", r->source,
		       r->destination);
}

static bool create(struct changeset *c, const struct alias_row *now,
		   struct err *e)
{
	struct arena *a = c->task->arena;
	struct alias *al = arena_copy(a, &alias_defaults, sizeof(*al));
	struct operation_asked o = {.verb = CHANGESET_CREATE, .record = al};

	al->address = now->source;
	al->destinations =
		swap(a, &(struct text_list){0}, NULL, now->destination);
	return add(c, &o, e);
}

/* In an alias that is there, or would be by then. */
static bool change(struct changeset *c, const struct alias *there,
		   const char *less, const char *more, struct err *e)
{
	struct arena *a = c->task->arena;
	struct alias *al = arena_copy(a, there, sizeof(*al));
	struct operation_asked o = {.verb = CHANGESET_CHANGE,
				    .key = there->address,
				    .record = al,
				    .fields = destinations,
				    .field_count = COUNT(destinations)};

	al->destinations = swap(a, &there->destinations, less, more);
	if (al->destinations.count == 0)
		o.verb = CHANGESET_REMOVE;
	return add(c, &o, e);
}

static bool read(struct changeset *c, const char *source, struct alias *ret,
		 bool *there, struct err *e)
{
	struct revision rev;
	bool made, skipped;

	*there = changeset_read(c, KIND_ALIAS, source, ret, &rev, &made,
				&skipped, e);
	if (*there || e->kind != ERR_NOT_FOUND)
		return *there;
	err_clear(e);
	return true;
}

bool rows_put(struct changeset *c, const struct alias_row *was,
	      const struct alias_row *now, struct err *e)
{
	struct alias from, to;
	bool there = false;

	if (was != NULL && now != NULL &&
	    text_equal(was->source, now->source)) {
		if (!read(c, was->source, &from, &there, e))
			return false;
		if (!there || !has(&from, was->destination))
			return err_set(e, ERR_NOT_FOUND, "it is gone");
		if (!text_equal(was->destination, now->destination) &&
		    has(&from, now->destination))
			return refuse(e, now);
		return change(c, &from, was->destination, now->destination, e);
	}
	if (was != NULL) {
		if (!read(c, was->source, &from, &there, e))
			return false;
		if (!there || !has(&from, was->destination))
			return err_set(e, ERR_NOT_FOUND, "it is gone");
		if (!change(c, &from, was->destination, NULL, e))
			return false;
	}
	if (now == NULL)
		return true;
	if (!read(c, now->source, &to, &there, e))
		return false;
	if (!there)
		return create(c, now, e);
	return has(&to, now->destination)
		       ? refuse(e, now)
		       : change(c, &to, NULL, now->destination, e);
}

bool rows_renumber(const struct gateway *g, const struct task *t,
		   const struct alias_row *was, const struct alias_row *now,
		   int64_t number, struct err *e)
{
	struct store *s = g->store;
	struct err why = {0};
	int64_t any;

	/* What it was has it no more; perhaps the alias is gone with it. */
	if (!text_equal(was->source, now->source) &&
	    !s->ops->number(s, t, KIND_ALIAS, was->source, "", NUMBER_NONE,
			    &any, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	/* Else it gets another. */
	return s->ops->number(s, t, KIND_ALIAS, now->source, now->destination,
			      number, &any, &why) ||
	       why.kind == ERR_EXISTS || why.kind == ERR_INVALID ||
	       (*e = why, false);
}
