/*
 * network - addresses of the Internet, and the networks they are in
 *
 * IPv4 is kept as IPv6 has it (::ffff:192.0.2.1), so that an address that came
 * over either is one; it is told as IPv4.
 */
#ifndef UTIL_NETWORK_H
#define UTIL_NETWORK_H

#include <stdbool.h>
#include <sys/socket.h>

#include "util/arena.h"
#include "util/err.h"

enum { NETWORK_BYTES = 16, NETWORK_TEXT = 64 };

/* An address is a network of NETWORK_BYTES * 8 bits. */
struct network {
	unsigned char bytes[NETWORK_BYTES];
	unsigned bits;
};

struct network_list {
	const struct network *items;
	size_t count;
};

/* "192.0.2.1" or "2001:db8::1", and nothing else. */
bool network_address(const char *text, struct network *ret);

/* An address, or one with a length: "192.0.2.0/24".  Bits behind the length are
 * a fault: who wrote them meant something else. */
bool network_parse(const char *text, struct network *ret, struct err *e);

/* Several of these, with commas or blanks between; NULL is none. */
bool network_list_parse(struct arena *a, const char *text,
			struct network_list *ret, struct err *e);

/* Of a peer; anything but IP is "::". */
struct network network_of(const struct sockaddr *from);

/* One source of requests: an IPv4 address, or the /64 of an IPv6 one, which is
 * what a single customer is given at least. */
struct network network_source(const struct network *address);

/* No network of IPv6 holds an address of IPv4. */
bool network_holds(const struct network *n, const struct network *address);
bool network_list_holds(const struct network_list *l,
			const struct network *address);

/* Whether it may be somebody else's, anywhere: none of this machine, of a
 * private network, of one link, of several receivers, or set apart for anything
 * else (IANA's registries), nor what leads to such an address of IPv4. */
bool network_is_public(const struct network *address);

/* As network_parse() reads it; an address without a length. */
void network_text(const struct network *n, char text[NETWORK_TEXT]);

#endif
