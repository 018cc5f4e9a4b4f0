#include "ldap/reading.h"

#include <string.h>

#include "ldap/schema.h"

bool reading_add(struct reading *r, const struct entry *en, struct err *e)
{
	void *record = r->records + r->count * r->size;

	r->guard = entry_text(en, schema_guard);
	if (!map_read(r->map, r->arena, en, record, e))
		return false;
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
