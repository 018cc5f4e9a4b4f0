#include "oidc/verifier.h"

#include <stdlib.h>

#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/text.h"

enum { REFRESH_MILLIS = 10000 };

struct verifier {
	struct token_verifier port;
	struct keyring *keyring;
	struct pool *pool;
	const struct oidc_settings *set;
	bool refreshing;
};

static bool read_token(struct token_verifier *port, const struct task *t,
		       const char *text, struct token *ret, struct err *e)
{
	const struct verifier *v = (struct verifier *)port;
	struct jwt *jwt = arena_alloc(t->arena, sizeof(*jwt));

	ret->inner = jwt;
	return jwt_parse(t->arena, v->set, text, jwt, e) &&
	       jwt_claims(t->arena, v->set, jwt, clock_seconds(), &ret->login,
			  &ret->until, e);
}

static void refresh(void *ctx)
{
	struct verifier *v = ctx;
	struct err ignored = {0}; /* told of by the keyring */

	keyring_refresh(v->keyring, clock_now() + REFRESH_MILLIS, &ignored);
	v->refreshing = false;
}

/* Nobody waits for keys that are getting old. */
static void refresh_soon(struct verifier *v)
{
	v->refreshing = v->refreshing || fiber_start(fiber_loop(), refresh, v);
}

/* Those that count, and if need be new ones. */
static struct keys *find_keys(struct verifier *v, const struct task *t)
{
	struct err ignored = {0};

	switch (keyring_need(v->keyring, clock_now())) {
	case KEYRING_SOON:
		refresh_soon(v);
		break;
	case KEYRING_NOW:
		keyring_refresh(v->keyring, t->deadline, &ignored);
		break;
	case KEYRING_FINE:
		break;
	}
	return keyring_keys(v->keyring, clock_now());
}

struct signature {
	const struct keys *keys;
	const struct jwt *jwt;
	struct err err;
	bool good;
};

static void verify_signature(void *ctx)
{
	struct signature *s = ctx;

	s->good = keys_verify(s->keys, s->jwt, &s->err);
}

/* Not on the loop: whoever sends bad ones would hold up others. */
static bool is_signed(struct verifier *v, const struct task *t,
		      const struct keys *keys, const struct jwt *jwt,
		      struct err *e)
{
	struct signature s = {.keys = keys, .jwt = jwt};

	if (!pool_run(v->pool, verify_signature, &s, t->deadline, e))
		return false;
	if (!s.good)
		*e = s.err;
	return s.good;
}

static bool prove(struct token_verifier *port, const struct task *t,
		  const struct token *token, struct err *e)
{
	struct verifier *v = (struct verifier *)port;
	const struct jwt *jwt = token->inner;
	struct err ignored = {0};
	struct keys *keys = find_keys(v, t);

	if (keys != NULL && !keys_know(keys, jwt) &&
	    keyring_refresh(v->keyring, t->deadline, &ignored)) {
		keys_release(&keys);
		keys = keyring_keys(v->keyring, clock_now());
	}
	if (keys == NULL)
		return err_set(e, ERR_UNAVAILABLE,
			       "the keys of %s cannot be had", v->set->issuer);
	bool good = is_signed(v, t, keys, jwt, e);
	keys_release(&keys);
	return good;
}

static bool admits_administrators(struct token_verifier *port)
{
	return text_equal(((struct verifier *)port)->set->administrators,
			  "yes");
}

static const struct token_verifier_ops ops = {.read = read_token,
					      .prove = prove,
					      .admits_administrators =
						      admits_administrators};

struct token_verifier *oidc_verifier_open(struct keyring *keyring,
					  struct pool *pool,
					  const struct oidc_settings *set)
{
	struct verifier *v = alloc_zeroed(sizeof(*v));

	v->port.ops = &ops;
	v->keyring = keyring;
	v->pool = pool;
	v->set = set;
	return &v->port;
}

void oidc_verifier_close(struct token_verifier **verifier)
{
	free(*verifier);
	*verifier = NULL;
}
