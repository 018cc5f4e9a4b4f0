#include <string.h>

#include "core/password.h"
#include "passwd/policy.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

/* A password, a newline, and what its owner is known by. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct passwd_settings set = {.min_length = 8,
						   .min_bits = 20};
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	size_t end = strcspn(text, "\n");
	const char *word = text[end] != '\0' ? text + end + 1 : text + end;
	const struct secret s = {arena_strndup(a, text, end), {&word, 1}};
	struct err e = {0};

	if (!password_check(s.clear, &e)) {
		arena_free(a);
		return 0;
	}
	if (policy_judge(&set, a, &s, &e))
		HOLDS(strlen(s.clear) >= 8 && strcasecmp(s.clear, word) != 0);
	else
		HOLDS(e.kind == ERR_INVALID && e.code != NULL);
	arena_free(a);
	return 0;
}
