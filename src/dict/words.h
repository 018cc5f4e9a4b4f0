/*
 * words - one line of Dovecot's dict protocol, as a program understands it
 *
 * A letter that says what it is, then words with tabs between, in which a few
 * characters are escaped.  Keys are paths whose parts are escaped once more.
 */
#ifndef DICT_WORDS_H
#define DICT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 8 };

struct words {
	char verb;              /* 'H', 'L', 'B', 'S', 'C', ... */
	char *items[WORDS_MAX]; /* the first follows the verb at once */
	size_t count;
};

/* The line is changed: the words are parts of it.  False if it is empty, has
 * too many words, or an escape that does not exist or stands for NUL. */
bool words_read(char *line, struct words *ret);

/* The last part of a key that begins with prefix and has no part behind that,
 * unescaped in place, or NULL. */
char *words_key_part(char *key, const char *prefix);

#endif
