/*
 * hasher - core/hasher.h on a pool of threads
 */
#ifndef PASSWD_HASHER_H
#define PASSWD_HASHER_H

#include "core/hasher.h"
#include "loop/pool.h"

/* The pool may serve several; it must outlive them.  NULL, with e set, if
 * there is no such scheme. */
struct hasher *hasher_open(struct pool *pool, const char *scheme,
			   struct err *e);

/* Accepts NULL. */
void hasher_close(struct hasher **h);

#endif
