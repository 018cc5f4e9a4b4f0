#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/base64.h"

/* As text: what is accepted is the only spelling.  As bytes: they come back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	char *bytes = NULL;
	size_t length = 0;

	if (base64_decode(a, text, &bytes, &length))
		HOLDS(strcmp(base64_encode(a, bytes, length), text) == 0);
	/* base64url differs in two letters and the padding. */
	if (base64_decode_url(a, text, strlen(text), &bytes, &length)) {
		HOLDS(strpbrk(text, "+/=") == NULL);
		char *other = base64_encode(a, bytes, length);
		other[strcspn(other, "=")] = '\0';
		for (char *p = other; *p != '\0'; p++)
			*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
		HOLDS(strcmp(other, text) == 0);
	}
	HOLDS(base64_decode(a, base64_encode(a, data, size), &bytes, &length));
	HOLDS(length == size && memcmp(bytes, data, size) == 0);
	arena_free(a);
	return 0;
}
