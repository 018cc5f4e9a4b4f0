/*
 * Judges tokens: one a line on standard input, as base64, behind the time it is
 * judged at.  judge KEYS-FILE ALGORITHMS CLAIM [SCOPE]; with --count as last
 * word it measures instead: how often it can say so in a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oidc/keys.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "json/text.h"

enum { LINE_SIZE = 64 * 1024, KEYS_SIZE = 256 * 1024, ROUNDS = 300 };

static bool judge(struct arena *a, const struct oidc_settings *set,
		  const struct keys *keys, const char *text, int64_t now,
		  const char **login, int64_t *until, struct err *e)
{
	struct jwt jwt;

	return jwt_parse(a, set, text, &jwt, e) &&
	       jwt_claims(a, set, &jwt, now, login, until, e) &&
	       keys_verify(keys, &jwt, e);
}

static void measure(const struct oidc_settings *set, const struct keys *keys,
		    const char *text, int64_t now)
{
	int64_t began = clock_micros();

	for (int i = 0; i < ROUNDS; i++) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		const char *login;
		int64_t until;
		struct err e = {0};

		judge(a, set, keys, text, now, &login, &until, &e);
	}
	printf("%lld\n", (long long)(clock_micros() - began) / ROUNDS);
}

static void answer(const struct oidc_settings *set, const struct keys *keys,
		   char *line, bool measures)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *login = NULL;
	struct err e = {0};
	char *rest, *text;
	int64_t until = 0, now = strtoll(line, &rest, 10);
	size_t size;

	rest[strcspn(rest, "\n")] = '\0';
	if (rest[0] == '\0' || !base64_decode(a, rest + 1, &text, &size))
		abort();
	if (measures)
		measure(set, keys, text, now);
	else if (judge(a, set, keys, text, now, &login, &until, &e))
		printf("yes %s %lld\n", login, (long long)until);
	else
		printf("no %s\n", e.text);
}

int main(int argc, char **argv)
{
	static char line[LINE_SIZE];
	CLEANUP(arena_release) struct arena *a = arena_new();
	bool measures = argc > 4 && strcmp(argv[argc - 1], "--count") == 0;
	struct oidc_settings set =
		{.issuer = "https://id.example.org/realms/mail",
		 .audience = "provost"};
	struct err e = {0};
	const char *text;

	json_text_prepare();
	keys_prepare();
	if (argc < 4 || !file_read(a, argv[1], KEYS_SIZE, &text, &e))
		return 2;
	set.algorithms = argv[2];
	set.claim = argv[3];
	set.scope = argc > 4 && !measures ? argv[4] : NULL;
	struct keys *keys = keys_parse(a, text, strlen(text), &e);
	if (keys == NULL) {
		printf("none %s\n", e.text);
		return 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL)
		answer(&set, keys, line, measures);
	keys_release(&keys);
	return 0;
}
