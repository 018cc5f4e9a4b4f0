#include "import/cell.h"

#include <stdbool.h>
#include <string.h>

static bool is_active(char c)
{
	return c != '\0' && strchr("=+-@\t\r\n'", c) != NULL;
}

const char *cell_defuse(struct arena *a, const char *text)
{
	return is_active(text[0]) ? arena_join(a, "'", text, NULL) : text;
}

const char *cell_undo(const char *text)
{
	return text[0] == '\'' && is_active(text[1]) ? text + 1 : text;
}

const char *cell_quote(struct arena *a, const char *text)
{
	const char *safe = cell_defuse(a, text);
	char *ret, *to;

	if (strpbrk(safe, "\",;\r\n") == NULL && safe[0] != ' ' &&
	    (safe[0] == '\0' || safe[strlen(safe) - 1] != ' '))
		return safe;
	to = ret = arena_alloc(a, 2 * strlen(safe) + 3);
	*to++ = '"';
	for (; *safe != '\0'; safe++) {
		if (*safe == '"')
			*to++ = '"';
		*to++ = *safe;
	}
	*to = '"';
	return ret;
}
