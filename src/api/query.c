#include "api/query.h"

#include <string.h>
#include <strings.h>

#include "util/text.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *query_decode(struct arena *a, const char *text, size_t size)
{
	char *decoded = arena_alloc(a, size + 1), *to = decoded;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '%') {
			*to++ = text[i];
			continue;
		}
		if (size - i < 3 || hex(text[i + 1]) < 0 ||
		    hex(text[i + 2]) < 0)
			return NULL;
		*to++ = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
		if (to[-1] == '\0')
			return NULL;
		i += 2;
	}
	return text_is_clean(decoded) ? decoded : NULL;
}

const char *query_encode(struct arena *a, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	char *encoded = arena_alloc(a, strlen(text) * 3 + 1), *to = encoded;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(plain, c) != NULL) {
			*to++ = *text;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return encoded;
}

static bool take(struct call *call, const char *name, const char *value,
		 struct err *e)
{
	for (size_t i = 0; i < ROUTE_QUERY; i++) {
		const char *known = call->route->query[i];

		if (known == NULL || strcmp(known, name) != 0)
			continue;
		if (call->query[i] != NULL)
			return err_code(e, ERR_MALFORMED, "parameter_twice",
					"the parameter %s stands there twice",
					known);
		call->query[i] = value;
		return true;
	}
	return err_code(e, ERR_MALFORMED, "parameter_unknown",
			"there is a parameter that is not known here");
}

static bool is_credential(const char *name)
{
	static const char *const names[] = {"api_key",      "apikey", "api-key",
					    "access_token", "key",    "token",
					    "password",     "secret"};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool query_has_no_credential(const struct request *req, struct err *e)
{
	const char *p = req->query;

	while (p != NULL && *p != '\0') {
		size_t size = strcspn(p, "&");
		const char *name =
			query_decode(req->arena, p, strcspn(p, "=&"));

		if (name != NULL && is_credential(name))
			return err_code(e, ERR_MALFORMED, "credential_in_url",
					"send credentials in the header "
					"Authorization, never in a URL");
		p += size + (p[size] == '&');
	}
	return true;
}

bool query_parse(struct call *call, struct err *e)
{
	struct arena *a = call->task.arena;
	const char *p = call->req->query;

	while (p != NULL && *p != '\0') {
		size_t size = strcspn(p, "&"), name = strcspn(p, "=&");
		const char *key = query_decode(a, p, name), *value = "";

		if (name < size)
			value = query_decode(a, p + name + 1, size - name - 1);
		if (key == NULL || value == NULL)
			return err_code(e, ERR_MALFORMED, "parameter_malformed",
					"a parameter is malformed");
		if (!take(call, key, value, e))
			return false;
		p += size + (p[size] == '&');
	}
	return true;
}
