#include <string.h>

#include "dict/conversation.h"
#include "tests/fuzz/fuzz.h"
#include "util/arena.h"

enum { NOW = 1795275829, SOON = NOW + 300 };

static void take(void *ctx, const char *address, const struct usage *u)
{
	unsigned *taken = ctx;
	struct err none = {0};

	++*taken;
	HOLDS(address_check(address, ADDRESS_OWN, &none));
	HOLDS(u->last_login == NUMBER_NONE ||
	      (u->last_login >= 0 && u->last_login <= SOON));
	HOLDS(u->used_bytes == NUMBER_NONE || u->used_bytes >= 0);
	HOLDS(u->used_messages == NUMBER_NONE || u->used_messages >= 0);
	HOLDS(u->measured == NUMBER_NONE || u->measured == NOW);
	HOLDS(u->last_login != NUMBER_NONE || u->measured != NUMBER_NONE);
}

/* Whatever a Dovecot says: only addresses and numbers come out of it, answers
 * are whole lines, and before the greeting there is nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *rest = arena_strndup(a, (const char *)data, size);
	unsigned taken = 0;
	struct conversation c = {.take = take, .ctx = &taken};
	bool good = true;

	while (good && rest != NULL) {
		char answer[CONVERSATION_ANSWER], *line = strsep(&rest, "\n");

		good = conversation_line(&c, line, NOW, answer);
		size_t length = strlen(answer);
		HOLDS(length < CONVERSATION_ANSWER);
		HOLDS(length == 0 || answer[length - 1] == '\n');
		HOLDS(good || length == 0);
		HOLDS(c.greeted || taken == 0);
	}
	arena_free(a);
	return 0;
}
