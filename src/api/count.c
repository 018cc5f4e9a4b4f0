#include "api/count.h"

#include <stdlib.h>

#include "util/meter.h"

enum { TABLES_MAX = 32 };

/* The tables of all dialects, and how many routes there are before each. */
static struct {
	const struct route *first, *end;
	unsigned before;
} tables[TABLES_MAX];
static size_t table_count;

static void note(const struct route *table, unsigned before)
{
	const struct route *end = table;

	if (table_count == TABLES_MAX)
		abort(); /* it is compiled in */
	while (end->method != NULL)
		end++;
	tables[table_count].first = table;
	tables[table_count].end = end;
	tables[table_count++].before = before;
}

const char *const *count_routes(struct arena *a)
{
	const char **list = NULL;
	unsigned count = 1;

	table_count = 0;
	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		for (size_t i = 0; (*d)->tables[i] != NULL; i++) {
			note((*d)->tables[i], count);
			count += (unsigned)(tables[table_count - 1].end -
					    tables[table_count - 1].first);
		}
	}
	list = arena_alloc(a, (count + 1) * sizeof(*list));
	list[0] = "method=\"other\",route=\"other\"";
	count = 1;
	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		struct rows rows = rows_of(*d);

		for (const struct route *r; (r = rows_next(&rows)) != NULL;)
			list[count++] =
				arena_printf(a, "method=\"%s\",route=\"%s%s\"",
					     r->method, (*d)->prefix, r->path);
	}
	list[count] = NULL;
	return list;
}

static unsigned number_of(const struct route *r)
{
	for (size_t i = 0; r != NULL && i < table_count; i++) {
		if (r >= tables[i].first && r < tables[i].end)
			return tables[i].before +
			       (unsigned)(r - tables[i].first);
	}
	return 0;
}

void count_request(const struct route *r, unsigned status, int64_t micros)
{
	unsigned route = number_of(r);

	meter_add(METER_HTTP_REQUESTS, route, meter_code(status), 1);
	meter_time(METER_HTTP_TIME, route, micros);
}
