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

static const char all[] = "*", all_read[] = "*:read", reading[] = ":read";

/* What a key for some domains may do at all: collections of which nobody has
 * said that only these domains are shown are closed to it. */
static const char *const of_domains[] =
	{"domains:",    "users:",    "aliases:", "resolve:",
	 "passwords:",  "me:",       "keys:",    "administrators:",
	 "changesets:", "jobs:",     "trash:",   "changes:",
	 "dkim:",       "webhooks:", "imports:", "exports:"};

bool scope_is_word(const char *word, const struct text_list *known)
{
	return strcmp(word, all) == 0 || strcmp(word, all_read) == 0 ||
	       holds(known, word);
}

static bool ends_in(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);

	return size > tail && strcmp(text + size - tail, end) == 0;
}

bool scope_gives(const struct scope *s, const char *word)
{
	return holds(&s->rights, all) || holds(&s->rights, word) ||
	       (ends_in(word, reading) && holds(&s->rights, all_read));
}

bool scope_is_bound(const struct scope *s)
{
	return s != NULL && !s->everywhere;
}

static bool is_of_domains(const char *right)
{
	for (size_t i = 0; i < COUNT(of_domains); i++) {
		if (strncmp(right, of_domains[i], strlen(of_domains[i])) == 0)
			return true;
	}
	return false;
}

bool scope_allows(const struct scope *s, const char *right)
{
	return s == NULL || (scope_gives(s, right) &&
			     (s->everywhere || is_of_domains(right)));
}

bool scope_covers(const struct scope *s, const char *key)
{
	const char *domain = address_domain(key);

	return s == NULL || s->everywhere ||
	       holds(&s->domains, domain != NULL ? domain : key);
}
