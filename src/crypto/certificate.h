/*
 * certificate - those that clients show, and who may have signed them
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/err.h"

enum {
	CERTIFICATE_AUTHORITIES = 64, /* in a file of them; clients are told
				       * their names */
	CERTIFICATE_CHAIN = 8,        /* of a client, with its own */
	CERTIFICATE_REASON = 256,
};

/* Whether PEM text is one certificate or more.  Ask before GnuTLS 3.7 takes
 * them with a key: there it loses memory where they are none. */
bool certificate_check(const char *pem, struct err *e);

/* Authorities out of PEM text; NULL with e set. */
gnutls_x509_trust_list_t certificate_authorities(const char *pem,
						 struct err *e);

/* A client's chain, its own certificate first. */
struct certificate_chain {
	gnutls_x509_crt_t items[CERTIFICATE_CHAIN];
	unsigned count; /* 0: none, or none that can be read */
};

void certificate_read(struct certificate_chain *c,
		      const gnutls_datum_t *encoded, unsigned count);
void certificate_drop(struct certificate_chain *c);

/* SHA-256 in lower-case hex. */
void certificate_digest(const struct certificate_chain *c, char hex[65]);

/* By RFC 4514, for free(); NULL if it has none, or one that is too long or has
 * control characters in it. */
char *certificate_subject(const struct certificate_chain *c);

/* Whether at this moment somebody may prove with it who he is.  If not, why. */
bool certificate_is_good(const struct certificate_chain *c,
			 gnutls_x509_trust_list_t authorities,
			 char why[CERTIFICATE_REASON]);

#endif
