/*
 * servers - the addresses of the resolvers that we ask
 */
#ifndef DNS_SERVERS_H
#define DNS_SERVERS_H

#include <sys/socket.h>

#include "util/arena.h"
#include "util/err.h"

enum { DNS_SERVERS_MAX = 4 };

struct dns_server {
	struct sockaddr_storage address;
	socklen_t size;
};

struct dns_servers {
	struct dns_server items[DNS_SERVERS_MAX];
	size_t count;
};

/* Addresses with blanks or commas between, each with "@PORT" or without; at
 * most DNS_SERVERS_MAX. */
bool dns_servers_parse(struct arena *a, const char *text,
		       struct dns_servers *ret, struct err *e);

/* The lines "nameserver" of such a file; where there are none, the resolver of
 * this machine. */
void dns_servers_read(struct arena *a, const char *resolv_conf,
		      struct dns_servers *ret);

#endif
