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
