#include "http/auth.h"

#include <string.h>
#include <strings.h>

#include "util/base64.h"
#include "util/field.h"
#include "util/text.h"

/* A name may be empty; which names there are is for others to say. */
static bool read_pair(char *pair, struct auth *ret)
{
	char *colon = strchr(pair, ':');

	if (colon == NULL)
		return false;
	*colon = '\0';
	ret->name = pair;
	ret->secret = colon + 1;
	return true;
}

static bool read_basic(struct arena *a, const char *text, struct auth *ret)
{
	char *pair;
	size_t size;

	return base64_decode(a, text, &pair, &size) && strlen(pair) == size &&
	       text_is_clean(pair) && read_pair(pair, ret);
}

/* The token68 of RFC 9110 11.2, which has no blanks. */
static bool is_token(const char *text)
{
	return text[0] != '\0' && text[strcspn(text, " \t,\"")] == '\0' &&
	       text_is_clean(text);
}

static bool read_bearer(struct arena *a, const char *text, struct auth *ret)
{
	(void)a;
	ret->secret = text;
	return is_token(text);
}

static bool read_api_key(struct arena *a, const char *text, struct auth *ret)
{
	return is_token(text) && read_pair(arena_strdup(a, text), ret);
}

static const struct {
	const char *word;
	enum auth_scheme scheme;
	bool (*read)(struct arena *a, const char *text, struct auth *ret);
} schemes[] = {
	{"Basic ", AUTH_BASIC, read_basic},
	{"Bearer ", AUTH_BEARER, read_bearer},
	{"ApiKey ", AUTH_API_KEY, read_api_key},
};

bool auth_read(const struct request *req, unsigned accepted, struct auth *ret)
{
	const char *header = request_header(req, "Authorization");

	for (size_t i = 0; header != NULL && i < COUNT(schemes); i++) {
		size_t size = strlen(schemes[i].word);

		if ((accepted & schemes[i].scheme) == 0 ||
		    strncasecmp(header, schemes[i].word, size) != 0)
			continue;
		const char *text = header + size + strspn(header + size, " ");
		*ret = (struct auth){.scheme = schemes[i].scheme};
		return schemes[i].read(req->arena, text, ret);
	}
	return false;
}
