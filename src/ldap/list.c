#include "ldap/list.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 256 };

/* A heap whose greatest key is on top: it is the first to go. */
struct list {
	const char *after;
	size_t limit, count;
	char **heap;
	char *room;           /* of the keys */
	const void **records; /* in the order of the room */
	bool dropped;
};

struct list *list_new(struct arena *a, size_t limit, const char *after)
{
	struct list *l = arena_alloc(a, sizeof(*l));

	l->after = after;
	l->limit = limit;
	l->room = arena_alloc(a, limit * KEY_SIZE);
	l->records = arena_alloc(a, limit * sizeof(*l->records));
	l->heap = arena_alloc(a, limit * sizeof(*l->heap));
	for (size_t i = 0; i < limit; i++)
		l->heap[i] = l->room + i * KEY_SIZE;
	return l;
}

static void swap(struct list *l, size_t i, size_t j)
{
	char *kept = l->heap[i];

	l->heap[i] = l->heap[j];
	l->heap[j] = kept;
}

static bool less(const struct list *l, size_t i, size_t j)
{
	return strcmp(l->heap[i], l->heap[j]) < 0;
}

static void rise(struct list *l, size_t i)
{
	for (; i > 0 && less(l, (i - 1) / 2, i); i = (i - 1) / 2)
		swap(l, i, (i - 1) / 2);
}

static void sink(struct list *l)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < l->count) {
		if (child + 1 < l->count && less(l, child, child + 1))
			child++;
		if (!less(l, i, child))
			return;
		swap(l, i, child);
		i = child;
	}
}

static const void **place_of(const struct list *l, const char *key)
{
	return &l->records[(size_t)(key - l->room) / KEY_SIZE];
}

static void set(struct list *l, size_t i, const char *key, size_t size,
		const void *record)
{
	memcpy(l->heap[i], key, size);
	*place_of(l, l->heap[i]) = record;
}

void list_put(struct list *l, const char *key, const void *record)
{
	size_t size = strlen(key) + 1;

	if (size > KEY_SIZE || (l->after != NULL && strcmp(key, l->after) <= 0))
		return;
	if (l->count < l->limit) {
		set(l, l->count, key, size, record);
		rise(l, l->count++);
		return;
	}
	l->dropped = true;
	if (strcmp(key, l->heap[0]) < 0) {
		set(l, 0, key, size, record);
		sink(l);
	}
}

void list_add(struct list *l, const char *key)
{
	list_put(l, key, NULL);
}

const void *list_record(const struct list *l, const char *key)
{
	return *place_of(l, key);
}

bool list_is_done(const struct list *l, const char *from)
{
	return l->dropped && strcmp(l->heap[0], from) < 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void list_take(void *list, LDAP *ld, LDAPMessage *message)
{
	struct berval dn, *values = NULL, name;
	BerElement *ber = NULL;

	if (ldap_get_dn_ber(ld, message, &ber, &dn) == LDAP_SUCCESS &&
	    ldap_get_attribute_ber(ld, message, ber, &name, &values) ==
		    LDAP_SUCCESS &&
	    values != NULL && values[0].bv_val != NULL)
		list_add(list, values[0].bv_val);
	ber_memfree(values);
	ber_free(ber, 0);
}

const char **list_keys(struct list *l, size_t *count, bool *more)
{
	union {
		char **heap;
		const char **keys;
	} u = {.heap = l->heap};

	qsort(u.keys, l->count, sizeof(*u.keys), by_text);
	*count = l->count;
	*more = l->dropped;
	return u.keys;
}
