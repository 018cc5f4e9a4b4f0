/*
 * client_documents - how servers are told to mail clients, in their own forms
 */
#ifndef API_CLIENT_DOCUMENTS_H
#define API_CLIENT_DOCUMENTS_H

#include "core/client_setup.h"

/* A document and what it is. */
struct client_document {
	const char *type; /* of media */
	const char *file; /* what it would be called */
	const char *text;
	size_t size;
	const char *tag; /* what tells it from another; NULL: the text */
};

/* As Thunderbird and others read it: clientConfig, version 1.1. */
void client_document_thunderbird(struct arena *a, const struct client_setup *c,
				 struct client_document *ret);

#define CLIENT_OUTLOOK_SCHEMA                                         \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/" \
	"responseschema/2006a"

/* As Outlook reads it: Autodiscover, "plain old XML".  The address is who asks
 * says it is his. */
void client_document_autodiscover(struct arena *a, const struct client_setup *c,
				  const char *address,
				  struct client_document *ret);

/* Where that is asked for, as JSON. */
void client_document_pointer(struct arena *a, const char *url,
			     struct client_document *ret);

#endif
