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

const char *password_generate(struct arena *a)
{
	return arena_printf(a, "%s-%s-%s-%s", random_word(a, 5),
			    random_word(a, 5), random_word(a, 5),
			    random_word(a, 5));
}
