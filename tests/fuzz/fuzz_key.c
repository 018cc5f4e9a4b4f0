#include <string.h>

#include "core/key.h"
#include "core/keytext.h"
#include "core/scope.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

/* A key has one spelling, and nothing of its secret is logged. */
static void text(struct arena *a, const char *given)
{
	struct keytext k;
	const char *hidden = keytext_hide(a, given);

	HOLDS(strlen(hidden) == strlen(given));
	HOLDS(strcmp(keytext_hide(a, hidden), hidden) == 0);
	if (!keytext_parse(given, &k))
		return;
	HOLDS(strlen(given) == KEYTEXT_SIZE && keytext_is_id(k.id));
	HOLDS(strcmp(keytext_show(a, &k), given) == 0);
	HOLDS(strstr(hidden, k.secret) == NULL);
}

/* Lines of a body, as scopes, domains and networks. */
static struct text_list lines(struct arena *a, const char *p)
{
	struct text_list list = {arena_alloc(a, strlen(p) * sizeof(char *) + 8),
				 0};

	for (; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n')
		list.items[list.count++] =
			arena_strndup(a, p, strcspn(p, "\n"));
	return list;
}

/* What is folded stays so, and a key never gives more than itself. */
static void rules(struct arena *a, const char *given)
{
	static const char *words[] = {"users:read", "users:write"};
	const struct text_list rights = {words, COUNT(words)};
	struct key k = key_defaults;
	struct err e = {0}, within = {0};

	k.scopes = k.domains = k.networks = lines(a, given);
	k.owner = given;
	key_fold(&k, a);
	struct key again = k;
	key_fold(&again, a);
	HOLDS(text_list_equal(k.networks, again.networks));
	HOLDS(text_list_equal(k.scopes, again.scopes));
	key_judge(&k, &rights, a, &e);
	if (e.faults != NULL)
		return;
	key_judge_within(&k, &k, a, &within);
	HOLDS(within.faults == NULL);
	HOLDS(!key_is_good(&k, "no address") || k.networks.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *given = arena_strndup(a, (const char *)data, size);

	text(a, given);
	rules(a, given);
	arena_free(a);
	return 0;
}
