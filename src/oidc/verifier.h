/*
 * verifier - core/token.h for tokens of an OpenID provider (RFC 9068)
 *
 * One for each loop; the keys are shared.
 */
#ifndef OIDC_VERIFIER_H
#define OIDC_VERIFIER_H

#include "core/token.h"
#include "oidc/keyring.h"

/* Signatures are verified on the pool.  All must outlive it; the settings may
 * change as long as oidc_settings_check() is content with them. */
struct token_verifier *oidc_verifier_open(struct keyring *keyring,
					  struct pool *pool,
					  const struct oidc_settings *set);

/* Accepts NULL. */
void oidc_verifier_close(struct token_verifier **v);

#endif
