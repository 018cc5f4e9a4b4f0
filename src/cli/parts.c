#include "cli/parts.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

/* What was in a line may have been a password. */
static void wipe(char **text, size_t size)
{
	if (*text != NULL)
		explicit_bzero(*text, size);
	free(*text);
	*text = NULL;
}

static size_t count_quotes(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '"';
	return n;
}

static bool is_blank(const char *line, size_t size)
{
	return size == strspn(line, "\r\n");
}

/* One record; how large it was, 0 at the end. */
static size_t copy_record(struct parts *p, FILE *to)
{
	size_t whole = 0, quotes = 0;
	ssize_t got;

	if (p->how == PARTS_CONVERTED) {
		p->lines++;
		return convert_write(p->convert, to);
	}
	while ((got = getline(&p->line, &p->room, p->from)) > 0) {
		size_t size = (size_t)got;

		p->lines++;
		fwrite(p->line, 1, size, to);
		whole += size;
		quotes += count_quotes(p->line, size);
		if (p->how == PARTS_LINES ||
		    (p->how == PARTS_CSV && quotes % 2 == 0) ||
		    (p->how == PARTS_LDIF && is_blank(p->line, size)))
			break;
	}
	return whole;
}

/* The first row is kept, for each part. */
static bool keep_names(struct parts *p)
{
	FILE *to = open_memstream(&p->names, &p->names_size);
	size_t whole;

	if (to == NULL)
		alloc_die();
	whole = copy_record(p, to);
	fclose(to);
	p->names_lines = p->lines;
	return whole > 0;
}

bool parts_more(struct parts *p)
{
	if (p->how == PARTS_CONVERTED)
		return convert_more(p->convert);
	int c = getc(p->from);
	return c != EOF && ungetc(c, p->from) != EOF;
}

bool parts_next(struct parts *p, FILE *to, size_t *line)
{
	size_t size = 0, more;

	if (p->how == PARTS_CSV && p->names == NULL && !keep_names(p))
		return false;
	if (!parts_more(p) && p->lines > p->names_lines)
		return false;
	*line = p->lines - p->names_lines + 1;
	if (p->names != NULL)
		fwrite(p->names, 1, p->names_size, to);
	do {
		more = copy_record(p, to);
		size += more;
	} while (more > 0 && (size < p->most || p->how == PARTS_WHOLE));
	return fflush(to) == 0;
}

void parts_end(struct parts *p)
{
	wipe(&p->names, p->names_size);
	wipe(&p->line, p->room);
}
