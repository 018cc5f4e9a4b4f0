#include "json/pointer.h"

#include <string.h>

#include "util/text.h"

/* ~0 stands for "~" and ~1 for "/". */
static bool read_segment(struct arena *a, const char *text, size_t size,
			 const char **ret)
{
	char *to = arena_strndup(a, text, size);

	*ret = to;
	for (size_t i = 0; i < size; i++) {
		bool escape = text[i] == '~';

		i += escape;
		if (escape && (i >= size || (text[i] != '0' && text[i] != '1')))
			return false;
		*to++ = !escape ? text[i] : text[i] == '0' ? '~' : '/';
	}
	*to = '\0';
	return true;
}

bool json_pointer_read(struct arena *a, const char *text,
		       struct json_pointer *ret)
{
	ret->count = 0;
	while (*text != '\0') {
		size_t size = strcspn(text + 1, "/");

		if (*text != '/' || ret->count == JSON_DEPTH_MAX ||
		    !read_segment(a, text + 1, size,
				  &ret->segments[ret->count++]))
			return false;
		text += 1 + size;
	}
	return true;
}

bool json_pointer_is_above(const struct json_pointer *above,
			   const struct json_pointer *p)
{
	if (above->count >= p->count)
		return false;
	for (size_t i = 0; i < above->count; i++) {
		if (strcmp(above->segments[i], p->segments[i]) != 0)
			return false;
	}
	return true;
}

bool json_pointer_index(const char *segment, size_t count, size_t *ret)
{
	int64_t n = 0;

	*ret = count;
	if (strcmp(segment, "-") == 0)
		return true;
	/* The digits have one form, without a sign or zeros in front. */
	if ((segment[0] == '0' && segment[1] != '\0') || segment[0] == '-' ||
	    !text_number(segment, 0, (int64_t)count, &n))
		return false;
	*ret = (size_t)n;
	return true;
}

json_t *json_pointer_find(json_t *document, const struct json_pointer *p,
			  size_t count)
{
	json_t *at = document;
	size_t index;

	for (size_t i = 0; i < count && at != NULL; i++) {
		if (json_is_array(at))
			at = json_pointer_index(p->segments[i],
						json_array_size(at), &index)
				     ? json_array_get(at, index)
				     : NULL;
		else
			at = json_object_get(at, p->segments[i]);
	}
	return at;
}
