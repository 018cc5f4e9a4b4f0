/*
 * courier - takes to each webhook what its owner may see of the changes
 *
 * Each webhook has a fiber of its own: one that does not answer holds up no
 * other.  A message is sent until it is taken; only then comes the next of the
 * same webhook.  How far each has come is written down, so that whoever does
 * this after us goes on from there, and sends again what may have been taken.
 */
#ifndef WEBHOOK_COURIER_H
#define WEBHOOK_COURIER_H

#include "core/gateway.h"
#include "core/task.h"
#include "loop/loop.h"
#include "util/err.h"

struct couriers;
struct webhook_settings;

/* On that loop; gateway and settings must outlive it. */
struct couriers *couriers_new(struct loop *l, const struct gateway *g,
			      const struct webhook_settings *set);
void couriers_free(struct couriers **c); /* when none is left; accepts NULL */

/* Begin with those that are new, and end with those that are no more. */
bool couriers_look(struct couriers *c, const struct task *t, struct err *e);

/* Somebody else does it from now on: they all end soon. */
void couriers_leave(struct couriers *c);
bool couriers_have_left(const struct couriers *c);

#endif
