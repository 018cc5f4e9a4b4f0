/*
 * steward - does what has to be done once for all gateways of a directory
 *
 * A fiber that keeps the lease or waits for it.  While it has it, it runs the
 * jobs; the first of them looks for plans that nobody carries out any more and
 * completes them.
 */
#ifndef STEWARD_H
#define STEWARD_H

#include "core/gateway.h"
#include "loop/loop.h"
#include "webhook/courier.h"

struct steward;

/* On the loop's thread; the gateway must outlive it, and so must the couriers,
 * who work while it has the lease. */
struct steward *steward_start(struct loop *l, const struct gateway *g,
			      struct couriers *c);

/* Let it come to an end: it finishes a step of what it is doing and gives the
 * lease back, while the directory can still be reached. */
void steward_stop(struct steward *s);
bool steward_has_ended(const struct steward *s);

/* Must have ended.  Accepts NULL. */
void steward_free(struct steward **s);

#endif
