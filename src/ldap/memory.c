#include "ldap/memory.h"

#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/random.h"

enum { PLACES = 4096, KEY_SIZE = 32 };

struct place {
	int64_t until;
	unsigned char digest[DIGEST_SIZE];
};

struct memory {
	unsigned char key[KEY_SIZE];
	struct place places[PLACES];
};

struct memory *memory_open(void)
{
	struct memory *m = alloc_zeroed(sizeof(*m));

	random_bytes(m->key, sizeof(m->key));
	return m;
}

void memory_close(struct memory **m)
{
	if (*m != NULL)
		explicit_bzero(*m, sizeof(**m));
	free(*m);
	*m = NULL;
}

void memory_digest(const struct memory *m, const char *dn, const char *password,
		   unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = digest_begin(m->key, sizeof(m->key));

	digest_add(d, dn, strlen(dn));
	digest_add(d, password, strlen(password));
	digest_end(&d, ret);
}

/* Each digest has one place, which the next of the same place takes over. */
static size_t place_of(const unsigned char digest[DIGEST_SIZE])
{
	return (digest[0] | (size_t)digest[1] << 8) % PLACES;
}

int64_t memory_left(const struct memory *m,
		    const unsigned char digest[DIGEST_SIZE], int64_t now)
{
	const struct place *p = &m->places[place_of(digest)];

	return now < p->until && digest_equal(p->digest, digest)
		       ? p->until - now
		       : 0;
}

bool memory_knows(const struct memory *m,
		  const unsigned char digest[DIGEST_SIZE], int64_t now)
{
	return memory_left(m, digest, now) > 0;
}

void memory_learn(struct memory *m, const unsigned char digest[DIGEST_SIZE],
		  int64_t until)
{
	struct place *p = &m->places[place_of(digest)];

	p->until = until;
	memcpy(p->digest, digest, DIGEST_SIZE);
}

void memory_forget(struct memory *m, const unsigned char digest[DIGEST_SIZE])
{
	struct place *p = &m->places[place_of(digest)];

	if (digest_equal(p->digest, digest))
		*p = (struct place){0};
}
