/*
 * keyring - the provider's keys as they are at the moment
 *
 * Shared by all loops.  From a file they are read when told so; from the
 * provider they are fetched when somebody needs them and they are old, or when
 * a token names one that we do not have; that at most once in a pause, however
 * many such tokens come.  While they cannot be fetched, the old ones
 * count for KEYRING_AGE_MAX.
 */
#ifndef OIDC_KEYRING_H
#define OIDC_KEYRING_H

#include "loop/pool.h"
#include "oidc/keys.h"

enum {
	KEYRING_PAUSE = 10000, /* milliseconds between tries, usually */
	KEYRING_AGE_MAX = 24 * 3600 * 1000,
	KEYRING_SIZE_MAX = 256 * 1024,
};

struct keyring;

/* How they are fetched; blocks, for a few seconds at most. */
typedef bool keyring_fetch(struct arena *a, const struct oidc_settings *set,
			   const char **ret, size_t *size, struct err *e);

bool keyring_over_https(struct arena *a, const struct oidc_settings *set,
			const char **ret, size_t *size, struct err *e);

/* The settings must outlive it.  NULL, with e set, if a file is not good. */
struct keyring *keyring_open(const struct oidc_settings *set,
			     keyring_fetch *fetch, int64_t pause,
			     struct err *e);
void keyring_close(struct keyring **k); /* accepts NULL */

/* Read the file again, or have them fetched when they are needed next.  On
 * failure the old ones count. */
bool keyring_reload(struct keyring *k, struct err *e);

/* Those there are, held for the caller; NULL: none that count. */
struct keys *keyring_keys(struct keyring *k, int64_t now);

enum keyring_need {
	KEYRING_FINE, /* nothing needs to be done */
	KEYRING_SOON, /* they may be used, and should be fetched */
	KEYRING_NOW,  /* first fetch them */
};
enum keyring_need keyring_need(struct keyring *k, int64_t now);

/* Fetch them, on a thread of its own, while this fiber waits; or wait for who
 * does so already.  False when that was tried within the pause and is over,
 * or if it fails. */
bool keyring_refresh(struct keyring *k, int64_t deadline, struct err *e);

#endif
