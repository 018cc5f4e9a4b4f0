#include "crypto/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/field.h"
#include "util/text.h"

enum { SUBJECT_MOST = 1024, PURPOSES_MOST = 32, PURPOSE_MOST = 128 };

static bool failed(struct err *e, int rc)
{
	return err_set(e, ERR_INVALID, "%s", gnutls_strerror(rc));
}

/* What is not for signing certificates would be trusted to do so. */
static bool all_are_authorities(const gnutls_x509_crt_t *list, unsigned count,
				struct err *e)
{
	if (count == 0 || count > CERTIFICATE_AUTHORITIES)
		return err_set(e, ERR_INVALID,
			       "1 to %d certificates of authorities are "
			       "wanted, not %u",
			       CERTIFICATE_AUTHORITIES, count);
	for (unsigned i = 0; i < count; i++) {
		if (gnutls_x509_crt_get_ca_status(list[i], NULL) != 1)
			return err_set(e, ERR_INVALID,
				       "certificate %u is not that of an "
				       "authority",
				       i + 1);
	}
	return true;
}

static gnutls_x509_trust_list_t trust(gnutls_x509_crt_t *list, unsigned count,
				      struct err *e)
{
	gnutls_x509_trust_list_t ret;
	int rc = gnutls_x509_trust_list_init(&ret, 0);

	if (rc < 0)
		alloc_die();
	/* It takes the certificates over.  Clients are told whose we take. */
	rc = gnutls_x509_trust_list_add_cas(ret, list, count,
					    GNUTLS_TL_USE_IN_TLS);
	if (rc >= 0)
		return ret;
	gnutls_x509_trust_list_deinit(ret, 1);
	failed(e, rc);
	return NULL;
}

static bool read_all(const char *pem, gnutls_x509_crt_t **ret, unsigned *count,
		     struct err *e)
{
	union {
		const char *is;
		unsigned char *taken; /* GnuTLS only reads it */
	} text = {.is = pem};
	const gnutls_datum_t data = {text.taken, (unsigned)strlen(pem)};
	int rc = gnutls_x509_crt_list_import2(ret, count, &data,
					      GNUTLS_X509_FMT_PEM, 0);

	return rc >= 0 || failed(e, rc);
}

static void drop_all(gnutls_x509_crt_t *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
}

bool certificate_check(const char *pem, struct err *e)
{
	gnutls_x509_crt_t *list;
	unsigned count;

	if (!read_all(pem, &list, &count, e))
		return false;
	drop_all(list, count);
	return true;
}

gnutls_x509_trust_list_t certificate_authorities(const char *pem, struct err *e)
{
	gnutls_x509_trust_list_t ret = NULL;
	gnutls_x509_crt_t *list;
	unsigned count;

	if (!read_all(pem, &list, &count, e))
		return NULL;
	if (all_are_authorities(list, count, e)) {
		ret = trust(list, count, e);
		count = 0; /* they are its own, and the list is ours */
	}
	drop_all(list, count);
	return ret;
}

static bool add(struct certificate_chain *c, const gnutls_datum_t *encoded)
{
	gnutls_x509_crt_t *crt = &c->items[c->count];

	if (gnutls_x509_crt_init(crt) < 0)
		alloc_die();
	c->count++;
	return gnutls_x509_crt_import(*crt, encoded, GNUTLS_X509_FMT_DER) >= 0;
}

void certificate_read(struct certificate_chain *c,
		      const gnutls_datum_t *encoded, unsigned count)
{
	bool good = count <= CERTIFICATE_CHAIN;

	c->count = 0;
	for (unsigned i = 0; good && i < count; i++)
		good = add(c, &encoded[i]);
	if (!good)
		certificate_drop(c);
}

void certificate_drop(struct certificate_chain *c)
{
	while (c->count > 0)
		gnutls_x509_crt_deinit(c->items[--c->count]);
}

void certificate_digest(const struct certificate_chain *c, char hex[65])
{
	unsigned char digest[32];
	size_t size = sizeof(digest);

	if (gnutls_x509_crt_get_fingerprint(c->items[0], GNUTLS_DIG_SHA256,
					    digest, &size) < 0)
		alloc_die();
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

char *certificate_subject(const struct certificate_chain *c)
{
	gnutls_datum_t dn = {NULL, 0};
	char *ret = NULL;

	if (gnutls_x509_crt_get_dn3(c->items[0], &dn, 0) < 0)
		return NULL;
	if (dn.size > 0 && dn.size <= SUBJECT_MOST &&
	    memchr(dn.data, '\0', dn.size) == NULL) {
		ret = alloc_zeroed(dn.size + 1);
		memcpy(ret, dn.data, dn.size);
	}
	gnutls_free(dn.data);
	if (ret != NULL && !text_is_clean(ret)) {
		free(ret);
		ret = NULL;
	}
	return ret;
}

/* GnuTLS takes a certificate that says nothing of its purpose for any.  Ours
 * must say: an authority may sign for mail or for servers, too. */
static bool is_for_clients(gnutls_x509_crt_t crt)
{
	for (unsigned i = 0; i < PURPOSES_MOST; i++) {
		char oid[PURPOSE_MOST];
		size_t size = sizeof(oid);

		if (gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &size,
							NULL) < 0)
			return false;
		if (strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0)
			return true;
	}
	return false;
}

static bool is_signed(const struct certificate_chain *c,
		      gnutls_x509_trust_list_t authorities, unsigned *status)
{
	char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st wanted[] = {{.type = GNUTLS_DT_KEY_PURPOSE_OID,
					   .data = (unsigned char *)purpose}};
	gnutls_x509_crt_t list[CERTIFICATE_CHAIN];

	/* What belongs together is put in order, in a copy. */
	memcpy(list, c->items, sizeof(list));
	*status = GNUTLS_CERT_INVALID;
	return gnutls_x509_trust_list_verify_crt2(
		       authorities, list, c->count, wanted, COUNT(wanted),
		       GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), status,
		       NULL) >= 0 &&
	       *status == 0;
}

static void explain(unsigned status, char why[CERTIFICATE_REASON])
{
	gnutls_datum_t text = {NULL, 0};

	if (gnutls_certificate_verification_status_print(status,
							 GNUTLS_CRT_X509, &text,
							 0) < 0)
		alloc_die();
	snprintf(why, CERTIFICATE_REASON, "%.*s", (int)text.size,
		 (const char *)text.data);
	why[strcspn(why, "\n")] = '\0';
	for (size_t end = strlen(why); end > 0 && why[end - 1] == ' ';)
		why[--end] = '\0';
	gnutls_free(text.data);
}

bool certificate_is_good(const struct certificate_chain *c,
			 gnutls_x509_trust_list_t authorities,
			 char why[CERTIFICATE_REASON])
{
	unsigned status;

	if (authorities == NULL) {
		snprintf(why, CERTIFICATE_REASON, "none is asked for");
		return false;
	}
	if (!is_signed(c, authorities, &status)) {
		explain(status, why);
		return false;
	}
	if (!is_for_clients(c->items[0])) {
		snprintf(why, CERTIFICATE_REASON,
			 "it does not name clientAuth among its purposes");
		return false;
	}
	return true;
}
