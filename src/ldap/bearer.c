#include "ldap/bearer.h"

#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "util/clock.h"
#include "util/log.h"

static bool refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAUTHENTICATED, "%s", why);
}

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	(void)ld, (void)message;
	++*(unsigned *)ctx;
}

static bool is_super_administrator(const struct bearer *b, const struct task *t,
				   const char *dn, bool *ret, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	int64_t until = clock_now() + b->set->read_seconds * 1000;
	unsigned count = 0;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_administrators_dn(t->arena,
							      b->set->base),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_member_filter(t->arena, dn),
			       .want = nothing,
			       .each = each_counted,
			       .ctx = &count};

	if (!session_run(b->own, t->arena, &op,
			 until < t->deadline ? until : t->deadline, e))
		return false;
	*ret = count > 0;
	return op.result == LDAP_SUCCESS || result_of(&op, "administrators", e);
}

/* Genuine, and of somebody who may log in so. */
static bool prove(const struct bearer *b, const struct task *t,
		  const struct token *token, struct err *e)
{
	struct token_verifier *v = b->verifier;
	struct standing standing;
	bool above = false;

	if (!v->ops->prove(v, t, token, e) ||
	    !standing_find(b->own, b->set, t, token->login, &standing, e))
		return false;
	if (standing.id == NULL)
		return refuse(e, "its owner may not log in, or is not here");
	if (!v->ops->admits_administrators(v) &&
	    !is_super_administrator(b, t, standing.dn, &above, e))
		return false;
	return !above || refuse(e, "its owner is a super administrator");
}

static bool verify(const struct bearer *b, const struct task *t,
		   const char *text, bool fresh, struct caller *ret,
		   struct err *e)
{
	struct token_verifier *v = b->verifier;
	unsigned char digest[DIGEST_SIZE];
	struct token token;

	if (v == NULL)
		return refuse(e, "no tokens are taken");
	/* When it ends is looked at each time, so that it is not remembered
	 * beyond that. */
	if (!v->ops->read(v, t, text, &token, e))
		return false;
	if (!standing_is_login(token.login))
		return refuse(e, "it names no login");
	ret->login = token.login;
	ret->identity = schema_login_dn(t->arena, b->set->base, token.login);
	memory_digest(b->memory,
		      arena_join(t->arena, "token ", ret->identity, NULL), text,
		      digest);
	int64_t now = clock_now();
	if (!fresh && memory_left(b->memory, digest, now, NULL) > 0)
		return true;
	struct memory_about about = memory_begin(b->memory);
	memory_concerns(b->memory, &about, token.login, NULL);
	if (!prove(b, t, &token, e)) {
		memory_forget(b->memory, digest);
		return false;
	}
	memory_learn(b->memory, digest, &about, now + b->set->remember_millis,
		     NULL);
	return true;
}

bool bearer_verify(const struct bearer *b, const struct task *t,
		   const struct credential *c, bool fresh,
		   const struct caller **ret, struct err *e)
{
	struct caller *caller = arena_alloc(t->arena, sizeof(*caller));

	*caller = (struct caller){.proof = PROOF_TOKEN};
	if (verify(b, t, c->secret, fresh, caller, e)) {
		*ret = caller;
		return true;
	}
	if (e->kind == ERR_UNAUTHENTICATED)
		log_event(LOG_INFO, "token-refused", "source", c->source,
			  "request", t->request, "reason", e->text, NULL);
	return false;
}
