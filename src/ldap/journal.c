#include "ldap/journal.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/plan.h"
#include "ldap/abreast.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/journal_parts.h"
#include "ldap/map.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "json/codec.h"
#include "json/text.h"

enum {
	PLANS_MAX = 1000, /* that a look into the journal takes in */
	FORGET_AT_ONCE = 100,
	PURGE_DEPTH = 4, /* domain, address, what is below it, and one more */
};

/* A plan as its entry has it: the steps are JSON. */
struct row {
	const char *id, *state, *caller, *holder, *steps, *job, *failure,
		*expires, *created_at, *updated_at;
	struct text_list names;
	int64_t position;
};

/* clang-format off */
#define F(member) FIELD(struct row, member)
static const struct map_attr row_attrs[] = {
	{"provostJournalId",       F(id),       MAP_MUST | MAP_FIXED},
	{"provostJournalState",    F(state),    MAP_MUST},
	{"provostJournalCaller",   F(caller),   MAP_FIXED},
	{"provostJournalSteps",    F(steps),    MAP_FIXED},
	{"provostJournalPosition", F(position), 0},
	{"provostJournalHolder",   F(holder),   0},
	{"provostJournalName",     F(names),    0},
	{"provostJobKind",         F(job),      MAP_FIXED},
	{"provostJobFailure",      F(failure),  0},
	{"provostExpires",         F(expires),  MAP_TIME},
	{"createTimestamp",        F(created_at), MAP_TIME | MAP_READ_ONLY},
	{"modifyTimestamp",        F(updated_at), MAP_TIME | MAP_READ_ONLY},
	{NULL,                     {0, 0},      0},
};
#undef F

#define F(member) FIELD(struct step, member)
static const struct codec_field step_fields[] = {
	{"verb", F(verb), CODEC_REQUIRED},
	{"kind", F(kind), CODEC_REQUIRED},
	{"key",  F(key),  CODEC_REQUIRED},
	{"to",   F(to),   CODEC_OMIT_NULL},
	{"id",   F(id),   CODEC_OMIT_NULL},
	{NULL,   {0, 0},  0},
};
#undef F
/* clang-format on */

static const char *const classes[] = {"provostJournal", NULL};
static const char *const job_classes[] = {"provostJournal", "provostJob", NULL};
static const struct map row_map = {classes, "provostJournal", row_attrs};
static const struct map job_map = {job_classes, "provostJournal", row_attrs};
static const struct codec step_codec = {step_fields, sizeof(struct step), NULL,
					true};

static struct ldap_journal *self(struct journal *j)
{
	return journal_self(j);
}

static const char *journal_dn(struct ldap_journal *j, struct arena *a,
			      const char *id)
{
	return schema_plan_dn(a, j->store.set->base, id);
}

static const char *write_steps(struct arena *a, const struct plan *p)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(steps,
				      codec_encode(&step_codec, &p->steps[i]));
	return json_text_print(a, json_pack("{s:o}", "steps", steps),
			       JSON_COMPACT);
}

static bool read_steps(struct arena *a, const char *text, struct plan *p,
		       struct err *e)
{
	json_t *object, *list;
	struct presence present;

	if (!json_text_parse_own(a, text, &object, e))
		return false;
	list = json_object_get(object, "steps");
	struct step *steps =
		arena_alloc(a, (json_array_size(list) + 1) * sizeof(*steps));
	for (p->count = 0; p->count < json_array_size(list); p->count++) {
		if (!codec_decode(&step_codec, a,
				  json_array_get(list, p->count), false,
				  &steps[p->count], &present, e))
			return err_set(e, ERR_INTERNAL,
				       "plan %s has a step that is none",
				       p->id);
	}
	p->steps = steps;
	return true;
}

static struct row row_of(struct arena *a, const struct plan *p)
{
	return (struct row){.id = p->id,
			    .state = p->state,
			    .caller = p->caller,
			    .holder = p->holder,
			    .names = p->names,
			    .position = p->position,
			    .job = p->job,
			    .failure = journal_write_failure(a, &p->failure),
			    .expires = p->expires,
			    .steps = p->count > 0 ? write_steps(a, p) : NULL};
}

static bool plan_of(struct arena *a, const struct row *r, const char *guard,
		    struct plan *ret, struct err *e)
{
	*ret = (struct plan){.id = r->id,
			     .state = r->state,
			     .caller = r->caller,
			     .holder = r->holder,
			     .names = r->names,
			     .position = r->position,
			     .guard = guard};
	ret->job = r->job;
	ret->expires = r->expires;
	ret->created_at = r->created_at;
	ret->updated_at = r->updated_at;
	if (r->position == NUMBER_NONE || r->position < 0)
		ret->position = 0;
	if (r->failure != NULL &&
	    !journal_read_failure(a, r->failure, &ret->failure, e))
		return false;
	return r->steps == NULL || read_steps(a, r->steps, ret, e);
}

static const char *const guard_only[] = {schema_guard, NULL};

/* The guard of what was just written. */
static bool take_guard(const struct task *t, const struct operation *op,
		       struct plan *p, int64_t began, struct err *e)
{
	const struct berval *after = control_post_read_value(op->reply);
	struct entry en;

	if (after == NULL)
		return err_set(e, ERR_INTERNAL, "the journal shows no %s",
			       schema_guard);
	if (!entry_read_control(after, t->arena, &en, e))
		return false;
	p->guard = entry_text(&en, schema_guard);
	p->written = began;
	return p->guard != NULL;
}

static bool write_plan(struct journal *port, const struct task *t,
		       struct plan *p, struct err *e)
{
	struct ldap_journal *j = self(port);
	const struct row row = row_of(t->arena, p);
	struct controls c = {.count = 0};
	int64_t began = clock_now();

	control_post_read(&c, t->arena, guard_only);
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = journal_dn(j, t->arena, p->id),
			       .mods = map_add(p->job != NULL ||
							       p->work_count > 0
						       ? &job_map
						       : &row_map,
					       t->arena, &row),
			       .controls = control_list(&c)};
	if (store_run(&j->store, t, &op, j->store.set->write_seconds, "journal",
		      e))
		return take_guard(t, &op, p, began, e);
	/* Its names are unique in the journal. */
	if (op.result == LDAP_CONSTRAINT_VIOLATION)
		err_set(e, ERR_CONFLICT, "one of its names is in use");
	return false;
}

/* Everything that changes is written, so that the guard always does.  Names are
 * only taken away: where they are written, slapo-unique searches, and puts our
 * assertion to the wrong entry. */
static LDAPMod **changes(struct arena *a, const struct row *row)
{
	struct row none = {.id = row->id, .position = NUMBER_NONE};

	none.state = "";
	none.names = row->names;
	LDAPMod **mods = map_change(&row_map, a, &none, row), **end = mods;
	static const char *const may_go[] = {"provostJournalHolder",
					     "provostJournalName"};
	const bool gone[] = {row->holder == NULL, row->names.count == 0};
	size_t n = 0;

	while (mods[n] != NULL)
		n++;
	end = arena_alloc(a, (n + COUNT(may_go) + 1) * sizeof(*end));
	memcpy(end, mods, n * sizeof(*end));
	for (size_t i = 0; i < COUNT(may_go); i++) {
		if (!gone[i])
			continue;
		end[n++] = map_mod(a, LDAP_MOD_REPLACE, may_go[i], NULL);
	}
	return end;
}

static bool update(struct journal *port, const struct task *t, struct plan *p,
		   struct err *e)
{
	struct ldap_journal *j = self(port);
	const struct row row = row_of(t->arena, p);
	struct controls c = {.count = 0};
	int64_t began = clock_now();

	control_assert(&c, t->arena, schema_guard, p->guard);
	control_post_read(&c, t->arena, guard_only);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = journal_dn(j, t->arena, p->id),
			       .mods = changes(t->arena, &row),
			       .controls = control_list(&c)};
	if (store_run(&j->store, t, &op, j->store.set->write_seconds, "journal",
		      e))
		return take_guard(t, &op, p, began, e);
	if (e->kind == ERR_NOT_FOUND)
		err_set(e, ERR_CHANGED, "somebody else has ended it");
	return false;
}

static bool remove_plan(struct journal *port, const struct task *t,
			const char *id, struct err *e)
{
	struct ldap_journal *j = self(port);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = journal_dn(j, t->arena, id)};

	return store_run(&j->store, t, &op, j->store.set->write_seconds,
			 "journal", e) ||
	       e->kind == ERR_NOT_FOUND;
}

/* Plans, as they come. */
struct found {
	struct arena *arena;
	struct plan *plans;
	size_t count, room;
	struct err err;
};

static void each_plan(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct found *f = ctx;
	struct entry en;
	struct row row = {0};

	if (f->count == f->room || f->err.kind != ERR_NONE)
		return;
	if (!entry_read(ld, message, f->arena, &en, &f->err))
		return;
	struct plan *p = &f->plans[f->count];
	const char *guard = entry_text(&en, schema_guard);
	if (!map_read(&row_map, f->arena, &en, &row, &f->err) ||
	    !plan_of(f->arena, &row, guard, p, &f->err)) {
		if (f->room == 1 || row.id == NULL)
			return;
		/* One that cannot be read must not keep us from the others. */
		err_clear(&f->err);
		*p = (struct plan){.id = row.id,
				   .state = PLAN_STUCK,
				   .guard = guard};
	}
	f->count++;
}

static bool search(struct ldap_journal *j, const struct task *t,
		   struct operation *op, struct found *f, size_t room,
		   struct err *e)
{
	*f = (struct found){.arena = t->arena, .room = room};
	f->plans = arena_alloc(t->arena, room * sizeof(*f->plans));
	op->kind = OPERATION_SEARCH;
	op->want = map_wanted(&row_map, t->arena, schema_guard);
	op->each = each_plan;
	op->ctx = f;
	if (!store_run(&j->store, t, op, j->store.set->read_seconds, "journal",
		       e))
		return false;
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

static bool read_plan(struct journal *port, const struct task *t,
		      const char *id, struct plan *ret, struct err *e)
{
	struct ldap_journal *j = self(port);
	struct found f;
	struct operation op = {.dn = journal_dn(j, t->arena, id),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter_equal(t->arena, "objectClass",
						      row_map.class)};

	if (!search(j, t, &op, &f, 1, e))
		return false;
	if (f.count == 0)
		return err_set(e, ERR_NOT_FOUND, "the journal has no %s", id);
	*ret = f.plans[0];
	return true;
}

static bool list_plans(struct journal *port, const struct task *t,
		       struct plan **ret, size_t *count, struct err *e)
{
	struct ldap_journal *j = self(port);
	struct arena *a = t->arena;
	struct found f;
	/* Tallies are below it, too, and may be many: by their class, which is
	 * indexed, they are not even looked at.  What is over has a time at
	 * which it is forgotten. */
	struct operation op =
		{.dn = schema_journal_dn(a, j->store.set->base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = filter_and(
			 a, filter_equal(a, "objectClass", row_map.class),
			 filter_and(a, filter_present(a, "provostJournalSteps"),
				    filter_not(a,
					       filter_present(
						       a, "provostExpires"))))};

	if (!search(j, t, &op, &f, PLANS_MAX, e))
		return false;
	*ret = f.plans;
	*count = f.count;
	return true;
}

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	size_t *count = ctx;

	(void)ld, (void)message;
	++*count;
}

static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};

static const char *claim_filter(struct arena *a, const char *name)
{
	const char *domain = address_domain(name);
	const char *any[] = {
		filter_equal(a, "provostJournalName", name),
		domain != NULL ? filter_equal(a, "provostJournalName", domain)
			       : "",
	};

	return domain != NULL ? filter_any(a, any, COUNT(any)) : any[0];
}

static bool finds_claim(struct ldap_journal *j, const struct task *t,
			const char *filter, bool *ret, struct err *e)
{
	size_t count = 0;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_journal_dn(t->arena,
						       j->store.set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter,
			       .want = nothing,
			       .each = each_counted,
			       .ctx = &count};

	if (!store_run(&j->store, t, &op, j->store.set->read_seconds, "journal",
		       e))
		return e->kind == ERR_NOT_FOUND
			       ? err_set(e, ERR_INTERNAL, "there is no journal")
			       : false;
	*ret = count > 0;
	return true;
}

static bool is_claimed(struct journal *port, const struct task *t,
		       const char *name, bool *ret, struct err *e)
{
	return finds_claim(self(port), t, claim_filter(t->arena, name), ret, e);
}

static bool any_claimed(struct journal *port, const struct task *t,
			const struct text_list *addresses, bool *ret,
			struct err *e)
{
	struct arena *a = t->arena;
	const char **each =
		arena_alloc(a, (addresses->count + 1) * sizeof(*each));

	for (size_t i = 0; i < addresses->count; i++)
		each[i] = claim_filter(a, addresses->items[i]);
	return finds_claim(self(port), t, filter_any(a, each, addresses->count),
			   ret, e);
}

static bool count_jobs(struct journal *port, const struct task *t,
		       const char *caller, size_t *ret, struct err *e)
{
	struct ldap_journal *j = self(port);
	struct arena *a = t->arena;
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = schema_journal_dn(a, j->store.set->base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = filter_and(
			 a, filter_equal(a, "objectClass", "provostJob"),
			 filter_and(a,
				    filter_equal(a, "provostJournalCaller",
						 caller),
				    filter_not(a,
					       filter_present(
						       a, "provostExpires")))),
		 .want = nothing,
		 .each = each_counted,
		 .ctx = ret};

	*ret = 0;
	return store_run(&j->store, t, &op, j->store.set->read_seconds, "jobs",
			 e);
}

/* Names of entries that were found. */
struct names {
	struct arena *arena;
	const char **items;
	size_t count, room;
	bool more;
};

static void each_name(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct names *n = ctx;
	char *dn = n->count < n->room ? ldap_get_dn(ld, message) : NULL;

	if (dn != NULL)
		n->items[n->count++] = arena_strdup(n->arena, dn);
	else
		n->more = true;
	ldap_memfree(dn);
}

static bool names_below(struct ldap_journal *j, const struct task *t,
			const char *dn, size_t room, struct names *ret,
			struct err *e)
{
	*ret = (struct names){.arena = t->arena, .room = room};
	ret->items = arena_alloc(t->arena, room * sizeof(*ret->items));
	/* One more than we take tells whether there are more. */
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .want = nothing,
			       .limit = (int)room + 1,
			       .each = each_name,
			       .ctx = ret};

	return store_run(&j->store, t, &op, j->store.set->read_seconds, "purge",
			 e) ||
	       op.result == LDAP_SIZELIMIT_EXCEEDED ||
	       op.result == LDAP_NO_SUCH_OBJECT;
}

/* Entries that are to be deleted, a few at a time. */
struct purging {
	struct ldap_journal *journal;
	const struct task *task;
	const struct names *names;
	bool *has_more; /* of each: something is below it */
	unsigned left;  /* counts down */
};

static bool purge_one(void *ctx, size_t i, struct err *e)
{
	struct purging *p = ctx;
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = p->names->items[i]};

	if (store_run(&p->journal->store, p->task, &op,
		      p->journal->store.set->write_seconds, "purge", e)) {
		p->left--;
		return true;
	}
	p->has_more[i] = op.result == LDAP_NOT_ALLOWED_ON_NONLEAF;
	return p->has_more[i] || e->kind == ERR_NOT_FOUND;
}

/* Delete what is below an entry, the lowest first; `left` counts down. */
static bool purge_below(struct ldap_journal *j, const struct task *t,
			const char *dn, unsigned depth, unsigned *left,
			struct err *e)
{
	struct names n;

	if (depth == 0)
		return err_set(e, ERR_INTERNAL, "%s nests too deeply", dn);
	if (!names_below(j, t, dn, *left, &n, e))
		return false;
	err_clear(e);
	struct purging p = {.journal = j,
			    .task = t,
			    .names = &n,
			    .has_more = arena_alloc(t->arena, n.count + 1),
			    .left = *left};
	if (!abreast(purge_one, &p, n.count, ABREAST, e))
		return false;
	*left = p.left;
	for (size_t i = 0; i<n.count && * left> 0; i++) {
		if (p.has_more[i] &&
		    !purge_below(j, t, n.items[i], depth - 1, left, e))
			return false;
	}
	return true;
}

static bool purge(struct journal *port, const struct task *t, const char *id,
		  unsigned limit, bool *more, struct err *e)
{
	struct ldap_journal *j = self(port);
	const char *dn = journal_dn(j, t->arena, id);
	struct names n;
	unsigned left = limit;

	if (!purge_below(j, t, dn, PURGE_DEPTH, &left, e) ||
	    !names_below(j, t, dn, 1, &n, e))
		return false;
	err_clear(e);
	*more = n.count > 0;
	return true;
}

/* Its entry has nothing below it any more. */
static bool forget_jobs(struct journal *port, const struct task *t,
			const char *now, bool *more, struct err *e)
{
	struct ldap_journal *j = self(port);
	struct arena *a = t->arena;
	struct names n = {.arena = a, .room = FORGET_AT_ONCE};

	n.items = arena_alloc(a, n.room * sizeof(*n.items));
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_journal_dn(a, j->store.set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter =
				       filter_and(a,
						  filter_equal(a, "objectClass",
							       "provostJob"),
						  filter_to(a, "provostExpires",
							    map_time(a, now))),
			       .want = nothing,
			       .each = each_name,
			       .ctx = &n};
	if (!store_run(&j->store, t, &op, j->store.set->read_seconds, "jobs",
		       e))
		return false;
	for (size_t i = 0; i < n.count; i++) {
		struct operation gone = {.kind = OPERATION_DELETE,
					 .dn = n.items[i]};

		if (!store_run(&j->store, t, &gone, j->store.set->write_seconds,
			       "jobs", e) &&
		    e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	*more = n.more;
	return true;
}

static bool retired_any(struct journal *port, const struct task *t,
			const char *id, const char *domain, bool *ret,
			struct err *e)
{
	struct ldap_journal *j = self(port);
	struct arena *a = t->arena;
	struct names n;

	if (!names_below(j, t,
			 dn_child(a, schema_of(KIND_DOMAIN)->key, domain,
				  journal_dn(j, a, id)),
			 1, &n, e))
		return false;
	err_clear(e);
	*ret = n.count > 0;
	return true;
}

static const struct journal_ops ops = {
	.write = write_plan,
	.update = update,
	.remove = remove_plan,
	.read = read_plan,
	.list = list_plans,
	.is_claimed = is_claimed,
	.any_claimed = any_claimed,
	.purge = purge,
	.write_works = journal_write_works,
	.read_works = journal_read_works,
	.count_jobs = count_jobs,
	.forget_jobs = forget_jobs,
	.retired_any = retired_any,
	.write_import = journal_write_import,
	.read_import = journal_read_import,
	.count_imports = journal_count_imports,
};

struct journal *ldap_journal_open(struct session *session,
				  const struct ldap_settings *set)
{
	struct ldap_journal *j = alloc_zeroed(sizeof(*j));

	j->port.ops = &ops;
	j->store.session = session;
	j->store.set = set;
	return &j->port;
}

void ldap_journal_close(struct journal **j)
{
	free(*j);
	*j = NULL;
}
