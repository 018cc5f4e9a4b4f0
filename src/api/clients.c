/* What mail clients and other mail servers ask for, without a login. */
#include <string.h>
#include <strings.h>

#include "api/apple_profile.h"
#include "api/client_documents.h"
#include "api/conditional.h"
#include "api/native.h"
#include "core/address.h"
#include "core/publish.h"
#include "util/text.h"
#include "xml/reader.h"

/* In the order of the routes' tables. */
enum { CONFIG_ADDRESS };
enum { JSON_PROTOCOL, JSON_ADDRESS };

/* Long enough to spare us questions, short enough for who corrects a host. */
static const char cacheable[] = "public, max-age=3600";

/* The same text has the same tag at every gateway. */
static const char *tag_of(const struct call *call,
			  const struct client_document *d)
{
	return text_print(call->task.arena, d->tag != NULL ? d->tag : d->text);
}

static bool answer(const struct call *call, struct response *res,
		   const struct client_document *d)
{
	const char *tag = tag_of(call, d);

	response_header_again(res, "Cache-Control", cacheable);
	conditional_tag(call->req, res, tag);
	if (conditional_is_fresh(call->req, tag)) {
		res->status = 304;
		return true;
	}
	res->type = d->type;
	res->body = d->text;
	res->body_size = d->size;
	return true;
}

/* The name in Host, without a port and what it begins with; NULL: it begins
 * otherwise. */
static const char *host_below(const struct call *call, const char *prefix)
{
	struct arena *a = call->task.arena;
	const char *host = request_header(call->req, "Host");
	size_t size = strlen(prefix);

	if (host == NULL)
		return NULL;
	host = text_lower(a, arena_strndup(a, host, strcspn(host, ":")));
	return strncmp(host, prefix, size) == 0 ? host + size : NULL;
}

/* A listener of its own for monitoring tells of the gateway alone. */
static bool is_for_clients(const struct call *call, struct err *e)
{
	return !call->service->open ||
	       err_set(e, ERR_NOT_FOUND, "nothing is here");
}

/* Of the address that is configured, its domain counts and nothing else. */
static bool domain_of_address(const struct call *call, const char *address,
			      const char **ret, struct err *e)
{
	const char *domain = address_domain(address);

	if (domain == NULL || domain[0] == '\0')
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"that is not an address");
	*ret = text_lower(call->task.arena, domain);
	return true;
}

static bool wanted_domain(const struct call *call, const char **ret,
			  struct err *e)
{
	const char *address = call->query[CONFIG_ADDRESS];

	if (address != NULL)
		return domain_of_address(call, address, ret, e);
	*ret = host_below(call, "autoconfig.");
	if (*ret == NULL)
		*ret = host_below(call, "");
	return *ret != NULL ||
	       err_set(e, ERR_NOT_FOUND, "nothing says for which domain");
}

static bool thunderbird(const struct call *call, struct response *res,
			json_t **ret, struct err *e)
{
	struct client_document d;
	struct client_setup c;
	const char *domain = NULL;

	(void)ret;
	if (!is_for_clients(call, e) || !wanted_domain(call, &domain, e) ||
	    !client_setup_public(call->gateway, &call->task, domain, &c, e))
		return false;
	client_document_thunderbird(call->task.arena, &c, &d);
	return answer(call, res, &d);
}

static bool apple(const struct call *call, struct response *res, json_t **ret,
		  struct err *e)
{
	const char *address = call->query[CONFIG_ADDRESS], *domain = NULL;
	const struct api_settings *set = call->service->settings;
	struct arena *a = call->task.arena;
	struct client_document d = {0};
	struct client_setup c;

	(void)ret;
	if (!is_for_clients(call, e) || !wanted_domain(call, &domain, e) ||
	    !apple_profile_address(a, address, e) ||
	    !client_setup_public(call->gateway, &call->task, domain, &c, e))
		return false;
	apple_profile(a, set, &c, address, &d);
	if (!conditional_is_fresh(call->req, tag_of(call, &d)) &&
	    !apple_profile_sign(a, set, &d, e))
		return false;
	return answer(call, res, &d);
}

/* What Outlook sends: the address, and which form of a reply it knows. */
static bool read_asked(const struct call *call, const char **address,
		       struct err *e)
{
	const struct request *req = call->req;
	struct xml_wanted w[] = {{"EMailAddress", NULL},
				 {"AcceptableResponseSchema", NULL}};

	if (!xml_read(req->arena, req->body, req->body_size, w, COUNT(w), e))
		return false;
	if (w[0].text == NULL || !text_is_clean(w[0].text))
		return err_code(e, ERR_MALFORMED, "xml_malformed",
				"send XML with an EMailAddress");
	*address = w[0].text;
	return w[1].text == NULL ||
	       strcmp(w[1].text, CLIENT_OUTLOOK_SCHEMA) == 0 ||
	       err_set(e, ERR_NOT_FOUND, "no such form is known here");
}

/* A reply to POST is not for caches. */
static bool autodiscover(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	const char *address = NULL, *domain = NULL;
	struct client_document d;
	struct client_setup c;

	(void)ret;
	if (!is_for_clients(call, e) || !read_asked(call, &address, e) ||
	    !domain_of_address(call, address, &domain, e) ||
	    !client_setup_public(call->gateway, &call->task, domain, &c, e))
		return false;
	client_document_autodiscover(call->task.arena, &c, address, &d);
	res->type = d.type;
	res->body = d.text;
	res->body_size = d.size;
	return true;
}

/* Where the other form is.  Nothing in it is of the request but the domain. */
static const char *autodiscover_url(const struct call *call, const char *domain)
{
	const char *host = call->gateway->checks->autoconfig_host;
	struct arena *a = call->task.arena;

	if (host == NULL)
		host = arena_join(a, "autodiscover.", domain, NULL);
	return arena_join(a, "https://", text_lower(a, host),
			  "/autodiscover/autodiscover.xml", NULL);
}

/* The newer form asks for one protocol, and we speak the older one alone. */
static bool pointer(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	const char *address = call->params[0], *domain = NULL;
	const char *protocol = call->query[JSON_PROTOCOL];
	struct client_document d;
	struct client_setup c;

	(void)ret;
	if (address == NULL)
		address = call->query[JSON_ADDRESS];
	if (!is_for_clients(call, e))
		return false;
	if (address == NULL || protocol == NULL ||
	    strcasecmp(protocol, "AutodiscoverV1") != 0)
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"the address is missing, or Protocol is not "
				"AutodiscoverV1");
	if (!domain_of_address(call, address, &domain, e) ||
	    !client_setup_public(call->gateway, &call->task, domain, &c, e))
		return false;
	client_document_pointer(call->task.arena,
				autodiscover_url(call, c.domain), &d);
	return answer(call, res, &d);
}

static bool mta_sts(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	struct client_document d = {.type = "text/plain; charset=us-ascii"};
	const char *domain = host_below(call, "mta-sts.");

	(void)ret;
	if (!is_for_clients(call, e))
		return false;
	if (domain == NULL)
		return err_set(e, ERR_NOT_FOUND,
			       "policies are at mta-sts.DOMAIN");
	if (!client_setup_policy(call->gateway, &call->task, domain, &d.text,
				 e))
		return false;
	d.size = strlen(d.text);
	return answer(call, res, &d);
}

/* clang-format off */
const struct route client_routes[] = {
	{"GET", "mail/config-v1.1.xml",                        NULL, thunderbird, "none", KIND_DOMAIN, {"emailaddress"}},
	{"GET", ".well-known/autoconfig/mail/config-v1.1.xml", NULL, thunderbird, "none", KIND_DOMAIN, {"emailaddress"}},
	{"GET", "mail/apple.mobileconfig",                     NULL, apple,       "none", KIND_DOMAIN, {"emailaddress"}},
	{"GET", ".well-known/mta-sts.txt",                     NULL, mta_sts,     "none", KIND_DOMAIN, {NULL}},
	{"POST", "autodiscover/autodiscover.xml",              NULL, autodiscover, "none", KIND_DOMAIN, {NULL}},
	{"POST", "Autodiscover/Autodiscover.xml",              NULL, autodiscover, "none", KIND_DOMAIN, {NULL}},
	{"GET", "autodiscover/autodiscover.json",              NULL, pointer,     "none", KIND_DOMAIN, {"Protocol", "Email", "RedirectCount"}},
	{"GET", "autodiscover/autodiscover.json/v1.0/{address}", NULL, pointer,   "none", KIND_DOMAIN, {"Protocol", "RedirectCount"}},
	{NULL,  NULL,                                          NULL, NULL,        NULL,   KIND_COUNT,  {NULL}},
};
/* clang-format on */
