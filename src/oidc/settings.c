#include "oidc/settings.h"

#include <string.h>

#include "client/fetch.h"
#include "oidc/algorithm.h"
#include "util/text.h"

enum { CLAIM_MAX = 64 };

static bool is_claim(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && size <= CLAIM_MAX && text_is_clean(name);
}

bool oidc_settings_check(const struct oidc_settings *set, struct err *e)
{
	if (set->issuer == NULL)
		return true;
	if (set->audience == NULL || set->keys == NULL || set->claim == NULL)
		return err_set(e, ERR_INVALID,
			       "oidc.issuer needs oidc.audience, oidc.keys and "
			       "oidc.claim");
	if (!fetch_is_url(set->keys) && set->keys[0] != '/')
		return err_set(e, ERR_INVALID,
			       "oidc.keys is https://... or an absolute path");
	if (!is_claim(set->claim))
		return err_set(e, ERR_INVALID, "oidc.claim is no name");
	return algorithm_check(set->algorithms, e) ||
	       err_wrap(e, "oidc.algorithms");
}
