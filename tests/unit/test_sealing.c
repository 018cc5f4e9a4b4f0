#include "crypto/sealing.h"

#include <string.h>

#include "tests/lib/tap.h"

int main(void)
{
	struct arena *a = arena_new();
	static const unsigned char key[SEALING_KEY] = "one key",
				   other[SEALING_KEY] = "another";
	const char *sealed = sealing_close(a, key, "plan/1", "a secret");
	const char *text = NULL;

	OK(strstr(sealed, "secret") == NULL, "what is sealed cannot be read");
	OK(sealing_open(a, key, "plan/1", sealed, &text), "it is opened");
	IS(text, "a secret", "and is what it was");
	OK(strcmp(sealed, sealing_close(a, key, "plan/1", "a secret")) != 0,
	   "it is never the same twice");
	OK(!sealing_open(a, other, "plan/1", sealed, &text), "another key");
	OK(!sealing_open(a, key, "plan/2", sealed, &text), "another place");
	char *broken = arena_strdup(a, sealed);
	broken[20] = broken[20] == 'A' ? 'B' : 'A';
	OK(!sealing_open(a, key, "plan/1", broken, &text), "a changed byte");
	OK(!sealing_open(a, key, "plan/1", "", &text) &&
		   !sealing_open(a, key, "plan/1", "AAAA", &text),
	   "too little of it");
	OK(sealing_open(a, key, "", sealing_close(a, key, "", ""), &text) &&
		   *text == '\0',
	   "nothing at all");
	arena_free(a);
	return tap_done();
}
