#include "passwd/policy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zxcvbn.h>

#include "passwd/breached.h"

enum {
	/* zxcvbn's time grows with the cube of the length: 2 ms for 64 bytes.
	 * What follows only makes a password better. */
	WEIGHED_MAX = 64,
	WORDS_MAX = 32,
	WORD_MIN = 3,
};

static int64_t characters(const char *utf8)
{
	int64_t n = 0;

	for (; *utf8 != '\0'; utf8++)
		n += (*utf8 & 0xc0) != 0x80;
	return n;
}

static bool is_word(const struct secret *s)
{
	for (size_t i = 0; i < s->words.count; i++) {
		const char *word = s->words.items[i];

		if (characters(word) >= WORD_MIN &&
		    strcasecmp(word, s->clear) == 0)
			return true;
	}
	return false;
}

/* What the password's owner is known by, in pieces. */
static void split(struct arena *a, struct text_list words,
		  const char *pieces[WORDS_MAX + 1])
{
	static const char between[] = " .,@_-+'";
	size_t n = 0;

	for (size_t i = 0; i < words.count; i++) {
		const char *at = words.items[i];

		while (*at != '\0' && n < WORDS_MAX) {
			size_t size = strcspn(at, between);

			if (size >= WORD_MIN && size <= WEIGHED_MAX)
				pieces[n++] = arena_strndup(a, at, size);
			at += size;
			at += strspn(at, between);
		}
	}
	pieces[n] = NULL;
}

/* How many bits it takes to guess it, after what is known of its owner. */
static double bits_of(struct arena *a, const struct secret *s)
{
	const char *pieces[WORDS_MAX + 1];
	char weighed[WEIGHED_MAX + 1];

	split(a, s->words, pieces);
	snprintf(weighed, sizeof(weighed), "%s", s->clear);
	double bits = ZxcvbnMatch(weighed, pieces, NULL);
	explicit_bzero(weighed, sizeof(weighed));
	return bits;
}

static bool is_breached(const struct passwd_settings *set, const char *clear,
			bool *ret, struct err *e)
{
	*ret = false;
	return set->breached_file == NULL ||
	       breached_look(set->breached_file, clear, ret, e);
}

bool policy_judge(const struct passwd_settings *set, struct arena *a,
		  const struct secret *s, struct err *e)
{
	bool breached;

	if (characters(s->clear) < set->min_length)
		return err_code(e, ERR_INVALID, "password_too_short",
				"a password has at least %lld characters here",
				(long long)set->min_length);
	if (is_word(s))
		return err_code(e, ERR_INVALID, "password_is_name",
				"a password is not the address or the name of "
				"its owner");
	if (set->min_bits > 0 && bits_of(a, s) < (double)set->min_bits)
		return err_code(e, ERR_INVALID, "password_too_weak",
				"the password is too easily guessed; make it "
				"longer, of words that do not belong together");
	if (!is_breached(set, s->clear, &breached, e))
		return false;
	return !breached ||
	       err_code(e, ERR_INVALID, "password_breached",
			"the password is on a list of stolen ones; take "
			"another");
}
