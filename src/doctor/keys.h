/*
 * keys - what is wrong with keys that sign mail, and with files of secrets
 */
#ifndef DOCTOR_KEYS_H
#define DOCTOR_KEYS_H

#include "doctor/analysis.h"
#include "ldap/direct.h"

/* An entry of a key, or of what was found of a domain in the DNS. */
void keys_add(struct census *c, const struct direct_entry *en);
void keys_add_check(struct census *c, const struct direct_entry *en);

/* When all are there. */
void analyse_keys(const struct analysis *an);

/* Whether everybody may read a file, or the key files in a directory.  NULL:
 * none. */
void keys_files(struct report *r, struct arena *a, const char *path);

#endif
