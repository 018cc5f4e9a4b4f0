/*
 * forwarded - whose request a trusted proxy passes on
 *
 * Proxies append: the last address of X-Forwarded-For or Forwarded (RFC 7239)
 * that is none of a trusted proxy is the client's, and what stands before it
 * may be his invention.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stdbool.h>

#include "http/exchange.h"
#include "util/network.h"

/* Who asks through `peer`: the peer itself, unless it is trusted and tells of
 * somebody.  False, with why, if it is trusted and what it tells cannot be
 * understood, or its two headers contradict each other. */
bool forwarded_source(const struct network_list *trusted,
		      const struct network *peer, const struct request *req,
		      struct network *ret, const char **why);

#endif
