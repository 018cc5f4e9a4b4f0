#include "core/password.h"

#include <string.h>

#include "util/random.h"
#include "util/text.h"

bool password_check(const char *clear, struct err *e)
{
	if (clear[0] == '\0')
		return err_set(e, ERR_INVALID, "a password is not empty");
	if (strlen(clear) > PASSWORD_MAX)
		return err_set(e, ERR_INVALID,
			       "a password has at most %d bytes", PASSWORD_MAX);
	if (!text_is_clean(clear))
		return err_set(e, ERR_INVALID,
			       "a password has no control characters");
	return true;
}

const char *password_of(struct arena *a,
			const unsigned char bytes[PASSWORD_BYTES])
{
	enum { GROUP = 5 };

	return arena_printf(a, "%s-%s-%s-%s", random_spell(a, bytes, GROUP),
			    random_spell(a, bytes + GROUP, GROUP),
			    random_spell(a, bytes + 2 * GROUP, GROUP),
			    random_spell(a, bytes + 3 * GROUP, GROUP));
}

const char *password_generate(struct arena *a)
{
	unsigned char bytes[PASSWORD_BYTES];

	random_bytes(bytes, sizeof(bytes));
	const char *made = password_of(a, bytes);
	explicit_bzero(bytes, sizeof(bytes));
	return made;
}
