/*
 * packet - questions and answers as they are on the wire
 *
 * ldns takes packets apart; whether one answers our question is judged here,
 * because ldns 1.8 takes whatever comes: a wrong id, another question, and
 * questions for answers.
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include "core/resolver.h"

enum {
	PACKET_MAX = 65535,
	PACKET_DATAGRAM = 1232, /* what we take without TCP: fits anywhere */
};

struct packet {
	const unsigned char *bytes;
	size_t size;
};

enum packet_kind {
	PACKET_FOREIGN,   /* not an answer to our question */
	PACKET_TRUNCATED, /* there is more of it over TCP */
	PACKET_USELESS,   /* another server may know better: see detail */
	PACKET_ANSWER,
};

/* False: it is no name that the DNS can have. */
bool packet_make(struct arena *a, const struct dns_question *q, unsigned id,
		 struct packet *ret);

/* Judge what came and, if it is an answer, fill it in.  `trusted`: whether its
 * word on DNSSEC counts. */
enum packet_kind packet_read(struct arena *a, const struct packet *asked,
			     const struct packet *got, bool trusted,
			     struct dns_question *q);

#endif
