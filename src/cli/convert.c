#include "cli/convert.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

bool convert_open(struct convert *c, const struct reader_format *f,
		  const struct reader_input *in, struct err *e)
{
	return reader_begin(&c->reader, f, in, e);
}

/* A hash may be in it. */
static void drop(struct convert *c)
{
	if (c->line != NULL)
		explicit_bzero(c->line, strlen(c->line));
	free(c->line);
	c->line = NULL;
}

static char *line_of(const struct import_record *r)
{
	json_t *o = r->members;

	json_object_set_new(o, "type", json_string(kind_rules(r->kind)->noun));
	json_object_set_new(o, "number", json_integer((json_int_t)r->number));
	json_object_set_new(o, "line", json_integer((json_int_t)r->line));
	if (r->change)
		json_object_set_new(o, "change", json_true());
	if (r->implied)
		json_object_set_new(o, "on_conflict", json_string("skip"));
	char *ret = json_dumps(o, JSON_COMPACT);
	if (ret == NULL)
		alloc_die();
	return ret;
}

bool convert_more(struct convert *c)
{
	while (c->line == NULL && !c->ended) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct import_record r;
		struct err e = {0};

		if (!reader_next(&c->reader, a, &r, &e)) {
			c->ended = true;
		} else if (e.kind != ERR_NONE) {
			c->failed++;
			c->tell(c->ctx, &r, &e);
		} else if (r.kind == KIND_COUNT) {
			c->ignored++;
		} else {
			c->line = line_of(&r);
		}
	}
	return c->line != NULL;
}

size_t convert_write(struct convert *c, FILE *to)
{
	if (!convert_more(c))
		return 0;
	size_t size = strlen(c->line) + 1;
	fputs(c->line, to);
	putc('\n', to);
	drop(c);
	return size;
}

void convert_end(struct convert *c)
{
	drop(c);
}
