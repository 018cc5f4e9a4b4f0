/*
 * history - the routes on which records are as they were
 */
#ifndef API_HISTORY_H
#define API_HISTORY_H

#include "api/route.h"

/* The moment that ?as_of= asks for; NULL: it does not. */
const char *history_asked(const struct call *call);

/* Read what the route names as it was then: without an entity tag, for nobody
 * can write what was. */
route_fn history_show;

#endif
