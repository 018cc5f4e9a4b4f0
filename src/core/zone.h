/*
 * zone - records as a part of a zone (RFC 1035 5)
 */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include "core/publish.h"

enum { ZONE_STRING_MAX = 255, ZONE_TTL = 3600 };

/* One line, ended; texts are cut into strings, and nothing in them can end
 * them. */
const char *zone_line(struct arena *a, const struct wish *w);

/* A text as its strings: each of at most ZONE_STRING_MAX bytes. */
struct text_list zone_strings(struct arena *a, const char *text);

#endif
