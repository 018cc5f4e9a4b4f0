#include "core/scope.h"

#include <string.h>

#include "core/address.h"

static bool holds(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

bool scope_allows(const struct scope *s, const char *right)
{
	return s == NULL || holds(&s->rights, "*") || holds(&s->rights, right);
}

bool scope_covers(const struct scope *s, const char *key)
{
	const char *domain = address_domain(key);

	return s == NULL || s->everywhere ||
	       holds(&s->domains, domain != NULL ? domain : key);
}
