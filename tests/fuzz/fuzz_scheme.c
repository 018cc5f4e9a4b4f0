#include <regex.h>
#include <string.h>

#include "passwd/scheme.h"
#include "tests/fuzz/fuzz.h"

/* What is admitted is in the form that the directory's own rule demands, and
 * admitted again as it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static regex_t stored;
	static bool ready;
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *hash = NULL, *again = NULL;
	struct err e = {0};

	if (!ready)
		HOLDS(regcomp(&stored, scheme_expression(a),
			      REG_EXTENDED | REG_NOSUB) == 0);
	ready = true;
	if (scheme_admit(a, text, &hash, &e)) {
		HOLDS(regexec(&stored, hash, 0, NULL, 0) == 0);
		HOLDS(scheme_admit(a, hash, &again, &e));
		HOLDS(strcmp(again, hash) == 0);
		HOLDS(strlen(hash) <= 256 && strchr(hash, '\n') == NULL);
		HOLDS(strstr(text, hash + strlen("{CRYPT}")) != NULL);
	} else {
		HOLDS(e.kind == ERR_INVALID && hash == NULL);
		HOLDS(regexec(&stored, text, 0, NULL, 0) != 0);
	}
	arena_free(a);
	return 0;
}
