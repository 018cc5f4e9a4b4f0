#include "api/route.h"

#include <string.h>

#include "api/query.h"

bool path_split(struct arena *a, const char *text, struct path *ret,
		struct err *e)
{
	*ret = (struct path){.count = 0};
	text += *text == '/';
	while (*text != '\0') {
		size_t size = strcspn(text, "/");
		const char *segment = query_decode(a, text, size);

		if (segment == NULL)
			return err_code(e, ERR_MALFORMED, "path_malformed",
					"the path is malformed");
		if (ret->count == ROUTE_SEGMENTS)
			return err_set(e, ERR_NOT_FOUND, "nothing is here");
		ret->segments[ret->count++] = segment;
		text += size + (text[size] == '/');
	}
	return true;
}

bool route_matches(const struct route *r, const struct path *p,
		   const char *params[ROUTE_PARAMS])
{
	const char *pattern = r->path;
	size_t taken = 0;

	for (size_t i = 0; i < p->count; i++) {
		size_t size = strcspn(pattern, "/");
		const char *segment = p->segments[i];

		if (pattern[0] == '{' && segment[0] != '\0' &&
		    taken < ROUTE_PARAMS)
			params[taken++] = segment;
		else if (size == 0 || strlen(segment) != size ||
			 memcmp(pattern, segment, size) != 0)
			return false;
		pattern += size + (pattern[size] == '/');
	}
	return *pattern == '\0';
}
