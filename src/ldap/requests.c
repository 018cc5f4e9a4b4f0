#include "ldap/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/sealing.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/request_names.h"
#include "ldap/schema.h"
#include "ldap/store_parts.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/random.h"
#include "util/text.h"

enum {
	TRIES = 6,        /* of a claim, as long as others come between */
	HOLDER_WORD = 16, /* letters that tell one try from another */
	COUNT_SLACK = 64, /* that a caller may have beyond what is allowed */
	FORGET_AT_ONCE = 200,
	CLOCKS = 2,  /* seconds that clocks may differ */
	AWAIT = 200, /* milliseconds until it is looked again */
	HOUR = 3600,
};

static const char id[] = "provostRequestId";
static const char caller[] = "provostRequestCaller";
static const char content[] = "provostRequestDigest";
static const char holder[] = "provostRequestHolder";
static const char answer[] = "provostRequestAnswer";
static const char secret[] = "provostRequestSecret";
static const char changed[] = "modifyTimestamp";
static const char secret_id[] = "secret";
static const char in_doubt[] = "doubt"; /* instead of a holder */

struct ldap_requests {
	struct requests port;
	struct ldap_store *store;
	const struct request_settings *set;
	const char *gateway;
};

static struct ldap_requests *self(struct requests *r)
{
	return (struct ldap_requests *)r;
}

static const char *above(const struct ldap_requests *r, struct arena *a)
{
	return dn_child(a, "ou", "requests", r->store->set->base);
}

static const char *record_dn(const struct ldap_requests *r, struct arena *a,
			     const char *name)
{
	return dn_child(a, id, name, above(r, a));
}

/* One value of an attribute, to add an entry or to change it. */
static LDAPMod *one(struct arena *a, int op, const char *name,
		    const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = value != NULL ? arena_strdup(a, value) : NULL;
	values[1] = NULL;
	return map_mod(a, op, name, value != NULL ? values : NULL);
}

static bool write(struct ldap_requests *r, const struct task *t,
		  struct operation *op, struct err *e)
{
	return store_run(r->store, t, op, r->store->set->write_seconds,
			 "requests", e);
}

static bool no_place(struct err *e)
{
	return err_code(e, ERR_UNAVAILABLE, "directory_failed",
			"the directory has no ou=requests");
}

/* Whoever is first draws it. */
static bool draw_secret(struct ldap_requests *r, const struct task *t,
			const char *dn, struct err *e)
{
	struct arena *a = t->arena;
	LDAPMod *mods[] = {one(a, LDAP_MOD_ADD, "objectClass",
			       "provostRequest"),
			   one(a, LDAP_MOD_ADD, id, secret_id),
			   one(a, LDAP_MOD_ADD, secret,
			       random_word(a, REQUEST_SECRET)),
			   NULL};
	struct operation op = {.kind = OPERATION_ADD, .dn = dn, .mods = mods};

	if (write(r, t, &op, e))
		return true;
	if (e->kind == ERR_NOT_FOUND)
		return no_place(e);
	return e->kind == ERR_EXISTS || store_nothing_done(e);
}

/* It is read anew each time: the directory may be another by now. */
static bool read_secret(struct ldap_requests *r, const struct task *t,
			const char **ret, struct err *e)
{
	const char *dn = record_dn(r, t->arena, secret_id);

	if (!store_look(r->store, t, dn, secret, ret, e))
		return false;
	if (*ret == NULL) {
		if (!draw_secret(r, t, dn, e))
			return false;
		err_clear(e);
		if (!store_look(r->store, t, dn, secret, ret, e))
			return false;
	}
	return (*ret != NULL && strlen(*ret) == REQUEST_SECRET) ||
	       err_set(e, ERR_INTERNAL, "%s has no secret", dn);
}

/* What is known of one. */
struct record {
	struct arena *arena;
	struct entry entry;
	size_t count;
	struct err err;
};

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct record *rec = ctx;

	if (entry_read(ld, message, rec->arena, &rec->entry, &rec->err))
		rec->count++;
}

static bool read_record(struct ldap_requests *r, const struct task *t,
			const char *dn, struct record *ret, struct err *e)
{
	static const char *const want[] =
		{content,        holder,       answer, changed,
		 schema_expires, schema_guard, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .want = want,
			       .each = each_record,
			       .ctx = ret,
			       .first = true};

	*ret = (struct record){.arena = t->arena};
	if (!store_run(r->store, t, &op, r->store->set->read_seconds,
		       "requests", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE;
}

/* A claim on its way. */
struct claiming {
	struct ldap_requests *requests;
	const struct task *task;
	const struct asked *asked;
	struct request_names names;
	const char *dn;
	struct claim *claim;
};

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	size_t *count = ctx;

	(void)ld, (void)message;
	++*count;
}

/* Counting many is dear, so it is done now and then, the more seldom the more
 * there may be. */
static bool counts_now(int64_t most)
{
	uint16_t any;

	random_bytes(&any, sizeof(any));
	return any % (most / COUNT_SLACK + 1) == 0;
}

static bool has_room(const struct claiming *c, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct arena *a = c->task->arena;
	struct ldap_requests *r = c->requests;
	int64_t most = r->set->most;
	size_t count = 0;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = above(r, a),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter =
				       filter_equal(a, caller, c->names.caller),
			       .want = nothing,
			       .limit = (int)most,
			       .each = each_counted,
			       .ctx = &count};

	if (!counts_now(most))
		return true;
	if (!store_run(r->store, c->task, &op, r->store->set->read_seconds,
		       "requests", e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED)
		return e->kind == ERR_NOT_FOUND ? no_place(e) : false;
	err_clear(e);
	return (int64_t)count < most ||
	       err_code(e, ERR_RATE, "too_many_keys_kept",
			"%lld requests of yours are kept: come again without "
			"a key, or when they are forgotten",
			(long long)most);
}

static char *expires_at(const struct claiming *c)
{
	char text[INSTANT_SIZE];

	instant_text(text,
		     clock_seconds() + c->requests->set->keep_hours * HOUR);
	return map_time(c->task->arena, text);
}

/* The first that comes with that key. */
static bool begin(const struct claiming *c, struct err *e)
{
	struct arena *a = c->task->arena;
	LDAPMod *mods[] = {one(a, LDAP_MOD_ADD, "objectClass",
			       "provostRequest"),
			   one(a, LDAP_MOD_ADD, id, c->names.id),
			   one(a, LDAP_MOD_ADD, caller, c->names.caller),
			   one(a, LDAP_MOD_ADD, content, c->names.content),
			   one(a, LDAP_MOD_ADD, holder, c->claim->holder),
			   one(a, LDAP_MOD_ADD, schema_expires, expires_at(c)),
			   NULL};
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = c->dn,
			       .mods = mods};

	if (!has_room(c, e))
		return false;
	if (!write(c->requests, c->task, &op, e))
		return e->kind == ERR_NOT_FOUND ? no_place(e) : false;
	c->claim->state = CLAIM_OURS;
	return true;
}

/* Ours from now on, after somebody who does not hold it any more.  ERR_CHANGED
 * if another was quicker. */
static bool take_over(const struct claiming *c, const struct entry *en,
		      struct err *e)
{
	struct arena *a = c->task->arena;
	struct controls controls = {.count = 0};
	LDAPMod *mods[] = {one(a, LDAP_MOD_REPLACE, holder, c->claim->holder),
			   NULL};

	control_assert(&controls, a, schema_guard,
		       entry_text(en, schema_guard));
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = c->dn,
			       .mods = mods,
			       .controls = control_list(&controls)};

	if (!write(c->requests, c->task, &op, e))
		return false;
	c->claim->state = CLAIM_OURS;
	c->claim->origin.again = true;
	return true;
}

/* It is not to be known any more: the key may be used as if it were new. */
static bool drop(const struct claiming *c, const struct entry *en,
		 struct err *e)
{
	struct arena *a = c->task->arena;
	struct controls controls = {.count = 0};

	control_assert(&controls, a, schema_guard,
		       entry_text(en, schema_guard));
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = c->dn,
			       .controls = control_list(&controls)};

	return write(c->requests, c->task, &op, e) || e->kind == ERR_NOT_FOUND;
}

static bool has_expired(const struct claiming *c, const struct entry *en)
{
	const char *until = entry_text(en, schema_expires);

	return until != NULL &&
	       instant_is_past(map_instant(c->task->arena, until));
}

/* Whoever has it may be dead: at least he has not answered in that time. */
static bool is_stale(const struct claiming *c, const struct entry *en)
{
	const char *since = entry_text(en, changed);
	char text[INSTANT_SIZE];

	instant_text(text,
		     clock_seconds() - CLOCKS - c->asked->stale_millis / 1000);
	return since != NULL &&
	       strcmp(map_instant(c->task->arena, since), text) < 0;
}

static bool open_answer(const struct claiming *c, const char *sealed,
			struct err *e)
{
	c->claim->state = CLAIM_ANSWERED;
	return sealing_open(c->task->arena, c->names.seal, c->names.id, sealed,
			    &c->claim->answer) ||
	       err_set(e, ERR_INTERNAL, "%s cannot be opened", c->dn);
}

/* It is known. */
static bool judge(const struct claiming *c, const struct entry *en,
		  struct err *e)
{
	const char *sealed = entry_text(en, answer);
	const char *who = entry_text(en, holder);

	if (!text_equal(entry_text(en, content), c->names.content)) {
		c->claim->state = CLAIM_OTHER;
		return true;
	}
	if (sealed != NULL)
		return open_answer(c, sealed, e);
	if (text_equal(who, c->claim->holder)) {
		c->claim->state = CLAIM_OURS; /* the add of which we heard
						 nothing */
		return true;
	}
	if (who == NULL || text_equal(who, in_doubt) || is_stale(c, en))
		return take_over(c, en, e);
	c->claim->state = CLAIM_BUSY;
	return true;
}

/* False with ERR_CHANGED or ERR_EXISTS: look again. */
static bool look(const struct claiming *c, bool *there, struct err *e)
{
	struct record rec;

	*there = false;
	if (!read_record(c->requests, c->task, c->dn, &rec, e))
		return false;
	if (rec.count == 0)
		return true;
	if (has_expired(c, &rec.entry))
		return drop(c, &rec.entry, e);
	*there = true;
	return judge(c, &rec.entry, e);
}

/* What may be otherwise at the next look. */
static bool may_be_otherwise(const struct claiming *c, const struct err *e)
{
	struct store *s = &c->requests->store->port;

	if (e->kind == ERR_EXISTS || e->kind == ERR_CHANGED)
		return true;
	return e->kind == ERR_UNKNOWN && s->ops->await(s, c->task, AWAIT);
}

/* Of what was asked itself nothing is, at any rate. */
static bool nothing_done(struct err *e)
{
	const struct err why = *e;

	return e->kind == ERR_UNKNOWN
		       ? err_code(e, ERR_UNAVAILABLE, "directory_failed", "%s",
				  why.text)
		       : false;
}

static bool claim_it(const struct claiming *c, struct err *e)
{
	bool there = c->asked->look;

	for (int try = 0; try < TRIES; try++) {
		err_clear(e);
		if (!there && begin(c, e))
			return true;
		if (e->kind != ERR_NONE && !may_be_otherwise(c, e))
			return nothing_done(e);
		err_clear(e);
		if (look(c, &there, e) && there)
			return true;
		if (e->kind != ERR_NONE && !may_be_otherwise(c, e))
			return nothing_done(e);
	}
	return err_code(e, ERR_LIMIT, "contended",
			"too many come with the same key at once");
}

static bool claim(struct requests *port, const struct task *t,
		  const struct asked *asked, struct claim *ret, struct err *e)
{
	struct claiming c = {.requests = self(port),
			     .task = t,
			     .asked = asked,
			     .claim = ret};
	const char *known;

	*ret = (struct claim){.state = CLAIM_BUSY};
	if (!read_secret(c.requests, t, &known, e))
		return false;
	c.names = request_names(t, known, asked, ret->origin.bytes);
	c.dn = record_dn(c.requests, t->arena, c.names.id);
	ret->id = c.names.id;
	ret->origin.mark = c.names.mark;
	ret->seal = c.names.seal;
	ret->holder = arena_join(t->arena, c.requests->gateway, " ",
				 random_name(t->arena, HOLDER_WORD), NULL);
	return claim_it(&c, e);
}

static bool origin(struct requests *port, const struct task *t, const char *key,
		   struct origin *ret, struct err *e)
{
	const struct asked asked = {.key = key, .what = ""};
	const char *known;

	*ret = (struct origin){.again = false};
	if (!read_secret(self(port), t, &known, e))
		return false;
	ret->mark = request_names(t, known, &asked, ret->bytes).mark;
	return true;
}

/* Nobody answers it any more, unless another has taken it over. */
static void assert_holder(struct controls *controls, const struct task *t,
			  const struct claim *c)
{
	control_assert(controls, t->arena, holder, c->holder);
}

static bool keep(struct requests *port, const struct task *t,
		 const struct claim *c, const char *what, struct err *e)
{
	struct ldap_requests *r = self(port);
	struct arena *a = t->arena;
	/* It has one value: where there is one already, this is refused. */
	LDAPMod *mods[] = {one(a, LDAP_MOD_ADD, answer,
			       sealing_close(a, c->seal, c->id, what)),
			   one(a, LDAP_MOD_REPLACE, holder, NULL), NULL};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = record_dn(r, a, c->id),
			       .mods = mods};

	return write(r, t, &op, e) || op.result == LDAP_CONSTRAINT_VIOLATION ||
	       op.result == LDAP_TYPE_OR_VALUE_EXISTS;
}

static bool leave(struct requests *port, const struct task *t,
		  const struct claim *c, bool doubt, struct err *e)
{
	struct ldap_requests *r = self(port);
	struct controls controls = {.count = 0};
	LDAPMod *mods[] = {one(t->arena, LDAP_MOD_REPLACE, holder, in_doubt),
			   NULL};
	struct operation op = {.kind = doubt ? OPERATION_MODIFY
					     : OPERATION_DELETE,
			       .dn = record_dn(r, t->arena, c->id)};

	assert_holder(&controls, t, c);
	op.mods = doubt ? mods : NULL;
	op.controls = control_list(&controls);
	return write(r, t, &op, e) || e->kind == ERR_CHANGED ||
	       e->kind == ERR_NOT_FOUND;
}

/* Where what carries a mark is. */
struct marked {
	struct arena *arena;
	const char *base, *key;
	enum kind kind;
	struct err err;
};

static void each_marked(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct marked *m = ctx;
	char *dn = ldap_get_dn(ld, message);
	struct entry en;

	if (dn != NULL && (m->key == NULL || m->key[0] == '\0') &&
	    entry_read(ld, message, m->arena, &en, &m->err)) {
		const char *key = entry_text(&en, schema_of(m->kind)->key);
		const char *place =
			key != NULL ? schema_dn(m->arena, m->base, m->kind, key)
				    : NULL;
		bool in_place = place != NULL && dn_equal(dn, place);

		m->key = in_place ? key : "";
	}
	ldap_memfree(dn);
}

static bool made(struct requests *port, const struct task *t, enum kind k,
		 const char *mark, const char **key, struct err *e)
{
	struct ldap_requests *r = self(port);
	struct arena *a = t->arena;
	const char *want[] = {schema_of(k)->key, NULL};
	struct marked m = {.arena = a, .base = r->store->set->base, .kind = k};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = r->store->set->base,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter =
				       filter_and(a, filter_equal(a, id, mark),
						  schema_class_filter(a, k)),
			       .want = want,
			       .each = each_marked,
			       .ctx = &m,
			       .first = true};

	if (!store_run(r->store, t, &op, r->store->set->read_seconds,
		       "requests", e))
		return false;
	if (m.err.kind != ERR_NONE)
		*e = m.err;
	*key = m.key;
	return m.err.kind == ERR_NONE;
}

struct forgotten {
	struct arena *arena;
	const char *dns[FORGET_AT_ONCE];
	size_t count;
};

static void each_forgotten(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct forgotten *f = ctx;
	char *dn = ldap_get_dn(ld, message);

	if (dn != NULL && f->count < FORGET_AT_ONCE)
		f->dns[f->count++] = arena_strdup(f->arena, dn);
	ldap_memfree(dn);
}

static bool forget(struct requests *port, const struct task *t, const char *now,
		   bool *more, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct ldap_requests *r = self(port);
	struct arena *a = t->arena;
	struct forgotten f = {.arena = a};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = above(r, a),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_to(a, schema_expires,
						   map_time(a, now)),
			       .want = nothing,
			       .limit = FORGET_AT_ONCE,
			       .each = each_forgotten,
			       .ctx = &f};

	/* A directory that was made before there were any has no place. */
	if (!store_run(r->store, t, &op, r->store->set->read_seconds,
		       "requests", e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED && e->kind != ERR_NOT_FOUND)
		return false;
	*more = op.result == LDAP_SIZELIMIT_EXCEEDED;
	err_clear(e);
	for (size_t i = 0; i < f.count; i++) {
		struct operation gone = {.kind = OPERATION_DELETE,
					 .dn = f.dns[i]};

		if (!write(r, t, &gone, e) && e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	return true;
}

LDAPMod **ldap_requests_mark(const struct task *t, LDAPMod **mods)
{
	size_t n = 0;

	if (t->origin == NULL)
		return mods;
	while (mods[n] != NULL)
		n++;
	LDAPMod **all = arena_alloc(t->arena, (n + 2) * sizeof(*all));
	memcpy(all, mods, n * sizeof(*all));
	all[n++] = one(t->arena, LDAP_MOD_ADD, id, t->origin->mark);
	all[n] = NULL;
	return all;
}

static const struct requests_ops ops = {
	.claim = claim,
	.origin = origin,
	.keep = keep,
	.leave = leave,
	.made = made,
	.forget = forget,
};

struct requests *ldap_requests_open(struct store *s,
				    const struct request_settings *set,
				    const char *gateway)
{
	struct ldap_requests *r = alloc_zeroed(sizeof(*r));

	r->port.ops = &ops;
	r->store = store_self(s);
	r->set = set;
	r->gateway = gateway;
	return &r->port;
}

void ldap_requests_close(struct requests **r)
{
	free(*r);
	*r = NULL;
}
