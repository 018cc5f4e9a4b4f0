/*
 * policy - which passwords in clear text are good enough
 */
#ifndef PASSWD_POLICY_H
#define PASSWD_POLICY_H

#include "core/hasher.h"
#include "passwd/settings.h"

/* ERR_INVALID with a code and words for the user, which do not repeat the
 * password.  Takes up to 3 milliseconds, and reads of the disk where there is
 * a list of breached ones: call it on a pool. */
bool policy_judge(const struct passwd_settings *set, struct arena *a,
		  const struct secret *s, struct err *e);

#endif
