/*
 * dump_keys - the API keys of DinoMail, out of a dump of its database
 *
 * With each what its owner may do there, as scopes have it here: writing is
 * for who may add, change and delete, as one right is for all three.
 */
#ifndef IMPORT_DUMP_KEYS_H
#define IMPORT_DUMP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/err.h"
#include "util/field.h"

struct dump_key {
	const char *login, *text;
	bool active;
	bool shared; /* others have that login, but for its case: whose the
		      * key would be here nobody can say */
	struct text_list scopes;
};

bool dump_keys_read(struct arena *a, const char *text, size_t size,
		    struct dump_key **ret, size_t *count, struct err *e);

#endif
