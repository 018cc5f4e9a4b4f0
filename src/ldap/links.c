#include "ldap/links.h"

#include <string.h>
#include <strings.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/schema.h"

static const struct {
	const char *name;
	bool is_dn;
} attributes[] = {
	{"provostDestination", false},
	{"provostSender", false},
	{"member", true},
	{"owner", true},
	{"provostOwner", true},
	{"provostAdministrator", true},
	{"provostViewer", true},
};

/* The first row of each. */
enum { RIGHTS = 1, ROLES = 2 };

static size_t first_of(const struct links *l)
{
	switch (l->from) {
	case LINKS_ALL:
		break;
	case LINKS_RIGHTS:
		return RIGHTS;
	case LINKS_ROLES:
		return ROLES;
	}
	return 0;
}

const char *const *links_wanted(void)
{
	static const char *wanted[COUNT(attributes) + 4];

	for (size_t i = 0; i < COUNT(attributes); i++)
		wanted[i] = attributes[i].name;
	wanted[COUNT(attributes)] = "objectClass";
	wanted[COUNT(attributes) + 1] = schema_guard;
	wanted[COUNT(attributes) + 2] = schema_of(KIND_USER)->key;
	return wanted;
}

/* A name as that attribute has it. */
static const char *spelling(const struct links *l, struct arena *a, size_t i,
			    const char *name)
{
	return attributes[i].is_dn ? schema_login_dn(a, l->base, name) : name;
}

const char *links_filter(const struct links *l, struct arena *a)
{
	size_t count = l->names->count * COUNT(attributes), n = 0;
	const char **parts = arena_alloc(a, count * sizeof(*parts));

	for (size_t i = 0; i < l->names->count; i++) {
		for (size_t at = first_of(l); at < COUNT(attributes); at++)
			parts[n++] = filter_equal(a, attributes[at].name,
						  spelling(l, a, at,
							   l->names->items[i]));
	}
	return filter_any(a, parts, n);
}

static bool has(const struct berval *values, const char *text)
{
	for (; values != NULL && values->bv_val != NULL; values++) {
		if (dn_equal(values->bv_val, text))
			return true;
	}
	return false;
}

/* The values of one attribute that are to go, as the entry spells them, and
 * the names that they are. */
struct leaving {
	char **values;
	const char **names;
	size_t count;
};

static struct leaving leaving(const struct links *l, struct arena *a, size_t at,
			      const struct berval *values)
{
	size_t room = l->names->count + 1;
	struct leaving gone = {arena_alloc(a, room * sizeof(char *)),
			       arena_alloc(a, room * sizeof(char *)), 0};

	for (size_t i = 0; i < l->names->count; i++) {
		const char *name = spelling(l, a, at, l->names->items[i]);

		for (const struct berval *v = values; v->bv_val != NULL; v++) {
			if (!dn_equal(v->bv_val, name))
				continue;
			gone.names[gone.count] = l->names->items[i];
			gone.values[gone.count++] = v->bv_val;
			break;
		}
	}
	gone.values[gone.count] = NULL;
	return gone;
}

/* What is named in the place of a name. */
static const char *replaced(const struct links *l, struct arena *a,
			    const char *name)
{
	if (l->to[0] != '@')
		return l->to;
	return arena_printf(a, "%.*s%s", (int)strcspn(name, "@"), name, l->to);
}

static bool listed(char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (dn_equal(list[i], text))
			return true;
	}
	return false;
}

/* The values that come in their place, and are not there; none: NULL. */
static char **coming(const struct links *l, struct arena *a, size_t at,
		     const struct berval *values, const struct leaving *gone)
{
	char **come = arena_alloc(a, (gone->count + 1) * sizeof(*come));
	size_t n = 0;

	for (size_t i = 0; l->to != NULL && i < gone->count; i++) {
		const char *to =
			spelling(l, a, at, replaced(l, a, gone->names[i]));

		if (!has(values, to) && !listed(come, n, to))
			come[n++] = arena_strdup(a, to);
	}
	come[n] = NULL;
	return n > 0 ? come : NULL;
}

static bool is_alias(const struct entry *en)
{
	const struct berval *v = entry_values(en, "objectClass");

	for (; v != NULL && v->bv_val != NULL; v++) {
		if (strcasecmp(v->bv_val, "provostAlias") == 0)
			return true;
	}
	return false;
}

static size_t count_values(const struct berval *v)
{
	size_t n = 0;

	while (v[n].bv_val != NULL)
		n++;
	return n;
}

LDAPMod **links_change(const struct links *l, struct arena *a,
		       const struct entry *en, bool *nowhere)
{
	LDAPMod **mods =
		arena_alloc(a, (COUNT(attributes) * 2 + 1) * sizeof(*mods));
	size_t n = 0;

	*nowhere = false;
	for (size_t at = first_of(l); at < COUNT(attributes); at++) {
		const char *name = attributes[at].name;
		const struct berval *values = entry_values(en, name);

		if (values == NULL)
			continue;
		struct leaving gone = leaving(l, a, at, values);
		if (gone.count == 0)
			continue;
		char **come = coming(l, a, at, values, &gone);
		mods[n++] = map_mod(a, LDAP_MOD_DELETE, name, gone.values);
		if (come != NULL)
			mods[n++] = map_mod(a, LDAP_MOD_ADD, name, come);
		*nowhere =
			*nowhere || (at == 0 && l->to == NULL && is_alias(en) &&
				     gone.count == count_values(values));
	}
	return n > 0 ? mods : NULL;
}

void links_kinds(const struct links *l, struct arena *a, const struct entry *en,
		 bool *leads, bool *gives)
{
	*leads = *gives = false;
	for (size_t at = 0; at < COUNT(attributes); at++) {
		const struct berval *values =
			entry_values(en, attributes[at].name);
		size_t count = 0;

		if (values != NULL)
			count = leaving(l, a, at, values).count;
		*leads = *leads || (count > 0 && at < RIGHTS);
		*gives = *gives || (count > 0 && at >= RIGHTS);
	}
}
