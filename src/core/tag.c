#include "core/tag.h"

#include <string.h>

#include "core/address.h"

struct tagged tag_split(struct arena *a, const char *address, char delimiter)
{
	const char *at = strrchr(address, '@');
	const char *tag = delimiter != '\0' ? memchr(address, delimiter,
						     (size_t)(at - address))
					    : NULL;
	struct tagged p = {"", address, at + 1, at};

	/* What begins with it has no tag: nothing would be left. */
	if (tag == NULL || tag == address)
		return p;
	/* Else Postfix drops it: Dovecot would cut every address there. */
	if (!address_may_hold(delimiter))
		p.tag = arena_strndup(a, tag, (size_t)(at - tag));
	p.base = arena_printf(a, "%.*s%s", (int)(tag - address), address, at);
	return p;
}

const char *tag_join(struct arena *a, const char *base, const char *tag)
{
	const char *at = strrchr(base, '@');

	if (tag[0] == '\0' || at == NULL)
		return base;
	return arena_printf(a, "%.*s%s%s", (int)(at - base), base, tag, at);
}
