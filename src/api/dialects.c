#include "api/dialect.h"

const struct dialect *const dialects[] = {
	&dialect_native,
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
