#include "ldap/webhooks.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "ldap/store_parts.h"
#include "ldap/webhook_state.h"
#include "ldap/whose.h"
#include "util/alloc.h"
#include "util/text.h"

static const char id_name[] = "provostWebhookId",
		  state_name[] = "provostWebhookState",
		  class_name[] = "provostWebhook", uuid[] = "entryUUID";

/* clang-format off */
#define F(member) FIELD(struct webhook, member)
static const struct map_attr attrs[] = {
	{"provostWebhookId",      F(id),          MAP_MUST | MAP_FIXED},
	{"provostWebhookOwner",   F(owner_id),    MAP_FIXED},
	{"provostWebhookUrl",     F(url),         0},
	{"provostWebhookEvent",   F(events),      0},
	{"provostWebhookDomain",  F(domains),     0},
	{"provostWebhookRotated", F(rotated_at),  MAP_TIME},
	{"provostEnabled",        F(enabled),     MAP_MUST},
	{"description",           F(description), 0},
	{"createTimestamp",       F(created_at),  MAP_READ_ONLY | MAP_TIME},
	{NULL,                    {0, 0},         0},
};
#undef F
/* clang-format on */

static const char *const classes[] = {class_name, NULL};
static const struct map map = {classes, class_name, attrs};

struct ldap_webhooks {
	struct webhook_box port;
	struct ldap_store *store;
	const unsigned char *key;
};

static struct ldap_webhooks *self(struct webhook_box *b)
{
	return (struct ldap_webhooks *)b;
}

static const char *above(const struct ldap_webhooks *b, struct arena *a)
{
	return dn_child(a, "ou", "webhooks", b->store->set->base);
}

static const char *webhook_dn(const struct ldap_webhooks *b, struct arena *a,
			      const char *id)
{
	return dn_child(a, id_name, id, above(b, a));
}

static const char *state_dn(const struct ldap_webhooks *b, struct arena *a,
			    const char *id)
{
	return dn_child(a, id_name, id,
			schema_journal_dn(a, b->store->set->base));
}

static bool write(struct ldap_webhooks *b, const struct task *t,
		  struct operation *op, struct err *e)
{
	return store_run(b->store, t, op, b->store->set->write_seconds,
			 "webhook", e);
}

/* Webhooks that are read. */
struct finding {
	struct arena *arena;
	struct webhook *items;
	size_t count, room;
	struct err err;
};

static void each_found(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct finding *f = ctx;
	struct entry en;

	if (f->err.kind != ERR_NONE || f->count == f->room ||
	    !entry_read(ld, message, f->arena, &en, &f->err))
		return;
	struct webhook *w = &f->items[f->count];
	*w = webhook_defaults;
	if (map_read(&map, f->arena, &en, w, &f->err)) {
		w->revision = entry_text(&en, schema_guard);
		f->count++;
	}
}

static bool search(struct ldap_webhooks *b, const struct task *t,
		   const char *dn, int scope, const char *filter,
		   bool as_caller, struct finding *f, struct err *e)
{
	struct arena *a = t->arena;
	struct controls c = {.count = 0};
	const char *class = filter_equal(a, "objectClass", class_name);

	if (as_caller)
		c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = scope,
			       .filter = filter != NULL
						 ? filter_and(a, class, filter)
						 : class,
			       .want = map_wanted(&map, a, schema_guard),
			       .limit = OPERATION_ALL,
			       .controls = as_caller ? control_list(&c) : NULL,
			       .each = each_found,
			       .ctx = f,
			       .first = true};

	f->arena = a;
	f->items = arena_alloc(a, f->room * sizeof(*f->items));
	/* A directory that was made before there were any has no place. */
	if (!store_run(b->store, t, &op, b->store->set->read_seconds,
		       "webhooks", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

/* The login of whom the directory tells by that. */
struct owner_search {
	struct arena *arena;
	const char *base, *login;
};

static void each_named(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct owner_search *n = ctx;
	char *dn = ldap_get_dn(ld, message);
	struct whose w;

	/* Who is in the trash is nobody for a while. */
	if (dn != NULL && whose_is(n->arena, n->base, dn, &w) &&
	    w.login != NULL && w.key == NULL && !w.further)
		n->login = w.login;
	ldap_memfree(dn);
}

/* NULL: he is gone. */
static bool name_owner(struct ldap_webhooks *b, const struct task *t,
		       const char *owner_id, const char **ret, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct owner_search n = {.arena = t->arena,
				 .base = b->store->set->base};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = b->store->set->base,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .want = nothing,
			       .each = each_named,
			       .ctx = &n};

	*ret = NULL;
	if (owner_id == NULL)
		return true;
	op.filter = filter_equal(t->arena, uuid, owner_id);
	if (!store_run(b->store, t, &op, b->store->set->read_seconds, "owner",
		       e))
		return false;
	*ret = n.login;
	return true;
}

static void revise(const struct task *t, const struct webhook *w,
		   struct revision *ret)
{
	ret->guard = w->revision != NULL ? w->revision : "";
	ret->etag = map_digest(&map, t->arena, w);
}

static bool get_one(struct ldap_webhooks *b, const struct task *t,
		    const char *id, bool as_caller, struct webhook *ret,
		    struct err *e)
{
	struct finding f = {.room = 1};

	if (!search(b, t, webhook_dn(b, t->arena, id), LDAP_SCOPE_BASE, NULL,
		    as_caller, &f, e))
		return false;
	if (f.count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no such webhook");
	*ret = f.items[0];
	return name_owner(b, t, ret->owner_id, &ret->owner, e);
}

static bool get(struct webhook_box *port, const struct task *t, const char *id,
		struct webhook *ret, struct revision *rev, struct err *e)
{
	if (!get_one(self(port), t, id, true, ret, e))
		return false;
	revise(t, ret, rev);
	return true;
}

static bool add(struct webhook_box *port, const struct task *t,
		struct webhook *w, struct revision *ret, struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct controls c = store_as_caller(t);

	if (!store_look(b->store, t, t->caller->identity, uuid, &w->owner_id,
			e))
		return false;
	w->owner = t->caller->login;
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = webhook_dn(b, t->arena, w->id),
			       .mods = map_add(&map, t->arena, w),
			       .controls = control_list(&c)};
	if (!write(b, t, &op, e))
		return e->kind == ERR_NOT_FOUND
			       ? err_code(e, ERR_UNAVAILABLE,
					  "directory_failed",
					  "the directory has no ou=webhooks")
			       : false;
	if (!rehearsal_is(t))
		return get(port, t, w->id, w, ret, e);
	revise(t, w, ret);
	return true;
}

static int by_age(const void *one, const void *other)
{
	const struct webhook *a = one, *b = other;
	int age = strcmp(a->created_at != NULL ? a->created_at : "",
			 b->created_at != NULL ? b->created_at : "");

	return age != 0 ? age : strcmp(a->id, b->id);
}

/* Most have the owner of the one before. */
static bool name_owners(struct ldap_webhooks *b, const struct task *t,
			struct finding *f, struct err *e)
{
	for (size_t i = 0; i < f->count; i++) {
		struct webhook *w = &f->items[i];

		if (i > 0 && text_equal(w->owner_id, w[-1].owner_id))
			w->owner = w[-1].owner;
		else if (!name_owner(b, t, w->owner_id, &w->owner, e))
			return false;
	}
	return true;
}

static bool list(struct webhook_box *port, const struct task *t,
		 const char *owner, struct webhook **ret, size_t *count,
		 struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct finding f = {.room = WEBHOOKS_ROOM};
	const char *dn, *owner_id = NULL, *filter = NULL;

	*ret = NULL;
	*count = 0;
	if (owner != NULL) {
		dn = standing_is_login(owner)
			     ? schema_login_dn(t->arena, b->store->set->base,
					       owner)
			     : NULL;
		if (dn != NULL &&
		    !store_look(b->store, t, dn, uuid, &owner_id, e))
			return false;
		if (owner_id == NULL)
			return true;
		filter =
			filter_equal(t->arena, "provostWebhookOwner", owner_id);
	}
	if (!search(b, t, above(b, t->arena), LDAP_SCOPE_ONELEVEL, filter, true,
		    &f, e) ||
	    !name_owners(b, t, &f, e))
		return false;
	if (f.count > 1)
		qsort(f.items, f.count, sizeof(*f.items), by_age);
	*ret = f.items;
	*count = f.count;
	return true;
}

static bool change(struct webhook_box *port, const struct task *t,
		   const struct webhook *old, struct webhook *w,
		   const struct revision *seen, struct revision *ret,
		   struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct controls c = store_as_caller(t);

	control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = webhook_dn(b, t->arena, old->id),
			       .mods = map_change(&map, t->arena, old, w),
			       .controls = control_list(&c)};
	if (op.mods != NULL && !write(b, t, &op, e))
		return false;
	if (!rehearsal_is(t))
		return get(port, t, old->id, w, ret, e);
	revise(t, w, ret);
	return true;
}

static bool write_state(struct ldap_webhooks *b, const struct task *t,
			struct operation *op, struct err *e)
{
	if (!write(b, t, op, e) && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

/* The log keeps what was deleted in the journal, and not what was changed
 * there: so the secrets go first. */
static bool remove_state(struct ldap_webhooks *b, const struct task *t,
			 const char *id, struct err *e)
{
	LDAPMod *mods[] = {map_mod(t->arena, LDAP_MOD_REPLACE, state_name,
				   NULL),
			   NULL};
	struct operation blank = {.kind = OPERATION_MODIFY,
				  .dn = state_dn(b, t->arena, id),
				  .mods = mods};
	struct operation op = {.kind = OPERATION_DELETE, .dn = blank.dn};

	return write_state(b, t, &blank, e) && write_state(b, t, &op, e);
}

static bool remove_webhook(struct webhook_box *port, const struct task *t,
			   const char *id, const struct revision *seen,
			   struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct controls c = store_as_caller(t);

	if (seen != NULL)
		control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = webhook_dn(b, t->arena, id),
			       .controls = control_list(&c)};
	return write(b, t, &op, e) && remove_state(b, t, id, e);
}

static int by_id(const void *one, const void *other)
{
	return strcmp(((const struct webhook *)one)->id,
		      ((const struct webhook *)other)->id);
}

static void each_guard(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct finding *f = ctx;
	struct entry en;

	if (f->err.kind != ERR_NONE ||
	    !entry_read(ld, message, f->arena, &en, &f->err))
		return;
	const struct webhook key = {.id = entry_text(&en, id_name)};
	struct webhook *w =
		key.id != NULL && f->count > 0
			? bsearch(&key, f->items, f->count, sizeof(key), by_id)
			: NULL;
	if (w != NULL)
		w->state_guard = entry_text(&en, schema_guard);
}

static bool find_guards(struct ldap_webhooks *b, const struct task *t,
			struct finding *f, struct err *e)
{
	static const char *const want[] = {id_name, schema_guard, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_journal_dn(t->arena,
						       b->store->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_equal(t->arena, "objectClass",
						      class_name),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .each = each_guard,
			       .ctx = f,
			       .first = true};

	if (!store_run(b->store, t, &op, b->store->set->read_seconds,
		       "webhooks", e))
		return false;
	if (f->err.kind != ERR_NONE)
		*e = f->err;
	return f->err.kind == ERR_NONE;
}

static bool all(struct webhook_box *port, const struct task *t,
		struct webhook **ret, size_t *count, struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct finding f = {.room = WEBHOOKS_ROOM + 1};

	if (!search(b, t, above(b, t->arena), LDAP_SCOPE_ONELEVEL, NULL, false,
		    &f, e))
		return false;
	if (f.count > 1)
		qsort(f.items, f.count, sizeof(*f.items), by_id);
	if (f.count > 0 && !find_guards(b, t, &f, e))
		return false;
	*ret = f.items;
	*count = f.count;
	return true;
}

/* Which of their owners are in a domain. */
static bool owners_in(struct ldap_webhooks *b, const struct task *t,
		      const char *domain, const struct webhook *all,
		      size_t count, struct text_list *ret, struct err *e)
{
	static const char *const want[] = {uuid, NULL};
	const char **any = arena_alloc(t->arena, count * sizeof(*any));
	struct list *found = list_new(t->arena, count, NULL);
	size_t n = 0;
	bool more;

	for (size_t i = 0; i < count; i++) {
		if (all[i].owner_id != NULL)
			any[n++] =
				filter_equal(t->arena, uuid, all[i].owner_id);
	}
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_dn(t->arena, b->store->set->base,
					       KIND_DOMAIN, domain),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_any(t->arena, any, n),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .each = list_take,
			       .ctx = found};
	if (n > 0 && !store_run(b->store, t, &op, b->store->set->read_seconds,
				"owners", e))
		return false;
	ret->items = list_keys(found, &ret->count, &more);
	return true;
}

static bool near_ones(struct webhook_box *port, const struct task *t,
		      const struct webhook *all, size_t count, size_t *ret,
		      struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct text_list owners;
	struct whose w;

	*ret = 0;
	if (!whose_is(t->arena, b->store->set->base, t->caller->identity, &w) ||
	    w.domain == NULL)
		return true;
	if (!owners_in(b, t, w.domain, all, count, &owners, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < owners.count; k++)
			*ret += text_equal(all[i].owner_id, owners.items[k]);
	}
	return true;
}

static bool find(struct webhook_box *port, const struct task *t, const char *id,
		 struct webhook *ret, const struct caller **owner,
		 struct err *e)
{
	struct ldap_webhooks *b = self(port);
	struct standing s;

	*owner = NULL;
	if (!get_one(b, t, id, false, ret, e))
		return false;
	if (ret->owner == NULL)
		return true;
	if (!standing_find(b->store->session, b->store->set, t, ret->owner, &s,
			   e))
		return false;
	if (!text_equal(s.id, ret->owner_id))
		return true;
	struct caller *c = arena_alloc(t->arena, sizeof(*c));
	*c = (struct caller){.login = ret->owner,
			     .identity = s.dn,
			     .proof = PROOF_KEY,
			     .scope = webhook_scope(ret, t->arena)};
	*owner = c;
	return true;
}

struct state_read {
	struct ldap_webhooks *box;
	struct arena *arena;
	const char *id;
	struct webhook_state *state;
	struct err err;
};

static void each_state(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct state_read *r = ctx;
	struct entry en;

	if (!entry_read(ld, message, r->arena, &en, &r->err))
		return;
	const char *text = entry_text(&en, state_name);
	if (text == NULL || webhook_state_read(r->arena, r->box->key, r->id,
					       text, r->state, &r->err))
		r->state->guard = entry_text(&en, schema_guard);
}

static bool state(struct webhook_box *port, const struct task *t,
		  const char *id, struct webhook_state *ret, struct err *e)
{
	static const char *const want[] = {state_name, schema_guard, NULL};
	struct ldap_webhooks *b = self(port);
	struct state_read r = {.box = b,
			       .arena = t->arena,
			       .id = id,
			       .state = ret};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = state_dn(b, t->arena, id),
			       .scope = LDAP_SCOPE_BASE,
			       .want = want,
			       .each = each_state,
			       .ctx = &r,
			       .first = true};

	*ret = (struct webhook_state){.guard = NULL};
	if (!store_run(b->store, t, &op, b->store->set->read_seconds, "webhook",
		       e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (r.err.kind != ERR_NONE)
		*e = r.err;
	return r.err.kind == ERR_NONE;
}

static LDAPMod *one(struct arena *a, int op, const char *name,
		    const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = arena_strdup(a, value);
	values[1] = NULL;
	return map_mod(a, op, name, values);
}

/* What was written, by the guard that it has now. */
static bool take_guard(struct arena *a, const struct operation *op,
		       struct webhook_state *st, struct err *e)
{
	const struct berval *value = control_post_read_value(op->reply);
	struct entry en;

	if (value == NULL || !entry_read_control(value, a, &en, e))
		return err_set(e, ERR_UNKNOWN,
			       "a webhook's state was written, and how cannot "
			       "be read");
	st->guard = entry_text(&en, schema_guard);
	return true;
}

static bool keep(struct webhook_box *port, const struct task *t, const char *id,
		 struct webhook_state *st, struct err *e)
{
	static const char *const want[] = {schema_guard, NULL};
	struct ldap_webhooks *b = self(port);
	struct arena *a = t->arena;
	const char *text = webhook_state_write(a, b->key, id, st);
	struct controls c = {.count = 0};
	LDAPMod *fresh[] = {one(a, LDAP_MOD_ADD, "objectClass", class_name),
			    one(a, LDAP_MOD_ADD, id_name, id),
			    one(a, LDAP_MOD_ADD, state_name, text), NULL};
	LDAPMod *mods[] = {one(a, LDAP_MOD_REPLACE, state_name, text), NULL};

	if (st->guard != NULL)
		control_assert(&c, a, schema_guard, st->guard);
	control_post_read(&c, a, want);
	struct operation op = {.kind = st->guard != NULL ? OPERATION_MODIFY
							 : OPERATION_ADD,
			       .dn = state_dn(b, a, id),
			       .mods = st->guard != NULL ? mods : fresh,
			       .controls = control_list(&c)};
	if (write(b, t, &op, e))
		return take_guard(a, &op, st, e);
	if (st->guard == NULL && e->kind == ERR_EXISTS)
		e->kind = ERR_CHANGED;
	return false;
}

static const struct webhook_box_ops ops = {
	.add = add,
	.get = get,
	.list = list,
	.change = change,
	.remove = remove_webhook,
	.all = all,
	.near = near_ones,
	.find = find,
	.state = state,
	.keep = keep,
};

struct webhook_box *ldap_webhooks_open(struct store *s,
				       const struct webhook_keeping *how)
{
	struct ldap_webhooks *b = alloc_zeroed(sizeof(*b));

	b->port = (struct webhook_box){&ops, how->plain, how->grace_hours};
	b->store = store_self(s);
	b->key = how->key;
	return &b->port;
}

void ldap_webhooks_close(struct webhook_box **b)
{
	free(*b);
	*b = NULL;
}
