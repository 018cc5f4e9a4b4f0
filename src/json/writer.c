#include "json/writer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

enum { FIRST_ROOM = 1024 };

/* Where `size` more bytes and a NUL go. */
static char *more(struct writer *w, size_t size)
{
	size_t room = w->room > 0 ? w->room : FIRST_ROOM;

	while (room - w->used <= size)
		room *= 2;
	if (room != w->room) {
		char *text = arena_take(w->arena, room);

		if (w->used > 0)
			memcpy(text, w->text, w->used);
		w->text = text;
		w->room = room;
	}
	return w->text + w->used;
}

static void put(struct writer *w, const char *bytes, size_t size)
{
	char *to = more(w, size);

	memcpy(to, bytes, size);
	to[size] = '\0';
	w->used += size;
}

void writer_raw(struct writer *w, const char *s)
{
	put(w, s, strlen(s));
}

/* Control characters and broken UTF-8 are rare: jansson knows. */
static void put_odd(struct writer *w, const char *s)
{
	json_t *string = json_string(s);
	char *text = string != NULL ? json_dumps(string,
						 JSON_ENCODE_ANY | JSON_COMPACT)
				    : NULL;

	writer_raw(w, text != NULL ? text : "null");
	free(text);
	json_decref(string);
}

static void put_clean(struct writer *w, const char *s)
{
	char *begin = more(w, 2 * strlen(s) + 2), *to = begin;

	*to++ = '"';
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			*to++ = '\\';
		*to++ = *s;
	}
	*to++ = '"';
	*to = '\0';
	w->used += (size_t)(to - begin);
}

void writer_text(struct writer *w, const char *s)
{
	if (s == NULL)
		writer_raw(w, "null");
	else if (text_is_clean(s))
		put_clean(w, s);
	else
		put_odd(w, s);
}

void writer_number(struct writer *w, int64_t n)
{
	char text[TEXT_DECIMAL];

	writer_raw(w, text_decimal(text, n));
}

void writer_flag(struct writer *w, bool flag)
{
	writer_raw(w, flag ? "true" : "false");
}

void writer_reopen(struct writer *w)
{
	w->text[--w->used] = '\0';
}
