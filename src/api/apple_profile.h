/*
 * apple_profile - how servers are told to iPhones, iPads and Macs: a file
 * .mobileconfig, which they ask their owner whether to take
 */
#ifndef API_APPLE_PROFILE_H
#define API_APPLE_PROFILE_H

#include "api/client_documents.h"
#include "api/settings.h"
#include "util/err.h"

/* Whether it can stand in a profile; NULL can.  Who shows a profile shows it
 * as the signer's word, so nothing but an address can. */
bool apple_profile_address(struct arena *a, const char *address, struct err *e);

/* Of the address that who asks says is his; NULL: the device asks for it.  The
 * same address has the same identifiers always, so that a profile replaces the
 * one before.  It is not signed yet, but its tag is of what will be. */
void apple_profile(struct arena *a, const struct api_settings *set,
		   const struct client_setup *c, const char *address,
		   struct client_document *ret);

/* If there is a signer.  It takes some time: not for who has it already. */
bool apple_profile_sign(struct arena *a, const struct api_settings *set,
			struct client_document *d, struct err *e);

#endif
