/*
 * office - what all loops share of webhooks: the poster, and the key that their
 * secrets are sealed with
 */
#ifndef WEBHOOK_OFFICE_H
#define WEBHOOK_OFFICE_H

#include "client/post.h"
#include "util/arena.h"
#include "webhook/settings.h"

enum { OFFICE_KEY = 32 };

struct office {
	struct post_settings posting;
	struct poster *poster;
	unsigned char key[OFFICE_KEY];
	const unsigned char *seal; /* that key, or NULL */
};

/* The settings must outlive it.  False if the file of the key is no good. */
bool office_open(struct arena *a, struct webhook_settings *set,
		 struct office *ret, struct err *e);
void office_close(struct office *o); /* also of one that never opened */

#endif
