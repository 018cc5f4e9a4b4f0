#include "ldap/steps.h"

#include <string.h>

#include "core/address.h"
#include "core/scope.h"
#include "ldap/abreast.h"
#include "ldap/dn.h"
#include "ldap/links.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "ldap/whose.h"
#include "util/text.h"

enum {
	RELINK_AT_ONCE = 100, /* entries one call changes at most */
	SEARCH_FACTOR = 5,    /* a search for links may take that many times a
			       * read */
};

/* The no-op control has everything checked and nothing done. */
bool steps_may_remove(struct store *port, const struct task *t, enum kind k,
		      const char *key, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct controls c = store_as_caller(t);

	control_no_op(&c);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, key, e) &&
	    op.result != LDAP_X_NO_OPERATION &&
	    op.result != LDAP_NOT_ALLOWED_ON_NONLEAF)
		return store_nothing_done(e);
	err_clear(e);
	return true;
}

/* Who makes addresses in a domain may describe it, too: that is asked.  An add
 * must not be tried: slapd's mdb of 2.5 takes an attribute for known that it
 * first met in one with the no-op control, and then stores values under the
 * number of another attribute. */
bool steps_may_create(struct store *port, const struct task *t,
		      const char *domain, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	LDAPMod *mods[] = {map_mod(a, LDAP_MOD_REPLACE, schema_optional, NULL),
			   NULL};
	struct controls c = store_as_caller(t);

	control_no_op(&c);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = domain == NULL
					     ? schema_domains_dn(a,
								 s->set->base)
					     : schema_dn(a, s->set->base,
							 KIND_DOMAIN, domain),
			       .mods = mods,
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, op.dn, e) &&
	    op.result != LDAP_X_NO_OPERATION)
		return store_nothing_done(e);
	err_clear(e);
	return true;
}

struct looking {
	struct arena *arena;
	const char *attribute, *value;
	struct err err;
};

static void each_looked(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct looking *l = ctx;
	struct entry en;

	if (entry_read(ld, message, l->arena, &en, &l->err))
		l->value = entry_text(&en, l->attribute);
}

bool store_look(struct ldap_store *s, const struct task *t, const char *dn,
		const char *attribute, const char **ret, struct err *e)
{
	const char *want[] = {attribute, NULL};
	struct looking l = {.arena = t->arena, .attribute = attribute};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .want = want,
			       .each = each_looked,
			       .ctx = &l};

	if (!store_run(s, t, &op, s->set->read_seconds, "look", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (l.err.kind != ERR_NONE)
		*e = l.err;
	*ret = l.value;
	return l.err.kind == ERR_NONE;
}

/* Whether the record with that id, or any, is at that name.  That the caller
 * sees nothing must not be taken for nothing being there. */
bool steps_is_at(struct ldap_store *s, const struct task *t, const char *dn,
		 const char *id, bool *ret, struct err *e)
{
	const char *there;

	if (!store_look(s, t, dn, "entryUUID", &there, e))
		return false;
	*ret = there != NULL && (id == NULL || strcmp(there, id) == 0);
	return true;
}

bool steps_is_there(struct store *port, const struct task *t, enum kind k,
		    const char *key, const char *id, bool *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);

	return steps_is_at(s, t, schema_dn(t->arena, s->set->base, k, key), id,
			   ret, e);
}

struct renaming {
	struct ldap_store *store;
	const struct task *task;
	enum kind kind;
	const char *key, *to, *id;
	const char *old_dn, *new_dn;
	bool prepared; /* it has its former address already */
};

/* What an entry says of its address beside its name: the local part, which a
 * rule compares with the name, a user's login, and a former address. */
struct parts {
	const char *local, *other_local; /* the other: NULL, or a second one */
	const char *login, *former;      /* NULL: none */
};

/* A catch-all has none. */
static const char *local_of(struct arena *a, const char *address)
{
	return address[0] != '@' ? address_local(a, address) : NULL;
}

static LDAPMod *replacement(struct arena *a, const char *attribute,
			    char **values)
{
	return map_mod(a, LDAP_MOD_REPLACE, attribute,
		       values[0] != NULL ? values : NULL);
}

static char *copied(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

static bool set_parts(const struct renaming *r, const char *dn,
		      const struct parts *to, bool assert_id, struct err *e)
{
	struct arena *a = r->task->arena;
	char *locals[] = {copied(a, to->local), copied(a, to->other_local),
			  NULL};
	char *logins[] = {copied(a, to->login), NULL};
	char *formers[] = {copied(a, to->former), NULL};
	LDAPMod *mods[] = {replacement(a, schema_local_part, locals),
			   replacement(a, schema_former, formers),
			   r->kind == KIND_USER
				   ? replacement(a, schema_login, logins)
				   : NULL,
			   NULL};
	struct controls c = store_as_caller(r->task);

	if (assert_id)
		control_assert(&c, a, "entryUUID", r->id);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = mods,
			       .controls = control_list(&c)};

	return store_run(r->store, r->task, &op, r->store->set->write_seconds,
			 r->key, e);
}

static bool is_refusal(const struct err *e)
{
	return e->kind != ERR_UNAVAILABLE && e->kind != ERR_TIMEOUT &&
	       e->kind != ERR_UNKNOWN && e->kind != ERR_LIMIT;
}

/* Refused for good: as it was before.  What can be neither done nor undone is
 * nothing that anybody may be told. */
static bool undo(const struct renaming *r, struct err *e)
{
	const struct parts old = {.local = local_of(r->task->arena, r->key),
				  .login = r->key};
	struct err why = *e;
	bool there;

	err_clear(e);
	if (!steps_is_at(r->store, r->task, r->old_dn, r->id, &there, e) ||
	    (there && !set_parts(r, r->old_dn, &old, false, e)))
		return is_refusal(e) ? err_set(e, ERR_UNKNOWN,
					       "%s is half renamed", r->key)
				     : false;
	*e = why;
	return false;
}

/* What comes first was not written, so that a rule of the directory would
 * refuse the new name.  Who may take the one entry away and make another may
 * rename it. */
static bool rehearse_move(const struct renaming *r, struct operation *op,
			  struct err *e)
{
	struct store *port = &r->store->port;
	struct rehearsal *rehearsal = r->task->rehearsal;

	if (!steps_may_remove(port, r->task, r->kind, r->key, e) ||
	    !steps_may_create(port, r->task, address_domain(r->key), e))
		return false;
	rehearsal->ahead = true;
	bool noted = store_run(r->store, r->task, op,
			       r->store->set->write_seconds, op->name, e);
	rehearsal->ahead = false;
	return noted;
}

/* NULL: it stays in its domain. */
static const char *new_parent(const struct renaming *r)
{
	const char *to = address_domain(r->to);

	return text_equal(to, address_domain(r->key))
		       ? NULL
		       : schema_dn(r->task->arena, r->store->set->base,
				   KIND_DOMAIN, to);
}

static bool rename_entry(const struct renaming *r, struct err *e)
{
	struct arena *a = r->task->arena;
	/* The login comes back with the new name: in between it would be
	 * another than the address. */
	const char *local = local_of(a, r->key);
	const char *other = local_of(a, r->to);
	const struct parts both = {.local = local,
				   .other_local = text_equal(local, other)
							  ? NULL
							  : other,
				   .former = r->key};

	if (!r->prepared && !set_parts(r, r->old_dn, &both, true, e))
		return e->kind == ERR_CHANGED
			       ? err_set(e, ERR_NOT_FOUND, "%s is another now",
					 r->key)
			       : false;
	/* slapo-unique would ask with our assertion, so there is none; but a
	 * successor at the old name lacks the other local part, which a rule
	 * of the directory demands of the new one. */
	struct controls c = store_as_caller(r->task);
	struct operation op = {.kind = OPERATION_RENAME,
			       .dn = r->old_dn,
			       .name = dn_name(a, schema_of(r->kind)->key,
					       r->to),
			       .parent = new_parent(r),
			       .renames = true,
			       .controls = control_list(&c)};
	if (rehearsal_is(r->task))
		return rehearse_move(r, &op, e);
	if (store_run(r->store, r->task, &op, r->store->set->write_seconds,
		      op.name, e))
		return true;
	/* slapo-unique is asked before the names are compared. */
	if (e->kind == ERR_INVALID)
		err_set(e, ERR_EXISTS, "%s is taken", r->to);
	return is_refusal(e) ? undo(r, e) : false;
}

/* It was not there, or not for the caller.  Another gateway may have renamed it
 * between our questions. */
static bool missed(const struct renaming *r, struct err *e)
{
	bool there;

	err_clear(e);
	if (!steps_is_at(r->store, r->task, r->new_dn, r->id, &there, e))
		return false;
	if (there)
		return true;
	if (!steps_is_at(r->store, r->task, r->old_dn, r->id, &there, e))
		return false;
	return there ? err_set(e, ERR_DENIED, "you may not rename %s", r->key)
		     : err_set(e, ERR_NOT_FOUND, "there is no %s %s",
			       kind_rules(r->kind)->noun, r->key);
}

static struct renaming renaming_of(struct ldap_store *s, const struct task *t,
				   enum kind k, const char *key, const char *to,
				   const char *id)
{
	const char *base = s->set->base;

	return (struct renaming){.store = s,
				 .task = t,
				 .kind = k,
				 .key = key,
				 .to = to,
				 .id = id,
				 .old_dn = schema_dn(t->arena, base, k, key),
				 .new_dn = schema_dn(t->arena, base, k, to)};
}

bool steps_move(struct ldap_store *s, const struct task *t, enum kind k,
		const char *key, const char *to, const char *id, bool prepared,
		struct err *e)
{
	struct renaming r = renaming_of(s, t, k, key, to, id);

	r.prepared = prepared;
	return rename_entry(&r, e);
}

bool steps_rename(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *to, const char *id,
		  struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct renaming r = renaming_of(s, t, k, key, to, id);
	bool there;

	if (!steps_is_at(s, t, r.new_dn, id, &there, e))
		return false;
	if (there)
		return true; /* done by an earlier try */
	if (!steps_is_at(s, t, r.old_dn, id, &there, e))
		return false;
	if (!there)
		return missed(&r, e);
	return rename_entry(&r, e) ||
	       (e->kind == ERR_NOT_FOUND && missed(&r, e));
}

bool steps_settle_at(struct ldap_store *s, const struct task *t, enum kind k,
		     const char *key, struct err *e)
{
	const struct renaming r = {.store = s,
				   .task = t,
				   .kind = k,
				   .key = key};
	const struct parts own = {.local = local_of(t->arena, key),
				  .login = key};

	return set_parts(&r, schema_dn(t->arena, s->set->base, k, key), &own,
			 false, e);
}

bool steps_settle(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *id, struct err *e)
{
	struct ldap_store *s = store_self(port);
	bool there;

	if (!steps_is_at(s, t, schema_dn(t->arena, s->set->base, k, key), id,
			 &there, e))
		return false;
	/* Else somebody has renamed or deleted it meanwhile. */
	return (!there && !rehearsal_is_ahead(t)) ||
	       steps_settle_at(s, t, k, key, e);
}

/* Entries that name what is looked for. */
struct linked {
	struct arena *arena;
	const char *base;
	const struct scope *scope; /* what it does not cover; or NULL */
	const char *except;        /* what is below that DN; or NULL */
	const char *dns[RELINK_AT_ONCE];
	struct entry entries[RELINK_AT_ONCE];
	size_t count;
	bool more;
	struct err err;
};

/* An entry of a domain that an API key is for. */
static bool is_in_scope(const struct linked *l, const char *dn)
{
	struct whose w;

	return !scope_is_bound(l->scope) ||
	       (whose_is(l->arena, l->base, dn, &w) && w.domain != NULL &&
		scope_covers(l->scope, w.domain));
}

static void each_linked(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct linked *l = ctx;
	char *dn = ldap_get_dn(ld, message);

	if (dn == NULL)
		err_set(&l->err, ERR_INTERNAL, "an entry has no name");
	else if (l->except != NULL &&
		 (dn_is_below(dn, l->except) || dn_equal(dn, l->except)))
		; /* goes with all the rest there */
	else if (!is_in_scope(l, dn))
		; /* nor is he told of it */
	else if (l->count == RELINK_AT_ONCE)
		l->more = true;
	else if (entry_read(ld, message, l->arena, &l->entries[l->count],
			    &l->err))
		l->dns[l->count++] = arena_strdup(l->arena, dn);
	ldap_memfree(dn);
}

/* What becomes of them. */
struct relinking {
	struct ldap_store *store;
	const struct task *task;
	const struct links *links;
	const struct linked *found;
	bool progress, overtaken;
};

/* True also if the caller may not change it: then it stays. */
static bool change_link(void *ctx, size_t i, struct err *e)
{
	struct relinking *r = ctx;
	struct ldap_store *s = r->store;
	struct arena *a = r->task->arena;
	const struct entry *en = &r->found->entries[i];
	const char *guard = entry_text(en, schema_guard);
	struct controls c = store_as_caller(r->task);
	bool nowhere;

	/* Who may not read it may not write the entry either. */
	if (guard != NULL)
		control_assert(&c, a, schema_guard, guard);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = r->found->dns[i],
			       .mods = links_change(r->links, a, en, &nowhere),
			       .controls = control_list(&c)};
	if (op.mods == NULL)
		return true;
	if (nowhere)
		op.kind = OPERATION_DELETE;
	if (store_run(s, r->task, &op, s->set->write_seconds, op.dn, e)) {
		r->progress = true;
		return true;
	}
	/* Denied, gone, the last of a group, or changed by somebody meanwhile:
	 * that one is looked at once more. */
	if (e->kind != ERR_DENIED && e->kind != ERR_NOT_FOUND &&
	    e->kind != ERR_INVALID && e->kind != ERR_CHANGED)
		return false;
	r->overtaken = r->overtaken || e->kind == ERR_CHANGED;
	err_clear(e);
	return true;
}

/* In all the directory; who may not look there has to do with domains only. */
static bool find_links(struct ldap_store *s, const struct task *t,
		       struct operation *op, struct err *e)
{
	int64_t seconds = s->set->read_seconds * SEARCH_FACTOR;

	op->dn = s->set->base;
	if (store_run(s, t, op, seconds, "links", e))
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	op->dn = schema_domains_dn(t->arena, s->set->base);
	return store_run(s, t, op, seconds, "links", e);
}

bool steps_relink(struct store *port, const struct task *t,
		  const struct text_list *names, const char *to,
		  const char *except, enum relinked what, bool *more,
		  struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	const struct links links = {s->set->base, names, to,
				    what == RELINK_RIGHTS ? LINKS_RIGHTS
							  : LINKS_ALL};
	struct linked *found = arena_alloc(a, sizeof(*found));
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = links_filter(&links, a),
			       .want = links_wanted(),
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_linked,
			       .ctx = found};

	found->arena = a;
	found->base = s->set->base;
	found->scope = t->caller->scope;
	if (except != NULL)
		found->except = schema_dn(a, s->set->base, KIND_DOMAIN, except);
	if (!find_links(s, t, &op, e))
		return false;
	if (found->err.kind != ERR_NONE) {
		*e = found->err;
		return false;
	}
	struct relinking r = {.store = s,
			      .task = t,
			      .links = &links,
			      .found = found};
	/* A rehearsal tells them one after the other. */
	if (!abreast(change_link, &r, found->count,
		     rehearsal_is(t) ? 1 : ABREAST, e))
		return false;
	if (rehearsal_is(t)) {
		t->rehearsal->more = t->rehearsal->more || found->more;
		*more = false;
		return true;
	}
	/* Where nothing could be changed, looking again leads nowhere. */
	*more = r.overtaken || (found->more && r.progress);
	return true;
}
