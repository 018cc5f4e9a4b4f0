#include <crypt.h>
#include <regex.h>

#include "passwd/scheme.h"
#include "tests/lib/tap.h"
#include "util/field.h"

#define S86                                                                \
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./" \
	"0123456789abcdefghijkl"
#define S53 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
#define S43 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define SALT16 "0123456789abcdef"
#define SHA512 "$6$" SALT16 "$" S86
#define BCRYPT "$2b$11$" S53

static const struct {
	const char *ready, *want; /* NULL: refused */
} cases[] = {
	{SHA512, "{CRYPT}" SHA512},
	{"{CRYPT}" SHA512, "{CRYPT}" SHA512},
	{"{crypt}" SHA512, "{CRYPT}" SHA512},
	{"{SHA512-CRYPT}" SHA512, "{CRYPT}" SHA512},
	{"{sha512-crypt}" SHA512, "{CRYPT}" SHA512},
	{"$6$x$" S86, "{CRYPT}$6$x$" S86},
	{"$6$rounds=1000$x$" S86, "{CRYPT}$6$rounds=1000$x$" S86},
	{"$6$rounds=999999$x$" S86, "{CRYPT}$6$rounds=999999$x$" S86},
	{"$5$" SALT16 "$" S43, "{CRYPT}$5$" SALT16 "$" S43},
	{"{SHA256-CRYPT}$5$x$" S43, "{CRYPT}$5$x$" S43},
	{BCRYPT, "{CRYPT}" BCRYPT},
	{"{BLF-CRYPT}" BCRYPT, "{CRYPT}" BCRYPT},
	{"{BCRYPT}$2y$04$" S53, "{CRYPT}$2y$04$" S53},
	{"$y$j9T$" SALT16 "$" S43, "{CRYPT}$y$j9T$" SALT16 "$" S43},
	{"$gy$j9T$" SALT16 "$" S43, "{CRYPT}$gy$j9T$" SALT16 "$" S43},
	{"$7$CU..../....abc$" S43, "{CRYPT}$7$CU..../....abc$" S43},

	/* braces that belong to another scheme, or to none */
	{"{SHA256-CRYPT}" SHA512, NULL},
	{"{BLF-CRYPT}" SHA512, NULL},
	{"{CRYPT" SHA512, NULL},
	{"{CRYPT}{CRYPT}" SHA512, NULL},
	{"{}" SHA512, NULL},
	{"{", NULL},
	{"{CRYPT}", NULL},
	{"{CRYPT} " SHA512, NULL},
	{" " SHA512, NULL},
	{"", NULL},
	/* what a directory would take for clear text, or not understand */
	{"secret", NULL},
	{"{PLAIN}secret", NULL},
	{"{CLEARTEXT}secret", NULL},
	{"{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", NULL},
	{"{MD5}X03MO1qnZdYdgyfeuILPmQ==", NULL},
	{"{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA", NULL},
	{"$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA", NULL},
	{"{CRYPT}rl.3StKT.4T8M", NULL},
	{"$1$salt$qJH7.N4xYta3aEG/dfqo/0", NULL},
	{"{CRYPT}$3$$8846f7eaee8fb117ad06bdd830b7586c", NULL},
	{"$sha1$40000$jtNX3nZ2$hBNaIXkt4wBI2o5rsi8KejSjNqIq", NULL},
	{"$md5,rounds=5000$x$y", NULL},
	{"{SASL}ann@example.org", NULL},
	/* malformed */
	{"$6$" SALT16 "x$" S86, NULL},
	{"$6$$" S86, NULL},
	{"$6$x$" S43, NULL},
	{"$6$x$" S86 "x", NULL},
	{"$6$x$" S86 "\n", NULL},
	{"$6$x$" S86 "\n{CRYPT}" SHA512, NULL},
	{"\n" SHA512, NULL},
	{"$6$a:b$" S86, NULL},
	{"$6$a b$" S86, NULL},
	{"$2b$11$" S53 "x", NULL},
	{"$2x$11$" S53, NULL},
	{"$2$11$" S53, NULL},
	{"$y$j9T$$" S43, NULL},
	{"$6", NULL},
	{"$y$", NULL},
};

#define ARGON2 "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0$" S43
#define S27 "0123456789abcdefghijklmnopq"

/* Taken where the list names them, and only there. */
static const struct {
	const char *list, *ready, *want; /* NULL: refused */
} further[] = {
	{"ssha", "{SSHA}" S27 "0", "{SSHA}" S27 "0"},
	{"ssha", "{ssha}" S27 "0abc=", "{SSHA}" S27 "0abc="},
	{"ssha512,ssha smd5", "{SSHA}" S27 "0abc=", "{SSHA}" S27 "0abc="},
	{"sha", "{SSHA}" S27 "0abc=", NULL},
	{NULL, "{SSHA}" S27 "0abc=", NULL},
	{"ssha", "{SSHA}" S27 "=", NULL}, /* no salt */
	{"ssha", "{SSHA}" S27 "0ab=", NULL},
	{"ssha", S27 "0abc=", NULL},
	{"sha", "{SHA}" S27 "=", "{SHA}" S27 "="},
	{"sha", "{SHA1}" S27 "=", "{SHA}" S27 "="},
	{"md5", "{PLAIN-MD5}5f4dcc3b5aa765d61d8327deb882cf99",
	 "{MD5}X03MO1qnZdYdgyfeuILPmQ=="},
	{"md5", "{PLAIN-MD5}5F4DCC3B5AA765D61D8327DEB882CF99",
	 "{MD5}X03MO1qnZdYdgyfeuILPmQ=="},
	{"md5",
	 "{LDAP-MD5}X03MO1qnZdYdgyfeuILPmQ==", "{MD5}X03MO1qnZdYdgyfeuILPmQ=="},
	{"md5", "{PLAIN-MD5}5f4dcc3b5aa765d61d8327deb882cf9", NULL},
	{"md5", "{PLAIN-MD5}5f4dcc3b5aa765d61d8327deb882cf9x", NULL},
	{"md5-crypt", "{MD5}$1$salt$qJH7.N4xYta3aEG/dfqo/0",
	 "{CRYPT}$1$salt$qJH7.N4xYta3aEG/dfqo/0"},
	{"md5", "{MD5}$1$salt$qJH7.N4xYta3aEG/dfqo/0", NULL},
	{"des-crypt", "{CRYPT}rl.3StKT.4T8M", "{CRYPT}rl.3StKT.4T8M"},
	{"des-crypt", "rl.3StKT.4T8M", NULL},
	{"argon2id", ARGON2, "{ARGON2}" ARGON2},
	{"argon2id", "{ARGON2ID}" ARGON2, "{ARGON2}" ARGON2},
	{"argon2i", "{ARGON2ID}" ARGON2, NULL},
	{"argon2id", "{ARGON2I}" ARGON2, NULL},
	{"argon2id", "$argon2id$v=19$m=1048576,t=3,p=1$c2FsdHNhbHQ$" S43, NULL},
	{"argon2id", "$argon2id$v=19$m=65536,t=9,p=1$c2FsdHNhbHQ$" S43, NULL},
	{"argon2id", "$argon2id$v=19$m=65536,t=3,p=9$c2FsdHNhbHQ$" S43, NULL},
};

/* What would keep slapd busy for seconds or take all its memory. */
static const char *const bombs[] = {
	"$6$rounds=1000000$x$" S86,
	"$6$rounds=999999999$x$" S86,
	"$6$rounds=0999999$x$" S86,
	"$6$rounds=999$x$" S86,
	"$6$rounds=0$x$" S86,
	"$6$rounds=-1$x$" S86,
	"$5$rounds=1000000$x$" S43,
	"$5$rounds=4294967295$x$" S43,
	"$2b$13$" S53,
	"$2b$31$" S53,
	"$2y$20$" S53,
	"$2b$99$" S53,
	"$2b$03$" S53,
	"$y$jDT$abc$" S43,
	"$y$jzT$abc$" S43,
	"$y$j9z$abc$" S43,
	"$y$j9T2$abc$" S43,
	"$y$j9T.z$abc$" S43,
	"$gy$jDT$abc$" S43,
	"$7$EU..../....abc$" S43,
	"$7$zU..../....abc$" S43,
	"$7$Cz..../....abc$" S43,
	"$7$CU...//....abc$" S43,
	"$7$CU..../1...abc$" S43,
};

static struct arena *arena;

static void each_further(void)
{
	for (size_t i = 0; i < COUNT(further); i++) {
		const char *got = NULL;
		struct err e = {0};
		regex_t form;
		uint32_t set;

		OK(scheme_accept(arena, further[i].list, &set, &e),
		   "a list of further schemes");
		scheme_admit(arena, set, further[i].ready, &got, &e);
		IS(got, further[i].want, further[i].ready);
		if (got == NULL)
			continue;
		OK(regcomp(&form, scheme_expression(arena, set),
			   REG_EXTENDED | REG_NOSUB) == 0 &&
			   regexec(&form, got, 0, NULL, 0) == 0,
		   "the directory will take it");
		regfree(&form);
		OK(!scheme_admit(arena, 0, further[i].ready, &got, &e),
		   "but not without the list");
	}
}

static void lists(void)
{
	struct err e = {0};
	uint32_t set;

	OK(scheme_accept(arena, " ssha , sha512,argon2i ", &set, &e) &&
		   scheme_accept(arena, "", &set, &e) && set == 0,
	   "blanks and commas");
	OK(!scheme_accept(arena, "ssha rot13", &set, &e) &&
		   strstr(e.text, "rot13") != NULL,
	   "one that is unknown");
	OK(!scheme_accept(arena, "yescrypt", &set, &e),
	   "one that is always taken");
	OK(!scheme_accept(arena, "SSHA", &set, &e), "names are lower case");
	OK(scheme_accept(arena, "ssha md5", &set, &e), "two");
	IS(scheme_modules(arena, set), "", "that slapd verifies by itself");
	OK(scheme_accept(arena, "sha512 ssha512 argon2id", &set, &e), "three");
	IS(scheme_modules(arena, set),
	   "\nolcModuleLoad: argon2\nolcModuleLoad: pw-sha2",
	   "that want two modules");
}

static regex_t stored;

static bool is_stored_form(const char *hash)
{
	return regexec(&stored, hash, 0, NULL, 0) == 0;
}

/* A scheme's own hash: verified by crypt(3), admitted in each spelling. */
static void own_hash(const char *name)
{
	const struct scheme *s = scheme_find(name);
	struct crypt_data *work = arena_alloc(arena, sizeof(*work));
	const char *hash = NULL, *again = NULL, *other = NULL;
	struct err e = {0};

	OK(s != NULL && scheme_hash(s, arena, "p\xc3\xa4ss", &hash, &e), name);
	if (hash == NULL || strncmp(hash, "{CRYPT}", 7) != 0) {
		OK(false, "it is spelt {CRYPT}");
		return;
	}
	IS(crypt_rn("p\xc3\xa4ss", hash + 7, work, sizeof(*work)), hash + 7,
	   "crypt(3) verifies it");
	OK(scheme_admit(arena, 0, hash, &again, &e) && strcmp(again, hash) == 0,
	   "it is admitted as it is");
	OK(scheme_admit(arena, 0, hash + 7, &again, &e) &&
		   strcmp(again, hash) == 0,
	   "and without braces");
	OK(is_stored_form(hash), "the directory will take it");
	OK(scheme_hash(s, arena, "p\xc3\xa4ss", &other, &e) &&
		   strcmp(other, hash) != 0,
	   "with a salt of its own");
}

static void own_hashes(void)
{
	const char *names = scheme_names(arena);
	size_t n = 0;

	while (*names != '\0') {
		size_t size = strcspn(names, ",");

		own_hash(arena_strndup(arena, names, size));
		names += size + strspn(names + size, ", ");
		n++;
	}
	OK(n >= 7, "seven schemes");
	OK(scheme_find("md5") == NULL && scheme_find("") == NULL &&
		   scheme_find("YESCRYPT") == NULL,
	   "and no others");
}

int main(void)
{
	char big[600];
	const char *got;
	struct err e = {0};

	arena = arena_new();
	if (regcomp(&stored, scheme_expression(arena, 0),
		    REG_EXTENDED | REG_NOSUB) != 0)
		return 1;
	own_hashes();
	for (size_t i = 0; i < COUNT(cases); i++) {
		got = NULL;
		err_clear(&e);
		scheme_admit(arena, 0, cases[i].ready, &got, &e);
		IS(got, cases[i].want, cases[i].ready);
		OK(got != NULL ? is_stored_form(got) : e.kind == ERR_INVALID,
		   got != NULL ? "the directory will take it"
			       : "it is told why not");
	}
	for (size_t i = 0; i < COUNT(bombs); i++) {
		got = NULL;
		OK(!scheme_admit(arena, 0, bombs[i], &got, &e) && got == NULL,
		   bombs[i]);
		OK(!is_stored_form(arena_printf(arena, "{CRYPT}%s", bombs[i])),
		   "nor by the directory");
	}
	memset(big, '$', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	OK(!scheme_admit(arena, 0, big, &got, &e), "what is too long");
	regfree(&stored);
	each_further();
	lists();
	arena_free(arena);
	return tap_done();
}
