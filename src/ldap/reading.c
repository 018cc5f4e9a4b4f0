#include "ldap/reading.h"

#include <string.h>

#include "core/user.h"
#include "ldap/schema.h"

const char reading_hash[] = "userPassword";

const char *const *reading_wanted(struct arena *a, const char *const want[])
{
	size_t n = 0;

	while (want[n] != NULL)
		n++;
	const char **all = arena_alloc(a, (n + 2) * sizeof(*all));
	memcpy(all, want, n * sizeof(*all));
	all[n] = reading_hash;
	return all;
}

bool reading_add(struct reading *r, const struct entry *en, struct err *e)
{
	void *record = r->records + r->count * r->size;

	r->guard = entry_text(en, schema_guard);
	if (!map_read(r->map, r->arena, en, record, e))
		return false;
	if (r->hashes && r->kind == KIND_USER)
		((struct user *)record)->stored.hash =
			entry_text(en, reading_hash);
	kind_rules(r->kind)->derive(record, r->arena);
	return true;
}

void reading_each(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE || r->count == r->room)
		return;
	memcpy(r->records + r->count * r->size, kind_rules(r->kind)->defaults,
	       r->size);
	if (entry_read(ld, message, r->arena, &en, &r->err) &&
	    reading_add(r, &en, &r->err))
		r->count++;
}
