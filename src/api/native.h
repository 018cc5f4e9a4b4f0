/*
 * native - what the files of the native API share
 *
 * Each collection has a file with its routes; what is the same for all records
 * is in native.c.
 */
#ifndef API_NATIVE_H
#define API_NATIVE_H

#include "api/route.h"

/* Tables of routes, ended by one without a method. */
extern const struct route audit_routes[];
extern const struct route key_routes[];

/* How the records of a kind are shown. */
const struct codec *native_codec(enum kind k);

#endif
