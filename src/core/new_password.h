/*
 * new_password - a password on its way into a record
 */
#ifndef CORE_NEW_PASSWORD_H
#define CORE_NEW_PASSWORD_H

#include "core/provision.h"

/* A ready-made hash becomes what is stored, or a fault. */
void new_password_admit(const struct gateway *g, enum kind k, void *record,
			struct arena *a, struct err *e);

/* One in clear is hashed, or is a fault. */
bool new_password_hash(const struct gateway *g, const struct task *t,
		       enum kind k, void *record, struct err *e);

/* Nobody changes his own without the current one. */
bool new_password_allowed(const struct task *t, enum kind k, const char *key,
			  const struct patch *p, struct err *e);

#endif
