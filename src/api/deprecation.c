#include "api/deprecation.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "util/instant.h"

enum { HTTP_DATE_SIZE = 30 };

/* A row here goes with `deprecated: true` in docs/api/openapi.yaml. */
/* clang-format off */
const struct deprecation deprecations[] = {
	{NULL, NULL, NULL, NULL, NULL},
};
/* clang-format on */

static bool is_about(const struct deprecation *row, const struct dialect *d,
		     const struct route *r)
{
	size_t size = strlen(d->prefix);

	return strcmp(row->method, r->method) == 0 &&
	       strncmp(row->path, d->prefix, size) == 0 &&
	       strcmp(row->path + size, r->path) == 0;
}

static bool is_route(const struct deprecation *row)
{
	const struct route *r;

	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		struct rows rows = rows_of(*d);

		while ((r = rows_next(&rows)) != NULL) {
			if (is_about(row, *d, r))
				return true;
		}
	}
	return false;
}

static bool is_dated(const struct deprecation *row)
{
	return row->since != NULL && instant_check(row->since) &&
	       (row->sunset == NULL || (instant_check(row->sunset) &&
					strcmp(row->sunset, row->since) > 0));
}

bool deprecation_check(const struct deprecation *table, struct err *e)
{
	for (; table->method != NULL; table++) {
		if (!is_route(table) || !is_dated(table) || table->link == NULL)
			return err_set(e, ERR_INTERNAL,
				       "what is told of %s %s cannot be",
				       table->method, table->path);
	}
	return true;
}

const struct deprecation *deprecation_of(const struct deprecation *table,
					 const struct dialect *d,
					 const struct route *r)
{
	for (; table != NULL && table->method != NULL; table++) {
		if (r != NULL && is_about(table, d, r))
			return table;
	}
	return NULL;
}

/* IMF-fixdate of RFC 9110, whatever the locale is. */
static const char *http_date(struct arena *a, const char *instant)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed",
					   "Thu", "Fri", "Sat"},
				 *const months[] = {"Jan", "Feb", "Mar", "Apr",
						    "May", "Jun", "Jul", "Aug",
						    "Sep", "Oct", "Nov", "Dec"};
	time_t when = (time_t)instant_seconds(instant);
	char rest[HTTP_DATE_SIZE];
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(rest, sizeof(rest), "%Y %H:%M:%S GMT", &tm);
	return arena_printf(a, "%s, %02d %s %s", days[tm.tm_wday], tm.tm_mday,
			    months[tm.tm_mon], rest);
}

/* A reply may have links already, and has one header for all of them. */
static void add_link(struct response *res, struct arena *a, const char *link)
{
	for (size_t i = 0; i < res->header_count; i++) {
		struct header *h = &res->headers[i];

		if (strcasecmp(h->name, "Link") == 0) {
			h->value = arena_join(a, h->value, ", ", link, NULL);
			return;
		}
	}
	response_header(res, "Link", link);
}

void deprecation_tell(const struct deprecation *row, struct arena *a,
		      struct response *res)
{
	if (row == NULL)
		return;
	response_header(res, "Deprecation",
			arena_printf(a, "@%lld",
				     (long long)instant_seconds(row->since)));
	if (row->sunset != NULL)
		response_header(res, "Sunset", http_date(a, row->sunset));
	add_link(res, a,
		 arena_join(a, "<", row->link,
			    ">; rel=\"deprecation\"; type=\"text/html\"",
			    NULL));
}
