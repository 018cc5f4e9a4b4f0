/*
 * apple_profile - how servers are told to iPhones, iPads and Macs: a file
 * .mobileconfig, which they ask their owner whether to take
 */
#ifndef API_APPLE_PROFILE_H
#define API_APPLE_PROFILE_H

#include "api/client_documents.h"
#include "api/settings.h"
#include "util/err.h"

/* Whether it can stand in a profile; NULL can. */
bool apple_profile_address(const char *address, struct err *e);

/* Of the address that who asks says is his; NULL: the device asks for it.  The
 * same address has the same identifiers always, so that a profile replaces the
 * one before.  With a signer it is signed, and the document's tag is of what
 * was signed. */
bool apple_profile(struct arena *a, const struct api_settings *set,
		   const struct client_setup *c, const char *address,
		   struct client_document *ret, struct err *e);

#endif
