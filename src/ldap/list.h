/*
 * list - the first so many keys behind a given one, out of any number
 *
 * Keys come in any order; only the least ones are kept, so that the memory
 * does not grow with the directory.
 */
#ifndef LDAP_LIST_H
#define LDAP_LIST_H

#include <ldap.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

struct list;

/* Keep at most `limit` keys greater than `after`, which may be NULL. */
struct list *list_new(struct arena *a, size_t limit, const char *after);

/* Keys longer than 255 bytes are left out: we never make such. */
void list_add(struct list *l, const char *key);

/* The same, with what is known of it already. */
void list_put(struct list *l, const char *key, const void *record);

/* Whether keys from that text on would be of no use any more. */
bool list_is_done(const struct list *l, const char *from);

/* For a search: the first value of each entry's first attribute is a key of
 * that list.  An entry without any is passed over. */
void list_take(void *list, LDAP *ld, LDAPMessage *message);

/* Sorted; nothing may be added afterwards.  `more`: some were dropped. */
const char **list_keys(struct list *l, size_t *count, bool *more);

/* What was put there with one of these keys, or NULL. */
const void *list_record(const struct list *l, const char *key);

#endif
