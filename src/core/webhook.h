/*
 * webhook - where somebody wants to be told of changes: Standard Webhooks 1.0.0
 *
 * What it is told is what its owner may see, at any moment.  How far it has
 * come is kept beside it, so that any gateway goes on from there.
 */
#ifndef CORE_WEBHOOK_H
#define CORE_WEBHOOK_H

#include "core/change.h"
#include "core/scope.h"
#include "core/task.h"
#include "util/fault.h"

enum {
	WEBHOOKS_OWNER_MAX = 20,   /* of one owner */
	WEBHOOKS_DOMAIN_MAX = 200, /* of all owners in one domain */
	WEBHOOKS_MAX = 1000,       /* in all, */
	/* and then a few more of super administrators. */
	WEBHOOKS_ROOM = WEBHOOKS_MAX + 200,
	WEBHOOK_URL_MAX = 1000, /* bytes */
	WEBHOOK_TEXT_MAX = 200, /* bytes of a description */
	WEBHOOK_EVENTS_MAX = 64,
	WEBHOOK_DOMAINS_MAX = 100,
	WEBHOOK_ATTEMPTS = 20, /* that are remembered */
	WEBHOOK_SECRETS = 2,   /* that sign at a time */
	WEBHOOK_KEY = 32,      /* bytes of a secret */
};

/* One message that was sent, or was to be. */
struct webhook_attempt {
	const char *at;      /* RFC 3339 */
	const char *message; /* webhook-id: the same each time it is sent */
	const char *event;
	int64_t number; /* 1: the first of that message */
	int64_t status; /* of the reply; 0: there was none */
	int64_t millis;
	const char *error; /* NULL: it was taken */
};

struct webhook_secret {
	const char *text;  /* "whsec_..." */
	const char *until; /* RFC 3339: it signs until then; NULL: always */
};

/* How far it has come: nobody's but the gateways'. */
struct webhook_state {
	const char *guard; /* of the state that was read; NULL: there is none */
	const char *place; /* in the feed, behind what was taken */
	int64_t failures;  /* in a row */
	const char *failing_since, *failure, *next_at; /* or NULL */
	const char *delivered_at;                      /* the last; or NULL */
	bool given_up; /* until its owner enables it again */
	struct webhook_secret secrets[WEBHOOK_SECRETS];    /* newest first */
	struct webhook_attempt attempts[WEBHOOK_ATTEMPTS]; /* the same */
	size_t attempt_count;
};

struct webhook {
	const char *id;
	const char *owner_id; /* what the store tells him by */
	const char *owner;    /* his login; NULL: he is gone */
	const char *url;
	const char *description;
	struct text_list events;  /* none: all */
	struct text_list domains; /* none: all that he sees */
	bool enabled;             /* as he wishes */
	const char *rotated_at;  /* his last wish for another secret; or NULL */
	const char *created_at;  /* the store's; read only */
	const char *revision;    /* the same, opaque: of what is above */
	const char *state_guard; /* of its state */

	/* Shown, and not stored with it. */
	const char *status; /* "active", "failing", "given_up", "disabled" */
	const char *failing_since, *failure, *next_attempt_at, *delivered_at;
	const char *secret; /* shown once, or NULL */
	const char *old_secret_until;
};

extern const struct webhook webhook_defaults;

/* In the form it is stored in. */
void webhook_fold(struct webhook *w, struct arena *a);

/* `plain`: http is allowed, too. */
void webhook_judge(const struct webhook *w, bool plain, struct arena *a,
		   struct err *e);

/* Whether it hears of nothing but what that scope is for; notes what goes
 * beyond. */
void webhook_judge_within(const struct webhook *w, const struct scope *s,
			  struct arena *a, struct err *e);

/* Whether it is one that can be posted to at all. */
bool webhook_is_url(const char *url, bool plain);

/* Whether its owner wants to hear of that. */
bool webhook_wants(const struct webhook *w, const struct change *c);

/* What it hears of is bounded so, whatever its owner may see. */
const struct scope *webhook_scope(const struct webhook *w, struct arena *a);

/* What is shown of the state. */
void webhook_describe(struct webhook *w, const struct webhook_state *st);

/* A new secret, in front of those there are, which sign for so many hours more.
 */
void webhook_rotate(struct webhook_state *st, struct arena *a, int64_t hours);

#endif
