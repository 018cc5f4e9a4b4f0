/*
 * administrators - super administrators, of whom there is always one left
 *
 * That somebody is one is not in his own entry but in a group, so making him
 * one and changing him are two writes.  The one that takes rights away is done
 * first, and the one that gives some last.
 */
#ifndef CORE_ADMINISTRATORS_H
#define CORE_ADMINISTRATORS_H

#include "core/exclusive.h"

/* The name in the journal that is claimed for as long as one may be lost. */
extern const char administrators_name[];

/* Whether a user or principal is one, or a domain has any; if so, whether
 * another is left without who can log in: else ERR_CONFLICT,
 * "last_administrator".  Two who ask that at once may take each other's. */
bool administrators_left(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key, bool *any,
			 struct err *e);

/* Before a record is added or (old != NULL) changed: whether the caller may
 * change who is one, and whether another is left who can log in.  That is so
 * until the names are given back. */
bool administrators_check(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct exclusive *ret, struct err *e);

/* The same before somebody is removed or renamed. */
bool administrators_gone(const struct gateway *g, const struct task *t,
			 enum kind k, const char *key, struct exclusive *ret,
			 struct err *e);

/* Before the record itself is written, and after. */
bool administrators_lower(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct err *e);
bool administrators_raise(const struct gateway *g, const struct task *t,
			  enum kind k, const void *old, const void *record,
			  struct err *e);

/* After a record was added, which is taken back where that fails. */
bool administrators_new(const struct gateway *g, const struct task *t,
			enum kind k, const void *record, struct err *e);

#endif
