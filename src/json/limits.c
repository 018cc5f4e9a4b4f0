#include "json/limits.h"

/* Behind the string that begins at i; the parser judges what is in it. */
static size_t skip_string(const char *text, size_t size, size_t i)
{
	for (i++; i < size && text[i] != '"'; i++) {
		if (text[i] == '\\')
			i++;
	}
	return i;
}

bool json_limits_check(const char *text, size_t size, struct err *e)
{
	return json_limits_check_within(text, size, JSON_ELEMENTS_MAX, e);
}

bool json_limits_check_within(const char *text, size_t size, unsigned most,
			      struct err *e)
{
	unsigned keys[JSON_DEPTH_MAX + 1] = {0}, depth = 0, elements = 1;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '"')
			i = skip_string(text, size, i);
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			keys[depth--] = 0;
		if (depth > JSON_DEPTH_MAX)
			return err_code(e, ERR_MALFORMED, "json_too_deep",
					"the JSON nests deeper than %d",
					JSON_DEPTH_MAX);
		elements += c == ',' || c == '{' || c == '[';
		if (elements > most)
			return err_code(e, ERR_MALFORMED, "json_too_large",
					"the JSON has more than %u elements",
					most);
		if (c == ':' && ++keys[depth] > JSON_KEYS_MAX)
			return err_code(e, ERR_MALFORMED, "json_too_large",
					"a JSON object has more than %d keys",
					JSON_KEYS_MAX);
	}
	return true;
}
