#include "ldap/made.h"

#include <string.h>

#include "ldap/filter.h"
#include "ldap/schema.h"
#include "util/text.h"

static const char log_base[] = "cn=accesslog", log_mods[] = "reqMod";

struct recalled {
	struct arena *arena;
	const struct berval *mods; /* "attribute:+ value", of each value */
	struct err err;
};

/* They come in the order in which they were written. */
static void each_addition(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct recalled *r = ctx;
	struct entry en;

	if (entry_read(ld, message, r->arena, &en, &r->err))
		r->mods = entry_values(&en, log_mods);
}

static struct berval *value_of(struct arena *a, const struct berval *mods,
			       const char *name)
{
	struct berval *ret = arena_alloc(a, 2 * sizeof(*ret));
	size_t size = strlen(name);

	for (; mods != NULL && mods->bv_val != NULL; mods++) {
		char *text = mods->bv_val;

		if (strncmp(text, name, size) == 0 &&
		    strncmp(text + size, ":+ ", 3) == 0) {
			ret->bv_val = text + size + 3;
			ret->bv_len = strlen(ret->bv_val);
		}
	}
	return ret->bv_val != NULL ? ret : NULL;
}

/* The entry, as far as slapd made it. */
static struct entry entry_of(struct arena *a, const struct berval *mods,
			     const char *const names[])
{
	struct attribute *list;
	size_t n = 0, count = 0;

	while (names[n] != NULL)
		n++;
	list = arena_alloc(a, (n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		struct berval *v = value_of(a, mods, names[i]);

		if (v != NULL)
			list[count++] = (struct attribute){names[i],
							   strlen(names[i]), v};
	}
	return (struct entry){list, count};
}

bool made_recall(struct ldap_store *s, const struct task *t, enum kind k,
		 const char *key, void *record, const char **guard)
{
	static const char *const want[] = {log_mods, NULL};
	const struct map *map = &schema_of(k)->map;
	struct arena *a = t->arena;
	struct recalled r = {.arena = a};
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = log_base,
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter =
			 filter_and(a,
				    filter_equal(a, "objectClass", "auditAdd"),
				    filter_equal(a, "reqDN",
						 schema_dn(a, s->set->base, k,
							   key))),
		 .want = want,
		 .each = each_addition,
		 .ctx = &r};
	struct err unknown = {0};

	if (!store_run(s, t, &op, s->set->read_seconds, log_base, &unknown) ||
	    r.mods == NULL)
		return false;
	struct entry en = entry_of(a, r.mods, map_made(map, a, schema_guard));
	*guard = entry_text(&en, schema_guard);
	return *guard != NULL && map_read_made(map, a, &en, record, &unknown);
}
