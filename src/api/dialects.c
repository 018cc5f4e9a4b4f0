#include "api/dialect.h"

#include <string.h>

#include "core/kind.h"

const char open_to_all[] = "none";

const struct dialect *const dialects[] = {
	&dialect_native,
	&dialect_dinomail,
	&dialect_health,
	NULL,
};

struct rows rows_of(const struct dialect *d)
{
	return (struct rows){d->tables, d->tables[0]};
}

const struct route *rows_next(struct rows *rows)
{
	while (rows->next != NULL && rows->next->method == NULL)
		rows->next = *++rows->table;
	return rows->next != NULL ? rows->next++ : NULL;
}

struct text_list dialect_rights(struct arena *a)
{
	struct text_list list = {0};
	const struct route *r;
	size_t count = 0;

	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		struct rows rows = rows_of(*d);

		while (rows_next(&rows) != NULL)
			count++;
	}
	list.items = arena_alloc(a, count * sizeof(*list.items));
	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		struct rows rows = rows_of(*d);

		while ((r = rows_next(&rows)) != NULL) {
			if (strcmp(r->right, open_to_all) != 0)
				list.items[list.count++] = r->right;
		}
	}
	fold_set(a, &list);
	return list;
}
