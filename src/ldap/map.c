#include "ldap/map.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crypto/digest.h"
#include "ldap/dn.h"
#include "util/text.h"

enum { ETAG_BYTES = 16 };

static size_t count_rows(const struct map *m)
{
	size_t n = 0;

	while (m->attrs[n].name != NULL)
		n++;
	return n;
}

const char *const *map_wanted(const struct map *m, struct arena *a,
			      const char *guard)
{
	const char **list = arena_alloc(a, (count_rows(m) + 2) * sizeof(*list));
	size_t n = 0;

	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		if (!(at->flags & (MAP_WRITE_ONLY | MAP_ELSEWHERE)))
			list[n++] = at->name;
	}
	list[n++] = guard;
	return list;
}

/* What slapd makes by itself. */
static bool is_made(const struct map_attr *at)
{
	return (at->flags & (MAP_READ_ONLY | MAP_LOGIN | MAP_ELSEWHERE)) ==
	       MAP_READ_ONLY;
}

const char *const *map_made(const struct map *m, struct arena *a,
			    const char *guard)
{
	const char **list = arena_alloc(a, (count_rows(m) + 2) * sizeof(*list));
	size_t n = 0;

	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		if (is_made(at))
			list[n++] = at->name;
	}
	list[n++] = guard;
	return list;
}

static const struct {
	size_t from, to, size;
} time_parts[] = {{0, 0, 4},  {4, 5, 2},   {6, 8, 2},
		  {8, 11, 2}, {10, 14, 2}, {12, 17, 2}};

/* "20261121091200Z" as "2026-11-21T09:12:00Z"; slapd writes no other form. */
const char *map_instant(struct arena *a, const char *s)
{
	if (strlen(s) < 15)
		return arena_strdup(a, s);
	char *text = arena_strdup(a, "YYYY-MM-DDThh:mm:ssZ");
	for (size_t i = 0; i < COUNT(time_parts); i++)
		memcpy(text + time_parts[i].to, s + time_parts[i].from,
		       time_parts[i].size);
	return text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A directory promises no order of values; ours is alphabetical. */
static void read_list(struct arena *a, const struct map_attr *at,
		      const struct berval *v, struct text_list *list)
{
	size_t n = 0;

	while (v[n].bv_val != NULL)
		n++;
	list->items = arena_alloc(a, n * sizeof(*list->items));
	list->count = 0;
	for (size_t i = 0; i < n; i++) {
		if (at->flags & MAP_BYTES && !text_is_clean(v[i].bv_val))
			continue;
		list->items[list->count++] = v[i].bv_val;
	}
	if (!(at->flags & MAP_AS_KEPT))
		qsort(list->items, list->count, sizeof(*list->items), by_text);
}

static bool read_value(struct arena *a, const struct map_attr *at,
		       const struct berval *v, void *to, struct err *e)
{
	switch (at->field.kind) {
	case FIELD_TEXT:
		*(const char **)to =
			at->flags & MAP_TIME    ? map_instant(a, v[0].bv_val)
			: at->flags & MAP_LOGIN ? dn_value(a, v[0].bv_val)
						: v[0].bv_val;
		break;
	case FIELD_NUMBER:
		if (!text_number(v[0].bv_val, INT64_MIN + 1, INT64_MAX, to))
			return err_set(e, ERR_INTERNAL,
				       "%s is no number we "
				       "can hold",
				       at->name);
		break;
	case FIELD_FLAG:
		*(bool *)to = strcasecmp(v[0].bv_val, "TRUE") == 0;
		break;
	case FIELD_LIST:
		read_list(a, at, v, to);
		break;
	}
	return true;
}

static void set_absent(const struct map_attr *at, void *to)
{
	switch (at->field.kind) {
	case FIELD_TEXT:
		*(const char **)to = NULL;
		break;
	case FIELD_NUMBER:
		*(int64_t *)to = NUMBER_NONE;
		break;
	case FIELD_FLAG:
		*(bool *)to = (at->flags & MAP_ABSENT_TRUE) != 0;
		break;
	case FIELD_LIST:
		*(struct text_list *)to = (struct text_list){0};
		break;
	}
}

bool map_read(const struct map *m, struct arena *a, const struct entry *en,
	      void *record, struct err *e)
{
	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		const struct berval *v = entry_values(en, at->name);
		void *to = field_at(at->field, record);

		if (at->flags & (MAP_WRITE_ONLY | MAP_ELSEWHERE))
			continue;
		if (v == NULL && at->flags & MAP_MUST)
			return err_set(e, ERR_INTERNAL, "the entry has no %s",
				       at->name);
		if (v == NULL)
			set_absent(at, to);
		else if (!read_value(a, at, v, to, e))
			return false;
	}
	return true;
}

bool map_read_made(const struct map *m, struct arena *a, const struct entry *en,
		   void *record, struct err *e)
{
	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		const struct berval *v = entry_values(en, at->name);

		if (is_made(at) && v != NULL &&
		    !read_value(a, at, v, field_at(at->field, record), e))
			return false;
	}
	return true;
}

char *map_time(struct arena *a, const char *s)
{
	char *text = arena_strdup(a, "YYYYMMDDhhmmssZ");

	if (strlen(s) < 20)
		return arena_strdup(a, s);
	for (size_t i = 0; i < COUNT(time_parts); i++)
		memcpy(text + time_parts[i].from, s + time_parts[i].to,
		       time_parts[i].size);
	return text;
}

/* NULL if the member is not set. */
static char **write_value(struct arena *a, const struct map_attr *at,
			  const void *record)
{
	const struct field f = at->field;
	const void *from = field_in(f, record);
	const struct text_list *list = from;
	size_t n = f.kind == FIELD_LIST ? list->count : 1;
	char **v = arena_alloc(a, (n + 1) * sizeof(*v));

	switch (f.kind) {
	case FIELD_TEXT:
		if (*(const char *const *)from != NULL)
			v[0] = at->flags & MAP_TIME
				       ? map_time(a, *(const char *const *)from)
				       : arena_strdup(a, *(const char *const *)
								 from);
		break;
	case FIELD_NUMBER:
		if (*(const int64_t *)from != NUMBER_NONE)
			v[0] = arena_printf(a, "%lld",
					    (long long)*(const int64_t *)from);
		break;
	case FIELD_FLAG:
		if (*(const bool *)from || !(at->flags & MAP_IF_TRUE))
			v[0] = arena_strdup(a, *(const bool *)from ? "TRUE"
								   : "FALSE");
		break;
	case FIELD_LIST:
		for (size_t i = 0; i < n; i++)
			v[i] = arena_strdup(a, list->items[i]);
		break;
	}
	return v[0] != NULL ? v : NULL;
}

LDAPMod *map_mod(struct arena *a, int op, const char *name, char **values)
{
	LDAPMod *mod = arena_alloc(a, sizeof(*mod));

	mod->mod_op = op;
	mod->mod_type = arena_strdup(a, name);
	mod->mod_values = values;
	return mod;
}

LDAPMod **map_add(const struct map *m, struct arena *a, const void *record)
{
	LDAPMod **mods = arena_alloc(a, (count_rows(m) + 2) * sizeof(*mods));
	LDAPMod **next = mods;
	size_t classes = 0;

	while (m->classes[classes] != NULL)
		classes++;
	char **oc = arena_alloc(a, (classes + 1) * sizeof(*oc));
	for (size_t i = 0; i < classes; i++)
		oc[i] = arena_strdup(a, m->classes[i]);
	*next++ = map_mod(a, LDAP_MOD_ADD, "objectClass", oc);
	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		char **values = at->flags & MAP_READ_ONLY
					? NULL
					: write_value(a, at, record);

		if (values != NULL)
			*next++ = map_mod(a, LDAP_MOD_ADD, at->name, values);
	}
	return mods;
}

static bool same(struct field f, const void *old, const void *record)
{
	const void *a = field_in(f, old), *b = field_in(f, record);

	switch (f.kind) {
	case FIELD_TEXT:
		return text_equal(*(const char *const *)a,
				  *(const char *const *)b);
	case FIELD_NUMBER:
		return *(const int64_t *)a == *(const int64_t *)b;
	case FIELD_FLAG:
		return *(const bool *)a == *(const bool *)b;
	case FIELD_LIST:
		break;
	}
	return text_list_equal(*(const struct text_list *)a,
			       *(const struct text_list *)b);
}

/* Whether values are taken and given one by one: what others wrote meanwhile,
 * and who reads the log of changes, has them told apart.  What is not listed
 * goes, too, when others are written. */
static bool is_by_value(const struct map_attr *at, const void *old,
			const void *record)
{
	const struct text_list *was, *is;

	if (at->field.kind != FIELD_LIST || at->flags & MAP_BYTES)
		return false;
	was = field_in(at->field, old);
	is = field_in(at->field, record);
	return was->count > 0 && is->count > 0;
}

static bool holds(const struct text_list *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], value) == 0)
			return true;
	}
	return false;
}

/* The values of one list that are not in the other; NULL: there are none. */
static char **without(struct arena *a, const struct text_list *list,
		      const struct text_list *other)
{
	char **values = arena_alloc(a, (list->count + 1) * sizeof(*values));
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!holds(other, list->items[i]))
			values[n++] = arena_strdup(a, list->items[i]);
	}
	return n > 0 ? values : NULL;
}

/* Taken first: a new one may be the same to the directory as an old one. */
static size_t change_values(struct arena *a, const struct map_attr *at,
			    const void *old, const void *record, LDAPMod **mods)
{
	const struct text_list *was = field_in(at->field, old);
	const struct text_list *is = field_in(at->field, record);
	char **gone = without(a, was, is), **added = without(a, is, was);
	size_t n = 0;

	if (gone != NULL)
		mods[n++] = map_mod(a, LDAP_MOD_DELETE, at->name, gone);
	if (added != NULL)
		mods[n++] = map_mod(a, LDAP_MOD_ADD, at->name, added);
	return n;
}

LDAPMod **map_change(const struct map *m, struct arena *a, const void *old,
		     const void *record)
{
	LDAPMod **mods =
		arena_alloc(a, (2 * count_rows(m) + 1) * sizeof(*mods));
	bool differs = false;
	size_t n = 0;

	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		if (at->flags & (MAP_READ_ONLY | MAP_FIXED))
			continue;
		if (!(at->flags & MAP_FOLLOWS))
			differs = !same(at->field, old, record);
		if (!differs)
			continue;
		if (is_by_value(at, old, record))
			n += change_values(a, at, old, record, mods + n);
		else
			mods[n++] = map_mod(a, LDAP_MOD_REPLACE, at->name,
					    write_value(a, at, record));
	}
	return n > 0 ? mods : NULL;
}

static void digest_value(struct digest *d, struct field f, const void *record)
{
	const void *from = field_in(f, record);
	const struct text_list *list = from;
	const char *text;

	switch (f.kind) {
	case FIELD_TEXT:
		text = *(const char *const *)from;
		digest_add(d, text, text != NULL ? strlen(text) : 0);
		break;
	case FIELD_NUMBER:
		digest_add(d, from, sizeof(int64_t));
		break;
	case FIELD_FLAG:
		digest_add(d, from, sizeof(bool));
		break;
	case FIELD_LIST:
		digest_add(d, &list->count, sizeof(list->count));
		for (size_t i = 0; i < list->count; i++)
			digest_add(d, list->items[i], strlen(list->items[i]));
		break;
	}
}

const char *map_digest(const struct map *m, struct arena *a, const void *record)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char hash[DIGEST_SIZE];
	char *text = arena_alloc(a, ETAG_BYTES * 2 + 1);
	struct digest *d = digest_begin(NULL, 0);

	for (const struct map_attr *at = m->attrs; at->name != NULL; at++) {
		if (!(at->flags & (MAP_WRITE_ONLY | MAP_VOLATILE)))
			digest_value(d, at->field, record);
	}
	digest_end(&d, hash);
	for (size_t i = 0; i < ETAG_BYTES; i++) {
		text[2 * i] = hex[hash[i] >> 4];
		text[2 * i + 1] = hex[hash[i] & 15];
	}
	return text;
}
