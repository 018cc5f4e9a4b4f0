/*
 * fake_hasher - core/hasher.h without any cryptography, for tests
 *
 * The hash of "word" is "{CRYPT}$fake$word".  Ready-made hashes are admitted
 * if they begin so, or without the braces.
 */
#ifndef TESTS_FAKE_HASHER_H
#define TESTS_FAKE_HASHER_H

#include "core/hasher.h"

struct fake_hasher {
	struct hasher port;
	unsigned hashed; /* how many times */
	bool busy;       /* ERR_LIMIT */
};

struct fake_hasher fake_hasher_make(void);

#endif
