#include "ldap/trial.h"

#include <string.h>

#include "ldap/filter.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "loop/fiber.h"
#include "util/clock.h"
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

/* Whether there is such an entry for the gateway to see. */
static bool sees(struct trials *ts, const struct task *t, const char *dn,
		 int scope, const char *filter)
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

	return session_run(ts->own, t->arena, &op,
			   until < t->deadline ? until : t->deadline,
			   &ignored) &&
	       s.seen;
}

/* Directories made by an older version have none.  The password of another
 * service takes nearly as long, and nobody guesses that one. */
static const char *decoy(struct trials *ts, const struct task *t)
{
	const char *dn = schema_service_dn(t->arena, ts->set->base, "decoy");
	int64_t now = clock_now();

	if (ts->looked == 0 || (!ts->decoy && now > ts->looked)) {
		ts->looked = now + LOOK_AGAIN_MILLIS;
		ts->decoy = sees(ts, t, dn, LDAP_SCOPE_BASE,
				 filter_present(t->arena, "objectClass"));
	}
	return ts->decoy ? dn
			 : schema_service_dn(t->arena, ts->set->base, "sso");
}

/* Who has rights over others is never locked out. */
static bool has_role(struct trials *ts, const struct task *t, const char *login)
{
	struct arena *a = t->arena;
	const char *base = ts->set->base;
	const char *dn = schema_login_dn(a, base, login);

	return strchr(login, '@') == NULL ||
	       sees(ts, t, schema_domains_dn(a, base), LDAP_SCOPE_ONELEVEL,
		    schema_role_filter(a, dn)) ||
	       sees(ts, t, schema_administrators_dn(a, base), LDAP_SCOPE_BASE,
		    schema_member_filter(a, dn));
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
	return ts->guess == NULL ||
	       guess_begin(ts->guess, ts->limits, &ret->attempt, clock_now()) ||
	       refuse(ret->began, usual(ts), e);
}

bool trial_end(struct trials *ts, const struct task *t, struct trial *tr,
	       bool good, struct err *e)
{
	bool wrong = !good && e->kind == ERR_UNAUTHENTICATED;
	enum guess_outcome how = good    ? GUESS_RIGHT
				 : wrong ? GUESS_WRONG
					 : GUESS_UNHEARD;

	if (good || wrong)
		remember(ts, tr->began);
	if (ts->guess != NULL &&
	    guess_end(ts->guess, ts->limits, &tr->attempt, how, clock_now()) &&
	    !has_role(ts, t, tr->attempt.login))
		guess_lock(ts->guess, ts->limits, &tr->attempt, clock_now());
	return wrong ? refuse(tr->began, 0, e) : good;
}

bool trial_refuse(struct trials *ts, const struct task *t,
		  const struct credential *c, int64_t began, struct err *e)
{
	const struct attempt at = {.arena = t->arena,
				   .login = c->name != NULL ? c->name : "",
				   .source = c->source,
				   .secret =
					   c->secret != NULL ? c->secret : ""};

	if (ts->guess != NULL)
		guess_missed(ts->guess, ts->limits, &at, clock_now());
	return refuse(began, usual(ts), e);
}
