/*
 * supervisor - keeps slapd running for as long as we do
 */
#ifndef EMBEDDED_SUPERVISOR_H
#define EMBEDDED_SUPERVISOR_H

#include "embedded/state.h"
#include "loop/loop.h"

struct supervisor;

/* Start slapd and, when it ends by itself, start it again after a pause that
 * grows to 5 s.  `give_up` is called when it never lasted: after five ends
 * within the first moments.  Call on the main thread; everything must outlive
 * it. */
struct supervisor *supervisor_start(const struct embedded_settings *set,
				    const struct state *st, struct loop *l,
				    loop_fn *give_up, void *ctx, struct err *e);

/* A child ended: look whether it was ours. */
void supervisor_reap(struct supervisor *s);

/* Stop slapd, at first politely.  Accepts NULL. */
void supervisor_stop(struct supervisor **s);

#endif
