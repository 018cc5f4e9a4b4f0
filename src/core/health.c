#include "core/health.h"

#include <stdatomic.h>
#include <stddef.h>

static _Atomic(const char *) told[HEALTH_COUNT];

void health_tell(enum health h, const char *wrong)
{
	atomic_store_explicit(&told[h], wrong, memory_order_release);
}

const char *health_of(enum health h)
{
	return atomic_load_explicit(&told[h], memory_order_acquire);
}
