#include "core/manager.h"

#include <string.h>

#include "util/field.h"

static const char *const words[] = {[ROLE_OWNER] = "owner",
				    [ROLE_ADMINISTRATOR] = "administrator",
				    [ROLE_VIEWER] = "viewer"};

const char *role_word(enum role role)
{
	return role < ROLE_NONE ? words[role] : NULL;
}

enum role role_of_word(const char *word)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum role)i;
	}
	return ROLE_NONE;
}
