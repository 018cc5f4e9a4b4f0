#include "api/numbered.h"

#include <string.h>

#include "api/admission.h"
#include "core/alias.h"
#include "core/removal.h"
#include "core/rename_domain.h"
#include "core/scope.h"
#include "util/text.h"

enum { OPERATIONS_EACH = CHANGESET_MAX / NUMBERED_WRITTEN_MAX };

const struct resource *numbered_resource(const struct call *call)
{
	const struct resource *r = call->dialect->foreign->resources;
	size_t size = strcspn(call->route->path, "/");

	while (r->name != NULL && (strlen(r->name) != size ||
				   memcmp(r->name, call->route->path, size)))
		r++;
	return r;
}

const struct resource *numbered_of_kind(const struct call *call, enum kind k)
{
	const struct resource *r = call->dialect->foreign->resources;

	while (r->kind != k)
		r++;
	return r;
}

static bool is_rows(const struct resource *of)
{
	return of->kind == KIND_ALIAS;
}

static bool find_only(const struct call *call, const struct resource *of,
		      int64_t number, struct roster_row *ret, struct err *e)
{
	return of->only(call, ret, e) &&
	       (ret->number == number ||
		err_set(e, ERR_NOT_FOUND, "it is not the caller's"));
}

/* What users forward are rows for who comes with a key for users, too. */
static bool sees_forwards(const struct call *call, const struct resource *of)
{
	return is_rows(of) &&
	       scope_allows(call->task.caller->scope, "users:read");
}

bool numbered_find(const struct call *call, const struct resource *of,
		   int64_t number, struct roster_row *ret, struct err *e)
{
	struct store *s = call->gateway->store;
	void *record =
		arena_alloc(call->task.arena, kind_rules(of->kind)->size);
	struct roster_row row = {.number = number, .record = record};
	struct revision rev;

	*ret = (struct roster_row){.number = number};
	if (number == NUMBER_NONE)
		return err_set(e, ERR_NOT_FOUND, "there is none");
	if (of->only != NULL)
		return find_only(call, of, number, ret, e);
	if (!s->ops->numbered(s, &call->task, of->kind, number, &row.key,
			      is_rows(of) ? &row.part : NULL, e) ||
	    (!sees_forwards(call, of) &&
	     !provision_read(call->gateway, &call->task, of->kind, row.key,
			     record, &rev, e)))
		return false;
	*ret = row;
	return true;
}

bool numbered_list(const struct call *call, const struct resource *of,
		   const struct roster_query *q, struct roster *ret,
		   struct err *e)
{
	struct store *s = call->gateway->store;
	struct roster_query of_all = *q;

	of_all.forwards = sees_forwards(call, of);
	if (of->only == NULL)
		return s->ops->roster(s, &call->task, &of_all, ret, e);
	ret->rows = arena_alloc(call->task.arena, sizeof(*ret->rows));
	ret->total = 1;
	ret->count = q->offset == 0;
	return of->only(call, ret->rows, e);
}

/* What is taken already has words of its own; always false. */
static bool exists(const struct call *call, const struct resource *of,
		   struct err *e)
{
	const char *const about[] = {"NOUN", of->noun, "KEY", of->key_noun,
				     NULL};

	if (e->kind != ERR_EXISTS)
		return false;
	err_clear(e);
	return wire_note(call, call->dialect->foreign->phrases->taken, about,
			 e);
}

/* A row of an alias. */
static bool put_row(struct changeset *set, const struct item *i, struct err *e)
{
	const struct alias_row was = {i->was.key, i->was.part};

	return rows_put(set, was.source != NULL ? &was : NULL,
			i->goes ? NULL : i->view, e);
}

/* Into a set. */
static bool put_in(struct changeset *set, const struct item *i, struct err *e)
{
	const char *was = i->was.key;
	struct operation_asked o = {.verb = i->goes       ? CHANGESET_REMOVE
					    : was != NULL ? CHANGESET_CHANGE
							  : CHANGESET_CREATE,
				    .kind = i->of->kind,
				    .key = was,
				    .record = i->view,
				    .fields = i->present.fields,
				    .field_count = i->present.count};
	bool skipped;

	if (is_rows(i->of))
		return put_row(set, i, e);
	return (o.verb == CHANGESET_CHANGE && o.field_count == 0) ||
	       changeset_add(set, &o, &skipped, e);
}

static bool renumber(const struct call *call, const struct item *i,
		     struct err *e)
{
	const struct alias_row was = {i->was.key, i->was.part};

	return !is_rows(i->of) || was.source == NULL || i->goes ||
	       rows_renumber(call->gateway, &call->task, &was, i->view,
			     i->was.number, e);
}

/* Judge them one after the other, and count the mailboxes that are made. */
static bool put_all(const struct call *call, struct changeset *set,
		    struct item *items, size_t count, size_t *made,
		    struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		*made += items[i].was.key == NULL &&
			 items[i].of->kind == KIND_USER;
		if (!put_in(set, &items[i], e))
			return exists(call, items[i].of, e);
	}
	return true;
}

bool numbered_fits(size_t count, struct err *e)
{
	return count <= NUMBERED_WRITTEN_MAX ||
	       err_code(e, ERR_MALFORMED, "too_many",
			"At most %d objects can be written at once.",
			NUMBERED_WRITTEN_MAX);
}

/* All of them, or none. */
static bool write_set(const struct call *call, struct item *items, size_t count,
		      struct err *e)
{
	struct changeset *c = arena_alloc(call->task.arena, sizeof(*c));
	size_t made = 0;

	if (!numbered_fits(count, e))
		return false;
	changeset_begin(c, call->gateway, &call->task, count * OPERATIONS_EACH);
	if (!put_all(call, c, items, count, &made, e))
		return false;
	admission_charge(call, count, made);
	if (c->count > 0 && !changeset_run(c, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!renumber(call, &items[i], e))
			return false;
	}
	return true;
}

static bool write_record(const struct call *call, struct item *i, struct err *e)
{
	enum kind k = i->of->kind;
	const struct patch p = {i->view, i->present.fields, i->present.count,
				false, NULL};
	void *ret = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct revision rev;

	if (i->was.key == NULL)
		return provision_create(call->gateway, &call->task, k, i->view,
					&rev, e);
	if (k == KIND_DOMAIN && rename_domain_asked(i->was.key, &p))
		return rename_domain(call->gateway, &call->task, i->was.key, &p,
				     NULL, ret, &rev, e);
	return p.count == 0 ||
	       provision_change(call->gateway, &call->task, k, i->was.key, &p,
				NULL, ret, &rev, e);
}

bool numbered_write(const struct call *call, struct item *i, struct err *e)
{
	return is_rows(i->of)
		       ? write_set(call, i, 1, e)
		       : write_record(call, i, e) || exists(call, i->of, e);
}

/* With the last of its rows an alias goes: as it was seen, if anything is yet
 * to be done. */
static bool is_last(const struct call *call, const struct roster_row *row,
		    struct revision *rev, struct err *e)
{
	struct alias al;
	bool there = provision_read(call->gateway, &call->task, KIND_ALIAS,
				    row->key, &al, rev, e);

	err_clear(e);
	return there && al.destinations.count == 1 &&
	       text_equal(al.destinations.items[0], row->part);
}

bool numbered_remove(const struct call *call, struct item *i, struct err *e)
{
	struct revision rev = {0};
	const struct text_list seen = {&rev.etag, 1};
	struct removal how = {.recursive = true, .links = LINKS_KEEP};
	struct text_list dangling;

	i->goes = true;
	if (is_rows(i->of)) {
		if (!is_last(call, &i->was, &rev, e))
			return write_set(call, i, 1, e);
		how.if_match = &seen;
	}
	return removal(call->gateway, &call->task, i->of->kind, i->was.key,
		       &how, &dangling, e);
}

/* One by itself may do what is for no set: get another name, or go although
 * something leads to it. */
bool numbered_write_all(const struct call *call, struct item *items,
			size_t count, struct err *e)
{
	if (count != 1)
		return write_set(call, items, count, e);
	return items->goes ? numbered_remove(call, items, e)
			   : numbered_write(call, items, e);
}

/* What it is called now. */
static struct roster_row named(const struct item *i)
{
	const struct alias_row *row = i->view;

	return is_rows(i->of) ? (struct roster_row){.key = row->source,
						    .part = row->destination}
			      : (struct roster_row){
					.key = kind_key(i->of->kind, i->view)};
}

bool numbered_give(const struct call *call, const struct item *i, int64_t *ret,
		   struct err *e)
{
	struct store *s = call->gateway->store;
	const struct roster_row is = named(i);

	if (s->ops->number(s, &call->task, i->of->kind, is.key, is.part, i->id,
			   ret, e))
		return true;
	if (e->kind != ERR_EXISTS && e->kind != ERR_INVALID)
		return false;
	err_clear(e);
	return s->ops->number(s, &call->task, i->of->kind, is.key, is.part,
			      NUMBER_NONE, ret, e);
}

static bool is_same(const struct roster_row *row, const struct item *i)
{
	const struct roster_row is = named(i);

	return i->was.key != NULL ? i->was.number == row->number
				  : text_equal(row->key, is.key) &&
					    text_equal(row->part, is.part);
}

size_t numbered_replace(const struct resource *of, const struct roster *there,
			struct item *items, size_t count)
{
	size_t n = count;

	for (size_t r = 0; r < there->count; r++) {
		const struct roster_row *row = &there->rows[r];
		size_t i = 0;

		while (i < count && !is_same(row, &items[i]))
			i++;
		if (i < count)
			items[i].was = *row;
		else
			items[n++] = (struct item){.of = of,
						   .was = *row,
						   .goes = true};
	}
	return n;
}
