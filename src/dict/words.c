#include "dict/words.h"

#include <string.h>

/* What follows \001 stands for. */
static bool unescape(char *word)
{
	static const char letters[] = "1tnr", meanings[] = "\001\t\n\r";
	char *to = word;

	for (const char *from = word; *from != '\0'; from++) {
		const char *which;

		if (*from != '\001') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from == '\0' || (which = strchr(letters, *from)) == NULL)
			return false;
		*to++ = meanings[which - letters];
	}
	*to = '\0';
	return true;
}

bool words_read(char *line, struct words *ret)
{
	*ret = (struct words){.verb = line[0]};
	if (line[0] == '\0')
		return false;
	for (char *rest = line + 1; rest != NULL;) {
		char *word = strsep(&rest, "\t");

		if (ret->count == WORDS_MAX)
			return false;
		ret->items[ret->count++] = word;
	}
	for (size_t i = 0; i < ret->count; i++) {
		if (!unescape(ret->items[i]))
			return false;
	}
	return true;
}

char *words_key_part(char *key, const char *prefix)
{
	size_t size = strlen(prefix);
	char *part = key + size, *to = part;

	if (strncmp(key, prefix, size) != 0 || *part == '\0' ||
	    strchr(part, '/') != NULL)
		return NULL;
	for (const char *from = part; *from != '\0'; from++) {
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		from++;
		if (*from != '\\' && *from != '|')
			return NULL;
		*to++ = *from == '|' ? '/' : '\\';
	}
	*to = '\0';
	return part;
}
