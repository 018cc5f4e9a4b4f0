#include "ldap/aside.h"

#include <string.h>

#include "core/address.h"
#include "ldap/dn.h"
#include "ldap/entry.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/steps.h"
#include "ldap/store_parts.h"

struct moving {
	struct ldap_store *store;
	const struct task *task;
	enum kind kind;
	const char *key;
	const char *name;                /* the first part of its name */
	const char *home_dn, *parent_dn; /* where it is for everybody */
	const char *place_dn;            /* in the journal */
};

static struct moving moving_of(struct store *port, const struct task *t,
			       enum kind k, const char *key, const char *place)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	const char *base = s->set->base;

	return (struct moving){.store = s,
			       .task = t,
			       .kind = k,
			       .key = key,
			       .name = dn_name(a, schema_of(k)->key, key),
			       .home_dn = schema_dn(a, base, k, key),
			       .parent_dn =
				       k == KIND_DOMAIN
					       ? schema_domains_dn(a, base)
					       : schema_dn(a, base, KIND_DOMAIN,
							   address_domain(key)),
			       .place_dn = schema_plan_dn(a, base, place)};
}

const char *aside_dn(struct arena *a, const char *base, enum kind k,
		     const char *key, const char *place)
{
	return arena_join(a, dn_name(a, schema_of(k)->key, key), ",",
			  schema_plan_dn(a, base, place), NULL);
}

/* By who may delete it.  Without taking the old name out first an entry would
 * count as one of two addresses, the same ones. */
static bool put_aside(const struct moving *m, bool no_op,
		      const struct revision *seen, struct operation *op,
		      struct err *e)
{
	struct controls c = store_as_caller(m->task);

	if (no_op)
		control_no_op(&c);
	if (seen != NULL)
		control_assert_moving(&c, m->task->arena, schema_guard,
				      seen->guard);
	*op = (struct operation){.kind = OPERATION_RENAME,
				 .dn = m->home_dn,
				 .name = m->name,
				 .parent = m->place_dn,
				 .renames = kind_is_address(m->kind),
				 .controls = control_list(&c)};
	return store_run(m->store, m->task, op, m->store->set->write_seconds,
			 m->key, e);
}

bool aside_may_retire(struct store *port, const struct task *t, enum kind k,
		      const char *key, const char *place, struct err *e)
{
	const struct moving m = moving_of(port, t, k, key, place);
	struct operation op;

	/* In a rehearsal there is no such place. */
	if (rehearsal_is(t))
		return steps_may_remove(port, t, k, key, e);
	if (!put_aside(&m, true, NULL, &op, e) &&
	    op.result != LDAP_X_NO_OPERATION)
		return store_nothing_done(e);
	err_clear(e);
	return true;
}

/* By somebody else: who counts what goes must not count it twice. */
static bool is_gone(const struct moving *m, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
		       kind_rules(m->kind)->noun, m->key);
}

bool aside_put(struct store *port, const struct task *t, enum kind k,
	       const char *key, const char *id, const char *place,
	       const struct revision *seen, struct err *e)
{
	const struct moving m = moving_of(port, t, k, key, place);
	struct operation op;
	bool there;

	if (!steps_is_at(m.store, t, m.home_dn, id, &there, e))
		return false;
	/* Done by an earlier try, or somebody else has deleted it. */
	if (!there)
		return seen == NULL || is_gone(&m, e);
	if (put_aside(&m, false, seen, &op, e))
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (!steps_is_at(m.store, t, m.home_dn, id, &there, e))
		return false;
	if (there)
		return err_set(e, ERR_DENIED, "you may not delete %s", key);
	return seen == NULL || is_gone(&m, e);
}

bool aside_retire(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *id, const char *place,
		  struct err *e)
{
	return aside_put(port, t, k, key, id, place, NULL, e);
}

/* It did not get there: why? */
static bool stays(const struct moving *m, const char *id, struct err *e)
{
	struct err why = *e;
	bool there;

	/* slapo-unique is asked before the names are compared. */
	if (why.kind == ERR_INVALID || why.kind == ERR_EXISTS)
		return err_set(e, ERR_EXISTS, "%s is taken", m->key);
	if (why.kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (!steps_is_at(m->store, m->task, m->home_dn, id, &there, e))
		return false;
	if (there)
		return true; /* another gateway was quicker */
	if (!steps_is_at(m->store, m->task, m->parent_dn, NULL, &there, e))
		return false;
	return there ? err_set(e, ERR_NOT_FOUND, "%s is not kept", m->key)
		     : err_code(e, ERR_CONFLICT, "no_domain",
				"the domain of %s is not there", m->key);
}

bool aside_bring_back(struct store *port, const struct task *t, enum kind k,
		      const char *key, const char *id, const char *place,
		      struct err *e)
{
	const struct moving m = moving_of(port, t, k, key, place);
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_RENAME,
			       .dn = aside_dn(t->arena, m.store->set->base, k,
					      key, place),
			       .name = m.name,
			       .parent = m.parent_dn,
			       .controls = control_list(&c)};
	bool there;

	if (!steps_is_at(m.store, t, m.home_dn, id, &there, e))
		return false;
	if (there)
		return true; /* done by an earlier try */
	/* Another one may have been put there under the same name. */
	if (!steps_is_at(m.store, t, op.dn, id, &there, e))
		return false;
	if (!there)
		return err_set(e, ERR_NOT_FOUND, "%s is not kept", key);
	return store_run(m.store, t, &op, m.store->set->write_seconds, key,
			 e) ||
	       stays(&m, id, e);
}
