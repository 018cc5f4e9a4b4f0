#include <string.h>

#include "ldap/entry.h"
#include "ldap/schema.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

/* What was read can be written, and says the same. */
static void read_as(struct arena *a, enum kind k, const struct entry *en)
{
	const struct map *map = &schema_of(k)->map;
	void *record = arena_alloc(a, kind_rules(k)->size);
	struct err e = {0};

	if (!map_read(map, a, en, record, &e)) {
		HOLDS(e.kind == ERR_INTERNAL && e.text[0] != '\0');
		return;
	}
	HOLDS(kind_key(k, record) != NULL);
	HOLDS(map_change(map, a, record, record) == NULL);
	HOLDS(map_add(map, a, record) != NULL);
	HOLDS(strcmp(map_digest(map, a, record), map_digest(map, a, record)) ==
	      0);
}

/* The value of a control that the directory sent: it is read or refused. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct berval value = {size, arena_copy(a, data, size)};
	struct entry en = {0};
	struct err e = {0};

	if (entry_read_control(&value, a, &en, &e)) {
		HOLDS(en.count <= 64);
		for (size_t i = 0; i < en.count; i++)
			HOLDS(en.attributes[i].name != NULL &&
			      en.attributes[i].values != NULL);
		for (enum kind k = KIND_DOMAIN; k < KIND_COUNT; k++)
			read_as(a, k, &en);
	} else {
		HOLDS(e.kind == ERR_INTERNAL);
	}
	arena_free(a);
	return 0;
}
