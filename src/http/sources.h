/*
 * sources - how many connections each address has, in all loops together
 *
 * A fixed table of counters by a keyed hash of the address: it cannot grow, and
 * two addresses share a counter only by rare chance.  IPv6 counts by /64.
 */
#ifndef HTTP_SOURCES_H
#define HTTP_SOURCES_H

#include <stdbool.h>

#include "util/network.h"

struct sources;

struct sources *sources_new(unsigned limit);
void sources_free(struct sources **s);

/* Any thread may call these. */
bool sources_has_room(const struct sources *s, const struct network *from);
void sources_enter(struct sources *s, const struct network *from);
void sources_leave(struct sources *s, const struct network *from);

#endif
