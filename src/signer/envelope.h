/*
 * envelope - private keys that only who has a file can read
 *
 * A program that reads the directory by itself, as OpenDKIM does, needs them as
 * they are.
 */
#ifndef SIGNER_ENVELOPE_H
#define SIGNER_ENVELOPE_H

#include "crypto/sealing.h"
#include "util/err.h"

struct envelope {
	unsigned char key[SEALING_KEY];
};

/* The file has base64 of 32 bytes, as `openssl rand -base64 32` writes them. */
bool envelope_read(struct arena *a, const char *path, struct envelope *ret,
		   struct err *e);

/* The name, of the key in the DNS, is needed to open it.  NULL for a seal: as
 * it is. */
const char *envelope_close(struct arena *a, const struct envelope *v,
			   const char *name, const char *pem);

/* What is not sealed is shown as it is. */
bool envelope_open(struct arena *a, const struct envelope *v, const char *name,
		   const char *stored, const char **ret, struct err *e);

#endif
