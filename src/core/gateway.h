/*
 * gateway - the ports a use case works with; each loop has its own set
 */
#ifndef CORE_GATEWAY_H
#define CORE_GATEWAY_H

#include "core/hasher.h"
#include "core/journal.h"
#include "core/keyring.h"
#include "core/login.h"
#include "core/requests.h"
#include "core/resolver.h"
#include "core/store.h"
#include "core/suffixes.h"

struct checkbook;
struct checkup_settings;
struct feed;
struct dkim;
struct webhook_box;
struct messenger;

struct gateway {
	struct store *store;
	struct journal *journal;
	struct hasher *hasher;
	struct login *login;
	struct keyring *keyring;               /* NULL: nobody has keys */
	struct requests *requests;             /* NULL: none are kept */
	struct resolver *resolver;             /* NULL: nobody asks the DNS */
	struct checkbook *checkbook;           /* NULL: no domain is checked */
	const struct checkup_settings *checks; /* what is wanted of them */
	struct feed *feed;               /* NULL: nobody hears of changes */
	struct webhook_box *webhooks;    /* NULL: nobody has any */
	struct messenger *messenger;     /* the same */
	const struct suffixes *suffixes; /* NULL: none are known */
	const struct dkim *dkim;         /* NULL: no keys are made */
	char delimiter;     /* what begins a tag: john+tag; 0: nothing */
	const char *name;   /* of this process, among all of a directory */
	int64_t hold_days;  /* that removed addresses are held; 0: not at all */
	int64_t trash_days; /* that what is deleted can be restored; 0: never */
	int64_t lease_millis;  /* who is silent for that long is taken for dead
				*/
	int64_t settle_millis; /* after that nothing which a gateway has begun
				  is under way any more */
};

#endif
