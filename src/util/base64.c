#include "util/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit(const char *table, char c)
{
	const char *at = c != '\0' ? strchr(table, c) : NULL;

	return at != NULL ? (int)(at - table) : -1;
}

/* Bits that are left over have to be zero: one spelling for the same bytes. */
static bool decode(struct arena *a, const char *table, const char *text,
		   size_t n, char **ret, size_t *len)
{
	char *bytes = arena_alloc(a, n / 4 * 3 + 3);
	unsigned bits = 0, held = 0;
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digit(table, text[i]);

		if (d < 0)
			return false;
		bits = bits << 6 | (unsigned)d;
		held += 6;
		if (held >= 8) {
			held -= 8;
			bytes[out++] = (char)(bits >> held & 0xff);
		}
	}
	if (held > 0 && (bits & ((1u << held) - 1)) != 0)
		return false;
	*ret = bytes;
	*len = out;
	return true;
}

bool base64_decode(struct arena *a, const char *text, char **ret, size_t *len)
{
	size_t n = strlen(text);

	if (n % 4 != 0)
		return false;
	while (n > 0 && text[n - 1] == '=')
		n--;
	return strlen(text) - n <= 2 && decode(a, digits, text, n, ret, len);
}

bool base64_decode_url(struct arena *a, const char *text, size_t size,
		       char **ret, size_t *len)
{
	return size % 4 != 1 && decode(a, url_digits, text, size, ret, len);
}

char *base64_encode(struct arena *a, const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	char *text = arena_alloc(a, (len + 2) / 3 * 4 + 1), *to = text;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		unsigned n = (unsigned)in[i] << 16 |
			     (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
			     (left > 2 ? in[i + 2] : 0u);

		*to++ = digits[n >> 18];
		*to++ = digits[n >> 12 & 63];
		*to++ = left > 1 ? digits[n >> 6 & 63] : '=';
		*to++ = left > 2 ? digits[n & 63] : '=';
	}
	return text;
}
