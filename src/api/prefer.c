#include "api/prefer.h"

#include <string.h>
#include <strings.h>

#include "util/text.h"

enum { WAIT_MAX = 86400 };

static const char blanks[] = " \t";

/* RFC 9110 5.6.2. */
static const char token_chars[] = "!#$%&'*+-.^_`|~0123456789"
				  "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* One preference, or a parameter of one. */
struct part {
	const char *name, *value; /* the value NULL or "": none */
};

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, blanks);
}

/* The text between quotes; NULL if there is no end of it. */
static const char *take_quoted(struct arena *a, const char *p, const char **ret)
{
	char *text = arena_alloc(a, strlen(p) + 1);
	size_t n = 0;

	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		if (*p == '\0')
			return NULL;
		text[n++] = *p;
	}
	text[n] = '\0';
	*ret = text;
	return p + 1;
}

static const char *take_token(struct arena *a, const char *p, const char **ret)
{
	size_t size = strspn(p, token_chars);

	*ret = arena_strndup(a, p, size);
	return size > 0 ? p + size : NULL;
}

/* A name and what follows "=", with the blanks behind it. */
static const char *take_part(struct arena *a, const char *p, struct part *ret)
{
	*ret = (struct part){0};
	p = take_token(a, p, &ret->name);
	if (p == NULL)
		return NULL;
	p = skip_blanks(p);
	if (*p != '=')
		return p;
	p = skip_blanks(p + 1);
	p = *p == '"' ? take_quoted(a, p, &ret->value)
		      : take_token(a, p, &ret->value);
	return p != NULL ? skip_blanks(p) : NULL;
}

/* A preference with its parameters, none of which we know. */
static const char *take_preference(struct arena *a, const char *p,
				   struct part *ret)
{
	struct part ignored;

	p = take_part(a, p, ret);
	while (p != NULL && *p == ';') {
		p = skip_blanks(p + 1);
		if (*p != ';' && *p != ',' && *p != '\0')
			p = take_part(a, p, &ignored);
	}
	return p;
}

static void note(const struct part *p, struct preferences *ret)
{
	int64_t n;

	if (strcasecmp(p->name, "dry-run") == 0)
		ret->dry_run = true;
	else if (strcasecmp(p->name, "respond-async") == 0)
		ret->respond_async = true;
	else if (strcasecmp(p->name, "wait") == 0 && p->value != NULL &&
		 ret->wait == PREFER_NO_WAIT &&
		 text_number(p->value, 0, WAIT_MAX, &n))
		ret->wait = n;
}

/* A list of RFC 9110 5.6.1: its members may be empty. */
static bool read_list(struct arena *a, const char *p, struct preferences *ret)
{
	struct part preference;

	for (p = skip_blanks(p); *p != '\0'; p = skip_blanks(p + 1)) {
		if (*p != ',') {
			p = take_preference(a, p, &preference);
			if (p == NULL)
				return false;
			note(&preference, ret);
		}
		if (*p == '\0')
			return true;
		if (*p != ',')
			return false;
	}
	return true;
}

bool prefer_read(const struct request *req, struct preferences *ret,
		 struct err *e)
{
	*ret = (struct preferences){.wait = PREFER_NO_WAIT};
	for (size_t i = 0; i < req->header_count; i++) {
		if (strcasecmp(req->headers[i].name, "Prefer") == 0 &&
		    !read_list(req->arena, req->headers[i].value, ret))
			return err_code(e, ERR_MALFORMED, "prefer_malformed",
					"Prefer is not a list of preferences");
	}
	return true;
}

void prefer_applied(struct response *res, const char *words)
{
	response_header(res, "Preference-Applied", words);
}
