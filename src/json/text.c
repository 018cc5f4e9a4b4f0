#include "json/text.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "json/limits.h"

static void wipe_and_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void json_text_prepare(void)
{
	json_set_alloc_funcs(alloc_plain, wipe_and_free);
}

static void release(void *json)
{
	json_decref(json);
}

static json_t *parse(struct arena *a, const char *text, size_t size,
		     struct err *e)
{
	json_error_t at;

	/* jansson's message may quote the input, which may be a secret. */
	json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &at);
	if (value == NULL) {
		err_code(e, ERR_MALFORMED, "json_malformed",
			 "the body is not JSON: line %d, column %d%s", at.line,
			 at.column,
			 json_error_code(&at) == json_error_duplicate_key
				 ? ", a key stands there twice"
				 : "");
		return NULL;
	}
	arena_defer(a, release, value);
	return value;
}

static bool parse_object(struct arena *a, const char *text, size_t size,
			 json_t **ret, struct err *e)
{
	json_t *value = parse(a, text, size, e);

	if (value == NULL)
		return false;
	if (!json_is_object(value))
		return err_code(e, ERR_MALFORMED, "json_not_object",
				"the body must be a JSON object");
	*ret = value;
	return true;
}

bool json_text_parse(struct arena *a, const char *text, size_t size,
		     json_t **ret, struct err *e)
{
	return json_limits_check(text, size, e) &&
	       parse_object(a, text, size, ret, e);
}

bool json_text_parse_array(struct arena *a, const char *text, size_t size,
			   json_t **ret, struct err *e)
{
	json_t *value = json_limits_check(text, size, e)
				? parse(a, text, size, e)
				: NULL;

	if (value == NULL)
		return false;
	if (!json_is_array(value))
		return err_code(e, ERR_MALFORMED, "json_not_array",
				"the body must be a JSON array");
	*ret = value;
	return true;
}

bool json_text_parse_within(struct arena *a, const char *text, size_t size,
			    unsigned elements, json_t **ret, struct err *e)
{
	return json_limits_check_within(text, size, elements, e) &&
	       parse_object(a, text, size, ret, e);
}

bool json_text_parse_own(struct arena *a, const char *text, json_t **ret,
			 struct err *e)
{
	return parse_object(a, text, strlen(text), ret, e);
}

void json_text_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void wipe_text(void *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

const char *json_text_print(struct arena *a, json_t *value, size_t style)
{
	char *text = json_dumps(value, style);

	json_decref(value);
	if (text == NULL)
		alloc_die(); /* all our strings are UTF-8 */
	arena_defer(a, wipe_text, text);
	return text;
}
