/*
 * change_news - what a record of the directory's log is to who follows
 * changes
 */
#ifndef LDAP_CHANGE_NEWS_H
#define LDAP_CHANGE_NEWS_H

#include "core/change.h"
#include "ldap/entry.h"

/* The attributes to ask for; ended by NULL. */
extern const char *const change_wanted[];

/* `news`: whether it is one at all, and not about something nobody follows, or
 * a wrong password.  False, with e set, if it is no record of a write. */
bool change_read(struct arena *a, const char *base, const struct entry *en,
		 struct change *ret, bool *news, struct err *e);

/* Where an entry is that nobody knows any more what it was an entry of: only
 * records of directories that do not log objectClass are like that. */
bool change_is_vague(const struct change *c);
void change_settle(struct change *c, enum kind k);

#endif
