#include "api/conditional.h"

#include <string.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* One tag and what separates it from the next; NULL at a syntax error. */
static const char *take_tag(struct arena *a, const char *p, bool keep_weak,
			    struct text_list *list)
{
	bool weak = strncmp(p, "W/", 2) == 0;

	p += weak ? 2 : 0;
	if (*p != '"')
		return NULL;
	size_t size = strcspn(p + 1, "\"");
	if (p[1 + size] != '"')
		return NULL;
	/* "*" in quotes is a tag like others, and none that we make. */
	if ((keep_weak || !weak) && strncmp(p, "\"*\"", 3) != 0)
		list->items[list->count++] = arena_strndup(a, p + 1, size);
	p = skip_blanks(p + size + 2);
	if (*p == '\0')
		return p;
	return *p == ',' ? skip_blanks(p + 1) : NULL;
}

static bool parse(struct arena *a, const char *value, bool keep_weak,
		  struct text_list *list)
{
	/* The shortest tag has two quotes. */
	list->items =
		arena_alloc(a, (strlen(value) / 2 + 1) * sizeof(*list->items));
	if (strcmp(value, "*") == 0) {
		list->items[list->count++] = "*";
		return true;
	}
	if (*value == '\0')
		return false;
	while (value != NULL && *value != '\0')
		value = take_tag(a, value, keep_weak, list);
	return value != NULL;
}

bool conditional_tags(struct arena *a, const char *value,
		      const struct text_list **ret)
{
	struct text_list *list = arena_alloc(a, sizeof(*list));

	*list = (struct text_list){0};
	*ret = list;
	return parse(a, value, false, list);
}

bool conditional_match(const struct request *req, const struct text_list **ret,
		       struct err *e)
{
	const char *value = request_header(req, "If-Match");
	struct text_list *list = arena_alloc(req->arena, sizeof(*list));

	*ret = NULL;
	if (value == NULL)
		return true;
	if (!parse(req->arena, value, false, list))
		return err_code(e, ERR_MALFORMED, "if_match_malformed",
				"If-Match is not a list of entity tags");
	*ret = list;
	return true;
}

bool conditional_none(const struct request *req, const char *name,
		      struct err *e)
{
	return request_header(req, name) == NULL ||
	       err_code(e, ERR_MALFORMED, "precondition_unsupported",
			"%s has no meaning for this request", name);
}

bool conditional_demanded(const struct call *call, const struct text_list **ret,
			  struct err *e)
{
	return conditional_match(call->req, ret, e) &&
	       (*ret != NULL || !call->must_match || patch_unconditional(e));
}

bool conditional_never(const struct request *req, struct err *e)
{
	return conditional_none(req, "If-Match", e) &&
	       conditional_none(req, "If-None-Match", e);
}

bool conditional_absent(const struct request *req, bool *ret, struct err *e)
{
	const char *value = request_header(req, "If-None-Match");

	*ret = value != NULL && strcmp(value, "*") == 0;
	return *ret || conditional_none(req, "If-None-Match", e);
}

bool conditional_is_fresh(const struct request *req, const char *etag)
{
	const char *value = request_header(req, "If-None-Match");
	struct text_list list = {0};

	if (value == NULL || !parse(req->arena, value, true, &list))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.items[i], "*") == 0 ||
		    strcmp(list.items[i], etag) == 0)
			return true;
	}
	return false;
}

void conditional_tag(const struct request *req, struct response *res,
		     const char *etag)
{
	response_header(res, "ETag",
			arena_join(req->arena, "\"", etag, "\"", NULL));
}
