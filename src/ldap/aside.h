/*
 * aside - records put below an entry of the journal, and brought back
 *
 * The operations of core/store.h that do it, whole, in one write each.
 */
#ifndef LDAP_ASIDE_H
#define LDAP_ASIDE_H

#include "core/store.h"

bool aside_may_retire(struct store *port, const struct task *t, enum kind k,
		      const char *key, const char *place, struct err *e);
bool aside_retire(struct store *port, const struct task *t, enum kind k,
		  const char *key, const char *id, const char *place,
		  struct err *e);

/* The same, provided that nobody wrote since it was seen, if that is told: else
 * ERR_CHANGED. */
bool aside_put(struct store *port, const struct task *t, enum kind k,
	       const char *key, const char *id, const char *place,
	       const struct revision *seen, struct err *e);

/* What it is called there. */
const char *aside_dn(struct arena *a, const char *base, enum kind k,
		     const char *key, const char *place);
bool aside_bring_back(struct store *port, const struct task *t, enum kind k,
		      const char *key, const char *id, const char *place,
		      struct err *e);

#endif
