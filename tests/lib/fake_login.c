#include "tests/lib/fake_login.h"

#include <string.h>

static bool verify(struct login *port, const struct task *t,
		   const struct credential *c, bool fresh,
		   const struct caller **ret, struct err *e)
{
	struct fake_login *l = (struct fake_login *)port;

	l->asked++;
	l->fresh += fresh;
	if (l->busy)
		return err_code(e, ERR_LIMIT, "busy", "too many log in");
	for (const struct fake_account *ac = l->accounts; ac->name; ac++) {
		const struct caller caller = {.login = ac->name,
					      .identity = ac->name};

		if (c->proof != PROOF_PASSWORD ||
		    strcmp(ac->name, c->name) != 0 ||
		    strcmp(ac->password, c->secret) != 0)
			continue;
		*ret = arena_copy(t->arena, &caller, sizeof(caller));
		return true;
	}
	return err_set(e, ERR_UNAUTHENTICATED, "the login is wrong");
}

static bool stands(struct login *port, const struct caller *c, uint64_t *heard)
{
	(void)port, (void)c, (void)heard;
	return true;
}

static bool is_ready(struct login *port)
{
	return !((const struct fake_login *)port)->down;
}

static void forgive(struct login *port, const struct task *t, const char *login)
{
	(void)t, (void)login;
	((struct fake_login *)port)->forgiven++;
}

static bool state(struct login *port, const struct task *t, const char *login,
		  struct login_state *ret, struct err *e)
{
	(void)port, (void)t, (void)login, (void)e;
	*ret = (struct login_state){.failures = 0};
	return true;
}

static const struct login_ops ops = {.verify = verify,
				     .stands = stands,
				     .forgive = forgive,
				     .state = state,
				     .is_ready = is_ready};

struct fake_login fake_login_make(const struct fake_account accounts[])
{
	return (struct fake_login){.port = {&ops}, .accounts = accounts};
}
