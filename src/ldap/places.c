#include "ldap/places.h"

#include <string.h>

#include "ldap/schema.h"
#include "util/text.h"

enum { PLACES_MAX = 1000 }; /* domains of a caller */

static void each_place(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct places *p = ctx;
	struct entry en;

	if (p->err.kind != ERR_NONE ||
	    !entry_read(ld, message, p->arena, &en, &p->err))
		return;
	const char *name = entry_text(&en, schema_of(KIND_DOMAIN)->key);
	const char *since = entry_text(&en, schema_created);
	if (since == NULL)
		return;
	if (p->count == PLACES_MAX) {
		p->more = true;
		return;
	}
	p->items[p->count++] =
		(struct place){.name = name != NULL ? name : "",
			       .since = arena_strndup(p->arena, since, 14)};
}

bool places_find(struct ldap_store *s, const struct task *t, const char *dn,
		 int scope, const char *filter, struct places *ret,
		 struct err *e)
{
	const char *const want[] = {schema_of(KIND_DOMAIN)->key, schema_created,
				    NULL};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = scope,
			       .filter = filter,
			       .want = want,
			       .limit = OPERATION_ALL,
			       .controls = control_list(&c),
			       .each = each_place,
			       .ctx = ret};

	*ret = (struct places){.arena = t->arena};
	ret->items = arena_alloc(t->arena, PLACES_MAX * sizeof(*ret->items));
	if (!store_run(s, t, &op, s->set->read_seconds, "roles", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE &&
	       (!ret->more ||
		err_code(e, ERR_DENIED, "too_many",
			 "you have roles in more domains than may be looked at "
			 "at once: name one"));
}

void places_keep(struct places *p, const struct scope *scope,
		 const char *domain)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++) {
		const char *name = p->items[i].name;

		if (scope_covers(scope, name) &&
		    (domain == NULL || strcmp(domain, name) == 0))
			p->items[kept++] = p->items[i];
	}
	p->count = kept;
}

void places_of_key(struct places *p, struct arena *a, const struct scope *scope,
		   const char *domain)
{
	size_t count = scope->domains.count;

	p->items = arena_alloc(a, (count + 1) * sizeof(*p->items));
	for (p->count = 0; p->count < count; p->count++)
		p->items[p->count] =
			(struct place){scope->domains.items[p->count], ""};
	places_keep(p, scope, domain);
}
