/*
 * jwt - a JSON Web Token taken apart (RFC 7519, RFC 7515 section 7.1)
 *
 * What it says of itself is looked at here, and believed by nobody: it counts
 * once its signature was verified, with a key that we have from elsewhere.
 */
#ifndef OIDC_JWT_H
#define OIDC_JWT_H

#include "oidc/algorithm.h"
#include "oidc/settings.h"
#include "json/text.h"

enum { TOKEN_MAX = 8192 };

struct jwt {
	const char *text;                  /* the whole of it */
	const struct algorithm *algorithm; /* an allowed one */
	const char *kid;                   /* or NULL */
	json_t *claims;
	size_t signature; /* bytes */
};

/* Only its form and its header; everything lives in the arena. */
bool jwt_parse(struct arena *a, const struct oidc_settings *set,
	       const char *text, struct jwt *ret, struct err *e);

/* Who is meant, and until which second since 1970: if it is from the issuer,
 * for us and for now. */
bool jwt_claims(struct arena *a, const struct oidc_settings *set,
		const struct jwt *t, int64_t now, const char **login,
		int64_t *until, struct err *e);

#endif
