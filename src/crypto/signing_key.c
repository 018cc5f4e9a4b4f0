#include "crypto/signing_key.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "util/base64.h"
#include "util/field.h"

static bool failed(struct err *e, enum err_kind kind, const char *what, int rc)
{
	return err_set(e, kind, "%s: %s", what, gnutls_strerror(rc));
}

static void free_private(gnutls_x509_privkey_t *key)
{
	gnutls_x509_privkey_deinit(*key);
}

/* What GnuTLS gave us of a secret. */
static void wipe(gnutls_datum_t *d)
{
	if (d->data != NULL)
		explicit_bzero(d->data, d->size);
	gnutls_free(d->data);
}

static bool show_private(struct arena *a, gnutls_x509_privkey_t key,
			 const char **ret, struct err *e)
{
	CLEANUP(wipe) gnutls_datum_t out = {NULL, 0};
	int rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM,
						   NULL, GNUTLS_PKCS_PLAIN,
						   &out);

	if (rc < 0)
		return failed(e, ERR_INTERNAL, "a key cannot be shown", rc);
	*ret = arena_strndup(a, (const char *)out.data, out.size);
	return true;
}

static int export_public(gnutls_pubkey_t public, enum signing_type type,
			 gnutls_datum_t *out)
{
	return type == SIGNING_RSA
		       ? gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, out)
		       : gnutls_pubkey_export_ecc_raw2(public, NULL, out, NULL,
						       0);
}

static bool show_public(struct arena *a, gnutls_x509_privkey_t key,
			enum signing_type type, const char **ret, struct err *e)
{
	CLEANUP(wipe) gnutls_datum_t out = {NULL, 0};
	gnutls_privkey_t private = NULL;
	gnutls_pubkey_t public = NULL;
	int rc = gnutls_privkey_init(&private);

	if (rc >= 0)
		rc = gnutls_pubkey_init(&public);
	if (rc >= 0)
		rc = gnutls_privkey_import_x509(private, key, 0);
	if (rc >= 0)
		rc = gnutls_pubkey_import_privkey(public, private, 0, 0);
	if (rc >= 0)
		rc = export_public(public, type, &out);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(private);
	if (rc < 0)
		return failed(e, ERR_INTERNAL, "no public key", rc);
	*ret = base64_encode(a, out.data, out.size);
	return true;
}

static bool show(struct arena *a, gnutls_x509_privkey_t key,
		 struct signing_key *ret, struct err *e)
{
	int type = gnutls_x509_privkey_get_pk_algorithm2(key, &ret->bits);

	if (type != GNUTLS_PK_RSA && type != GNUTLS_PK_EDDSA_ED25519)
		return err_set(e, ERR_INVALID,
			       "the key is neither RSA nor Ed25519");
	ret->type = type == GNUTLS_PK_RSA ? SIGNING_RSA : SIGNING_ED25519;
	return show_private(a, key, &ret->pem, e) &&
	       show_public(a, key, ret->type, &ret->public, e);
}

bool signing_key_make(struct arena *a, enum signing_type type, unsigned bits,
		      struct signing_key *ret, struct err *e)
{
	CLEANUP(free_private) gnutls_x509_privkey_t key = NULL;
	bool rsa = type == SIGNING_RSA;
	int rc = gnutls_x509_privkey_init(&key);

	if (rc >= 0)
		rc = gnutls_x509_privkey_generate(
			key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_EDDSA_ED25519,
			rsa ? bits
			    : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519),
			0);
	if (rc < 0)
		return failed(e, ERR_INTERNAL, "a key cannot be made", rc);
	return show(a, key, ret, e);
}

static bool read_pem(struct arena *a, const char *pem,
		     gnutls_x509_privkey_t *key, struct err *e)
{
	const gnutls_datum_t in = {(unsigned char *)arena_strdup(a, pem),
				   (unsigned)strlen(pem)};
	int rc = gnutls_x509_privkey_init(key);

	if (rc >= 0)
		rc = gnutls_x509_privkey_import2(*key, &in, GNUTLS_X509_FMT_PEM,
						 NULL, GNUTLS_PKCS_PLAIN);
	return rc >= 0 ||
	       err_set(e, ERR_INVALID,
		       "it is no private key in PEM without a password");
}

bool signing_key_read(struct arena *a, const char *pem, struct signing_key *ret,
		      struct err *e)
{
	CLEANUP(free_private) gnutls_x509_privkey_t key = NULL;

	return read_pem(a, pem, &key, e) && show(a, key, ret, e);
}

bool signing_key_seed(struct arena *a, const char *pem, const char **ret,
		      struct err *e)
{
	CLEANUP(free_private) gnutls_x509_privkey_t key = NULL;
	CLEANUP(wipe)
	gnutls_datum_t x = {NULL, 0}, y = {NULL, 0}, k = {NULL, 0};
	gnutls_ecc_curve_t curve;

	if (!read_pem(a, pem, &key, e))
		return false;
	int rc = gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k);
	if (rc < 0)
		return failed(e, ERR_INVALID, "it is no Ed25519 key", rc);
	*ret = base64_encode(a, k.data, k.size);
	return true;
}
