/*
 * listen - sockets on which several loops accept side by side
 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>

#include "util/arena.h"
#include "util/err.h"

/* Open `count` sockets for ADDRESS:PORT (an IPv6 address in brackets), with
 * SO_REUSEPORT, so that the kernel spreads connections over them.  Fails if
 * anybody else serves there, even with SO_REUSEPORT.  Port 0 takes a free one;
 * `ret` says which address it became. */
bool listen_open(const char *where, int fds[], unsigned count, struct arena *a,
		 const char **ret, struct err *e);

#endif
