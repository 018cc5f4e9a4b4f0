/*
 * key_parts - API keys as entries of the directory, for who keeps and who
 * verifies them
 */
#ifndef LDAP_KEY_PARTS_H
#define LDAP_KEY_PARTS_H

#include "core/key.h"
#include "core/keytext.h"
#include "crypto/digest.h"
#include "ldap/map.h"

/* An entry below its owner's; the members of struct key. */
const struct map *key_map(void);
extern const char schema_key_hash[], schema_key_used[], schema_key_source[];

const char *key_dn(struct arena *a, const char *owner, const char *id);

/* What is stored of a secret.  It is good for that key of that owner alone, be
 * it copied to wherever. */
void key_digest(const struct keytext *text, const char *owner_id,
		unsigned char ret[DIGEST_SIZE]);

/* The one that follows from what DinoMail gave to somebody of that name; false:
 * it never gave that. */
bool key_adopt(const char *login, const char *foreign, struct keytext *ret);

#endif
