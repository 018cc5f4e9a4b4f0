#include "signer/vault.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "crypto/digest.h"
#include "crypto/signing_key.h"
#include "ldap/signing.h"
#include "util/alloc.h"
#include "util/log.h"
#include "util/random.h"
#include "util/text.h"
#include "json/writer.h"

enum { WAITING = 256, OUTSTANDING = 16 };

struct vault {
	struct arena *arena; /* of settings, which may change */
	struct ldap_settings ldap;
	const struct envelope *seal;
	struct session *session;
	struct server *server;
	unsigned char key[DIGEST_SIZE], token[DIGEST_SIZE];
};

static const char prefix[] = "/v1/dkim/";

static void digest_token(const struct vault *v, const char *token,
			 unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = digest_begin(v->key, sizeof(v->key));

	digest_add(d, token, strlen(token));
	digest_end(&d, ret);
}

static bool is_known(const struct vault *v, const struct request *req)
{
	const char *token = request_header(req, "X-Vault-Token");
	unsigned char own[DIGEST_SIZE];

	digest_token(v, token != NULL ? token : "", own);
	return digest_equal(own, v->token);
}

static void answer(struct response *res, unsigned status, const char *body)
{
	res->status = status;
	res->type = "application/json";
	res->body = body;
	res->body_size = strlen(body);
	response_header(res, "Cache-Control", "no-store");
	response_header(res, "X-Content-Type-Options", "nosniff");
}

/* Of Ed25519 rspamd wants the bytes that the key is made of.  What begins with
 * a '/' it takes for the name of a file; it passes over blanks. */
static bool show_seed(struct arena *a, const char *pem, const char **ret,
		      struct err *e)
{
	if (!signing_key_seed(a, pem, ret, e))
		return false;
	if (**ret == '/')
		*ret = arena_join(a, " ", *ret, NULL);
	return true;
}

static bool show_key(const struct vault *v, struct arena *a,
		     const struct signing *k, const char **ret, struct err *e)
{
	const char *name =
		arena_join(a, k->selector, "._domainkey.", k->domain, NULL);

	return envelope_open(a, v->seal, name, k->stored, ret, e) &&
	       (strcmp(k->type, "ed25519") != 0 || show_seed(a, *ret, ret, e));
}

static bool write_key(const struct vault *v, const struct signing *k,
		      bool first, struct writer *w, struct err *e)
{
	const char *key;

	if (!show_key(v, w->arena, k, &key, e))
		return false;
	writer_raw(w, first ? "{\"selector\":" : ",{\"selector\":");
	writer_text(w, k->selector);
	writer_raw(w, ",\"domain\":");
	writer_text(w, k->domain);
	writer_raw(w, ",\"alg\":");
	writer_text(w, k->type);
	writer_raw(w, ",\"key\":");
	writer_text(w, key);
	writer_raw(w, "}");
	return true;
}

/* A key that cannot be shown keeps the others from nobody. */
static void show(const struct vault *v, const struct request *req,
		 const struct signing_list *list, struct response *res)
{
	struct writer w = {.arena = req->arena};
	bool first = true;

	writer_raw(&w, "{\"data\":{\"selectors\":[");
	for (size_t i = 0; i < list->count; i++) {
		struct err e = {0};

		if (write_key(v, &list->items[i], first, &w, &e))
			first = false;
		else
			log_event(LOG_ERR, "dkim-key-not-shown", "domain",
				  list->items[i].domain, "selector",
				  list->items[i].selector, "error", e.text,
				  NULL);
	}
	writer_raw(&w, "]}}");
	if (first)
		answer(res, 404, "{\"errors\":[]}");
	else
		answer(res, 200, w.text);
}

static bool find_domain(const struct request *req, const char **ret)
{
	size_t size = strlen(prefix);
	struct err none = {0};

	if (strncmp(req->path, prefix, size) != 0)
		return false;
	*ret = text_lower(req->arena, req->path + size);
	return domain_name_check(*ret, &none);
}

static void serve(void *ctx, const struct request *req, struct response *res)
{
	const struct vault *v = ctx;
	struct signing_list list;
	const char *domain;
	struct err e = {0};

	if (!is_known(v, req)) {
		log_event(LOG_WARNING, "vault-refused", "source", req->source,
			  NULL);
		answer(res, 403, "{\"errors\":[\"permission denied\"]}");
	} else if (strcmp(req->method, "GET") != 0) {
		answer(res, 405, "{\"errors\":[\"unsupported operation\"]}");
	} else if (!find_domain(req, &domain)) {
		answer(res, 404, "{\"errors\":[]}");
	} else if (!signing_read(v->session, &v->ldap, req->arena, domain,
				 req->deadline, &list, &e)) {
		log_event(LOG_ERR, "vault-not-answered", "domain", domain,
			  "error", e.text, NULL);
		answer(res, 503, "{\"errors\":[\"no directory\"]}");
	} else {
		show(v, req, &list, res);
	}
}

static void copy_settings(struct vault *v, const struct vault_parts *parts)
{
	const struct signer_settings *set = parts->settings;
	struct arena *a = v->arena;

	v->ldap = *parts->ldap;
	v->ldap.uri = arena_strdup(a, parts->ldap->uri);
	v->ldap.base = arena_strdup(a, parts->ldap->base);
	if (parts->ldap->ca_file != NULL)
		v->ldap.ca_file = arena_strdup(a, parts->ldap->ca_file);
	v->ldap.bind_dn =
		arena_join(a, "cn=signer,ou=services,", v->ldap.base, NULL);
	v->ldap.password = arena_strdup(a, set->password);
	random_bytes(v->key, sizeof(v->key));
	digest_token(v, set->token, v->token);
}

struct vault *vault_open(const struct vault_parts *parts, struct err *e)
{
	const struct session_shape shape = {.as = CONNECT_READER,
					    .connections = 1,
					    .outstanding = OUTSTANDING,
					    .waiting = WAITING};
	struct vault *v = alloc_zeroed(sizeof(*v));
	struct server_parts server = {.loop = parts->loop,
				      .settings = parts->http,
				      .sources = parts->sources,
				      .loops = 1,
				      .listener = parts->listener,
				      .serve = serve,
				      .ctx = v};

	v->arena = arena_new();
	v->seal = parts->seal;
	copy_settings(v, parts);
	v->server = server_open(&server, e);
	if (v->server == NULL) {
		arena_free(v->arena);
		free(v);
		return NULL;
	}
	v->session = session_open(parts->loop, parts->connectors, parts->news,
				  &v->ldap, &shape);
	return v;
}

void vault_quiesce(struct vault *v)
{
	if (v != NULL)
		server_quiesce(v->server);
}

void vault_cut_off(struct vault *v)
{
	if (v != NULL)
		server_cut_off(v->server);
}

bool vault_is_idle(const struct vault *v)
{
	return v == NULL || server_is_idle(v->server);
}

void vault_stop(struct vault *v)
{
	if (v != NULL)
		session_stop(v->session);
}

bool vault_is_closed(const struct vault *v)
{
	return v == NULL || session_is_closed(v->session);
}

void vault_close(struct vault **vault)
{
	struct vault *v = *vault;

	*vault = NULL;
	if (v == NULL)
		return;
	server_close(&v->server);
	session_free(&v->session);
	arena_free(v->arena);
	free(v);
}
