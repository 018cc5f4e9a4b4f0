#include "ldap/store.h"
#include "ldap/checkbook.h"

#include <stdlib.h>
#include <string.h>

#include "core/user.h"
#include "ldap/aside.h"
#include "ldap/audit_list.h"
#include "ldap/audit_write.h"
#include "ldap/change_record.h"
#include "ldap/changes.h"
#include "ldap/expiry.h"
#include "ldap/filter.h"
#include "ldap/history.h"
#include "ldap/keyring.h"
#include "ldap/known.h"
#include "ldap/ldif.h"
#include "ldap/made.h"
#include "ldap/manager.h"
#include "ldap/measure.h"
#include "ldap/moving.h"
#include "ldap/naming.h"
#include "ldap/number.h"
#include "ldap/principal.h"
#include "ldap/reach.h"
#include "ldap/reading.h"
#include "ldap/rehearse.h"
#include "ldap/requests.h"
#include "ldap/result.h"
#include "ldap/roster.h"
#include "ldap/schema.h"
#include "ldap/sponsor.h"
#include "ldap/steps.h"
#include "ldap/store_list.h"
#include "ldap/store_parts.h"
#include "ldap/survey.h"
#include "ldap/tally.h"
#include "ldap/trash.h"
#include "ldap/usage.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/trace.h"

enum {
	AWAIT_STEP = 20,  /* milliseconds between looks */
	REMOVE_TRIES = 4, /* of a user, while somebody measures */
};

struct ldap_store *store_self(struct store *s)
{
	return (struct ldap_store *)s;
}

static int64_t deadline(const struct task *t, int64_t seconds)
{
	int64_t own = clock_now() + seconds * 1000;

	return own < t->deadline ? own : t->deadline;
}

/* Controls of an operation with the caller's rights. */
struct controls store_as_caller(const struct task *t)
{
	struct controls c = {.count = 0};

	control_proxy(&c, t->arena, t->caller->identity);
	return c;
}

/* What the log of changes keeps of whoever asked for a write. */
static LDAPControl **with_context(const struct task *t, LDAPControl **controls)
{
	static const char *const proofs[] = {[PROOF_PASSWORD] = "password",
					     [PROOF_KEY] = "key",
					     [PROOF_CERTIFICATE] =
						     "certificate",
					     [PROOF_TOKEN] = "token"};
	const struct caller *c = t->caller;
	const char *request = t->request != NULL ? t->request : "-";
	struct context from = {.source = t->source != NULL ? t->source : "",
			       .login = c->login};

	from.words =
		t->source == NULL
			? request
			: arena_join(t->arena, request, " ", proofs[c->proof],
				     " ", c->key != NULL ? c->key : "-",
				     t->trace != NULL ? " " : NULL,
				     t->trace != NULL ? t->trace->id : NULL,
				     NULL);
	return control_with_context(controls, t->arena, &from);
}

/* Who asks as somebody else does so by a control. */
static struct session *session_for(const struct ldap_store *s,
				   const struct operation *op)
{
	struct session *aside = NULL;

	if (op->controls != NULL && operation_reads(op->kind))
		aside = s->reading;
	else if (op->controls != NULL && op->kind == OPERATION_ADD)
		aside = s->adding;
	return aside != NULL && session_is_up(aside) ? aside : s->session;
}

/* Run it; results other than success are errors. */

bool store_run(struct ldap_store *s, const struct task *t, struct operation *op,
	       int64_t seconds, const char *what, struct err *e)
{
	struct session *way = session_for(s, op);

	if (!operation_reads(op->kind) && t->caller != NULL)
		op->controls = with_context(t, op->controls);
	if (rehearse_is_due(t, op))
		return rehearse(s, t, op, deadline(t, seconds), what, e);

	int64_t began = clock_now();
	bool answered = session_run(way, t->arena, op, deadline(t, seconds), e);
	measure_slow(op, t, clock_now() - began, s->set->slow_millis, what);
	return answered &&
	       (op->result == LDAP_SUCCESS || result_of(op, what, e));
}

/* The entry that was asked for: the rest of the record stays as it is. */
static void each_of_one(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	if (r->err.kind == ERR_NONE &&
	    entry_read(ld, message, r->arena, &en, &r->err) &&
	    reading_add(r, &en, &r->err))
		r->count = 1;
}

/* A user's entry, or what was measured of him. */
static void each_of_user(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE ||
	    !entry_read(ld, message, r->arena, &en, &r->err))
		return;
	if (entry_is_a(&en, schema_usage()->class))
		map_read(schema_usage(), r->arena, &en, r->records, &r->err);
	else if (entry_is_a(&en, r->map->class) && reading_add(r, &en, &r->err))
		r->count = 1;
}

/* One search for both: it costs hardly more than that for the user's entry
 * alone. */
static void read_usage_too(struct operation *op, const struct reading *r)
{
	op->scope = LDAP_SCOPE_SUBTREE;
	op->filter = filter_present(r->arena, "objectClass");
	op->want = usage_wanted(r->arena, op->want);
	op->each = each_of_user;
}

static bool revise(struct reading *r, const void *record, struct revision *ret,
		   struct err *e)
{
	if (r->guard == NULL)
		return err_set(e, ERR_INTERNAL, "the entry shows no %s",
			       schema_guard);
	ret->guard = r->guard;
	ret->etag = map_digest(r->map, r->arena, record);
	return true;
}

/* Only those members of the record are set that the directory has. */
static bool read_entry(struct ldap_store *s, const struct task *t, enum kind k,
		       const char *key, void *ret, struct revision *rev,
		       struct err *e)
{
	const struct schema *sc = schema_of(k);
	const char *dn = schema_dn(t->arena, s->set->base, k, key);
	struct reading r = {.kind = k,
			    .map = &sc->map,
			    .arena = t->arena,
			    .records = ret,
			    .size = kind_rules(k)->size,
			    .room = 1};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_class_filter(t->arena, k),
			       .want = map_wanted(&sc->map, t->arena,
						  schema_guard),
			       .controls = control_list(&c),
			       .each = each_of_one,
			       .ctx = &r};

	if (k == KIND_USER && usage_is_there(s, t))
		read_usage_too(&op, &r);
	if (dn != NULL && !store_run(s, t, &op, s->set->read_seconds, key, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		return err_wrap(e, "%s", key);
	}
	if (r.count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
			       kind_rules(k)->noun, key);
	return revise(&r, ret, rev, e);
}

static bool get(struct store *port, const struct task *t, enum kind k,
		const char *key, void *ret, struct revision *rev, struct err *e)
{
	struct ldap_store *s = store_self(port);

	memcpy(ret, kind_rules(k)->defaults, kind_rules(k)->size);
	if (!read_entry(s, t, k, key, ret, rev, e))
		return false;
	if (k != KIND_PRINCIPAL)
		return true;
	if (!principal_mark(s, t, ret, 1, e))
		return false;
	rev->etag = map_digest(&schema_of(k)->map, t->arena, ret);
	return true;
}

/* As it would be stored; what the directory adds by itself is not known. */
static bool as_rehearsed(const struct task *t, enum kind k, void *record,
			 struct revision *ret)
{
	kind_rules(k)->derive(record, t->arena);
	ret->etag = map_digest(&schema_of(k)->map, t->arena, record);
	ret->guard = "";
	return true;
}

/* What a write left behind in the entry.  The reply could tell it all (RFC
 * 4527), but slapd decides on each attribute there as if it were to be written,
 * which for whoever has a role costs as much as the write. */
static bool read_back(struct ldap_store *s, const struct task *t, enum kind k,
		      void *record, struct revision *ret, struct err *e)
{
	const char *key = arena_strdup(t->arena, kind_key(k, record));

	if (t->unread) {
		*ret = (struct revision){"", ""};
		return true;
	}
	if (rehearsal_is(t))
		return as_rehearsed(t, k, record, ret);
	if (read_entry(s, t, k, key, record, ret, e))
		return true;
	if (e->kind == ERR_NOT_FOUND)
		return false;
	/* It was written: no refusal may stand for that. */
	e->kind = ERR_UNKNOWN;
	e->code = "outcome_unknown";
	return err_wrap(e, "%s was written and cannot be read", key);
}

/* Somebody removed it at once: what only slapd knew of it the log tells. */
static bool as_added(struct ldap_store *s, const struct task *t, enum kind k,
		     void *record, struct revision *ret, struct err *e)
{
	if (e->kind != ERR_NOT_FOUND)
		return false;
	if (!made_recall(s, t, k, kind_key(k, record), record, &ret->guard))
		return err_code(e, ERR_UNKNOWN, "outcome_unknown",
				"it was made, and removed by somebody else");
	err_clear(e);
	kind_rules(k)->derive(record, t->arena);
	ret->etag = map_digest(&schema_of(k)->map, t->arena, record);
	return true;
}

/* Somebody removed it since, or the change has taken it out of the caller's
 * sight: he has seen all of it before. */
static bool as_changed(const struct task *t, enum kind k, const void *record,
		       const struct revision *seen, struct revision *ret,
		       struct err *e)
{
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	ret->guard = seen->guard;
	ret->etag = map_digest(&schema_of(k)->map, t->arena, record);
	return true;
}

/* Whoever it is that fails to log in as a principal, does not lock him out. */
static LDAPMod **new_entry(const struct ldap_store *s, struct arena *a,
			   enum kind k, const void *record)
{
	LDAPMod **mods = map_add(&schema_of(k)->map, a, record);
	size_t n = 0;

	if (k != KIND_PRINCIPAL)
		return mods;
	while (mods[n] != NULL)
		n++;
	LDAPMod **all = arena_alloc(a, (n + 2) * sizeof(*all));
	char **values = arena_alloc(a, 2 * sizeof(*values));
	memcpy(all, mods, n * sizeof(*all));
	values[0] = arena_strdup(a, schema_policy_dn(a, s->set->base));
	all[n] = map_mod(a, LDAP_MOD_ADD, schema_policy, values);
	return all;
}

static bool write(struct ldap_store *s, const struct task *t, enum kind k,
		  struct operation *op, const void *record, struct err *e)
{
	return store_run(s, t, op, s->set->write_seconds, kind_key(k, record),
			 e) ||
	       (k == KIND_PRINCIPAL && principal_refused(s, t, record, e));
}

static bool add(struct store *port, const struct task *t, enum kind k,
		void *record, struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *key = kind_key(k, record);
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .mods = ldap_requests_mark(t,
							  new_entry(s, t->arena,
								    k, record)),
			       .controls = control_list(&c)};

	return write(s, t, k, &op, record, e) &&
	       (read_back(s, t, k, record, ret, e) ||
		as_added(s, t, k, record, ret, e));
}

bool store_nothing_done(struct err *e)
{
	if (e->kind == ERR_UNKNOWN)
		e->kind = ERR_UNAVAILABLE;
	return false;
}

/* Who may not write is told so, even when there is nothing to write: ask with
 * the no-op control, which checks everything and does nothing. */
static bool may_change(struct ldap_store *s, const struct task *t,
		       struct operation *op, struct err *e)
{
	struct controls c = store_as_caller(t);
	LDAPMod nothing_new = {.mod_op = LDAP_MOD_REPLACE,
			       .mod_type =
				       arena_strdup(t->arena, schema_optional)};
	LDAPMod *mods[] = {&nothing_new, NULL};

	control_no_op(&c);
	op->mods = mods;
	op->controls = control_list(&c);
	return (session_run(s->session, t->arena, op,
			    deadline(t, s->set->write_seconds), e) &&
		(op->result == LDAP_X_NO_OPERATION ||
		 result_of(op, op->dn, e))) ||
	       store_nothing_done(e);
}

static bool change(struct store *port, const struct task *t, enum kind k,
		   const void *old, void *record, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct map *map = &schema_of(k)->map;
	const char *key = kind_key(k, old);
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .mods = map_change(map, t->arena, old, record)};

	if (k != KIND_PRINCIPAL ||
	    !principal_gives(t->arena, old, record, &op.mods))
		control_assert(&c, t->arena, schema_guard, seen->guard);
	op.controls = control_list(&c);

	if (op.mods == NULL) {
		*ret = *seen; /* it is as wanted already */
		return rehearsal_is_ahead(t) || may_change(s, t, &op, e);
	}
	return write(s, t, k, &op, record, e) &&
	       (read_back(s, t, k, record, ret, e) ||
		as_changed(t, k, record, seen, ret, e));
}

static bool remove_once(struct ldap_store *s, const struct task *t,
			const char *dn, const char *key,
			const struct revision *seen, struct err *e)
{
	struct controls c = store_as_caller(t);

	if (seen != NULL)
		control_assert(&c, t->arena, schema_guard, seen->guard);
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = dn,
			       .controls = control_list(&c)};

	return store_run(s, t, &op, s->set->write_seconds, key, e) ||
	       (op.result == LDAP_NOT_ALLOWED_ON_NONLEAF &&
		err_code(e, ERR_CONFLICT, "not_empty",
			 "%s still has something in it", key));
}

/* What is below a user or principal goes first, and would be gone. */
static bool rehearse_removal(struct ldap_store *s, const struct task *t,
			     const char *dn, struct err *e)
{
	struct controls c = store_as_caller(t);
	const struct operation op = {.kind = OPERATION_DELETE,
				     .dn = dn,
				     .controls = control_list(&c)};
	bool any;

	if (!usage_remove(s, t, dn, &any, e) ||
	    !keyring_remove_below(s, t, dn, &any, e))
		return false;
	rehearsal_note(t, change_record(t->arena, &op), false);
	return true;
}

/* slapd looks whether something is below an entry when everything else allows
 * that it goes: only then a user's or principal's keys go, and what was
 * measured of him, and he himself, or what was found of a domain, and that.
 * Meanwhile somebody may measure again. */
static bool remove_entry(struct store *port, const struct task *t, enum kind k,
			 const char *key, const struct revision *seen,
			 struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *dn = schema_dn(t->arena, s->set->base, k, key);

	bool was_there = true, keys;

	for (int try = 0; try < REMOVE_TRIES; try++) {
		if (remove_once(s, t, dn, key, seen, e))
			return true;
		/* Something else is below him: LDAP tools have put it there. */
		if (k == KIND_ALIAS || !was_there ||
		    !text_equal(e->code, "not_empty") ||
		    (k == KIND_DOMAIN && !checkbook_is_all(s, t, dn)))
			return false;
		err_clear(e);
		if (rehearsal_is(t)) /* all else allows it */
			return rehearse_removal(s, t, dn, e);
		was_there = false;
		if (k == KIND_DOMAIN) {
			if (!checkbook_remove(s, t, dn, &was_there, e))
				return false;
			continue;
		}
		if ((k == KIND_USER &&
		     !usage_remove(s, t, dn, &was_there, e)) ||
		    !keyring_remove_below(s, t, dn, &keys, e))
			return false;
		was_there = was_there || keys;
	}
	return err_set(e, ERR_LIMIT, "%s is measured all the time", key);
}

static struct survey survey_of(struct store *port)
{
	return (struct survey){.session = store_self(port)->session,
			       .set = store_self(port)->set};
}

static bool count_below(struct store *port, const struct task *t,
			const char *domain, struct tally *ret, struct err *e)
{
	const struct survey s = survey_of(port);

	return survey_count(&s, t, domain, ret, e);
}

static bool leading_to(struct store *port, const struct task *t,
		       const char *domain, struct text_list *ret, struct err *e)
{
	const struct survey s = survey_of(port);

	return survey_leading_to(&s, t, domain, ret, e);
}

static bool look_up(struct store *port, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e)
{
	const struct survey s = survey_of(port);

	return survey_look_up(&s, t, keys, ret, e);
}

/* Without the proxy control it is the gateway that asks. */
static bool set_own_password(struct store *port, const struct task *t,
			     const struct stored_password *p, const char *guard,
			     struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct user old = {0}, wanted = {.stored = *p};
	struct controls c = {.count = 0};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = t->caller->identity,
			       .mods = map_change(&schema_of(KIND_USER)->map,
						  t->arena, &old, &wanted)};

	/* A principal has no mailbox that wants more than the hash. */
	if (strchr(t->caller->login, '@') == NULL)
		op.mods[1] = NULL;

	/* One that comes late must not undo the next. */
	if (guard == NULL && !store_look(s, t, op.dn, schema_guard, &guard, e))
		return false;
	if (guard != NULL)
		control_assert(&c, t->arena, schema_guard, guard);
	op.controls = control_list(&c);
	return store_run(s, t, &op, s->set->write_seconds, t->caller->login, e);
}

static const char *ldif(struct store *port, const struct task *t, enum kind k,
			const void *record)
{
	const char *base = store_self(port)->set->base;
	struct user shown;

	/* The name of his mailbox is for nobody to know. */
	if (k == KIND_USER) {
		shown = *(const struct user *)record;
		shown.mailbox_id = NULL;
		record = &shown;
	}
	return ldif_entry(t->arena,
			  schema_dn(t->arena, base, k, kind_key(k, record)),
			  map_add(&schema_of(k)->map, t->arena, record));
}

static const char *etag(struct store *port, const struct task *t, enum kind k,
			const void *record)
{
	(void)port;
	return map_digest(&schema_of(k)->map, t->arena, record);
}

static bool await(struct store *port, const struct task *t, int64_t ms)
{
	struct ldap_store *s = store_self(port);
	int64_t until = clock_now() + ms;

	if (until > t->deadline)
		until = t->deadline;
	do {
		fiber_sleep(AWAIT_STEP);
	} while (clock_now() < until && !session_is_up(s->session));
	return !session_is_stopped(s->session);
}

static bool is_ready(struct store *port)
{
	return session_is_up(store_self(port)->session);
}

static bool is_open(struct store *port, enum store_way way)
{
	const struct ldap_store *s = store_self(port);
	struct session *aside =
		way == STORE_ADDING_ASIDE ? s->adding : s->reading;

	if (way == STORE_WRITING)
		return session_can_write(s->session);
	return aside == NULL || session_is_up(aside);
}

static const struct store_ops ops = {
	.get = get,
	.add = add,
	.change = change,
	.remove = remove_entry,
	.list = store_list,
	.count = count_below,
	.leading_to = leading_to,
	.look_up = look_up,
	.measure = usage_measure,
	.set_own_password = set_own_password,
	.number = number_of,
	.numbered = number_find,
	.roster = roster_read,
	.is_super_administrator = reach_is_super_administrator,
	.etag = etag,
	.administrators = principal_administrators,
	.can_log_in = principal_can_log_in,
	.set_administrator = principal_set_administrator,
	.identity = sponsor_identity,
	.budget = sponsor_budget,
	.overlaps = sponsor_overlaps,
	.managers = manager_list_of,
	.appoint = manager_appoint,
	.roles_of = manager_roles,
	.expire = ldap_expire,
	.naming = naming_of,
	.held = naming_held,
	.hold = naming_hold,
	.forget_held = naming_forget,
	.may_create = steps_may_create,
	.reserve = ldap_tally_reserve,
	.mark = ldap_tally_mark,
	.release = ldap_tally_release,
	.forget = ldap_tally_forget,
	.recount = ldap_tally_recount,
	.tallied = ldap_tally_list,
	.written = ldap_changes_read,
	.audit = ldap_audit_list,
	.as_of = ldap_history_read,
	.seal = ldap_audit_seal,
	.prepare = known_prepare,
	.may_remove = steps_may_remove,
	.rename = steps_rename,
	.settle = steps_settle,
	.relink = steps_relink,
	.mailbox = usage_mailbox,
	.roles = naming_roles,
	.ldif = ldif,
	.may_read_hashes = reach_may_read_hashes,
	.shows_hash = reach_shows_hash,
	.any_named = naming_any,
	.may_move_roles = naming_may_move,
	.is_there = steps_is_there,
	.may_retire = aside_may_retire,
	.retire = aside_retire,
	.bring_back = aside_bring_back,
	.twin = moving_twin,
	.shift = moving_shift,
	.arrive = moving_arrive,
	.follow = moving_follow,
	.turn = moving_turn,
	.part = moving_part,
	.discard = ldap_trash_discard,
	.trashed = ldap_trash_find,
	.trash = ldap_trash_list,
	.trashed_record = ldap_trash_record,
	.sift_roles = ldap_trash_sift,
	.keep_until = ldap_trash_keep,
	.overdue = ldap_trash_overdue,
	.await = await,
	.is_ready = is_ready,
	.is_open = is_open,
};

struct store *ldap_store_open(struct session *session,
			      const struct ldap_settings *set)
{
	struct ldap_store *s = alloc_zeroed(sizeof(*s));

	s->port.ops = &ops;
	s->session = session;
	s->set = set;
	return &s->port;
}

void ldap_store_read_by(struct store *port, struct session *reading)
{
	store_self(port)->reading = reading;
}

void ldap_store_add_by(struct store *port, struct session *adding)
{
	store_self(port)->adding = adding;
}

void ldap_store_close(struct store **s)
{
	free(*s);
	*s = NULL;
}
