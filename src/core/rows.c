#include "core/rows.h"

#include <string.h>

#include "core/alias.h"
#include "core/scope.h"
#include "core/user.h"
#include "util/text.h"

static const struct field destinations[] = {FIELD(struct alias, destinations)};
static const struct field forwards[] = {FIELD(struct user, forward_to),
					FIELD(struct user, keep_copy)};

/* What leads on from an address: an alias, or a user who forwards. */
struct holder {
	enum kind kind;
	bool there;
	union {
		struct alias alias;
		struct user user;
	} is;
	struct text_list to; /* himself among them, if he keeps a copy */
};

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

static bool has(const struct holder *o, const char *destination)
{
	for (size_t i = 0; i < o->to.count; i++) {
		if (text_equal(o->to.items[i], destination))
			return true;
	}
	return false;
}

static bool add(struct changeset *c, struct operation_asked *o, struct err *e)
{
	bool skipped;

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
	struct operation_asked o = {.verb = CHANGESET_CREATE,
				    .kind = KIND_ALIAS,
				    .record = al};

	al->address = now->source;
	al->destinations =
		swap(a, &(struct text_list){0}, NULL, now->destination);
	return add(c, &o, e);
}

static bool change_alias(struct changeset *c, const struct holder *from,
			 struct text_list to, struct err *e)
{
	struct alias *al =
		arena_copy(c->task->arena, &from->is.alias, sizeof(*al));
	struct operation_asked o = {.verb = to.count > 0 ? CHANGESET_CHANGE
							 : CHANGESET_REMOVE,
				    .kind = KIND_ALIAS,
				    .key = al->address,
				    .record = al,
				    .fields = destinations,
				    .field_count = COUNT(destinations)};

	al->destinations = to;
	return add(c, &o, e);
}

/* Without an address to forward to he has his mail, and no row. */
static bool change_user(struct changeset *c, const struct holder *from,
			struct text_list to, const char *more, struct err *e)
{
	struct arena *a = c->task->arena;
	struct user *u = arena_copy(a, &from->is.user, sizeof(*u));
	struct operation_asked o = {.verb = CHANGESET_CHANGE,
				    .kind = KIND_USER,
				    .key = u->address,
				    .record = u,
				    .fields = forwards,
				    .field_count = COUNT(forwards)};

	u->forward_to = swap(a, &to, u->address, NULL);
	u->keep_copy =
		u->forward_to.count == 0 || u->forward_to.count < to.count;
	if (u->forward_to.count == 0 && text_equal(more, u->address))
		return err_set(e, ERR_CONFLICT,
			       "mail for %s stays there as long as it leads "
			       "nowhere else",
			       more);
	return add(c, &o, e);
}

/* In what is there, or would be by then. */
static bool change(struct changeset *c, const struct holder *from,
		   const char *less, const char *more, struct err *e)
{
	const struct text_list to = swap(c->task->arena, &from->to, less, more);

	return from->kind == KIND_ALIAS ? change_alias(c, from, to, e)
					: change_user(c, from, to, more, e);
}

static bool read_as(struct changeset *c, enum kind k, const char *address,
		    struct holder *ret, struct err *e)
{
	struct revision rev;
	bool made, skipped;

	ret->kind = k;
	ret->there = changeset_read(c, k, address, &ret->is, &rev, &made,
				    &skipped, e);
	if (!ret->there && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

/* Before anything is said of where he forwards to. */
static bool may_write(const struct changeset *c, const struct user *u,
		      struct err *e)
{
	return scope_allows(c->task->caller->scope, "users:write") ||
	       err_code(e, ERR_DENIED, "scope",
			"this key is not for what %s forwards", u->address);
}

static bool read(struct changeset *c, const char *address, struct holder *ret,
		 struct err *e)
{
	const struct user *u = &ret->is.user;

	*ret = (struct holder){.there = false};
	if (!read_as(c, KIND_ALIAS, address, ret, e))
		return false;
	if (ret->there)
		ret->to = ret->is.alias.destinations;
	if (ret->there || address[0] == '@')
		return true;
	if (!read_as(c, KIND_USER, address, ret, e) ||
	    (ret->there && !may_write(c, u, e)))
		return false;
	if (ret->there)
		ret->to = swap(c->task->arena, &u->forward_to, NULL,
			       u->keep_copy && u->forward_to.count > 0
				       ? u->address
				       : NULL);
	return true;
}

/* That of a row, which has to be there. */
static bool read_row(struct changeset *c, const struct alias_row *row,
		     struct holder *ret, struct err *e)
{
	return read(c, row->source, ret, e) &&
	       ((ret->there && has(ret, row->destination)) ||
		err_set(e, ERR_NOT_FOUND, "it is gone"));
}

/* The same source leads elsewhere. */
static bool redirect(struct changeset *c, const struct alias_row *was,
		     const struct alias_row *now, struct err *e)
{
	struct holder from;

	if (!read_row(c, was, &from, e))
		return false;
	if (!text_equal(was->destination, now->destination) &&
	    has(&from, now->destination))
		return refuse(e, now);
	return change(c, &from, was->destination, now->destination, e);
}

bool rows_put(struct changeset *c, const struct alias_row *was,
	      const struct alias_row *now, struct err *e)
{
	struct holder from, to;

	if (was != NULL && now != NULL && text_equal(was->source, now->source))
		return redirect(c, was, now, e);
	if (was != NULL && (!read_row(c, was, &from, e) ||
			    !change(c, &from, was->destination, NULL, e)))
		return false;
	if (now == NULL)
		return true;
	if (!read(c, now->source, &to, e))
		return false;
	if (!to.there)
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
