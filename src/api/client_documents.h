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
};

/* As Thunderbird and others read it: clientConfig, version 1.1. */
void client_document_thunderbird(struct arena *a, const struct client_setup *c,
				 struct client_document *ret);

#endif
