/* What mail clients are told of a domain, for who administers it. */
#include <string.h>
#include <strings.h>

#include "api/apple_profile.h"
#include "api/client_documents.h"
#include "api/native.h"
#include "core/address.h"
#include "util/text.h"

/* In the order of the route's table. */
enum { DOWNLOAD_FORMAT, DOWNLOAD_ADDRESS };

static bool wants_apple(const struct call *call, bool *ret, struct err *e)
{
	const char *format = call->query[DOWNLOAD_FORMAT];

	*ret = text_equal(format, "mobileconfig");
	if (format != NULL && !*ret && strcmp(format, "clientconfig") != 0)
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"format is clientconfig or mobileconfig");
	if (call->query[DOWNLOAD_ADDRESS] == NULL)
		return true;
	if (!*ret)
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"emailaddress is for format=mobileconfig");
	return apple_profile_address(call->task.arena,
				     call->query[DOWNLOAD_ADDRESS], e);
}

static bool of_domain(const struct call *call, const struct client_setup *c,
		      struct err *e)
{
	const char *address = call->query[DOWNLOAD_ADDRESS];

	return address == NULL ||
	       strcasecmp(address_domain(address), c->domain) == 0 ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"the address is of another domain");
}

static bool make(const struct call *call, const struct client_setup *c,
		 bool apple, struct client_document *d, struct err *e)
{
	const struct api_settings *set = call->service->settings;

	if (apple) {
		apple_profile(call->task.arena, set, c,
			      call->query[DOWNLOAD_ADDRESS], d);
		return apple_profile_sign(call->task.arena, set, d, e);
	}
	client_document_thunderbird(call->task.arena, c, d);
	return true;
}

static bool download(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct client_document d;
	struct client_setup c;
	bool apple = false;

	(void)ret;
	if (!wants_apple(call, &apple, e) ||
	    !client_setup_read(call->gateway, &call->task, call->params[0], &c,
			       e) ||
	    !of_domain(call, &c, e) || !make(call, &c, apple, &d, e))
		return false;
	response_header(res, "Content-Disposition",
			arena_join(call->task.arena, "attachment; filename=\"",
				   d.file, "\"", NULL));
	res->type = d.type;
	res->body = d.text;
	res->body_size = d.size;
	return true;
}

/* clang-format off */
const struct route autoconfig_routes[] = {
	{"GET", "domains/{name}/autoconfig", NULL, download, "domains:read", KIND_DOMAIN, {"format", "emailaddress"}},
	{NULL,  NULL,                        NULL, NULL,     NULL,           KIND_COUNT,  {NULL}},
};
/* clang-format on */
