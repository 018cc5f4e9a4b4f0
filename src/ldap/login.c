#include "ldap/login.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/bearer.h"
#include "ldap/key.h"
#include "ldap/memory.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/shown.h"
#include "ldap/standing.h"
#include "ldap/trial.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	RENEW_SHARE = 4,   /* of the time it is remembered: the last quarter */
	RENEWALS_MAX = 32, /* at a time: each has one of the fibers that the
			    * loop has beside those for requests */
	PASSWORD_SENT_MAX = 1024, /* longer ones cannot be right */
};

/* A bind under way; others with the same credentials wait for its result
 * instead of making slapd verify the same hash again. */
struct flight {
	struct flight *next;
	unsigned char digest[DIGEST_SIZE];
	struct err err;
	bool decoy; /* nobody is bound as */
	bool good;
	struct passenger *passengers;
};

struct passenger {
	struct passenger *next;
	struct fiber *fiber;
	struct err err;
	bool good, landed;
};

struct ldap_login {
	struct login port;
	struct session *session; /* of nobody, for binding */
	struct session *own;     /* of the gateway */
	const struct ldap_settings *set;
	struct memory *memory;
	struct bearer bearer;
	struct keys *keys;
	struct flight *flights;
	unsigned renewals;
	struct trials trials;
};

static bool refused(struct err *e)
{
	return err_set(e, ERR_UNAUTHENTICATED,
		       "the login or the password is wrong");
}

/* What a bind says about the caller and not about the directory. */
static bool is_refusal(enum err_kind kind)
{
	return kind == ERR_UNAUTHENTICATED || kind == ERR_NOT_FOUND ||
	       kind == ERR_INVALID || kind == ERR_DENIED;
}

static bool bind_once(struct ldap_login *l, const struct task *t,
		      const char *dn, const char *password, struct err *e)
{
	int64_t own = clock_now() + l->set->read_seconds * 1000;
	struct operation op = {.kind = OPERATION_BIND,
			       .dn = dn,
			       .password = password};

	if (!session_run(l->session, t->arena, &op,
			 own < t->deadline ? own : t->deadline, e))
		return false;
	if (op.result == LDAP_SUCCESS)
		return true;
	result_failed(e, op.result, "login");
	return is_refusal(e->kind) && refused(e);
}

static bool join(struct flight *f, const struct task *t, struct err *e)
{
	struct passenger p = {.next = f->passengers, .fiber = fiber_self()};

	f->passengers = &p;
	while (!p.landed && clock_now() < t->deadline)
		fiber_park(t->deadline);
	if (!p.landed) {
		struct passenger **at = &f->passengers;

		while (*at != &p)
			at = &(*at)->next;
		*at = p.next;
		return err_code(e, ERR_TIMEOUT, "directory_slow",
				"the login took too long");
	}
	*e = p.err;
	return p.good;
}

static void land(struct ldap_login *l, struct flight *f)
{
	struct flight **at = &l->flights;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	for (struct passenger *p = f->passengers; p != NULL;) {
		struct passenger *next = p->next;

		p->good = f->good;
		p->err = f->err;
		p->landed = true;
		fiber_wake(p->fiber);
		p = next;
	}
}

static void take_off(struct ldap_login *l, struct flight *f)
{
	f->next = l->flights;
	l->flights = f;
}

static struct flight *find_flight(struct ldap_login *l,
				  const unsigned char digest[DIGEST_SIZE])
{
	struct flight *f = l->flights;

	while (f != NULL && !digest_equal(f->digest, digest))
		f = f->next;
	return f;
}

/* From the bind to what is remembered of it. */
static void fly(struct ldap_login *l, const struct task *t, struct flight *f,
		const struct caller *who, const char *password)
{
	struct memory_about about = memory_begin(l->memory);
	const char *dn = who->identity;
	int64_t now = clock_now();

	memory_concerns(l->memory, &about, who->login, NULL);
	f->good = bind_once(l, t, dn, password, &f->err);
	if (f->good && f->decoy)
		f->good = refused(&f->err);
	land(l, f);
	if (f->good)
		memory_learn(l->memory, f->digest, &about,
			     now + l->set->remember_millis, NULL);
	else if (f->err.kind == ERR_UNAUTHENTICATED)
		memory_forget(l->memory, f->digest);
}

/* What will soon be forgotten is verified again while it is still remembered:
 * else once a second all requests of a busy client would wait for a bind. */
struct renewal {
	struct ldap_login *login;
	struct arena *arena;
	struct caller who;
	const char *password;
	struct flight flight;
};

static void renew(void *ctx)
{
	struct renewal *r = ctx;
	const struct task t = {.arena = r->arena,
			       .deadline = clock_now() +
					   r->login->set->write_seconds * 1000};

	fly(r->login, &t, &r->flight, &r->who, r->password);
	r->login->renewals--;
	arena_free(r->arena);
}

static void renew_soon(struct ldap_login *l, const struct caller *who,
		       const char *password,
		       const unsigned char digest[DIGEST_SIZE])
{
	struct arena *a = arena_new();
	struct renewal *r = arena_alloc(a, sizeof(*r));

	*r = (struct renewal){.login = l,
			      .arena = a,
			      .who = {.login = arena_strdup(a, who->login),
				      .identity =
					      arena_strdup(a, who->identity)},
			      .password = arena_strdup(a, password)};
	memcpy(r->flight.digest, digest, DIGEST_SIZE);
	/* It runs later, for we are on a fiber, too. */
	if (fiber_start(fiber_loop(), renew, r)) {
		take_off(l, &r->flight);
		l->renewals++;
	} else {
		arena_free(a);
	}
}

/* Somebody who waits beside others for one bind is tried by it, too. */
static bool try_it(struct ldap_login *l, const struct task *t,
		   const struct trial *tr, const char *password,
		   const unsigned char digest[DIGEST_SIZE], struct err *e)
{
	const struct caller as = {.login = tr->attempt.login,
				  .identity = tr->dn};
	struct flight own = {.decoy = tr->decoy}, *f = find_flight(l, digest);

	if (f != NULL)
		return join(f, t, e);
	memcpy(own.digest, digest, DIGEST_SIZE);
	take_off(l, &own);
	fly(l, t, &own, &as, password);
	*e = own.err;
	return own.good;
}

/* What was verified from one source is not known from another: else whoever
 * guesses could try whether it is. */
static bool prove(struct ldap_login *l, const struct task *t,
		  const struct credential *c, const struct caller *who,
		  bool fresh, struct err *e)
{
	unsigned char digest[DIGEST_SIZE];
	const char *password = c->secret;
	struct trial tr;

	memory_digest(l->memory,
		      arena_printf(t->arena, "%s %s",
				   c->source != NULL ? c->source : "",
				   who->identity),
		      password, digest);
	int64_t left = memory_left(l->memory, digest, clock_now(), NULL);
	if (!fresh && left > 0) {
		if (l->renewals < RENEWALS_MAX &&
		    left < l->set->remember_millis / RENEW_SHARE &&
		    find_flight(l, digest) == NULL)
			renew_soon(l, who, password, digest);
		return true;
	}
	return trial_begin(&l->trials, t, c, who->login, &tr, e) &&
	       trial_end(&l->trials, t, &tr,
			 try_it(l, t, &tr, password, digest, e), e);
}

/* A bind without a password succeeds, as nobody: RFC 4513 5.1.2.  Blanks are
 * none either, and longer ones cannot be right. */
static bool is_password(const char *password)
{
	return password[strspn(password, " \t")] != '\0' &&
	       strlen(password) <= PASSWORD_SENT_MAX;
}

static bool verify_password(struct ldap_login *l, const struct task *t,
			    const struct credential *c, bool fresh,
			    const struct caller **ret, struct err *e)
{
	struct caller *caller = arena_alloc(t->arena, sizeof(*caller));
	const char *name = text_lower(t->arena, c->name);

	if (!standing_is_login(name) || !is_password(c->secret))
		return trial_refuse(&l->trials, t, c, clock_now(), e);
	*caller =
		(struct caller){.login = name,
				.identity = schema_login_dn(t->arena,
							    l->set->base, name),
				.proof = PROOF_PASSWORD};
	if (!prove(l, t, c, caller, fresh, e))
		return false;
	*ret = caller;
	return true;
}

static bool verify_token(struct ldap_login *l, const struct task *t,
			 const struct credential *c, bool fresh,
			 const struct caller **ret, struct err *e)
{
	int64_t began = clock_now();

	return bearer_verify(&l->bearer, t, c, fresh, ret, e) ||
	       (is_refusal(e->kind) ? trial_refuse(&l->trials, t, c, began, e)
				    : false);
}

static bool verify_certificate(struct ldap_login *l, const struct task *t,
			       const struct credential *c, bool fresh,
			       const struct caller **ret, struct err *e)
{
	const struct shown s = {.own = l->own,
				.set = l->set,
				.memory = l->memory};
	bool good = shown_verify(&s, t, c, fresh, ret, e);

	if (!good && is_refusal(e->kind))
		trial_missed(&l->trials, t, c);
	return good;
}

static bool verify_key(struct ldap_login *l, const struct task *t,
		       const struct credential *c, bool fresh,
		       const struct caller **ret, struct err *e)
{
	int64_t began = clock_now();

	return keys_prove(l->keys, t, c, fresh, ret, e) ||
	       (is_refusal(e->kind) ? trial_refuse(&l->trials, t, c, began, e)
				    : false);
}

/* What nobody has said how to verify is refused. */
static bool verify_any(struct ldap_login *l, const struct task *t,
		       const struct credential *c, bool fresh,
		       const struct caller **ret, struct err *e)
{
	switch (c->proof) {
	case PROOF_PASSWORD:
		return verify_password(l, t, c, fresh, ret, e);
	case PROOF_TOKEN:
		return verify_token(l, t, c, fresh, ret, e);
	case PROOF_KEY:
		return verify_key(l, t, c, fresh, ret, e);
	case PROOF_CERTIFICATE:
		return verify_certificate(l, t, c, fresh, ret, e);
	}
	return trial_refuse(&l->trials, t, c, clock_now(), e);
}

static bool verify(struct login *port, const struct task *t,
		   const struct credential *c, bool fresh,
		   const struct caller **ret, struct err *e)
{
	struct ldap_login *l = (struct ldap_login *)port;
	const struct memory_about about = memory_begin(l->memory);

	if (!verify_any(l, t, c, fresh, ret, e))
		return false;
	struct caller *caller = arena_copy(t->arena, *ret, sizeof(**ret));
	caller->heard = about.since;
	*ret = caller;
	return true;
}

static bool stands(struct login *port, const struct caller *c, uint64_t *heard)
{
	const struct ldap_login *l = (const struct ldap_login *)port;
	struct memory_about about = {.since = *heard};

	memory_concerns(l->memory, &about, c->login, c->key);
	bool ret = memory_stands(l->memory, &about);
	*heard = about.since;
	return ret;
}

static uint64_t heard(struct login *port)
{
	return memory_begin(((struct ldap_login *)port)->memory).since;
}

static bool is_ready(struct login *port)
{
	return session_is_up(((struct ldap_login *)port)->session);
}

static void forgive(struct login *port, const struct task *t, const char *login)
{
	trials_forgive(&((struct ldap_login *)port)->trials, t, login);
}

static bool state(struct login *port, const struct task *t, const char *login,
		  struct login_state *ret, struct err *e)
{
	return trials_state(&((struct ldap_login *)port)->trials, t, login, ret,
			    e);
}

static const struct login_ops ops = {.verify = verify,
				     .stands = stands,
				     .heard = heard,
				     .forgive = forgive,
				     .state = state,
				     .is_ready = is_ready};

struct login *ldap_login_open(struct session *session, struct session *own,
			      const struct ldap_settings *set,
			      struct notices *notices)
{
	struct ldap_login *l = alloc_zeroed(sizeof(*l));

	l->port.ops = &ops;
	l->session = session;
	l->own = own;
	l->set = set;
	l->memory = memory_open(notices);
	l->trials = (struct trials){.own = own, .set = set};
	l->bearer =
		(struct bearer){.own = own, .set = set, .memory = l->memory};
	l->keys = keys_open(own, set, l->memory);
	return &l->port;
}

void ldap_login_take_tokens(struct login *login, struct token_verifier *v)
{
	((struct ldap_login *)login)->bearer.verifier = v;
}

void ldap_login_limit(struct login *login, struct guess *g,
		      const struct guess_settings *limits)
{
	struct ldap_login *l = (struct ldap_login *)login;

	l->trials.guess = g;
	l->trials.limits = limits;
}

void ldap_login_close(struct login **login)
{
	struct ldap_login *l = (struct ldap_login *)*login;

	*login = NULL;
	if (l != NULL) {
		keys_close(&l->keys);
		memory_close(&l->memory);
	}
	free(l);
}
