/*
 * scheme - forms of password hashes that slapd, Dovecot and we all verify
 *
 * All are crypt(5) strings behind "{CRYPT}": the only spelling that all three
 * understand.  Further ones are for hashes from elsewhere, where the operator
 * takes them on; they are weak or not verified by all.  One table says which
 * there are, how a new one is made and how costly a ready-made one may be.
 */
#ifndef PASSWD_SCHEME_H
#define PASSWD_SCHEME_H

#include <stdint.h>

#include "util/arena.h"
#include "util/err.h"

struct scheme;

/* By name, for new hashes: "yescrypt", "bcrypt", "sha512-crypt", ...; NULL if
 * there is none. */
const struct scheme *scheme_find(const char *name);

/* The names, for messages. */
const char *scheme_names(struct arena *a);

/* "{CRYPT}$...".  Takes milliseconds of a processor: call it on a pool. */
bool scheme_hash(const struct scheme *s, struct arena *a, const char *clear,
		 const char **ret, struct err *e);

/* The further schemes of a list, names with blanks or commas between, as a set
 * for what follows; NULL is an empty list. */
bool scheme_accept(struct arena *a, const char *list, uint32_t *ret,
		   struct err *e);

/* Bring a hash that somebody else made into the form we store: "{CRYPT}$6$..",
 * bare "$6$..", or "{SHA512-CRYPT}$6$.." and its like.  Refused, with the
 * reason: other schemes, and those so costly that a login could be an attack
 * on slapd. */
bool scheme_admit(struct arena *a, uint32_t further, const char *ready,
		  const char **ret, struct err *e);

/* What scheme_admit() makes of everything it admits, as a POSIX extended
 * regular expression: slapd's constraint is generated from it. */
const char *scheme_expression(struct arena *a, uint32_t further);

/* The lines of slapd's configuration that load what verifies them, each begun
 * by a newline. */
const char *scheme_modules(struct arena *a, uint32_t further);

#endif
