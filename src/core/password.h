/*
 * password - what may be a password in clear text
 */
#ifndef CORE_PASSWORD_H
#define CORE_PASSWORD_H

#include "util/arena.h"
#include "util/err.h"

/* crypt(3) refuses 512 bytes and more; 256 leave room. */
enum { PASSWORD_MAX = 256 };

/* One that we make up is made of so many. */
enum { PASSWORD_BYTES = 20 };

/* 1 to 256 bytes of UTF-8 without control characters, which mail clients
 * cannot send.  The message does not repeat the password. */
bool password_check(const char *clear, struct err *e);

/* 100 random bits in four groups that can be read aloud. */
const char *password_generate(struct arena *a);

/* The one that is made of these bytes, which are secret and as good as random
 * ones. */
const char *password_of(struct arena *a,
			const unsigned char bytes[PASSWORD_BYTES]);

#endif
