#include "crypto/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/certificate.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/meter.h"

enum {
	MICROS = 1000000,
	FILE_MOST = 256 * 1024,
	/* Bytes from a client until its handshake is done.  GnuTLS 3.7 would
	 * keep up to 16 MiB of one message of it, whatever it was told. */
	HANDSHAKE_MOST = 64 * 1024,
	JUDGE_AGAIN = 1000, /* milliseconds: certificates expire while
			     * their connections last */
};

/* What the files said.  Nobody changes it; the last to let go frees it. */
struct keys {
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_trust_list_t authorities; /* of these; or NULL */
	atomic_uint holders;
};

struct tls {
	pthread_mutex_t mutex; /* for taking hold of: */
	struct keys *keys;
};

struct tls_end {
	struct tls *tls;
	gnutls_session_t session;
	struct keys *keys;   /* that the session uses */
	struct keys *judged; /* by which the client was judged, or NULL */
	int64_t judge_again;
	int fd;
	size_t greeted; /* bytes of its handshake */
	bool open, looked;
	struct certificate_chain chain;
	struct tls_client client;
	char digest[65], refused[CERTIFICATE_REASON];
	char *subject;
};

static void release(struct keys **keys)
{
	struct keys *k = *keys;

	*keys = NULL;
	if (k == NULL || atomic_fetch_sub(&k->holders, 1) > 1)
		return;
	gnutls_certificate_free_credentials(k->credentials);
	free(k);
}

static struct keys *hold(struct tls *t)
{
	pthread_mutex_lock(&t->mutex);
	struct keys *k = t->keys;
	atomic_fetch_add(&k->holders, 1);
	pthread_mutex_unlock(&t->mutex);
	return k;
}

static gnutls_datum_t datum(const char *text)
{
	union {
		const char *is;
		unsigned char *taken; /* GnuTLS only reads it */
	} data = {.is = text};

	return (gnutls_datum_t){data.taken, (unsigned)strlen(text)};
}

static bool take_pair(struct keys *k, const struct tls_files *files,
		      struct arena *a, struct err *e)
{
	const char *certificate, *key;

	if (!file_read(a, files->certificate, FILE_MOST, &certificate, e) ||
	    !file_read_secret(a, files->key, FILE_MOST, &key, e))
		return false;
	if (!certificate_check(certificate, e))
		return err_wrap(e, "%s", files->certificate);
	const gnutls_datum_t crt = datum(certificate), secret = datum(key);
	int rc = gnutls_certificate_set_x509_key_mem2(k->credentials, &crt,
						      &secret,
						      GNUTLS_X509_FMT_PEM, NULL,
						      0);
	return rc >= 0 ||
	       err_set(e, ERR_INVALID, "%s with %s: %s", files->certificate,
		       files->key, gnutls_strerror(rc));
}

static bool take_authorities(struct keys *k, const char *path, struct arena *a,
			     struct err *e)
{
	const char *pem;

	if (path == NULL)
		return true;
	if (!file_read(a, path, FILE_MOST, &pem, e))
		return false;
	k->authorities = certificate_authorities(pem, e);
	if (k->authorities == NULL)
		return err_wrap(e, "%s", path);
	gnutls_certificate_set_trust_list(k->credentials, k->authorities, 0);
	return true;
}

/* What has expired is taken: it is the clients who refuse it. */
static void tell(const struct keys *k)
{
	gnutls_x509_crt_t *list;
	unsigned count;
	char until[INSTANT_SIZE];

	if (gnutls_certificate_get_x509_crt(k->credentials, 0, &list, &count) <
	    0)
		alloc_die();
	int64_t end = gnutls_x509_crt_get_expiration_time(list[0]);
	bool late = end < clock_seconds();
	meter_set(METER_CERTIFICATE, 0, end * MICROS);
	instant_text(until, end);
	log_event(late ? LOG_WARNING : LOG_NOTICE,
		  late ? "certificate-expired" : "certificate", "until", until,
		  NULL);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
}

static struct keys *read_keys(const struct tls_files *files, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct keys *k = alloc_zeroed(sizeof(*k));

	atomic_init(&k->holders, 1);
	if (gnutls_certificate_allocate_credentials(&k->credentials) < 0)
		alloc_die();
	if (files->certificate == NULL || files->key == NULL)
		err_set(e, ERR_INVALID,
			"http.tls_certificate and http.tls_key belong "
			"together, and http.tls_client_ca to both");
	else if (take_pair(k, files, a, e) &&
		 take_authorities(k, files->client_ca, a, e))
		return k;
	release(&k);
	return NULL;
}

struct tls *tls_open(const struct tls_files *files, struct err *e)
{
	struct keys *k = read_keys(files, e);

	if (k == NULL)
		return NULL;
	struct tls *t = alloc_zeroed(sizeof(*t));
	pthread_mutex_init(&t->mutex, NULL);
	t->keys = k;
	tell(k);
	return t;
}

bool tls_renew(struct tls *t, const struct tls_files *files, struct err *e)
{
	struct keys *next = read_keys(files, e), *was;

	if (next == NULL)
		return false;
	tell(next);
	pthread_mutex_lock(&t->mutex);
	was = t->keys;
	t->keys = next;
	pthread_mutex_unlock(&t->mutex);
	release(&was);
	return true;
}

void tls_close(struct tls **tls)
{
	struct tls *t = *tls;

	*tls = NULL;
	if (t == NULL)
		return;
	release(&t->keys);
	pthread_mutex_destroy(&t->mutex);
	free(t);
}

const char *tls_priorities(void)
{
	return "NONE:+VERS-TLS1.3:+VERS-TLS1.2:"
	       "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD:"
	       "+ECDHE-ECDSA:+ECDHE-RSA:"
	       "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"
	       "+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:"
	       "+SIGN-ECDSA-SHA512:+SIGN-ECDSA-SECP256R1-SHA256:"
	       "+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-RSA-PSS-RSAE-SHA256:"
	       "+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:"
	       "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:"
	       "+CTYPE-X509:+COMP-NULL:%SERVER_PRECEDENCE";
}

static int choose_none(gnutls_session_t session,
		       const gnutls_datum_t *authorities, int count,
		       const gnutls_pk_algorithm_t *algorithms,
		       int algorithm_count, gnutls_pcert_st **certificates,
		       unsigned *certificate_count, gnutls_privkey_t *key)
{
	(void)session, (void)authorities, (void)count, (void)algorithms;
	(void)algorithm_count, (void)certificates, (void)certificate_count;
	(void)key;
	return -1;
}

void *tls_chooser(void)
{
	return (void *)(intptr_t)choose_none;
}

static ssize_t pull(gnutls_transport_ptr_t ctx, void *data, size_t size)
{
	struct tls_end *end = ctx;
	ssize_t got = recv(end->fd, data, size, 0);

	if (got <= 0 || end->open)
		return got;
	end->greeted += (size_t)got;
	if (end->greeted <= HANDSHAKE_MOST)
		return got;
	errno = EMSGSIZE;
	return -1;
}

/* In both versions that of the client is the last message we wait for. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when,
		       unsigned incoming, const gnutls_datum_t *message)
{
	struct tls_end *end = gnutls_session_get_ptr(session);

	(void)type, (void)when, (void)message;
	end->open = end->open || incoming != 0;
	return 0;
}

static void prepare(gnutls_session_t s, const struct keys *k)
{
	char http[] = "http/1.1", old[] = "http/1.0";
	const gnutls_datum_t protocols[] = {datum(http), datum(old)};

	/* A session without ours has no certificate at all. */
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, k->credentials);
	gnutls_certificate_server_set_request(s, k->authorities != NULL
							 ? GNUTLS_CERT_REQUEST
							 : GNUTLS_CERT_IGNORE);
	gnutls_handshake_set_hook_function(s, GNUTLS_HANDSHAKE_FINISHED,
					   GNUTLS_HOOK_POST, on_finished);
	/* Who offers other protocols only wanted another server. */
	if (gnutls_alpn_set_protocols(s, protocols, COUNT(protocols),
				      GNUTLS_ALPN_MANDATORY) < 0)
		alloc_die();
}

struct tls_end *tls_begin(struct tls *t, void *session)
{
	struct tls_end *end = alloc_zeroed(sizeof(*end));

	end->tls = t;
	end->session = session;
	end->keys = hold(t);
	end->fd = gnutls_transport_get_int(end->session);
	gnutls_session_set_ptr(end->session, end);
	gnutls_transport_set_ptr2(end->session, end,
				  (gnutls_transport_ptr_t)(intptr_t)end->fd);
	gnutls_transport_set_pull_function(end->session, pull);
	prepare(end->session, end->keys);
	return end;
}

bool tls_is_open(const struct tls_end *end)
{
	return end->open;
}

void tls_finish(struct tls_end **end)
{
	struct tls_end *x = *end;

	*end = NULL;
	if (x == NULL)
		return;
	certificate_drop(&x->chain);
	release(&x->keys);
	release(&x->judged);
	free(x->subject);
	free(x);
}

static void look(struct tls_end *x)
{
	unsigned count = 0;
	const gnutls_datum_t *encoded =
		gnutls_certificate_get_peers(x->session, &count);

	x->looked = true;
	if (encoded == NULL)
		return;
	certificate_read(&x->chain, encoded, count);
	if (x->chain.count == 0)
		return;
	certificate_digest(&x->chain, x->digest);
	x->subject = certificate_subject(&x->chain);
	x->client.digest = x->digest;
	x->client.subject = x->subject;
}

static void judge(struct tls_end *x, struct keys *by, int64_t now)
{
	bool good = certificate_is_good(&x->chain, by->authorities, x->refused);

	x->client.refused = good ? NULL : x->refused;
	x->judge_again = now + JUDGE_AGAIN;
}

const struct tls_client *tls_client(struct tls_end *x)
{
	int64_t now = clock_now();

	if (!x->looked)
		look(x);
	if (x->chain.count == 0)
		return NULL;
	struct keys *by = hold(x->tls);
	if (by != x->judged || now >= x->judge_again)
		judge(x, by, now);
	release(&x->judged);
	x->judged = by;
	return &x->client;
}
