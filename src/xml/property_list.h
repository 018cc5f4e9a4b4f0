/*
 * property_list - what Apple's programs read: dictionaries, as XML
 */
#ifndef XML_PROPERTY_LIST_H
#define XML_PROPERTY_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

struct property_list;

/* A dictionary; it lives as long as the arena. */
struct property_list *property_list_begin(struct arena *a);

/* Members of the dictionary that was begun or entered last, in the order in
 * which they are shown. */
void property_list_text(struct property_list *p, const char *key,
			const char *text);
void property_list_number(struct property_list *p, const char *key,
			  unsigned number);
void property_list_truth(struct property_list *p, const char *key, bool truth);

/* An array with one dictionary in it, to be left again.  They are not nested
 * deeper than that. */
void property_list_enter(struct property_list *p, const char *key);
void property_list_leave(struct property_list *p);

/* The whole of it. */
const char *property_list_end(struct property_list *p, size_t *size);

#endif
