#include "core/alias.h"

#include "core/address.h"
#include "core/kind.h"
#include "util/instant.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct alias, member)

const struct alias alias_defaults = {.enabled = true};

void alias_fold(void *alias, struct arena *a)
{
	struct alias *al = alias;

	fold_text(a, &al->address);
	fold_set(a, &al->destinations);
}

static void destinations_check(const struct alias *al, struct arena *a,
			       struct err *e)
{
	for (size_t i = 0; i < al->destinations.count; i++) {
		const char *to = al->destinations.items[i];
		struct err bad = {0};

		if (!address_check(to, ADDRESS_DESTINATION, &bad))
			fault_field(e, a, FAULT_FORMAT, F(destinations),
				    arena_printf(a, "destination %zu: %s",
						 i + 1, bad.text));
		else if (text_equal(to, al->address))
			fault_field(e, a, FAULT_RANGE, F(destinations),
				    "the alias leads back to itself");
	}
}

void alias_check(const void *alias, struct arena *a, struct err *e)
{
	const struct alias *al = alias;

	key_check(al->address, ADDRESS_ALIAS, F(address), a, e);
	if (al->destinations.count == 0 && !fault_has(e, F(destinations)))
		fault_field(e, a, FAULT_MISSING, F(destinations),
			    "an alias needs a destination");
	if (al->destinations.count > ALIAS_DESTINATIONS_MAX)
		fault_field(e, a, FAULT_RANGE, F(destinations),
			    "an alias has at most 10,000 destinations");
	else
		destinations_check(al, a, e);
	expiry_check(al->expires_at, F(expires_at), a, e);
	prose_check(al->description, F(description), a, e);
}

void alias_complete(void *alias, struct arena *a)
{
	struct alias *al = alias;
	const char *local = address_local(a, al->address);

	al->local_part = local[0] != '\0' ? local : NULL;
	al->in_force = al->enabled && (al->expires_at == NULL ||
				       !instant_is_past(al->expires_at));
	al->wished = al->enabled && !al->in_force;
}

void alias_derive(void *alias, struct arena *a)
{
	struct alias *al = alias;

	(void)a;
	al->enabled = al->in_force || al->wished;
	al->state = kind_state(al->in_force, al->wished, "expired");
}

bool alias_same(const void *stored, const void *sent)
{
	const struct alias *a = stored, *b = sent;

	return a->enabled == b->enabled &&
	       a->send_as_allowed == b->send_as_allowed &&
	       text_equal(a->expires_at, b->expires_at) &&
	       text_equal(a->description, b->description) &&
	       text_list_equal(a->destinations, b->destinations);
}
