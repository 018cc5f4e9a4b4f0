/*
 * moving - the operations of core/store.h that rename a domain
 *
 * Each may be done over again from whatever point it was stopped at.
 */
#ifndef LDAP_MOVING_H
#define LDAP_MOVING_H

#include "core/store.h"

bool moving_twin(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e);
bool moving_shift(struct store *port, const struct task *t, const char *from,
		  const char *to, bool *more, struct err *e);
bool moving_arrive(struct store *port, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e);
bool moving_follow(struct store *port, const struct task *t, const char *from,
		   const char *to, bool *more, struct err *e);
bool moving_turn(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e);
bool moving_part(struct store *port, const struct task *t, const char *from,
		 const char *to, struct err *e);

#endif
