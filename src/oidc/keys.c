#include "oidc/keys.h"

#include <malloc.h>
#include <orcania.h>
#include <rhonabwy.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "util/alloc.h"
#include "util/base64.h"
#include "util/log.h"
#include "util/text.h"

enum {
	KEYS_MAX = 32, /* of a set */
	TRIES_MAX = 8, /* keys that a token is tried with */
	MODULUS_MIN = 2048 / 8,
	MODULUS_MAX = 4096 / 8, /* its cost is that of every request */
	EXPONENT_MAX = 4,
	NAME_MAX_SIZE = 256,
};

struct key {
	jwk_t *jwk;
	char *type, *curve, *kid, *algorithm; /* the last three or NULL */
	size_t modulus;                       /* bytes, of RSA */
};

struct keys {
	atomic_uint holders;
	unsigned char digest[DIGEST_SIZE];
	size_t count;
	struct key items[KEYS_MAX];
};

static void wipe_and_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *grow(void *p, size_t size)
{
	void *to = alloc_plain(size);

	if (p != NULL) {
		size_t had = malloc_usable_size(p);

		memcpy(to, p, had < size ? had : size);
		wipe_and_free(p);
	}
	return to;
}

void keys_prepare(void)
{
	o_set_alloc_funcs(alloc_plain, grow, wipe_and_free);
}

static char *copy(const json_t *text)
{
	const char *from = json_string_value(text);
	char *to = NULL;

	if (from != NULL) {
		to = alloc_zeroed(strlen(from) + 1);
		memcpy(to, from, strlen(from));
	}
	return to;
}

/* A member of a key that is base64url, as it stands there. */
static bool take_number(struct arena *a, const json_t *from, const char *name,
			json_t *to, const unsigned char **ret, size_t *size)
{
	const char *text = json_string_value(json_object_get(from, name));
	char *bytes;

	if (text == NULL ||
	    !base64_decode_url(a, text, strlen(text), &bytes, size) ||
	    json_object_set_new(to, name, json_string(text)) != 0)
		return false;
	*ret = (const unsigned char *)bytes;
	return true;
}

static bool take_rsa(struct arena *a, const json_t *from, json_t *to,
		     struct key *k)
{
	const unsigned char *n, *e;
	size_t exponent;

	return take_number(a, from, "n", to, &n, &k->modulus) &&
	       k->modulus >= MODULUS_MIN && k->modulus <= MODULUS_MAX &&
	       n[0] >= 0x80 && n[k->modulus - 1] % 2 == 1 &&
	       take_number(a, from, "e", to, &e, &exponent) && exponent > 0 &&
	       exponent <= EXPONENT_MAX && e[exponent - 1] % 2 == 1 &&
	       (exponent > 1 || e[0] >= 3);
}

static bool take_curve(struct arena *a, const json_t *from, json_t *to,
		       struct key *k)
{
	size_t wanted, size;
	const unsigned char *ignored;

	k->curve = copy(json_object_get(from, "crv"));
	wanted = k->curve != NULL ? algorithm_coordinate(k->type, k->curve) : 0;
	if (wanted == 0 ||
	    json_object_set_new(to, "crv", json_string(k->curve)) != 0 ||
	    !take_number(a, from, "x", to, &ignored, &size) || size != wanted)
		return false;
	return strcmp(k->type, "OKP") == 0 ||
	       (take_number(a, from, "y", to, &ignored, &size) &&
		size == wanted);
}

/* "use", "key_ops": absent, or for signatures. */
static bool is_for_verifying(const json_t *from)
{
	const json_t *use = json_object_get(from, "use"),
		     *operations = json_object_get(from, "key_ops");
	bool found = operations == NULL;

	for (size_t i = 0; i < json_array_size(operations); i++) {
		const char *name =
			json_string_value(json_array_get(operations, i));

		found = found || text_equal(name, "verify");
	}
	return found &&
	       (use == NULL || text_equal(json_string_value(use), "sig"));
}

static bool is_short_text(const json_t *value)
{
	return value == NULL || (json_is_string(value) &&
				 json_string_length(value) < NAME_MAX_SIZE);
}

static void drop(struct key *k)
{
	if (k->jwk != NULL)
		r_jwk_free(k->jwk);
	free(k->type);
	free(k->curve);
	free(k->kid);
	free(k->algorithm);
	*k = (struct key){0};
}

static bool take_key(struct arena *a, const json_t *from, struct key *k)
{
	const json_t *type = json_object_get(from, "kty"),
		     *kid = json_object_get(from, "kid"),
		     *algorithm = json_object_get(from, "alg");

	if (!json_is_object(from) || !json_is_string(type) ||
	    !is_for_verifying(from) || !is_short_text(kid) ||
	    !is_short_text(algorithm))
		return false;
	k->type = copy(type);
	k->kid = copy(kid);
	k->algorithm = copy(algorithm);
	json_t *bare = json_pack("{ss}", "kty", k->type);
	bool good = strcmp(k->type, "RSA") == 0 ? take_rsa(a, from, bare, k)
						: take_curve(a, from, bare, k);
	good = good && r_jwk_init(&k->jwk) == RHN_OK &&
	       r_jwk_import_from_json_t(k->jwk, bare) == RHN_OK;
	json_decref(bare);
	return good;
}

static void take_keys(struct arena *a, const json_t *list, struct keys *ret)
{
	for (size_t i = 0; i < json_array_size(list) && ret->count < KEYS_MAX;
	     i++) {
		struct key *k = &ret->items[ret->count];

		if (take_key(a, json_array_get(list, i), k))
			ret->count++;
		else
			drop(k);
	}
}

struct keys *keys_parse(struct arena *a, const char *text, size_t size,
			struct err *e)
{
	struct err ignored = {0}; /* speaks of a body */
	json_t *set;

	if (!json_text_parse(a, text, size, &set, &ignored) ||
	    !json_is_array(json_object_get(set, "keys"))) {
		err_set(e, ERR_UNAVAILABLE, "that is no JSON Web Key Set");
		return NULL;
	}
	struct keys *k = alloc_zeroed(sizeof(*k));
	atomic_init(&k->holders, 1);
	struct digest *d = digest_begin(NULL, 0);
	digest_add(d, text, size);
	digest_end(&d, k->digest);
	take_keys(a, json_object_get(set, "keys"), k);
	if (k->count == 0) {
		err_set(e, ERR_UNAVAILABLE,
			"none of its %u keys is good for us: RSA of 2048 to "
			"4096 bits, P-256, P-384, P-521 or Ed25519, for "
			"signatures",
			(unsigned)json_array_size(
				json_object_get(set, "keys")));
		keys_release(&k);
	}
	return k;
}

struct keys *keys_hold(struct keys *k)
{
	atomic_fetch_add(&k->holders, 1);
	return k;
}

void keys_release(struct keys **keys)
{
	struct keys *k = *keys;

	*keys = NULL;
	if (k == NULL || atomic_fetch_sub(&k->holders, 1) > 1)
		return;
	for (size_t i = 0; i < k->count; i++)
		drop(&k->items[i]);
	free(k);
}

size_t keys_count(const struct keys *k)
{
	return k->count;
}

bool keys_equal(const struct keys *a, const struct keys *b)
{
	return digest_equal(a->digest, b->digest);
}

/* The algorithm goes by the key, never the key by the algorithm: a public key
 * is no HMAC's secret. */
static bool fits(const struct key *k, const struct jwt *t)
{
	const struct algorithm *a = t->algorithm;

	return strcmp(k->type, a->type) == 0 &&
	       (a->curve == NULL || text_equal(k->curve, a->curve)) &&
	       (k->algorithm == NULL || strcmp(k->algorithm, a->name) == 0) &&
	       (t->kid == NULL || text_equal(k->kid, t->kid));
}

bool keys_know(const struct keys *k, const struct jwt *t)
{
	for (size_t i = 0; i < k->count; i++) {
		if (fits(&k->items[i], t))
			return true;
	}
	return false;
}

static bool verify_one(const struct key *k, const struct jwt *t)
{
	size_t wanted = t->algorithm->signature > 0 ? t->algorithm->signature
						    : k->modulus;
	jws_t *jws = NULL;

	if (t->signature != wanted || r_jws_init(&jws) != RHN_OK)
		return false;
	bool good =
		r_jws_advanced_compact_parsen(jws, t->text, strlen(t->text),
					      R_PARSE_NONE,
					      R_FLAG_IGNORE_REMOTE) == RHN_OK &&
		r_jws_get_alg(jws) == r_str_to_jwa_alg(t->algorithm->name) &&
		r_jws_verify_signature(jws, k->jwk, R_FLAG_IGNORE_REMOTE) ==
			RHN_OK;
	r_jws_free(jws);
	return good;
}

bool keys_verify(const struct keys *k, const struct jwt *t, struct err *e)
{
	unsigned tries = 0;

	for (size_t i = 0; i < k->count && tries < TRIES_MAX; i++) {
		if (!fits(&k->items[i], t))
			continue;
		tries++;
		if (verify_one(&k->items[i], t))
			return true;
	}
	return err_set(e, ERR_UNAUTHENTICATED, "%s",
		       tries == 0 ? "no key fits it"
				  : "its signature is wrong");
}
