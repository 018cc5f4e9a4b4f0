/*
 * resolution - where mail for an address goes, as JSON
 */
#ifndef API_RESOLUTION_H
#define API_RESOLUTION_H

#include "core/resolve.h"
#include "json/codec.h"

/* The reply to GET /v1/resolve/{address}. */
json_t *resolution_show(const struct resolution *r);

#endif
