#include "xml/property_list.h"

#include <plist/plist.h>
#include <stdint.h>
#include <stdlib.h>

#include "xml/writer.h"

struct property_list {
	struct arena *arena;
	plist_t outer, inner;
	char *text;
};

/* It fails for want of memory only: that ends the process, as elsewhere. */
static plist_t must(plist_t node)
{
	if (node == NULL)
		abort();
	return node;
}

static void dispose(void *ptr)
{
	struct property_list *p = ptr;

	plist_free(p->outer);
	free(p->text);
}

struct property_list *property_list_begin(struct arena *a)
{
	struct property_list *p = arena_alloc(a, sizeof(*p));

	*p = (struct property_list){.arena = a};
	p->outer = must(plist_new_dict());
	arena_defer(a, dispose, p);
	return p;
}

static void put(struct property_list *p, const char *key, plist_t value)
{
	plist_dict_set_item(p->inner != NULL ? p->inner : p->outer, key,
			    must(value));
}

/* libplist escapes what would end an element, and nothing else. */
void property_list_text(struct property_list *p, const char *key,
			const char *text)
{
	put(p, key, plist_new_string(xml_sayable(p->arena, text)));
}

void property_list_number(struct property_list *p, const char *key,
			  unsigned number)
{
	put(p, key, plist_new_uint(number));
}

void property_list_truth(struct property_list *p, const char *key, bool truth)
{
	put(p, key, plist_new_bool(truth));
}

void property_list_enter(struct property_list *p, const char *key)
{
	plist_t array = must(plist_new_array());

	put(p, key, array);
	p->inner = must(plist_new_dict());
	plist_array_append_item(array, p->inner);
}

void property_list_leave(struct property_list *p)
{
	p->inner = NULL;
}

const char *property_list_end(struct property_list *p, size_t *size)
{
	uint32_t length = 0;

	plist_to_xml(p->outer, &p->text, &length);
	if (p->text == NULL)
		abort();
	*size = length;
	return p->text;
}
