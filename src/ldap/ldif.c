#include "ldap/ldif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/base64.h"

/* What may stand there as it is: SAFE-STRING, without a blank at its end. */
static bool is_safe(const char *text)
{
	size_t size = strlen(text);

	if (strchr(" :<", text[0]) != NULL || text[size - 1] == ' ')
		return text[0] == '\0';
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x80 || c == '\r' || c == '\n')
			return false;
	}
	return true;
}

static void put(FILE *to, struct arena *a, const char *name, const char *text)
{
	if (is_safe(text))
		fprintf(to, "%s: %s\n", name, text);
	else
		fprintf(to, "%s:: %s\n", name,
			base64_encode(a, text, strlen(text)));
}

const char *ldif_entry(struct arena *a, const char *dn, LDAPMod *const *mods)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		alloc_die();
	put(to, a, "dn", dn);
	for (; *mods != NULL; mods++) {
		char *const *values = (*mods)->mod_values;

		for (; *values != NULL; values++)
			put(to, a, (*mods)->mod_type, *values);
	}
	fputc('\n', to);
	if (fclose(to) != 0)
		alloc_die();
	const char *ret = arena_strndup(a, text, size);
	/* There may be a hash in it. */
	explicit_bzero(text, size);
	free(text);
	return ret;
}
