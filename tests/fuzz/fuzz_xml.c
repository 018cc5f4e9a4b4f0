#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/field.h"
#include "xml/property_list.h"
#include "xml/reader.h"
#include "xml/writer.h"

/* Whatever is written is read as it was, but for what XML cannot say, and the
 * blanks around it. */
static void written(struct arena *a, const char *text)
{
	const char *const attribute[] = {"value", text, NULL};
	struct xml_wanted w[] = {{"leaf", NULL}, {"behind", NULL}};
	struct xml *x = xml_begin(a);
	struct err e = {0};
	size_t size;

	xml_open(x, "root", attribute);
	xml_leaf(x, "leaf", text);
	xml_leaf(x, "behind", "it");
	const char *whole = xml_end(x, &size);
	if (size > XML_SIZE_MAX)
		return;
	HOLDS(xml_read(a, whole, size, w, COUNT(w), &e));
	HOLDS(w[0].text != NULL && w[1].text != NULL);
	HOLDS(strcmp(w[1].text, "it") == 0);
	HOLDS(strstr(xml_sayable(a, text), w[0].text) != NULL);
}

/* The same in a property list, which has a document type and is not for us. */
static void listed(struct arena *a, const char *text)
{
	struct property_list *p = property_list_begin(a);
	struct xml_wanted w[] = {{"string", NULL}, {"integer", NULL}};
	struct err e = {0};
	size_t size;

	property_list_text(p, "text", text);
	property_list_number(p, "number", 7);
	const char *whole = property_list_end(p, &size),
		   *inner = strstr(whole, "<plist");
	HOLDS(inner != NULL && strlen(whole) == size);
	size -= (size_t)(inner - whole);
	if (size > XML_SIZE_MAX)
		return;
	HOLDS(xml_read(a, inner, size, w, COUNT(w), &e));
	HOLDS(w[0].text != NULL && w[1].text != NULL);
	HOLDS(strcmp(w[1].text, "7") == 0);
	HOLDS(strstr(xml_sayable(a, text), w[0].text) != NULL);
}

static bool begins_with_blank(const char *s)
{
	return *s != '\0' && strchr(" \t\r\n", *s) != NULL;
}

/* A document of somebody else; and the same bytes as text of ours, where blanks
 * of a line's end are not kept apart by XML. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xml_wanted w[] = {{"EMailAddress", NULL},
				 {"AcceptableResponseSchema", NULL}};
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	struct err e = {0};

	if (xml_read(a, (const char *)data, size, w, COUNT(w), &e))
		HOLDS(e.kind == ERR_NONE && size <= XML_SIZE_MAX);
	else
		HOLDS(e.kind ==
		      (size > XML_SIZE_MAX ? ERR_TOO_LARGE : ERR_MALFORMED));
	for (size_t i = 0; i < COUNT(w); i++)
		HOLDS(w[i].text == NULL || (strlen(w[i].text) <= XML_SIZE_MAX &&
					    !begins_with_blank(w[i].text)));
	if (strchr(text, '\r') == NULL) {
		written(a, text);
		listed(a, text);
	}
	arena_free(a);
	return 0;
}
