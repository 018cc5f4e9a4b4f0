/*
 * log_reader - records of the directory's log by their entryCSN
 *
 * They are found by equality, one by one.  Who asks for many of an entry, the
 * newest first, gets the next ones at once, some at a time.  With the gateway's
 * own rights.
 */
#ifndef LDAP_LOG_READER_H
#define LDAP_LOG_READER_H

#include "ldap/entry.h"
#include "ldap/store_parts.h"

struct log_reader;

/* As long as the task's arena. */
struct log_reader *log_reader_new(struct ldap_store *s, const struct task *t);

/* Its reqType, reqDN, reqMod and reqOld, until the next is asked for; nothing
 * if there is no such record.  `dn`: the entry it is about. */
bool log_reader_get(struct log_reader *l, const char *dn, const char *csn,
		    struct entry *ret, struct err *e);

/* Where a foreign directory keeps no log, or does not show it. */
bool log_reader_has_none(int result);

#endif
