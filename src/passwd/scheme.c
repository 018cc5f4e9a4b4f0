#include "passwd/scheme.h"

#include <crypt.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/base64.h"
#include "util/field.h"

/* Costs: what slapd needs to verify one on a processor of 2020, and memory. */
struct scheme {
	const char *name;
	const char *form;     /* in braces, as slapd and we write it */
	const char *prefix;   /* what a hash begins with, of crypt(5) or PHC */
	unsigned long count;  /* cost of new ones; 0: the library's default */
	const char *other[2]; /* what others put in braces before it */
	const char *hex;      /* or before it in hexadecimal */
	const char *rest;     /* expression for what follows the prefix */
	const char
		*module; /* of slapd that verifies it, if it is not built in */
	bool further;    /* only where passwd.accept names it */
};

#define C "{CRYPT}"
#define B64 "[./A-Za-z0-9]"
#define BASE "[A-Za-z0-9+/]"
/* Base64 of a digest of that many threes of bytes, and a salt of up to 24. */
#define SALTED(threes, most) \
	"(" BASE "{4}){" threes "," most "}(" BASE "{2}==|" BASE "{3}=)?"
#define ARGON2                                                               \
	"v=19\\$m=[1-9][0-9]{0,4},t=[1-6],p=[1-4]\\$" BASE "{11,86}\\$" BASE \
	"{22,86}"

/* clang-format off */
static const struct scheme schemes[] = {
	/* Up to cost 8: 128 MiB, 150 ms. */
	{"yescrypt",      C, "$y$",  0,  {NULL, NULL}, NULL,
	 "j[7-9A-C][5T]\\$" B64 "{1,86}\\$" B64 "{43}", NULL, false},
	{"gost-yescrypt", C, "$gy$", 0,  {NULL, NULL}, NULL,
	 "j[7-9A-C][5T]\\$" B64 "{1,86}\\$" B64 "{43}", NULL, false},
	/* N up to 2^15 with r up to 32: 128 MiB, 300 ms. */
	{"scrypt",        C, "$7$",  0,  {NULL, NULL}, NULL,
	 "[6-9A-D][6U]\\.\\.\\.\\./\\.\\.\\.\\." B64 "{1,86}\\$" B64 "{43}", NULL, false},
	/* Up to cost 12: 250 ms. */
	{"bcrypt",        C, "$2b$", 11, {"{BLF-CRYPT}", "{BCRYPT}"}, NULL,
	 "(0[4-9]|1[0-2])\\$" B64 "{53}", NULL, false},
	{"bcrypt-y",      C, "$2y$", 11, {"{BLF-CRYPT}", "{BCRYPT}"}, NULL,
	 "(0[4-9]|1[0-2])\\$" B64 "{53}", NULL, false},
	/* Up to 999,999 rounds: 550 ms. */
	{"sha512-crypt",  C, "$6$",  0,  {"{SHA512-CRYPT}", NULL}, NULL,
	 "(rounds=[1-9][0-9]{3,5}\\$)?" B64 "{1,16}\\$" B64 "{86}", NULL, false},
	{"sha256-crypt",  C, "$5$",  0,  {"{SHA256-CRYPT}", NULL}, NULL,
	 "(rounds=[1-9][0-9]{3,5}\\$)?" B64 "{1,16}\\$" B64 "{43}", NULL, false},

	/* Up to 100 MiB and 6 turns: 300 ms.  Dovecot knows them by other
	 * names than slapd. */
	{"argon2id", "{ARGON2}", "$argon2id$", 0, {"{ARGON2ID}", NULL}, NULL,
	 ARGON2, "argon2", true},
	{"argon2i",  "{ARGON2}", "$argon2i$",  0, {"{ARGON2I}", NULL}, NULL,
	 ARGON2, "argon2", true},
	{"bcrypt-a", C, "$2a$", 11, {"{BLF-CRYPT}", "{BCRYPT}"}, NULL,
	 "(0[4-9]|1[0-2])\\$" B64 "{53}", NULL, true},
	/* Guessed by the billion a second: better than no account. */
	{"md5-crypt", C, "$1$", 0, {"{MD5-CRYPT}", "{MD5}"}, NULL,
	 B64 "{1,8}\\$" B64 "{22}", NULL, true},
	{"des-crypt", C, "", 0, {"{DES-CRYPT}", NULL}, NULL,
	 B64 "{13}", NULL, true},
	{"ssha",    "{SSHA}",    "", 0, {NULL, NULL}, NULL,
	 SALTED("7", "14"), NULL, true},
	{"ssha256", "{SSHA256}", "", 0, {NULL, NULL}, NULL,
	 SALTED("11", "18"), "pw-sha2", true},
	{"ssha512", "{SSHA512}", "", 0, {NULL, NULL}, NULL,
	 SALTED("21", "29"), "pw-sha2", true},
	{"smd5",    "{SMD5}",    "", 0, {NULL, NULL}, NULL,
	 SALTED("5", "13"), NULL, true},
	{"sha",     "{SHA}",     "", 0, {"{SHA1}", NULL}, NULL,
	 BASE "{27}=", NULL, true},
	{"sha256",  "{SHA256}",  "", 0, {NULL, NULL}, NULL,
	 BASE "{43}=", "pw-sha2", true},
	{"sha512",  "{SHA512}",  "", 0, {NULL, NULL}, NULL,
	 BASE "{86}==", "pw-sha2", true},
	{"md5",     "{MD5}",     "", 0, {"{LDAP-MD5}", NULL}, "{PLAIN-MD5}",
	 BASE "{22}==", NULL, true},
};
/* clang-format on */

_Static_assert(COUNT(schemes) <= 32, "a set of them has 32 bits");

static bool is_in(const struct scheme *s, uint32_t further)
{
	return !s->further || (further >> (s - schemes) & 1) != 0;
}

static const struct scheme *find(const char *name, size_t size)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (strncmp(schemes[i].name, name, size) == 0 &&
		    schemes[i].name[size] == '\0')
			return &schemes[i];
	}
	return NULL;
}

const struct scheme *scheme_find(const char *name)
{
	const struct scheme *s = find(name, strlen(name));

	return s != NULL && !s->further ? s : NULL;
}

static const char *names(struct arena *a, bool further)
{
	const char *all = NULL;

	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (schemes[i].further != further)
			continue;
		all = all == NULL
			      ? schemes[i].name
			      : arena_printf(a, "%s, %s", all, schemes[i].name);
	}
	return all;
}

const char *scheme_names(struct arena *a)
{
	return names(a, false);
}

bool scheme_accept(struct arena *a, const char *list, uint32_t *ret,
		   struct err *e)
{
	static const char between[] = " ,";

	*ret = 0;
	for (const char *at = list != NULL ? list : ""; *at != '\0';) {
		size_t size = strcspn(at, between);
		const struct scheme *s = find(at, size);

		if (size > 0 && (s == NULL || !s->further))
			return err_set(e, ERR_INVALID,
				       "\"%.*s\" is none of the further "
				       "schemes: %s",
				       (int)size, at, names(a, true));
		if (size > 0)
			*ret |= UINT32_C(1) << (s - schemes);
		at += size;
		at += strspn(at, between);
	}
	return true;
}

const char *scheme_modules(struct arena *a, uint32_t further)
{
	const char *lines = "";

	for (size_t i = 0; i < COUNT(schemes); i++) {
		const char *module = schemes[i].module;

		if (module != NULL && is_in(&schemes[i], further) &&
		    strstr(lines, module) == NULL)
			lines = arena_printf(a, "%s\nolcModuleLoad: %s", lines,
					     module);
	}
	return lines;
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
	*ret = arena_printf(a, "%s%s", s->form, hash);
	return true;
}

/* "{CRYPT}$6$" means itself. */
static const char *quoted(struct arena *a, const char *plain)
{
	char *text = arena_alloc(a, strlen(plain) * 2 + 1), *to = text;

	for (; *plain != '\0'; plain++) {
		if (strchr("{}$", *plain) != NULL)
			*to++ = '\\';
		*to++ = *plain;
	}
	return text;
}

static const char *expression_of(struct arena *a, const struct scheme *s)
{
	return arena_printf(a, "%s%s%s", quoted(a, s->form),
			    quoted(a, s->prefix), s->rest);
}

const char *scheme_expression(struct arena *a, uint32_t further)
{
	const char *any = expression_of(a, &schemes[0]);

	for (size_t i = 1; i < COUNT(schemes); i++) {
		if (is_in(&schemes[i], further))
			any = arena_printf(a, "%s|%s", any,
					   expression_of(a, &schemes[i]));
	}
	return arena_printf(a, "^(%s)$", any);
}

static regex_t admitted[COUNT(schemes)];

static void compile_all(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(schemes); i++) {
		const char *whole =
			arena_printf(a, "^%s$", expression_of(a, &schemes[i]));

		if (regcomp(&admitted[i], whole, REG_EXTENDED | REG_NOSUB) != 0)
			alloc_die(); /* the expression is ours */
	}
	arena_free(a);
}

/* Compiling one takes 500 microseconds, and users are often brought along by
 * the thousand with the hashes they had. */
static bool is_admitted(const struct scheme *s, const char *stored)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, compile_all);
	return regexec(&admitted[s - schemes], stored, 0, NULL, 0) == 0;
}

/* What is in hexadecimal as we store it; other text stays what it is, and is
 * found to be malformed. */
static const char *from_hex(struct arena *a, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = strlen(hex);
	unsigned char *bytes = arena_alloc(a, size / 2 + 1);

	for (size_t i = 0; i < size; i++) {
		int low = hex[i] >= 'A' && hex[i] <= 'F' ? hex[i] - 'A' + 'a'
							 : hex[i];
		const char *digit = strchr(digits, low);

		if (digit == NULL || size % 2 != 0)
			return hex;
		bytes[i / 2] =
			(unsigned char)(bytes[i / 2] << 4 | (digit - digits));
	}
	return base64_encode(a, bytes, size / 2);
}

/* What follows the braces, if they are ones we know.  Without any only a
 * prefix tells what a hash is. */
static const char *skip_braces(struct arena *a, const char *ready,
			       const struct scheme *s)
{
	size_t size = strcspn(ready, "}") + 1;

	if (ready[0] != '{')
		return s->prefix[0] != '\0' ? ready : NULL;
	if (strncasecmp(ready, s->form, size) == 0)
		return ready + size;
	for (size_t i = 0; i < COUNT(s->other); i++) {
		if (s->other[i] != NULL &&
		    strncasecmp(ready, s->other[i], size) == 0)
			return ready + size;
	}
	return s->hex != NULL && strncasecmp(ready, s->hex, size) == 0
		       ? from_hex(a, ready + size)
		       : NULL;
}

enum { READY_MAX = 512 }; /* bytes; the longest we admit has 200 */

/* The row that a hash belongs to, and what it would be stored as. */
static const struct scheme *recognise(struct arena *a, const char *ready,
				      const char **stored)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		const struct scheme *s = &schemes[i];
		const char *hash = skip_braces(a, ready, s);

		if (hash == NULL ||
		    strncmp(hash, s->prefix, strlen(s->prefix)) != 0)
			continue;
		*stored = arena_printf(a, "%s%s", s->form, hash);
		return s;
	}
	return NULL;
}

bool scheme_admit(struct arena *a, uint32_t further, const char *ready,
		  const char **ret, struct err *e)
{
	const char *stored = NULL;

	if (strlen(ready) > READY_MAX)
		return err_set(e, ERR_INVALID, "a hash has at most %d bytes",
			       READY_MAX);
	const struct scheme *s = recognise(a, ready, &stored);
	bool good = s != NULL && is_admitted(s, stored);
	if (s == NULL || (!good && !is_in(s, further)))
		return err_set(e, ERR_INVALID,
			       "only these schemes are verified by the "
			       "directory and the mail server alike: %s",
			       scheme_names(a));
	if (!good)
		return err_set(e, ERR_INVALID,
			       "a %s hash is malformed or too costly to verify",
			       s->name);
	if (!is_in(s, further))
		return err_set(e, ERR_INVALID,
			       "%s hashes are not taken here (passwd.accept)",
			       s->name);
	*ret = stored;
	return true;
}
