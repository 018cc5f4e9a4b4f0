/*
 * fence - keeps an API key that is for some domains within them
 *
 * The store acts with the rights of the key's owner; the fence stands before
 * it, so that no use case and no route has to think of keys.  To such a key
 * what is elsewhere looks as to somebody without rights there: it is not there.
 *
 * Every operation of the store has its row in fence.c, or is in the list of
 * those that need none; tests/lint/fence.sh sees to that.
 */
#ifndef CORE_FENCE_H
#define CORE_FENCE_H

#include "core/store.h"

/* From here on; it stays as long as the store. */
void fence_raise(struct store *s);

#endif
