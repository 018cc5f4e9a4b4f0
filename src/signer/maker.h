/*
 * maker - the port that makes DKIM keys, on a pool of threads
 */
#ifndef SIGNER_MAKER_H
#define SIGNER_MAKER_H

#include "core/dkim_ring.h"
#include "loop/pool.h"
#include "signer/envelope.h"

/* The pool may serve several; it must outlive them, and so must the seal: NULL
 * where keys are kept as they are. */
struct dkim_maker *maker_open(struct pool *pool, const struct envelope *seal);

/* Accepts NULL. */
void maker_close(struct dkim_maker **m);

#endif
