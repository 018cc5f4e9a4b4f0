/*
 * sealing - text that only who has the key can read (AES-256-GCM, RFC 5116)
 */
#ifndef CRYPTO_SEALING_H
#define CRYPTO_SEALING_H

#include <stdbool.h>

#include "util/arena.h"

enum { SEALING_KEY = 32 };

/* As base64; never twice the same.  Without a working cipher the process ends.
 * `name`, of what is sealed, must be known to open it: a sealed text cannot be
 * put in the place of another. */
const char *sealing_close(struct arena *a, const unsigned char key[SEALING_KEY],
			  const char *name, const char *text);

/* False: it was not sealed by that key under that name. */
bool sealing_open(struct arena *a, const unsigned char key[SEALING_KEY],
		  const char *name, const char *sealed, const char **ret);

#endif
