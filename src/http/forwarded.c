#include "http/forwarded.h"

#include <string.h>
#include <strings.h>

#include "util/field.h"

enum { HOPS_MAX = 64 };

static const char blanks[] = " \t";

/* The elements of a list that may go over several headers, first to last. */
struct hops {
	const char *text[HOPS_MAX];
	size_t count;
};

/* How far the next character of a set that is not in a quoted string is. */
static size_t span(const char *s, const char *set)
{
	const char *p = s;
	bool quoted = false;

	for (; *p != '\0' && (quoted || strchr(set, *p) == NULL); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p[1] != '\0')
			p++;
	}
	return (size_t)(p - s);
}

static const char *trimmed(struct arena *a, const char *s, size_t size)
{
	size_t before = strspn(s, blanks);

	if (before >= size)
		return "";
	s += before;
	size -= before;
	while (size > 0 && strchr(blanks, s[size - 1]) != NULL)
		size--;
	return arena_strndup(a, s, size);
}

static bool collect(const struct request *req, const char *name,
		    struct hops *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < req->header_count; i++) {
		const char *p = req->headers[i].value;

		if (strcasecmp(req->headers[i].name, name) != 0)
			continue;
		for (;; p++) {
			size_t size = span(p, ",");

			if (ret->count == HOPS_MAX)
				return false;
			ret->text[ret->count++] = trimmed(req->arena, p, size);
			p += size;
			if (*p == '\0')
				break;
		}
	}
	return true;
}

static bool is_port(const char *s)
{
	return s[0] == '\0' ||
	       (s[0] == ':' && s[1] != '\0' && strlen(s) <= strlen(":65535") &&
		strspn(s + 1, "0123456789") == strlen(s + 1));
}

/* 192.0.2.1, 192.0.2.1:80, [2001:db8::1], [2001:db8::1]:80 or, outside of
 * Forwarded, 2001:db8::1. */
static bool read_node(struct arena *a, const char *s, struct network *ret)
{
	size_t size = strcspn(s, "]");

	if (s[0] == '[')
		return s[size] == ']' && is_port(s + size + 1) &&
		       memchr(s, ':', size) != NULL &&
		       network_address(arena_strndup(a, s + 1, size - 1), ret);
	const char *colon = strchr(s, ':');
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return network_address(s, ret);
	return is_port(colon) &&
	       network_address(arena_strndup(a, s, (size_t)(colon - s)), ret);
}

/* What a value may consist of that is not quoted: what a token may (RFC 9110),
 * and what some proxies write of addresses. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "!#$%&'*+-.^_`|~:[]/";

/* A value that may be quoted, as it was meant; NULL if it is malformed. */
static const char *unquoted(struct arena *a, const char *s)
{
	char *text, *to;

	if (s[0] != '"')
		return s[strspn(s, plain)] == '\0' ? s : NULL;
	to = text = arena_alloc(a, strlen(s) + 1);
	for (s++; *s != '"'; s++) {
		if (*s == '\\')
			s++;
		if (*s == '\0')
			return NULL;
		*to++ = *s;
	}
	return s[1] == '\0' ? text : NULL;
}

/* "name=value".  All pairs are looked at: a client who leaves a quote open in
 * front of what the proxy appends must not make his own words count. */
static bool read_pair(struct arena *a, const char *pair, const char **node)
{
	size_t size = strspn(pair, plain);
	const char *value;

	if (pair[0] == '\0')
		return true;
	if (pair[size] != '=')
		return false;
	value = unquoted(a, pair + size + 1);
	if (value == NULL)
		return false;
	if (size != strlen("for") || strncasecmp(pair, "for", size) != 0)
		return true;
	if (*node != NULL)
		return false;
	*node = value;
	return true;
}

/* One element of Forwarded: pairs, one of which is "for". */
static bool read_element(struct arena *a, const char *s, struct network *ret)
{
	const char *node = NULL;

	for (;; s++) {
		size_t size = span(s, ";");

		if (!read_pair(a, trimmed(a, s, size), &node))
			return false;
		s += size;
		if (*s == '\0')
			break;
	}
	/* An address with colons has brackets here. */
	return node != NULL &&
	       (node[0] == '[' || strchr(node, ':') == strrchr(node, ':')) &&
	       read_node(a, node, ret);
}

static const struct {
	const char *name;
	bool (*read)(struct arena *a, const char *s, struct network *ret);
	const char *why;
} fields[] = {
	{"X-Forwarded-For", read_node,
	 "X-Forwarded-For of the proxy cannot be understood"},
	{"Forwarded", read_element,
	 "Forwarded of the proxy cannot be understood"},
};

/* From the last hop on, to the first that nobody vouches for. */
static bool follow(const struct network_list *trusted, struct arena *a,
		   const struct hops *hops, size_t field, struct network *ret)
{
	for (size_t i = hops->count; i > 0; i--) {
		if (!fields[field].read(a, hops->text[i - 1], ret))
			return false;
		if (!network_list_holds(trusted, ret))
			break;
	}
	return true;
}

bool forwarded_source(const struct network_list *trusted,
		      const struct network *peer, const struct request *req,
		      struct network *ret, const char **why)
{
	bool told = false;

	*ret = *peer;
	if (!network_list_holds(trusted, peer))
		return true;
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct network found;
		struct hops hops;

		*why = fields[i].why;
		if (!collect(req, fields[i].name, &hops))
			return false;
		if (hops.count == 0)
			continue;
		if (!follow(trusted, req->arena, &hops, i, &found))
			return false;
		*why = "X-Forwarded-For and Forwarded of the proxy contradict "
		       "each other";
		if (told && memcmp(&found, ret, sizeof(found)) != 0)
			return false;
		*ret = found;
		told = true;
	}
	return true;
}
