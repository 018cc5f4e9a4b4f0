#include "http/sources.h"

#include <netinet/in.h>
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

/* The first eight bytes tell one source from another. */
static uint64_t prefix(const struct sockaddr *from)
{
	uint64_t bytes = 0;

	if (from->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, from, sizeof(in));
		bytes = in.sin_addr.s_addr;
	} else if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, from, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
			memcpy(&bytes, in6.sin6_addr.s6_addr + 12, 4);
		else
			memcpy(&bytes, &in6.sin6_addr, sizeof(bytes));
	}
	return bytes;
}

static unsigned place(const struct sources *s, const struct sockaddr *from)
{
	/* A multiplicative hash; nobody outside knows the key. */
	uint64_t h = (prefix(from) ^ s->key) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32) * (s->key | 1);
	return (unsigned)(h >> 50) % COUNTERS;
}

bool sources_has_room(const struct sources *s, const struct sockaddr *from)
{
	return atomic_load(&s->counters[place(s, from)]) < s->limit;
}

void sources_enter(struct sources *s, const struct sockaddr *from)
{
	atomic_fetch_add(&s->counters[place(s, from)], 1);
}

void sources_leave(struct sources *s, const struct sockaddr *from)
{
	atomic_fetch_sub(&s->counters[place(s, from)], 1);
}
