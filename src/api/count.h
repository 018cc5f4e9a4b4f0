/*
 * count - what the meters are told of requests: by route, never by path
 */
#ifndef API_COUNT_H
#define API_COUNT_H

#include "api/dialect.h"

/* For meter_prepare(), once, before there are threads. */
const char *const *count_routes(struct arena *a);

/* A request was answered; `r` is NULL if it has no route. */
void count_request(const struct route *r, unsigned status, int64_t micros);

#endif
