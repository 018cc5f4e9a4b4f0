#include "api/apple_profile.h"

#include <string.h>

#include "core/address.h"
#include "crypto/digest.h"
#include "util/text.h"
#include "xml/property_list.h"

enum { UUID_VERSION = 8, UUID_BYTES = 16 };

bool apple_profile_address(struct arena *a, const char *address, struct err *e)
{
	struct err bad = {0};

	return address == NULL ||
	       address_check(text_lower(a, address), ADDRESS_DESTINATION,
			     &bad) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"that is not an address");
}

/* Of what names something, so that it is the same at every gateway: RFC 9562,
 * version 8.  Letter case makes no other address. */
static const char *uuid_of(struct arena *a, const char *purpose,
			   const char *domain, const char *address)
{
	const char *const pieces[] = {"apple profile", purpose, domain,
				      text_lower(a, address != NULL ? address
								    : "")};
	struct digest *d = digest_begin(NULL, 0);
	unsigned char b[DIGEST_SIZE];

	for (size_t i = 0; i < COUNT(pieces); i++)
		digest_add(d, pieces[i], strlen(pieces[i]));
	digest_end(&d, b);
	b[6] = (unsigned char)(UUID_VERSION << 4 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	const char *ret = "";
	for (size_t i = 0; i < UUID_BYTES; i++)
		ret = arena_printf(a, "%s%s%02X", ret,
				   i == 4 || i == 6 || i == 8 || i == 10 ? "-"
									 : "",
				   b[i]);
	return ret;
}

/* What each payload says of itself. */
static void describe(struct property_list *p, struct arena *a, const char *type,
		     const struct client_setup *c, const char *address)
{
	const char *uuid = uuid_of(a, type, c->domain, address);

	property_list_text(p, "PayloadType", type);
	property_list_number(p, "PayloadVersion", 1);
	property_list_text(p, "PayloadIdentifier",
			   arena_join(a, c->domain, ".mail.", uuid, NULL));
	property_list_text(p, "PayloadUUID", uuid);
	property_list_text(p, "PayloadDisplayName",
			   address != NULL ? address : c->name);
}

/* They take one server for each direction: that with TLS from the beginning,
 * which is the first. */
static void add_server(struct property_list *p, struct arena *a,
		       const struct client_setup *c, const char *protocol,
		       const char *direction, const char *address)
{
	const struct mail_service *s = c->services;
	const char *server = arena_join(a, direction, "MailServer", NULL);

	while (strcmp(s->protocol, protocol) != 0)
		s++;
	property_list_text(p, arena_join(a, server, "Authentication", NULL),
			   "EmailAuthPassword");
	property_list_text(p, arena_join(a, server, "HostName", NULL), s->host);
	property_list_number(p, arena_join(a, server, "PortNumber", NULL),
			     s->port);
	property_list_truth(p, arena_join(a, server, "UseSSL", NULL), true);
	if (address != NULL)
		property_list_text(p, arena_join(a, server, "Username", NULL),
				   address);
}

static void add_account(struct property_list *p, struct arena *a,
			const struct client_setup *c, const char *address)
{
	describe(p, a, "com.apple.mail.managed", c, address);
	property_list_text(p, "EmailAccountDescription", c->name);
	property_list_text(p, "EmailAccountType", "EmailTypeIMAP");
	if (address != NULL)
		property_list_text(p, "EmailAddress", address);
	add_server(p, a, c, "imap", "Incoming", address);
	add_server(p, a, c, "smtp", "Outgoing", address);
	property_list_truth(p, "OutgoingPasswordSameAsIncomingPassword", true);
}

static bool is_to_sign(const struct api_settings *set)
{
	return set != NULL && set->signer.key != NULL;
}

void apple_profile(struct arena *a, const struct api_settings *set,
		   const struct client_setup *c, const char *address,
		   struct client_document *ret)
{
	struct property_list *p = property_list_begin(a);

	property_list_enter(p, "PayloadContent");
	add_account(p, a, c, address);
	property_list_leave(p);
	describe(p, a, "Configuration", c, address);
	property_list_text(p, "PayloadOrganization", c->name);
	*ret = (struct client_document){
		.type = "application/x-apple-aspen-config",
		.file = "mail.mobileconfig",
	};
	ret->text = property_list_end(p, &ret->size);
	if (is_to_sign(set))
		ret->tag = arena_join(a, ret->text, set->signer.certificates,
				      NULL);
}

bool apple_profile_sign(struct arena *a, const struct api_settings *set,
			struct client_document *d, struct err *e)
{
	return !is_to_sign(set) ||
	       signed_data_make(a, &set->signer, d->text, d->size, &d->text,
				&d->size, e);
}
