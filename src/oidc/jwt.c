#include "oidc/jwt.h"

#include <string.h>
#include <strings.h>

#include "util/base64.h"
#include "util/text.h"

enum {
	LEEWAY = 30,     /* seconds that clocks may differ */
	LOGIN_MAX = 320, /* bytes */
	KID_MAX = 256,
	AUDIENCES_MAX = 64,
};

/* The last second of the year 9999: later ones are nobody's time. */
static const int64_t last_second = 253402300799;

static bool refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_UNAUTHENTICATED, "%s", why);
}

/* One of the three parts as JSON. */
static bool parse_part(struct arena *a, const char *part, size_t size,
		       const char *name, json_t **ret, struct err *e)
{
	struct err ignored = {0}; /* speaks of a body */
	char *json;
	size_t length;

	if (!base64_decode_url(a, part, size, &json, &length))
		return err_set(e, ERR_UNAUTHENTICATED, "%s is not base64url",
			       name);
	return json_text_parse(a, json, length, ret, &ignored) ||
	       err_set(e, ERR_UNAUTHENTICATED,
		       "%s is no JSON object within the limits and without "
		       "repeated keys",
		       name);
}

/* Members of a header that would say where the key is or change what is
 * signed.  We know neither, and a token that needs them is not for us. */
static bool check_foreign(json_t *header, struct err *e)
{
	static const char *const foreign[] = {"crit", "b64", "zip", "jku",
					      "jwk",  "x5u", "x5c", "enc"};

	for (size_t i = 0; i < COUNT(foreign); i++) {
		if (json_object_get(header, foreign[i]) != NULL)
			return err_set(e, ERR_UNAUTHENTICATED,
				       "its header has \"%s\"", foreign[i]);
	}
	return true;
}

/* A media type with or without "application/" (RFC 7515 section 4.1.9). */
static bool is_type(const char *type)
{
	if (strncasecmp(type, "application/", 12) == 0)
		type += 12;
	return strcasecmp(type, "JWT") == 0 || strcasecmp(type, "at+jwt") == 0;
}

static bool check_header(const struct oidc_settings *set, json_t *header,
			 struct jwt *ret, struct err *e)
{
	const char *name = json_string_value(json_object_get(header, "alg"));
	json_t *type = json_object_get(header, "typ"),
	       *kid = json_object_get(header, "kid");

	if (!check_foreign(header, e))
		return false;
	ret->algorithm =
		name != NULL ? algorithm_find(name, set->algorithms) : NULL;
	if (ret->algorithm == NULL)
		return refuse(e, "its algorithm is none of those allowed");
	if (type != NULL &&
	    (!json_is_string(type) || !is_type(json_string_value(type))))
		return refuse(e, "it is of another type");
	ret->kid = json_string_value(kid);
	if (kid != NULL &&
	    (ret->kid == NULL || ret->kid[0] == '\0' ||
	     strlen(ret->kid) > KID_MAX || !text_is_clean(ret->kid)))
		return refuse(e, "its key id is none");
	return true;
}

bool jwt_parse(struct arena *a, const struct oidc_settings *set,
	       const char *text, struct jwt *ret, struct err *e)
{
	json_t *header;
	char *signature;

	*ret = (struct jwt){.text = text};
	if (strlen(text) > TOKEN_MAX)
		return refuse(e, "it is too long");
	const char *dot = strchr(text, '.');
	const char *second = dot != NULL ? strchr(dot + 1, '.') : NULL;
	if (second == NULL || strchr(second + 1, '.') != NULL)
		return refuse(e, "it has not three parts");
	if (!base64_decode_url(a, second + 1, strlen(second + 1), &signature,
			       &ret->signature) ||
	    ret->signature == 0)
		return refuse(e, "its signature is not base64url");
	return parse_part(a, text, (size_t)(dot - text), "its header", &header,
			  e) &&
	       check_header(set, header, ret, e) &&
	       parse_part(a, dot + 1, (size_t)(second - dot - 1), "its payload",
			  &ret->claims, e);
}

/* A moment, as a whole number: no key is absent by being of another type. */
static bool take_moment(json_t *claims, const char *name, int64_t absent,
			int64_t *ret, struct err *e)
{
	const json_t *value = json_object_get(claims, name);

	*ret = value != NULL ? json_integer_value(value) : absent;
	return value == NULL ||
	       (json_is_integer(value) && *ret >= 0 && *ret <= last_second) ||
	       err_set(e, ERR_UNAUTHENTICATED, "\"%s\" is no moment", name);
}

static bool check_times(json_t *claims, int64_t now, int64_t *until,
			struct err *e)
{
	int64_t not_before, issued, end;

	if (!take_moment(claims, "exp", -1, &end, e) ||
	    !take_moment(claims, "nbf", 0, &not_before, e) ||
	    !take_moment(claims, "iat", 0, &issued, e))
		return false;
	if (end < 0)
		return refuse(e, "it has no end");
	if (now >= end + LEEWAY)
		return refuse(e, "it has expired");
	if (not_before > now + LEEWAY)
		return refuse(e, "it is not valid yet");
	if (issued > now + LEEWAY)
		return refuse(e, "it was issued in the future");
	*until = end + LEEWAY;
	return true;
}

static bool is_text(const json_t *value, const char *text)
{
	return json_is_string(value) &&
	       strcmp(json_string_value(value), text) == 0;
}

static bool is_for(const json_t *audience, const char *us)
{
	bool found = false;

	if (!json_is_array(audience))
		return is_text(audience, us);
	for (size_t i = 0; i < json_array_size(audience); i++) {
		const json_t *item = json_array_get(audience, i);

		if (!json_is_string(item) || i == AUDIENCES_MAX)
			return false;
		found = found || is_text(item, us);
	}
	return found;
}

/* Scopes are words in one string (RFC 8693 section 4.2), or an array. */
static bool has_scope(json_t *claims, const char *wanted)
{
	const json_t *value = json_object_get(claims, "scope");
	const char *at = json_string_value(value);
	size_t size = strlen(wanted);

	if (json_is_array(value))
		return is_for(value, wanted);
	while (at != NULL && *at != '\0') {
		size_t word = strcspn(at, " ");

		if (word == size && memcmp(at, wanted, size) == 0)
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

static bool take_login(struct arena *a, const struct oidc_settings *set,
		       json_t *claims, const char **ret, struct err *e)
{
	const char *name =
		json_string_value(json_object_get(claims, set->claim));

	if (name == NULL || name[0] == '\0' || strlen(name) > LOGIN_MAX ||
	    !text_is_clean(name))
		return refuse(e, "the claim with the login is none");
	if (strcmp(set->claim, "email") == 0 &&
	    !json_is_true(json_object_get(claims, "email_verified")))
		return refuse(e, "its address was not verified");
	*ret = text_lower(a, name);
	return true;
}

bool jwt_claims(struct arena *a, const struct oidc_settings *set,
		const struct jwt *t, int64_t now, const char **login,
		int64_t *until, struct err *e)
{
	const json_t *kind = json_object_get(t->claims, "typ");

	if (!is_text(json_object_get(t->claims, "iss"), set->issuer))
		return refuse(e, "it is from another issuer");
	if (!is_for(json_object_get(t->claims, "aud"), set->audience))
		return refuse(e, "it is for another audience");
	/* Keycloak's word for what it is: "ID", "Refresh", "Logout", ... */
	if (kind != NULL &&
	    (!json_is_string(kind) ||
	     strcasecmp(json_string_value(kind), "Bearer") != 0))
		return refuse(e, "it is no access token");
	if (set->scope != NULL && !has_scope(t->claims, set->scope))
		return refuse(e, "it lacks the scope");
	return check_times(t->claims, now, until, e) &&
	       take_login(a, set, t->claims, login, e);
}
