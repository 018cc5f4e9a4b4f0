/*
 * settings - where and how patiently to serve
 */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include <stdint.h>

#include "util/network.h"

struct http_settings {
	const char *listen;          /* ADDRESS:PORT; port 0: any free one */
	const char *tls_certificate; /* PEM files; NULL: plain HTTP */
	const char *tls_key;
	const char *tls_client_ca;   /* NULL: clients have no certificates */
	int64_t connections;         /* at a time, in all loops together */
	int64_t connections_source;  /* of these, from one address */
	int64_t connections_idle;    /* that asked, and are silent now */
	const char *trusted_proxies; /* networks, or NULL */
	struct network_list trusted; /* the same, understood */
	int64_t requests;            /* under way at a time, a loop */
	int64_t streams;             /* replies that are made over time, in all
				      * loops together */
	int64_t streams_each;        /* of these, of one login or address */
	int64_t header_seconds;      /* for the request line and headers */
	int64_t idle_seconds;        /* between requests */
	int64_t request_seconds;     /* from its headers to its reply */
	int64_t body_bytes;          /* of a request, at most */
};

#endif
