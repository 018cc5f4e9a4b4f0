/*
 * dkim_keys - the use cases of DKIM keys
 *
 * Who may have a domain's keys the directory decides.  Of each type one key
 * signs: OpenDKIM takes the first that it finds.  So whatever becomes active
 * retires the others of its type.
 */
#ifndef CORE_DKIM_KEYS_H
#define CORE_DKIM_KEYS_H

#include "core/dkim_ring.h"
#include "core/gateway.h"
#include "core/patch.h"

/* The record is folded and, after success, what was stored.  Without a selector
 * it gets one by the date. */
bool dkim_create(const struct gateway *g, const struct task *t,
		 struct dkim_key *k, struct revision *ret, struct err *e);

/* A key that takes the place of the active one by itself.  Without an algorithm
 * it has that of the active one.  ERR_CONFLICT, "rotation_under_way". */
bool dkim_rotate(const struct gateway *g, const struct task *t,
		 struct dkim_key *k, struct revision *ret, struct err *e);

bool dkim_read(const struct gateway *g, const struct task *t,
	       const char *domain, const char *selector, struct dkim_key *ret,
	       struct revision *rev, struct err *e);

bool dkim_list(const struct gateway *g, const struct task *t,
	       const char *domain, struct dkim_list *ret, struct err *e);

/* The one that signs, the defaults if there is none: who may not see keys sees
 * none. */
bool dkim_signing(const struct gateway *g, const struct task *t,
		  const char *domain, struct dkim_key *ret, struct err *e);

bool dkim_change(const struct gateway *g, const struct task *t,
		 const char *domain, const char *selector,
		 const struct patch *patch, const struct text_list *if_match,
		 struct dkim_key *ret, struct revision *rev, struct err *e);

/* ERR_CONFLICT, "key_signs", unless it is in no use. */
bool dkim_remove(const struct gateway *g, const struct task *t,
		 const char *domain, const char *selector,
		 const struct text_list *if_match, struct err *e);

/* For who does it by himself: with the gateway's own rights, too. */

/* Retire all but the newest active key of that domain and type. */
bool dkim_settle(const struct gateway *g, const struct task *t, enum dkim_as as,
		 const char *domain, const char *type, struct err *e);

/* Add what was judged, and give it its key; without one it is taken away. */
bool dkim_add(const struct gateway *g, const struct task *t, enum dkim_as as,
	      struct dkim_key *k, struct revision *ret, struct err *e);

/* A selector that none of these has. */
const char *dkim_selector(const struct task *t, const struct dkim_list *taken);

/* Whether one of these of that type is to take the place of another. */
bool dkim_is_rotating(const struct dkim_list *keys, const char *type);

/* A moment from now, RFC 3339. */
const char *dkim_time(struct arena *a, int64_t seconds);

#endif
