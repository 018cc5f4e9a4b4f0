#include "api/client_documents.h"

#include <string.h>

#include "xml/writer.h"

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
