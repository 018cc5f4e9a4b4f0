/*
 * webhooks - the use cases of webhooks
 *
 * Whose they are the store decides.  Besides, who came with an API key makes
 * and changes none that hears of more than that is for, and a key for some
 * domains knows no others than those that hear of these alone.
 */
#ifndef CORE_WEBHOOKS_H
#define CORE_WEBHOOKS_H

#include "core/gateway.h"
#include "core/provision.h"
#include "core/webhook.h"

/* The record is folded and, after success, what was stored, with its secret.
 * It hears of what is changed from now on. */
bool webhooks_create(const struct gateway *g, const struct task *t,
		     struct webhook *w, struct revision *ret, struct err *e);

bool webhooks_read(const struct gateway *g, const struct task *t,
		   const char *id, struct webhook *ret, struct revision *rev,
		   struct err *e);

/* Of that owner; NULL: all that the caller sees. */
bool webhooks_list(const struct gateway *g, const struct task *t,
		   const char *owner, struct webhook **ret, size_t *count,
		   struct err *e);

/* One that was given up is tried again if the patch enables it. */
bool webhooks_change(const struct gateway *g, const struct task *t,
		     const char *id, const struct patch *patch,
		     const struct text_list *if_match, struct webhook *ret,
		     struct revision *rev, struct err *e);

bool webhooks_remove(const struct gateway *g, const struct task *t,
		     const char *id, const struct text_list *if_match,
		     struct err *e);

/* With the new secret, this once. */
bool webhooks_rotate(const struct gateway *g, const struct task *t,
		     const char *id, struct webhook *ret, struct err *e);

/* A message of nothing, sent at once and by this gateway. */
bool webhooks_test(const struct gateway *g, const struct task *t,
		   const char *id, struct webhook_attempt *ret, struct err *e);

/* What was tried last, the newest first. */
bool webhooks_attempts(const struct gateway *g, const struct task *t,
		       const char *id, struct webhook_state *ret,
		       struct err *e);

#endif
