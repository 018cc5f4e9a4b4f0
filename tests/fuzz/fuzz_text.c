#include <jansson.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/text.h"

/* Well-formed to somebody else, and without what controls a terminal. */
static bool clean_to_others(const char *text)
{
	json_t *value = json_string(text);
	bool good = value != NULL;

	json_decref(value);
	for (const char *p = text; good && *p != '\0'; p++) {
		good = (unsigned char)*p >= 0x20 && *p != 0x7f &&
		       !(p[0] == '\xc2' && (unsigned char)p[1] < 0xa0) &&
		       strncmp(p, "\xe2\x80\xa8", 3) != 0 &&
		       strncmp(p, "\xe2\x80\xa9", 3) != 0;
	}
	return good;
}

static void number(const char *text)
{
	int64_t n = 7, again = 0;
	char shown[24];

	if (!text_number(text, -1000, 1000000, &n)) {
		HOLDS(n == 7);
		return;
	}
	HOLDS(n >= -1000 && n <= 1000000);
	HOLDS(strspn(text, "-0123456789") == strlen(text));
	snprintf(shown, sizeof(shown), "%lld", (long long)n);
	HOLDS(text_number(shown, n, n, &again) && again == n);
}

/* What stands for something is replaced once, and nothing else. */
static void fill(struct arena *a, const char *text)
{
	const char *const nothing[] = {NULL};
	const char *const same[] = {"A", "@A@", "BC_D", "@BC_D@", NULL};

	HOLDS(strcmp(text_fill(a, text, nothing), text) == 0);
	HOLDS(strcmp(text_fill(a, text, same), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *lower = text_lower(a, text);

	HOLDS(text_is_clean(text) == clean_to_others(text));
	HOLDS(strlen(lower) == strlen(text));
	for (size_t i = 0; text[i] != '\0'; i++) {
		bool letter = text[i] >= 'A' && text[i] <= 'Z';

		HOLDS(lower[i] == (letter ? text[i] + ('a' - 'A') : text[i]));
	}
	number(text);
	fill(a, text);
	arena_free(a);
	return 0;
}
