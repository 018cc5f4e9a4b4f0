#include "ldap/idle.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/schema.h"

enum { FIRST_ROOM = 1024, IDLE_READS = 10 };

static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};

/* Names by their hashes, so that a million of them fit.  That two are alike
 * would leave somebody out of a list, and is not to be expected. */
struct idle {
	struct arena *arena;
	uint64_t *hashes;
	size_t count, room;
	bool wanted; /* those that are in it, or the others */
	bool broken;
};

static uint64_t hash_of(const char *text, size_t size)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return h;
}

static void keep(struct idle *i, uint64_t hash)
{
	if (i->count == i->room) {
		uint64_t *before = i->hashes;

		i->room = i->room > 0 ? 2 * i->room : FIRST_ROOM;
		i->hashes = arena_alloc(i->arena, i->room * sizeof(*i->hashes));
		if (before != NULL)
			memcpy(i->hashes, before, i->count * sizeof(*before));
	}
	i->hashes[i->count++] = hash;
}

/* The user's name is that of what was measured without its first part. */
static void each_usage(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct idle *i = ctx;
	BerElement *ber = NULL;
	struct berval dn;

	if (ldap_get_dn_ber(ld, message, &ber, &dn) != LDAP_SUCCESS) {
		i->broken = true;
		return;
	}
	const char *comma = memchr(dn.bv_val, ',', dn.bv_len);
	if (comma != NULL)
		keep(i, hash_of(comma + 1,
				dn.bv_len - (size_t)(comma + 1 - dn.bv_val)));
	ber_free(ber, 0);
}

static const char *known_filter(struct arena *a)
{
	return filter_and(a,
			  filter_equal(a, "objectClass", schema_usage()->class),
			  filter_present(a, schema_last_login));
}

/* Of the last logins that are known: those since then, all, or those before. */
static const char *usage_filter(struct arena *a, const struct query *q)
{
	const char *since = map_time(a, q->idle_since);
	const char *known = known_filter(a);

	switch (q->never) {
	case NEVER_TOO:
		return filter_and(a, known,
				  filter_from(a, schema_last_login, since));
	case NEVER_EXCLUDED:
		return filter_and(a, known,
				  filter_to(a, schema_last_login, since));
	case NEVER_ONLY:
		break;
	}
	return known;
}

const char *idle_filter(struct arena *a, const struct query *q,
			const char *users)
{
	if (q->idle_since == NULL)
		return users;
	return filter_and(a, users,
			  filter_to(a, schema_created,
				    map_time(a, q->idle_since)));
}

static void each_known(void *ctx, LDAP *ld, LDAPMessage *message)
{
	bool *known = ctx;

	(void)ld, (void)message;
	*known = true;
}

/* That nothing is known of somebody means something only where logins were
 * told for as long already: else all would be taken for idle on the day that
 * it begins. */
static bool check_known(struct ldap_store *s, const struct task *t,
			const struct query *q, struct err *e)
{
	struct arena *a = t->arena;
	bool known = false;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = idle_filter(a, q, known_filter(a)),
			       .want = nothing,
			       .limit = 1,
			       .each = each_known,
			       .ctx = &known};

	if (q->never == NEVER_EXCLUDED)
		return true;
	if (!store_run(s, t, &op, s->set->read_seconds * IDLE_READS, "logins",
		       e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	return known || err_code(e, ERR_CONFLICT, "logins_unknown",
				 "logins have not been told for that long: "
				 "nobody knows who has never logged in");
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool idle_find(struct ldap_store *s, const struct task *t,
	       const struct query *q, const struct operation *users,
	       struct idle **ret, struct err *e)
{
	*ret = NULL;
	if (q->idle_since == NULL)
		return true;
	if (!check_known(s, t, q, e))
		return false;
	struct arena *own = arena_new();
	struct idle *i = arena_alloc(own, sizeof(*i));
	struct operation op = *users;
	i->arena = own;
	i->wanted = q->never == NEVER_EXCLUDED;
	op.scope = LDAP_SCOPE_SUBTREE;
	op.filter = usage_filter(t->arena, q);
	op.want = nothing;
	op.each = each_usage;
	op.ctx = i;
	*ret = i;
	if (!store_run(s, t, &op, s->set->read_seconds * IDLE_READS, "logins",
		       e))
		return false;
	if (i->count > 0)
		qsort(i->hashes, i->count, sizeof(*i->hashes), by_hash);
	return !i->broken ||
	       err_set(e, ERR_INTERNAL, "the directory sent a broken entry");
}

bool idle_wants(const struct idle *i, const struct berval *dn)
{
	if (i == NULL)
		return true;
	uint64_t hash = hash_of(dn->bv_val, dn->bv_len);
	bool found = i->count > 0 && bsearch(&hash, i->hashes, i->count,
					     sizeof(hash), by_hash) != NULL;

	return found == i->wanted;
}

void idle_free(struct idle **i)
{
	if (*i != NULL)
		arena_free((*i)->arena);
	*i = NULL;
}
