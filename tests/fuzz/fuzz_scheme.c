#include <regex.h>
#include <string.h>

#include "passwd/scheme.h"
#include "tests/fuzz/fuzz.h"

/* What is admitted is in the form that the directory's own rule demands, and
 * admitted again as it is. */
static const char *admit(struct arena *a, uint32_t further, const char *text)
{
	const char *hash = NULL, *again = NULL;
	struct err e = {0};
	static regex_t forms[2];
	static bool ready[2];
	bool all = further != 0;
	const regex_t *stored = &forms[all];

	if (!ready[all])
		HOLDS(regcomp(&forms[all], scheme_expression(a, further),
			      REG_EXTENDED | REG_NOSUB) == 0);
	ready[all] = true;
	if (scheme_admit(a, further, text, &hash, &e)) {
		HOLDS(regexec(stored, hash, 0, NULL, 0) == 0);
		HOLDS(scheme_admit(a, further, hash, &again, &e));
		HOLDS(strcmp(again, hash) == 0);
		HOLDS(strlen(hash) <= 256 && strchr(hash, '\n') == NULL);
	} else {
		HOLDS(e.kind == ERR_INVALID && hash == NULL);
		HOLDS(regexec(stored, text, 0, NULL, 0) != 0);
	}
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *hash = admit(a, 0, text);
	uint32_t set;
	struct err e = {0};

	if (hash != NULL)
		HOLDS(strstr(text, hash + strlen("{CRYPT}")) != NULL);
	HOLDS(admit(a, UINT32_MAX, text) != NULL || hash == NULL);
	HOLDS(scheme_accept(a, text, &set, &e) || e.kind == ERR_INVALID);
	arena_free(a);
	return 0;
}
