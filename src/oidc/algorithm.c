#include "oidc/algorithm.h"

#include <string.h>

#include "util/field.h"
#include "util/text.h"

static const struct algorithm algorithms[] = {
	{"RS256", "RSA", NULL, 0},     {"RS384", "RSA", NULL, 0},
	{"RS512", "RSA", NULL, 0},     {"PS256", "RSA", NULL, 0},
	{"PS384", "RSA", NULL, 0},     {"PS512", "RSA", NULL, 0},
	{"ES256", "EC", "P-256", 64},  {"ES384", "EC", "P-384", 96},
	{"ES512", "EC", "P-521", 132}, {"EdDSA", "OKP", "Ed25519", 64},
};

static const struct algorithm *find(const char *name, size_t size)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		if (strlen(algorithms[i].name) == size &&
		    memcmp(algorithms[i].name, name, size) == 0)
			return &algorithms[i];
	}
	return NULL;
}

/* The word that begins there; NULL at the end. */
static const char *next_word(const char **at, size_t *size)
{
	const char *word = *at + strspn(*at, " ");

	*size = strcspn(word, " ");
	*at = word + *size;
	return *size > 0 ? word : NULL;
}

const struct algorithm *algorithm_find(const char *name, const char *allowed)
{
	const char *word;
	size_t size;

	while ((word = next_word(&allowed, &size)) != NULL) {
		if (strlen(name) == size && memcmp(word, name, size) == 0)
			return find(name, size);
	}
	return NULL;
}

bool algorithm_check(const char *allowed, struct err *e)
{
	const char *at = allowed != NULL ? allowed : "", *word;
	unsigned count = 0;
	size_t size;

	while ((word = next_word(&at, &size)) != NULL) {
		if (find(word, size) == NULL)
			return err_set(e, ERR_INVALID,
				       "\"%.*s\" is no algorithm; there are "
				       "RS256 RS384 RS512 PS256 PS384 PS512 "
				       "ES256 ES384 ES512 EdDSA",
				       (int)(size < 20 ? size : 20), word);
		count++;
	}
	return count > 0 || err_set(e, ERR_INVALID, "there is none");
}

size_t algorithm_coordinate(const char *type, const char *curve)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		const struct algorithm *a = &algorithms[i];

		if (a->curve != NULL && strcmp(a->type, type) == 0 &&
		    strcmp(a->curve, curve) == 0)
			return a->signature / 2;
	}
	return 0;
}
