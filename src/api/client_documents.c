#include "api/client_documents.h"

#include <string.h>

#include "xml/writer.h"
#include "json/writer.h"

static void write_service(struct xml *x, struct arena *a,
			  const struct mail_service *s)
{
	const char *element = strcmp(s->protocol, "smtp") == 0
				      ? "outgoingServer"
				      : "incomingServer";
	const char *const type[] = {"type", s->protocol, NULL};

	xml_open(x, element, type);
	xml_leaf(x, "hostname", s->host);
	xml_leaf(x, "port", arena_printf(a, "%u", s->port));
	xml_leaf(x, "socketType", s->starttls ? "STARTTLS" : "SSL");
	xml_leaf(x, "authentication", "password-cleartext");
	xml_leaf(x, "username", "%EMAILADDRESS%");
	xml_close(x);
}

void client_document_thunderbird(struct arena *a, const struct client_setup *c,
				 struct client_document *ret)
{
	const char *const version[] = {"version", "1.1", NULL};
	const char *const id[] = {"id", c->domain, NULL};
	struct xml *x = xml_begin(a);

	xml_open(x, "clientConfig", version);
	xml_open(x, "emailProvider", id);
	xml_leaf(x, "domain", c->domain);
	xml_leaf(x, "displayName", c->name);
	xml_leaf(x, "displayShortName", c->short_name);
	for (size_t i = 0; i < c->count; i++)
		write_service(x, a, &c->services[i]);
	*ret = (struct client_document){.type = "application/xml",
					.file = "config-v1.1.xml"};
	ret->text = xml_end(x, &ret->size);
}

/* What Outlook calls them; submission is SMTP to it. */
static const char *outlook_type(const struct mail_service *s)
{
	return strcmp(s->protocol, "imap") == 0   ? "IMAP"
	       : strcmp(s->protocol, "pop3") == 0 ? "POP3"
						  : "SMTP";
}

static void write_protocol(struct xml *x, struct arena *a,
			   const struct mail_service *s, const char *address)
{
	xml_open(x, "Protocol", NULL);
	xml_leaf(x, "Type", outlook_type(s));
	xml_leaf(x, "Server", s->host);
	xml_leaf(x, "Port", arena_printf(a, "%u", s->port));
	xml_leaf(x, "LoginName", address);
	xml_leaf(x, "DomainRequired", "off");
	xml_leaf(x, "SPA", "off");
	xml_leaf(x, "SSL", "on");
	xml_leaf(x, "Encryption", "SSL");
	xml_leaf(x, "AuthRequired", "on");
	xml_close(x);
}

/* It takes one server of each protocol: that with TLS from the beginning. */
void client_document_autodiscover(struct arena *a, const struct client_setup *c,
				  const char *address,
				  struct client_document *ret)
{
	const char *const outer[] = {"xmlns",
				     "http://schemas.microsoft.com/exchange/"
				     "autodiscover/responseschema/2006",
				     NULL};
	const char *const inner[] = {"xmlns", CLIENT_OUTLOOK_SCHEMA, NULL};
	struct xml *x = xml_begin(a);

	xml_open(x, "Autodiscover", outer);
	xml_open(x, "Response", inner);
	xml_open(x, "User", NULL);
	xml_leaf(x, "DisplayName", c->name);
	xml_close(x);
	xml_open(x, "Account", NULL);
	xml_leaf(x, "AccountType", "email");
	xml_leaf(x, "Action", "settings");
	for (size_t i = 0; i < c->count; i++) {
		if (!c->services[i].starttls)
			write_protocol(x, a, &c->services[i], address);
	}
	*ret = (struct client_document){.type = "application/xml",
					.file = "autodiscover.xml"};
	ret->text = xml_end(x, &ret->size);
}

void client_document_pointer(struct arena *a, const char *url,
			     struct client_document *ret)
{
	struct writer w = {.arena = a};

	writer_raw(&w, "{\"Protocol\":\"AutodiscoverV1\",\"Url\":");
	writer_text(&w, url);
	writer_raw(&w, "}");
	*ret = (struct client_document){.type = "application/json",
					.file = "autodiscover.json",
					.text = w.text,
					.size = w.used};
}
