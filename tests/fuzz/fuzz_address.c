#include <string.h>

#include "core/address.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

/* What is accepted is what it claims to be. */
static void accepted(struct arena *a, const char *text, enum address_use use)
{
	const char *domain = address_domain(text);
	const char *local = address_local(a, text);
	struct err e = {0};

	HOLDS(strlen(text) <= ADDRESS_MAX);
	HOLDS(strlen(local) <= ADDRESS_LOCAL_MAX);
	HOLDS(text_is_clean(text));
	HOLDS(strcmp(text, text_lower(a, text)) == 0);
	HOLDS(domain != NULL && domain_name_check(domain, &e));
	HOLDS(strchr(domain, '@') == NULL);
	HOLDS(strpbrk(text, " \t\r\n\"\\,;:<>()[]") == NULL);
	HOLDS(local[0] != '-');
	HOLDS(local[0] != '\0' || use == ADDRESS_ALIAS);
	if (use != ADDRESS_DESTINATION)
		HOLDS(strpbrk(local, "+*'/|!%`$&") == NULL);
}

static void domain(struct arena *a, const char *text)
{
	struct err e = {0};

	if (!domain_name_check(text, &e)) {
		HOLDS(e.kind == ERR_INVALID && e.text[0] != '\0');
		return;
	}
	HOLDS(strlen(text) <= ADDRESS_DOMAIN_MAX);
	HOLDS(strcmp(text, text_lower(a, text)) == 0);
	HOLDS(text[0] != '.' && text[strlen(text) - 1] != '.');
	HOLDS(strstr(text, "..") == NULL && strchr(text, '.') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	bool fits[3];

	for (enum address_use use = ADDRESS_OWN; use <= ADDRESS_DESTINATION;
	     use++) {
		struct err e = {0};

		fits[use] = address_check(text, use, &e);
		if (fits[use])
			accepted(a, text, use);
		else
			HOLDS(e.kind == ERR_INVALID && text_is_clean(e.text));
	}
	HOLDS(!fits[ADDRESS_OWN] || fits[ADDRESS_ALIAS]);
	HOLDS(!fits[ADDRESS_OWN] || fits[ADDRESS_DESTINATION]);
	const char *lower = text_lower(a, text);
	HOLDS(strcmp(lower, text_lower(a, lower)) == 0);
	domain(a, text);
	arena_free(a);
	return 0;
}
