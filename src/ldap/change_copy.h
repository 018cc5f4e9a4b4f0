/*
 * change_copy - changes that outlive the request that read them
 */
#ifndef LDAP_CHANGE_COPY_H
#define LDAP_CHANGE_COPY_H

#include "core/change.h"

/* All of them, without the values that were and are: who follows changes is
 * told which members, and reads them with his own rights. */
struct change *change_copy(struct arena *a, const struct change *items,
			   size_t count);

#endif
