#include "ldap/trial.h"

#include <string.h>

#include "ldap/control.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "loop/fiber.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/meter.h"
#include "util/random.h"

enum {
	/* Refusals take a multiple of this many milliseconds, so that what is
	 * left of a difference does not show. */
	REFUSAL_STEP = 250,
	LATELY_MILLIS = 10000,
	LOOK_AGAIN_MILLIS = 60000,
};

struct sight {
	bool seen;
};

static void each_seen(void *ctx, LDAP *ld, LDAPMessage *message)
{
	(void)ld, (void)message;
	((struct sight *)ctx)->seen = true;
}

/* Whether there is such an entry; an error is no answer. */
enum sight_of { SIGHT_UNSURE, SIGHT_NO, SIGHT_YES };

static enum sight_of look(struct trials *ts, const struct task *t,
			  const char *dn, int scope, const char *filter)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	int64_t until = clock_now() + ts->set->read_seconds * 1000;
	struct sight s = {.seen = false};
	struct err ignored = {0};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = scope,
			       .filter = filter,
			       .want = nothing,
			       .limit = 1,
			       .each = each_seen,
			       .ctx = &s};

	if (!session_run(ts->own, t->arena, &op,
			 until < t->deadline ? until : t->deadline, &ignored))
		return SIGHT_UNSURE;
	if (s.seen)
		return SIGHT_YES;
	return op.result == LDAP_SUCCESS || op.result == LDAP_NO_SUCH_OBJECT
		       ? SIGHT_NO
		       : SIGHT_UNSURE;
}

/* Directories made by an older version have none.  The password of another
 * service takes nearly as long, and nobody guesses that one. */
static const char *decoy(struct trials *ts, const struct task *t)
{
	const char *dn = schema_service_dn(t->arena, ts->set->base, "decoy");
	int64_t now = clock_now();

	if (ts->looked == 0 || (!ts->decoy && now > ts->looked)) {
		ts->looked = now + LOOK_AGAIN_MILLIS;
		ts->decoy = look(ts, t, dn, LDAP_SCOPE_BASE,
				 filter_present(t->arena, "objectClass")) ==
			    SIGHT_YES;
	}
	return ts->decoy ? dn
			 : schema_service_dn(t->arena, ts->set->base, "sso");
}

/* Who has rights over others is never locked out, nor who may have some. */
static bool may_be_locked(struct trials *ts, const struct task *t,
			  const char *login)
{
	struct arena *a = t->arena;
	const char *base = ts->set->base;
	const char *dn = schema_login_dn(a, base, login);

	return strchr(login, '@') != NULL &&
	       look(ts, t, schema_domains_dn(a, base), LDAP_SCOPE_ONELEVEL,
		    schema_role_filter(a, dn)) == SIGHT_NO &&
	       look(ts, t, schema_administrators_dn(a, base), LDAP_SCOPE_BASE,
		    schema_member_filter(a, dn)) == SIGHT_NO;
}

static void remember(struct trials *ts, int64_t began)
{
	int64_t now = clock_now();

	ts->lately[ts->next].at = now;
	ts->lately[ts->next].took = now - began;
	ts->next = (ts->next + 1) % TRIALS_LATELY;
}

/* What one of them took that was heard lately: any, so that those that were
 * not heard are distributed like those that were. */
static int64_t usual(const struct trials *ts)
{
	int64_t now = clock_now();
	unsigned char start;

	random_bytes(&start, sizeof(start));
	for (unsigned i = 0; i < TRIALS_LATELY; i++) {
		unsigned n = (start + i) % TRIALS_LATELY;

		if (ts->lately[n].at != 0 &&
		    now - ts->lately[n].at < LATELY_MILLIS)
			return ts->lately[n].took;
	}
	return 0;
}

static bool refuse(int64_t began, int64_t took, struct err *e)
{
	int64_t now = clock_now(), spent = now - began;

	if (took < spent)
		took = spent;
	fiber_sleep(took + REFUSAL_STEP - took % REFUSAL_STEP - spent);
	return err_set(e, ERR_UNAUTHENTICATED,
		       "the login or the password is wrong");
}

bool trial_begin(struct trials *ts, const struct task *t,
		 const struct credential *c, const char *name,
		 struct trial *ret, struct err *e)
{
	struct standing who;

	*ret = (struct trial){.began = clock_now()};
	if (!standing_find(ts->own, ts->set, t, name, &who, e))
		return false;
	ret->attempt = (struct attempt){.arena = t->arena,
					.login = name,
					.entry = who.id,
					.source = c->source,
					.secret = c->secret};
	ret->decoy = who.id == NULL;
	ret->dn = ret->decoy ? decoy(ts, t) : who.dn;
	if (ts->guess == NULL ||
	    guess_begin(ts->guess, ts->limits, &ret->attempt, clock_now()))
		return true;
	meter_add(METER_PASSWORDS, METER_PASSWORD_DELAYED, 0, 1);
	return refuse(ret->began, usual(ts), e);
}

bool trial_end(struct trials *ts, const struct task *t, struct trial *tr,
	       bool good, struct err *e)
{
	bool wrong = !good && e->kind == ERR_UNAUTHENTICATED;
	enum guess_outcome how = good    ? GUESS_RIGHT
				 : wrong ? GUESS_WRONG
					 : GUESS_UNHEARD;

	meter_add(METER_PASSWORDS,
		  good    ? METER_PASSWORD_RIGHT
		  : wrong ? METER_PASSWORD_WRONG
			  : METER_PASSWORD_UNHEARD,
		  0, 1);
	if (good || wrong)
		remember(ts, tr->began);
	if (ts->guess != NULL &&
	    guess_end(ts->guess, ts->limits, &tr->attempt, how, clock_now()) &&
	    may_be_locked(ts, t, tr->attempt.login))
		guess_lock(ts->guess, ts->limits, &tr->attempt, clock_now());
	return wrong ? refuse(tr->began, 0, e) : good;
}

void trial_missed(struct trials *ts, const struct task *t,
		  const struct credential *c)
{
	const struct attempt at = {.arena = t->arena,
				   .login = c->name != NULL ? c->name : "",
				   .source = c->source,
				   .secret =
					   c->secret != NULL ? c->secret : ""};

	if (ts->guess != NULL)
		guess_missed(ts->guess, ts->limits, &at, clock_now());
}

bool trial_refuse(struct trials *ts, const struct task *t,
		  const struct credential *c, int64_t began, struct err *e)
{
	trial_missed(ts, t, c);
	return refuse(began, usual(ts), e);
}

/* Of somebody who may not log in nothing is counted by what he is. */
void trials_forgive(struct trials *ts, const struct task *t, const char *login)
{
	struct standing who;
	struct err ignored = {0};

	if (ts->guess != NULL &&
	    standing_find(ts->own, ts->set, t, login, &who, &ignored) &&
	    who.id != NULL)
		guess_forgive(ts->guess, who.id, clock_now());
}

static const char failure[] = "pwdFailureTime",
		  locked[] = "pwdAccountLockedTime",
		  changed[] = "pwdChangedTime", id[] = "entryUUID";

struct report {
	struct arena *arena;
	struct login_state *state;
	const char *id;
	struct err err;
};

/* Who is locked out for good was so at the beginning of time. */
static const char *moment(struct arena *a, const char *text)
{
	return text == NULL                        ? NULL
	       : strncmp(text, "00000101", 8) == 0 ? "0000-01-01T00:00:00Z"
						   : map_instant(a, text);
}

static void each_reported(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct report *r = ctx;
	struct login_state *s = r->state;
	struct entry en;

	if (!entry_read(ld, message, r->arena, &en, &r->err))
		return;
	const struct berval *v = entry_values(&en, failure);
	for (; v != NULL && v->bv_val != NULL; v++) {
		const char *at = moment(r->arena, v->bv_val);

		s->failures++;
		if (at != NULL && (s->last_failure_at == NULL ||
				   strcmp(at, s->last_failure_at) > 0))
			s->last_failure_at = at;
	}
	s->locked_at = moment(r->arena, entry_text(&en, locked));
	s->password_changed_at = moment(r->arena, entry_text(&en, changed));
	r->id = entry_text(&en, id);
}

static const char *later(struct arena *a, int64_t until)
{
	char text[INSTANT_SIZE];

	if (until == 0)
		return NULL;
	instant_text(text, clock_seconds() + (until - clock_now()) / 1000 + 1);
	return arena_strdup(a, text);
}

bool trials_state(struct trials *ts, const struct task *t, const char *login,
		  struct login_state *ret, struct err *e)
{
	static const char *const want[] = {failure, locked, changed, id, NULL};
	int64_t until = clock_now() + ts->set->read_seconds * 1000;
	struct report r = {.arena = t->arena, .state = ret};
	struct controls c = {.count = 0};

	*ret = (struct login_state){.failures = 0};
	control_proxy(&c, t->arena, t->caller->identity);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_login_dn(t->arena, ts->set->base,
						     login),
			       .scope = LDAP_SCOPE_BASE,
			       .filter =
				       filter_present(t->arena, "objectClass"),
			       .want = want,
			       .controls = control_list(&c),
			       .each = each_reported,
			       .ctx = &r};
	if (!session_run(ts->own, t->arena, &op,
			 until < t->deadline ? until : t->deadline, e))
		return false;
	if (r.err.kind != ERR_NONE)
		*e = r.err;
	if (r.err.kind != ERR_NONE ||
	    (op.result != LDAP_SUCCESS && !result_of(&op, "login state", e)))
		return false;
	if (r.id == NULL || ts->guess == NULL)
		return true;
	const struct guess_state s =
		guess_look(ts->guess, ts->limits, r.id, clock_now());
	ret->gateway_failures = s.failures;
	ret->delayed_until = later(t->arena, s.delayed);
	ret->locked_until = later(t->arena, s.locked);
	return true;
}
