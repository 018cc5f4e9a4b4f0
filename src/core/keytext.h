/*
 * keytext - the text of an API key, pvt_<id>_<secret>
 *
 * The id is public: the key is found by it.  The secret is 260 random bits and
 * a checksum, so that a mistyped key is known without asking anybody, and
 * programs that look for leaked keys are not misled.  Each key has exactly one
 * spelling: 5 bits a character, a-z and 1-9 without i, l and o.
 */
#ifndef CORE_KEYTEXT_H
#define CORE_KEYTEXT_H

#include <stdbool.h>

#include "util/arena.h"

enum {
	KEYTEXT_ID = 16,
	KEYTEXT_SECRET = 52,
	KEYTEXT_CHECK = 5,
	KEYTEXT_BYTES = KEYTEXT_ID + KEYTEXT_SECRET, /* it is made of */
	KEYTEXT_SIZE = 4 + KEYTEXT_ID + 1 + KEYTEXT_SECRET + KEYTEXT_CHECK,
};

struct keytext {
	char id[KEYTEXT_ID + 1];
	char secret[KEYTEXT_SECRET + 1]; /* without the checksum */
};

/* A new one, from the kernel's random bytes; wipe it after use. */
void keytext_make(struct keytext *ret);

/* The one that is made of these bytes, which are secret and as good as random
 * ones. */
void keytext_of(const unsigned char bytes[KEYTEXT_BYTES], struct keytext *ret);

/* As it is shown to its owner. */
const char *keytext_show(struct arena *a, const struct keytext *k);

/* False unless it is the whole text of a key and the checksum is right. */
bool keytext_parse(const char *text, struct keytext *ret);

/* Whether that can be the id of a key. */
bool keytext_is_id(const char *text);

void keytext_wipe(struct keytext *k);

/* Text as it may be logged: of what looks like a key in it the secret is left
 * out, be the key right or not.  Returns the same text if there is none. */
const char *keytext_hide(struct arena *a, const char *text);

#endif
