/*
 * wire - a socket to one resolver, for one query, on a fiber
 *
 * Each query has a socket and a random port of its own, and the kernel lets
 * nobody in but the resolver it is connected to.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include "dns/packet.h"
#include "dns/servers.h"
#include "loop/loop.h"

struct wire {
	struct loop *loop;
	const bool *stop; /* waiting ends at once when that becomes true */
	int64_t until;
	struct watch *watch;
	struct fiber *fiber;
	int fd;
};

/* Over UDP or TCP.  Fill in loop, stop and until before; close it whatever
 * becomes of it. */
bool wire_open(struct wire *w, const struct dns_server *s, bool stream,
	       struct err *e);
void wire_close(struct wire *w);

/* A datagram.  ERR_TIMEOUT, ERR_UNAVAILABLE. */
bool wire_send(struct wire *w, const struct packet *p, struct err *e);
bool wire_receive(struct wire *w, struct arena *a, struct packet *ret,
		  struct err *e);

/* The same over TCP, with its length before it (RFC 1035 4.2.2). */
bool wire_write(struct wire *w, struct arena *a, const struct packet *p,
		struct err *e);
bool wire_read(struct wire *w, struct arena *a, struct packet *ret,
	       struct err *e);

#endif
