/*
 * The contracts, put to what the gateway works with: a directory at the URI in
 * the first argument, below the base in the second; the third says which,
 * "store", "plans", "numbers" or "dkim".  Started by store.py and so on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/dkim.h"
#include "passwd/scheme.h"
#include "tests/contract/dkim_contract.h"
#include "tests/contract/number_contract.h"
#include "tests/contract/plan_contract.h"
#include "tests/lib/live.h"
#include "util/clock.h"

enum { PATIENCE = 20000 };

static bool opens(void *ctx, const char *address, const char *clear)
{
	struct live *live = ctx;
	struct login *l = live->gateway.login;
	const struct task t = {.arena = live->arena,
			       .deadline = clock_now() + PATIENCE};
	const struct credential c = {.proof = PROOF_PASSWORD,
				     .name = address,
				     .secret = clear};
	const struct caller *caller = NULL;
	struct err e = {0};

	return l->ops->verify(l, &t, &c, true, &caller, &e);
}

static const char *hash(struct arena *a, const char *clear)
{
	const char *text = NULL;
	struct err e = {0};

	if (!scheme_hash(scheme_find("sha512-crypt"), a, clear, &text, &e))
		printf("Bail out! %s\n", e.text);
	return text;
}

static int keys(struct live *live, const struct contract *c)
{
	struct dkim_ring *r = ldap_dkim_open(live->gateway.store);
	int status = dkim_contract(c, r);

	ldap_dkim_close(&r);
	return status;
}

static int put_to_it(struct live *live)
{
	const struct caller admin = live_caller(live, "admin"),
			    ann = live_caller(live, "ann@contract.example"),
			    guest = live_caller(live, "guest");
	const struct contract c = {.store = live->gateway.store,
				   .journal = live->gateway.journal,
				   .admin = &admin,
				   .user = &ann,
				   .guest = &guest,
				   .hash = hash(live->arena, "first"),
				   .other_hash = hash(live->arena, "second"),
				   .opens = opens,
				   .ctx = live};

	if (strcmp(live->ctx, "dkim") == 0)
		return keys(live, &c);
	if (strcmp(live->ctx, "numbers") == 0)
		return number_contract(&c);
	return strcmp(live->ctx, "plans") == 0 ? plan_contract(&c)
					       : store_contract(&c);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return EXIT_FAILURE;
	struct live live = {.set = {.uri = argv[1], .base = argv[2]},
			    .work = put_to_it,
			    .ctx = argv[3]};

	return live_run(&live);
}
