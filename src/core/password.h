/*
 * password - what may be a password in clear text
 */
#ifndef CORE_PASSWORD_H
#define CORE_PASSWORD_H

#include "util/arena.h"
#include "util/err.h"

/* crypt(3) refuses 512 bytes and more; 256 leave room. */
enum { PASSWORD_MAX = 256 };

/* 1 to 256 bytes of UTF-8 without control characters, which mail clients
 * cannot send.  The message does not repeat the password. */
bool password_check(const char *clear, struct err *e);

/* 100 random bits in four groups that can be read aloud. */
const char *password_generate(struct arena *a);

#endif
