#include "import/lines.h"

#include <string.h>

#include "loop/fiber.h"
#include "util/text.h"

enum {
	LINES_AT_ONCE = 512,
	WORK_AT_ONCE = 1 << 17, /* bytes, before others have their turn */
	WORK_LINE = 32,         /* that a line costs besides its own */
};

static void release(void *own)
{
	struct lines *l = own;

	arena_free(l->scratch);
}

void lines_begin(struct lines *ret, struct reader *r)
{
	*ret = (struct lines){.reader = r, .scratch = arena_new()};
	arena_defer(r->in.arena, release, ret);
}

/* As text that ends. */
static void take(struct lines *l, const char *text, size_t size)
{
	l->too_long = size > READER_RECORD;
	l->text = arena_strndup(l->scratch, text, l->too_long ? 0 : size);
	l->blank = !l->too_long && l->text[strspn(l->text, " \t\f\v")] == '\0';
}

/* Most lines may be passed over: none waits for that. */
static void breathe(struct lines *l, size_t size)
{
	l->work += WORK_LINE + size;
	if (l->work < WORK_AT_ONCE || fiber_self() == NULL)
		return;
	l->work = 0;
	fiber_sleep(1);
}

bool lines_next(struct lines *l)
{
	const char *text;
	size_t size;

	if (++l->count % LINES_AT_ONCE == 0) {
		arena_free(l->scratch);
		l->scratch = arena_new();
	}
	l->at = l->reader->at;
	l->line = l->reader->line;
	if (reader_line(l->reader, &text, &size)) {
		breathe(l, size);
		take(l, text, size);
		return true;
	}
	l->turn++;
	reader_rewind(l->reader);
	return false;
}

void lines_back(struct lines *l)
{
	l->reader->at = l->at;
	l->reader->line = l->line;
}

const char *lines_again(struct lines *l, const struct place *place)
{
	struct reader there = *l->reader;
	const char *text;
	size_t size;

	there.at = place->at;
	return reader_line(&there, &text, &size)
		       ? arena_strndup(l->scratch, text, size)
		       : "";
}

bool lines_note(const struct lines *l, struct whereabouts *to, const char *name,
		struct err *e)
{
	const struct place place = {.at = l->at, .line = l->line};

	return whereabouts_add(to, name, &place, e);
}

static char *trim(char *from, char *end)
{
	while (end > from && strchr(" \t", end[-1]) != NULL)
		end--;
	*end = '\0';
	return from + strspn(from, " \t");
}

/* What is between quotes, of which two are one, in its place. */
static char *unquote(char *from, char **end)
{
	char *to = from, *at = from + 1;

	for (; *at != '\0'; at++) {
		if (*at == '"' && *++at != '"')
			break;
		*to++ = *at;
	}
	*end = at;
	*to = '\0';
	return from;
}

size_t lines_cells(struct lines *l, char separator, const char **cells,
		   size_t most)
{
	char *at = arena_strdup(l->scratch, l->text);
	size_t count = 0;

	for (;;) {
		char *from = at + strspn(at, " \t"), *cell, *end;

		if (*from == '"' && separator == ';') {
			cell = unquote(from, &end);
			at = strchr(end, separator);
		} else {
			at = strchr(from, separator);
			cell = at != NULL ? trim(from, at)
					  : trim(from, from + strlen(from));
		}
		if (count < most)
			cells[count] = cell;
		count++;
		if (at == NULL)
			return count;
		at++;
	}
}

bool lines_bytes(const char *text, int64_t unit, int64_t *ret)
{
	static const char letters[] = "bkmgt";
	char digits[24], letter[2] = "";
	size_t size = strspn(text, "0123456789");
	int64_t n;

	if (size == 0 || size >= sizeof(digits))
		return false;
	memcpy(digits, text, size);
	digits[size] = '\0';
	text += size;
	text += strspn(text, " ");
	if (*text != '\0') {
		letter[0] = (char)(*text | 0x20);
		const char *which = strchr(letters, letter[0]);
		if (which == NULL || (text[1] | 0x20) == 'i')
			return false;
		if (text[1] != '\0' &&
		    ((text[1] | 0x20) != 'b' || text[2] != '\0'))
			return false;
		unit = (int64_t)1 << (10 * (which - letters));
	}
	if (!text_number(digits, 0, INT64_MAX / unit, &n))
		return false;
	*ret = n * unit;
	return true;
}
