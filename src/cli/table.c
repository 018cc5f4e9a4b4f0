#include "cli/table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/outcome.h"
#include "util/alloc.h"
#include "util/field.h"

struct table {
	struct libscols_table *drawn; /* or NULL: no terminal */
	size_t columns;
	bool headings;
};

static void *sure(void *p)
{
	if (p == NULL)
		alloc_die();
	return p;
}

static struct libscols_table *draw(size_t columns, const char *const *headings)
{
	struct libscols_table *drawn = sure(scols_new_table());

	scols_table_enable_noheadings(drawn, headings == NULL);
	for (size_t i = 0; i < columns; i++)
		sure(scols_table_new_column(drawn,
					    headings != NULL ? headings[i] : "",
					    0, 0));
	return drawn;
}

struct table *table_new(size_t columns, const char *const *headings)
{
	struct table *t = alloc_zeroed(sizeof(*t));

	t->columns = columns;
	t->headings = headings != NULL;
	if (isatty(STDOUT_FILENO))
		t->drawn = draw(columns, headings);
	return t;
}

void table_add(struct table *t, const char *const *texts)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct libscols_line *line = NULL;

	if (t->drawn != NULL)
		line = sure(scols_table_new_line(t->drawn, NULL));
	for (size_t i = 0; i < t->columns; i++) {
		const char *text =
			outcome_clean(a, texts[i] != NULL ? texts[i] : "");

		if (line == NULL)
			printf("%s%s", i > 0 ? "\t" : "", text);
		else if (scols_line_set_data(line, i, text) != 0)
			alloc_die();
	}
	if (line == NULL)
		putchar('\n');
}

void table_flush(struct table *t)
{
	if (t->drawn == NULL || scols_table_is_empty(t->drawn))
		return;
	scols_print_table(t->drawn);
	scols_table_remove_lines(t->drawn);
	scols_table_enable_noheadings(t->drawn, 1);
}

void table_free(struct table **table)
{
	struct table *t = *table;

	*table = NULL;
	if (t == NULL)
		return;
	table_flush(t);
	if (t->drawn != NULL)
		scols_unref_table(t->drawn);
	free(t);
}
