/*
 * edit - values that are added to lists of a record, or taken from them
 *
 * By a JSON Patch, which writes these values alone: what others do to the list
 * at the same time stays.
 */
#ifndef CLI_EDIT_H
#define CLI_EDIT_H

#include "cli/talk.h"

/* What the options have in `edits`, and what they have in `body` with it. */
enum outcome edit_lists(struct talk *t, struct arena *a, const char *path,
			struct client_reply *ret);

#endif
