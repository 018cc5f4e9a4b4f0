#include "http/sources.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/random.h"

enum { COUNTERS = 1 << 14 };

struct sources {
	unsigned limit;
	uint64_t key;
	atomic_uint counters[COUNTERS];
};

struct sources *sources_new(unsigned limit)
{
	struct sources *s = alloc_zeroed(sizeof(*s));

	s->limit = limit;
	random_bytes(&s->key, sizeof(s->key));
	return s;
}

void sources_free(struct sources **s)
{
	free(*s);
	*s = NULL;
}

/* Eight bytes tell one source from another: the first of IPv6, the last of
 * IPv4. */
static uint64_t prefix(const struct network *from)
{
	struct network source = network_source(from);
	uint64_t words[2];

	memcpy(words, source.bytes, sizeof(words));
	return words[0] ^ words[1];
}

static unsigned place(const struct sources *s, const struct network *from)
{
	/* A multiplicative hash; nobody outside knows the key. */
	uint64_t h = (prefix(from) ^ s->key) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32) * (s->key | 1);
	return (unsigned)(h >> 50) % COUNTERS;
}

bool sources_has_room(const struct sources *s, const struct network *from)
{
	return atomic_load(&s->counters[place(s, from)]) < s->limit;
}

void sources_enter(struct sources *s, const struct network *from)
{
	atomic_fetch_add(&s->counters[place(s, from)], 1);
}

void sources_leave(struct sources *s, const struct network *from)
{
	atomic_fetch_sub(&s->counters[place(s, from)], 1);
}
