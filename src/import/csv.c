/* Values between commas (RFC 4180), or semicolons, with a row that says what
 * each column is. */
#include <csv.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "import/cell.h"
#include "import/reader.h"
#include "util/alloc.h"
#include "util/text.h"

enum { COLUMNS_MAX = 64 };

static const char type_column[] = "type";

struct row {
	const char *cells[COLUMNS_MAX];
	size_t count;
	struct arena *arena;
	bool ended, too_wide;
};

struct csv {
	struct csv_parser parser;
	const char *names[COLUMNS_MAX];
	size_t count, type; /* which of them; count: none */
	struct row row;
	bool over;
};

/* What it gives back may have been a password. */
static void wipe_and_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wiping_realloc(void *old, size_t size)
{
	size_t had = old != NULL ? malloc_usable_size(old) : 0;
	void *ret = alloc_zeroed(size);

	if (had > 0)
		memcpy(ret, old, had < size ? had : size);
	wipe_and_free(old);
	return ret;
}

static void release(void *own)
{
	struct csv *c = own;

	csv_free(&c->parser);
}

static void take_cell(void *text, size_t size, void *ctx)
{
	struct row *row = ctx;

	if (row->count == COLUMNS_MAX)
		row->too_wide = true;
	else
		row->cells[row->count++] =
			arena_strndup(row->arena, text, size);
}

static void take_row(int end, void *ctx)
{
	struct row *row = ctx;

	(void)end;
	row->ended = true;
}

/* Line by line, so that it is known where a row begins.  Blank lines are no
 * rows.  False at the end. */
static bool read_row(struct reader *r, struct arena *a, size_t *line,
		     struct err *e)
{
	struct csv *c = r->own;
	size_t begun = r->at;

	c->row = (struct row){.arena = a};
	for (;;) {
		const char *text;
		size_t from = r->at, size;

		if (c->row.count == 0 && !c->row.ended)
			*line = r->line;
		if (!reader_line(r, &text, &size))
			break;
		csv_parse(&c->parser, r->in.text + from, r->at - from,
			  take_cell, take_row, &c->row);
		if (csv_error(&c->parser) != CSV_SUCCESS)
			return err_code(e, ERR_MALFORMED, "csv_malformed",
					"a quote is out of place");
		if (c->row.ended)
			return true;
		if (r->at - begun > READER_RECORD)
			return err_code(e, ERR_MALFORMED, "record_too_large",
					"a row has more than %d bytes: a "
					"quote may be missing",
					READER_RECORD);
	}
	if (csv_fini(&c->parser, take_cell, take_row, &c->row) != 0)
		return err_code(e, ERR_MALFORMED, "csv_malformed",
				"the last quote is missing");
	return c->row.ended;
}

static bool is_known(const struct reader *r, const char *name)
{
	static const enum kind kinds[] = {KIND_DOMAIN, KIND_USER, KIND_ALIAS};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct codec_field *f = r->in.codec(kinds[i])->fields;

		for (; f->key != NULL; f++) {
			if (strcmp(f->key, name) == 0)
				return true;
		}
	}
	return strcmp(name, type_column) == 0;
}

static bool take_names(struct reader *r, struct err *e)
{
	struct csv *c = r->own;

	c->type = c->count = c->row.count;
	for (size_t i = 0; i < c->count; i++) {
		const char *name = text_lower(r->in.arena, c->row.cells[i]);

		if (!is_known(r, name))
			return err_code(e, ERR_INVALID, "column_unknown",
					"column %zu of the first row is no "
					"member of a domain, user or alias",
					i + 1);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(c->names[j], name) == 0)
				return err_code(e, ERR_INVALID, "column_twice",
						"column %s stands there twice",
						name);
		}
		c->names[i] = name;
		if (strcmp(name, type_column) == 0)
			c->type = i;
	}
	return c->type < c->count || r->in.kind != KIND_COUNT ||
	       err_code(e, ERR_INVALID, "type_missing",
			"there is no column type: say what the rows are");
}

/* A name has none of both in it. */
static unsigned char delimiter(const struct reader *r)
{
	const char *first = r->in.text + r->at;
	size_t size = r->in.size - r->at;

	for (size_t i = 0; i < size && first[i] != '\n'; i++) {
		if (first[i] == ',' || first[i] == ';')
			return (unsigned char)first[i];
	}
	return ',';
}

static bool open(struct reader *r, struct err *e)
{
	struct csv *c = arena_alloc(r->in.arena, sizeof(*c));
	size_t line;

	r->own = c;
	if (csv_init(&c->parser,
		     CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		alloc_die();
	csv_set_realloc_func(&c->parser, wiping_realloc);
	csv_set_free_func(&c->parser, wipe_and_free);
	csv_set_delim(&c->parser, delimiter(r));
	arena_defer(r->in.arena, release, c);
	if (!read_row(r, r->in.arena, &line, e))
		return e->kind == ERR_NONE &&
		       err_code(e, ERR_INVALID, "empty", "there is nothing");
	return !c->row.too_wide ? take_names(r, e)
				: err_code(e, ERR_INVALID, "columns_too_many",
					   "there are more than %d columns",
					   COLUMNS_MAX);
}

/* What is empty is not said. */
static bool take_cells(struct csv *c, const struct codec *codec,
		       struct import_record *ret, struct err *e)
{
	for (size_t i = 0; i < c->count; i++) {
		const char *text = cell_undo(c->row.cells[i]);

		if (i == c->type || text[0] == '\0')
			continue;
		if (!record_set(ret, codec, c->names[i], text))
			return err_code(e, ERR_INVALID, "column_foreign",
					"a %s has no %s",
					kind_rules(ret->kind)->noun,
					c->names[i]);
	}
	return true;
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	struct csv *c = r->own;
	enum kind k = r->in.kind;

	if (c->over)
		return false;
	if (!read_row(r, a, &ret->line, e)) {
		/* Where a quote is missing nothing behind it is a row. */
		c->over = true;
		return false;
	}
	if (c->row.too_wide || c->row.count != c->count)
		return err_code(e, ERR_MALFORMED, "columns_differ",
				"it has %zu columns, and the first row %zu",
				c->row.count, c->count);
	if (c->type < c->count && c->row.cells[c->type][0] != '\0')
		k = record_kind(c->row.cells[c->type]);
	if (k == KIND_COUNT)
		return err_code(e, ERR_INVALID, "type_unknown",
				"type is domain, user or alias");
	record_begin(ret, a, k, ret->line);
	return take_cells(c, r->in.codec(k), ret, e);
}

const struct reader_format format_csv = {"csv", "text/csv", open, next, false};
