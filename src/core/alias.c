#include "core/alias.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/kind.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct alias, member)

const struct alias alias_defaults = {.enabled = true};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A set has no order: sorted, and each once, so that equal sets are equal. */
void alias_fold(void *alias, struct arena *a)
{
	struct alias *al = alias;
	struct text_list *list = &al->destinations, unique = {0};

	fold_text(a, &al->address);
	if (list->count == 0)
		return;
	unique.items = arena_alloc(a, list->count * sizeof(*unique.items));
	for (size_t i = 0; i < list->count; i++)
		unique.items[i] = text_lower(a, list->items[i]);
	qsort(unique.items, list->count, sizeof(*unique.items), by_text);
	for (size_t i = 0; i < list->count; i++) {
		if (i == 0 || strcmp(unique.items[i], unique.items[i - 1]) != 0)
			unique.items[unique.count++] = unique.items[i];
	}
	*list = unique;
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
			    "an alias has at most 1,000 destinations");
	else
		destinations_check(al, a, e);
	prose_check(al->description, F(description), a, e);
}

void alias_complete(void *alias, struct arena *a)
{
	struct alias *al = alias;
	const char *local = address_local(a, al->address);

	al->local_part = local[0] != '\0' ? local : NULL;
}

bool alias_same(const void *stored, const void *sent)
{
	const struct alias *a = stored, *b = sent;

	return a->enabled == b->enabled &&
	       text_equal(a->description, b->description) &&
	       text_list_equal(a->destinations, b->destinations);
}
