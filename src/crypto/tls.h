/*
 * tls - the certificate of a server, and those of its clients (GnuTLS)
 *
 * Somebody else carries the connections; here is what they are told about each.
 * A session of GnuTLS is an opaque pointer to others.
 */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include <stdbool.h>

#include "util/err.h"

/* PEM files; the certificate with those between it and its authority behind
 * it, and NULL for a client_ca if clients are not asked for certificates. */
struct tls_files {
	const char *certificate, *key, *client_ca;
};

/* What is in force at the moment.  Any thread may use it. */
struct tls;

/* NULL, with e set, if the files are no good. */
struct tls *tls_open(const struct tls_files *files, struct err *e);

/* For connections that begin from now on, and to judge the certificates of all
 * clients.  Nothing changes on failure. */
bool tls_renew(struct tls *t, const struct tls_files *files, struct err *e);

/* No connection may be left.  Accepts NULL. */
void tls_close(struct tls **t);

/* What may be agreed upon, as GnuTLS wants to be told; system-wide settings do
 * not count. */
const char *tls_priorities(void);

/* What chooses the certificate of a session before tls_begin(): none. */
void *tls_chooser(void);

/* Our end of a connection.  The session must not have begun its handshake;
 * its pointer (gnutls_session_set_ptr()) and what it reads with are ours. */
struct tls_end;
struct tls_end *tls_begin(struct tls *t, void *session);

/* Whether its handshake is done. */
bool tls_is_open(const struct tls_end *end);

/* When the session is gone.  Accepts NULL. */
void tls_finish(struct tls_end **end);

/* The certificate that a client has, and the key to. */
struct tls_client {
	const char *digest;  /* SHA-256 of it, in hex */
	const char *subject; /* by RFC 4514, or NULL */
	const char *refused; /* why it proves nothing; NULL: it is good now */
};

/* NULL if there is none.  After the handshake; lives as long as the end, but
 * `refused` only until the next call. */
const struct tls_client *tls_client(struct tls_end *end);

#endif
