/*
 * hasher - core/hasher.h on a pool of threads
 */
#ifndef PASSWD_HASHER_H
#define PASSWD_HASHER_H

#include "core/hasher.h"
#include "loop/pool.h"
#include "passwd/settings.h"

/* The pool may serve several; it must outlive them, and so must the settings,
 * which may change between two calls, but for the schemes.  NULL, with e set,
 * if there is no such scheme. */
struct hasher *hasher_open(struct pool *pool, const struct passwd_settings *set,
			   struct err *e);

/* Accepts NULL. */
void hasher_close(struct hasher **h);

#endif
