#include "crypto/signed_data.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>
#include <string.h>

#include "util/field.h"

enum { CHAIN = 8 };

struct signing {
	gnutls_x509_crt_t *chain;
	unsigned count;
	gnutls_privkey_t key;
	gnutls_pkcs7_t message;
	gnutls_datum_t out;
};

static void release(struct signing *s)
{
	for (unsigned i = 0; i < s->count; i++)
		gnutls_x509_crt_deinit(s->chain[i]);
	gnutls_free(s->chain);
	gnutls_privkey_deinit(s->key);
	if (s->message != NULL)
		gnutls_pkcs7_deinit(s->message);
	gnutls_free(s->out.data);
}

static bool failed(struct err *e, const char *what, int rc)
{
	return err_set(e, ERR_INVALID, "%s: %s", what, gnutls_strerror(rc));
}

static gnutls_datum_t datum(const char *text, size_t size)
{
	union {
		const char *is;
		unsigned char *taken; /* GnuTLS only reads it */
	} data = {.is = text};

	return (gnutls_datum_t){data.taken, (unsigned)size};
}

static bool read_chain(struct signing *s, const char *pem, struct err *e)
{
	const gnutls_datum_t data = datum(pem, strlen(pem));
	int rc = gnutls_x509_crt_list_import2(&s->chain, &s->count, &data,
					      GNUTLS_X509_FMT_PEM, 0);

	if (rc < 0)
		return failed(e, "no certificates in PEM", rc);
	return (s->count >= 1 && s->count <= CHAIN) ||
	       err_set(e, ERR_INVALID, "1 to %d certificates are wanted",
		       CHAIN);
}

static bool read_key(struct signing *s, const char *pem, struct err *e)
{
	const gnutls_datum_t data = datum(pem, strlen(pem));
	int rc = gnutls_privkey_init(&s->key);

	if (rc >= 0)
		rc = gnutls_privkey_import_x509_raw(s->key, &data,
						    GNUTLS_X509_FMT_PEM, NULL,
						    0);
	return rc >= 0 ||
	       failed(e, "no private key in PEM without a password", rc);
}

/* GnuTLS would sign with any key. */
static bool belong_together(const struct signing *s, struct err *e)
{
	unsigned char of_key[32], of_certificate[32];
	size_t key_size = sizeof(of_key), size = sizeof(of_certificate);
	gnutls_pubkey_t public = NULL;
	int rc = gnutls_pubkey_init(&public);

	if (rc >= 0)
		rc = gnutls_pubkey_import_privkey(public, s->key, 0, 0);
	if (rc >= 0)
		rc = gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256,
					      of_key, &key_size);
	gnutls_pubkey_deinit(public);
	if (rc >= 0)
		rc = gnutls_x509_crt_get_key_id(s->chain[0],
						GNUTLS_KEYID_USE_SHA256,
						of_certificate, &size);
	if (rc < 0)
		return failed(e, "no public key", rc);
	return (size == key_size &&
		memcmp(of_key, of_certificate, size) == 0) ||
	       err_set(e, ERR_INVALID,
		       "the key is not that of the certificate");
}

static int sign(struct signing *s, const gnutls_datum_t *content)
{
	int rc = gnutls_pkcs7_init(&s->message);

	if (rc >= 0)
		rc = gnutls_pkcs7_sign(s->message, s->chain[0], s->key, content,
				       NULL, NULL, GNUTLS_DIG_SHA256,
				       GNUTLS_PKCS7_EMBED_DATA |
					       GNUTLS_PKCS7_INCLUDE_TIME |
					       GNUTLS_PKCS7_INCLUDE_CERT);
	for (unsigned i = 1; rc >= 0 && i < s->count; i++)
		rc = gnutls_pkcs7_set_crt(s->message, s->chain[i]);
	return rc >= 0 ? gnutls_pkcs7_export2(s->message, GNUTLS_X509_FMT_DER,
					      &s->out)
		       : rc;
}

bool signed_data_make(struct arena *a, const struct signed_data_signer *signer,
		      const char *content, size_t size, const char **ret,
		      size_t *ret_size, struct err *e)
{
	CLEANUP(release) struct signing s = {0};
	const gnutls_datum_t in = datum(content, size);

	if (!read_chain(&s, signer->certificates, e) ||
	    !read_key(&s, signer->key, e) || !belong_together(&s, e))
		return false;
	int rc = sign(&s, &in);
	if (rc < 0)
		return failed(e, "it cannot be signed", rc);
	*ret = arena_copy(a, s.out.data, s.out.size);
	*ret_size = s.out.size;
	return true;
}
