#include "passwd/scheme.h"

#include <crypt.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/field.h"

/* Costs: what slapd needs to verify one on a processor of 2020, and memory. */
struct scheme {
	const char *name;
	const char *prefix;   /* of crypt(5) */
	unsigned long count;  /* cost of new ones; 0: the library's default */
	const char *other[2]; /* what others put in braces before it */
	const char *rest;     /* expression for what follows the prefix */
};

#define B64 "[./A-Za-z0-9]"

/* clang-format off */
static const struct scheme schemes[] = {
	/* Up to cost 8: 128 MiB, 150 ms. */
	{"yescrypt",      "$y$",  0,  {NULL, NULL},
	 "j[7-9A-C][5T]\\$" B64 "{1,86}\\$" B64 "{43}"},
	{"gost-yescrypt", "$gy$", 0,  {NULL, NULL},
	 "j[7-9A-C][5T]\\$" B64 "{1,86}\\$" B64 "{43}"},
	/* N up to 2^15 with r up to 32: 128 MiB, 300 ms. */
	{"scrypt",        "$7$",  0,  {NULL, NULL},
	 "[6-9A-D][6U]\\.\\.\\.\\./\\.\\.\\.\\." B64 "{1,86}\\$" B64 "{43}"},
	/* Up to cost 12: 250 ms. */
	{"bcrypt",        "$2b$", 11, {"{BLF-CRYPT}", "{BCRYPT}"},
	 "(0[4-9]|1[0-2])\\$" B64 "{53}"},
	{"bcrypt-y",      "$2y$", 11, {"{BLF-CRYPT}", "{BCRYPT}"},
	 "(0[4-9]|1[0-2])\\$" B64 "{53}"},
	/* Up to 999,999 rounds: 550 ms. */
	{"sha512-crypt",  "$6$",  0,  {"{SHA512-CRYPT}", NULL},
	 "(rounds=[1-9][0-9]{3,5}\\$)?" B64 "{1,16}\\$" B64 "{86}"},
	{"sha256-crypt",  "$5$",  0,  {"{SHA256-CRYPT}", NULL},
	 "(rounds=[1-9][0-9]{3,5}\\$)?" B64 "{1,16}\\$" B64 "{43}"},
};
/* clang-format on */

static const char spelling[] = "{CRYPT}";

const struct scheme *scheme_find(const char *name)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (strcmp(schemes[i].name, name) == 0)
			return &schemes[i];
	}
	return NULL;
}

const char *scheme_names(struct arena *a)
{
	const char *names = schemes[0].name;

	for (size_t i = 1; i < COUNT(schemes); i++)
		names = arena_printf(a, "%s, %s", names, schemes[i].name);
	return names;
}

bool scheme_hash(const struct scheme *s, struct arena *a, const char *clear,
		 const char **ret, struct err *e)
{
	struct crypt_data *work = arena_alloc(a, sizeof(*work));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (crypt_gensalt_rn(s->prefix, s->count, NULL, 0, setting,
			     sizeof(setting)) == NULL)
		return err_set(e, ERR_INTERNAL, "no salt for %s", s->name);
	const char *hash = crypt_rn(clear, setting, work, sizeof(*work));
	if (hash == NULL || hash[0] == '*')
		return err_set(e, ERR_INTERNAL, "%s does not work", s->name);
	*ret = arena_printf(a, "%s%s", spelling, hash);
	return true;
}

/* The "$" of a prefix means itself. */
static const char *quoted(struct arena *a, const char *prefix)
{
	char *text = arena_alloc(a, strlen(prefix) * 2 + 1), *to = text;

	for (; *prefix != '\0'; prefix++) {
		if (*prefix == '$')
			*to++ = '\\';
		*to++ = *prefix;
	}
	return text;
}

static const char *expression_of(struct arena *a, const struct scheme *s)
{
	return arena_printf(a, "%s%s", quoted(a, s->prefix), s->rest);
}

const char *scheme_expression(struct arena *a)
{
	const char *any = expression_of(a, &schemes[0]);

	for (size_t i = 1; i < COUNT(schemes); i++)
		any = arena_printf(a, "%s|%s", any,
				   expression_of(a, &schemes[i]));
	return arena_printf(a, "^\\{CRYPT\\}(%s)$", any);
}

static regex_t admitted[COUNT(schemes)];

static void compile_all(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(schemes); i++) {
		const char *whole = arena_printf(a, "^(%s)$",
						 expression_of(a, &schemes[i]));

		if (regcomp(&admitted[i], whole, REG_EXTENDED | REG_NOSUB) != 0)
			alloc_die(); /* the expression is ours */
	}
	arena_free(a);
}

/* Compiling one takes 500 microseconds, and users are often brought along by
 * the thousand with the hashes they had. */
static bool is_admitted(const struct scheme *s, const char *hash)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, compile_all);
	return regexec(&admitted[s - schemes], hash, 0, NULL, 0) == 0;
}

/* What follows the braces, if they are ones we know. */
static const char *skip_braces(const char *ready, const struct scheme *s)
{
	size_t size = strcspn(ready, "}") + 1;

	if (ready[0] != '{')
		return ready;
	if (strncasecmp(ready, spelling, size) == 0)
		return ready + size;
	for (size_t i = 0; i < COUNT(s->other); i++) {
		if (s->other[i] != NULL &&
		    strncasecmp(ready, s->other[i], size) == 0)
			return ready + size;
	}
	return NULL;
}

enum { READY_MAX = 512 }; /* bytes; the longest we admit has 200 */

bool scheme_admit(struct arena *a, const char *ready, const char **ret,
		  struct err *e)
{
	if (strlen(ready) > READY_MAX)
		return err_set(e, ERR_INVALID, "a hash has at most %d bytes",
			       READY_MAX);
	for (size_t i = 0; i < COUNT(schemes); i++) {
		const struct scheme *s = &schemes[i];
		const char *hash = skip_braces(ready, s);

		if (hash == NULL ||
		    strncmp(hash, s->prefix, strlen(s->prefix)) != 0)
			continue;
		if (!is_admitted(s, hash))
			return err_set(
				e, ERR_INVALID,
				"a %s hash is malformed or too costly to "
				"verify",
				s->name);
		*ret = arena_printf(a, "%s%s", spelling, hash);
		return true;
	}
	return err_set(e, ERR_INVALID,
		       "only these schemes are verified by the directory and "
		       "the mail server alike: %s",
		       scheme_names(a));
}
