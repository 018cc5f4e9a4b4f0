#include "ldap/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "util/alloc.h"
#include "util/random.h"

enum { PLACES = 4096, KEY_SIZE = 32 };

struct place {
	int64_t until;
	struct memory_about about;
	char *note;
	unsigned char digest[DIGEST_SIZE];
};

struct memory {
	struct notices *notices;
	unsigned char key[KEY_SIZE];
	size_t noted; /* bytes of all notes */
	struct place places[PLACES];
};

struct memory *memory_open(struct notices *n)
{
	struct memory *m = alloc_zeroed(sizeof(*m));

	m->notices = n;
	random_bytes(m->key, sizeof(m->key));
	return m;
}

static void clear(struct memory *m, struct place *p)
{
	if (p->note != NULL)
		m->noted -= strlen(p->note);
	free(p->note);
	*p = (struct place){0};
}

void memory_close(struct memory **m)
{
	for (size_t i = 0; *m != NULL && i < PLACES; i++)
		clear(*m, &(*m)->places[i]);
	if (*m != NULL)
		explicit_bzero(*m, sizeof(**m));
	free(*m);
	*m = NULL;
}

void memory_digest(const struct memory *m, const char *name, const char *secret,
		   unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = digest_begin(m->key, sizeof(m->key));

	digest_add(d, name, strlen(name));
	digest_add(d, secret, strlen(secret));
	digest_end(&d, ret);
}

struct memory_about memory_begin(const struct memory *m)
{
	return (struct memory_about){
		.since = m->notices != NULL ? notices_count(m->notices) : 0};
}

void memory_concerns(const struct memory *m, struct memory_about *about,
		     const char *login, const char *key)
{
	const struct notices *n = m->notices;
	const char *domain = address_domain(login);

	if (n == NULL)
		return;
	about->subjects[0] = notices_subject(n, NOTICE_LOGIN, login);
	about->subjects[1] =
		domain != NULL ? notices_subject(n, NOTICE_DOMAIN, domain) : 0;
	about->subjects[2] =
		key != NULL ? notices_subject(n, NOTICE_KEY, key) : 0;
}

/* Each digest has one place, which the next of the same place takes over. */
static struct place *place_of(struct memory *m,
			      const unsigned char digest[DIGEST_SIZE])
{
	return &m->places[(digest[0] | (size_t)digest[1] << 8) % PLACES];
}

bool memory_stands(const struct memory *m, struct memory_about *about)
{
	if (m->notices == NULL)
		return true;
	uint64_t count = notices_count(m->notices);

	if (notices_concern(m->notices, about->since, about->subjects))
		return false;
	about->since = count;
	return true;
}

int64_t memory_left(struct memory *m, const unsigned char digest[DIGEST_SIZE],
		    int64_t now, const char **note)
{
	struct place *p = place_of(m, digest);

	if (m->notices == NULL || now >= p->until ||
	    !digest_equal(p->digest, digest) ||
	    !notices_are_heard(m->notices, now))
		return 0;
	if (!memory_stands(m, &p->about)) {
		clear(m, p);
		return 0;
	}
	if (note != NULL)
		*note = p->note;
	return p->until - now;
}

void memory_learn(struct memory *m, const unsigned char digest[DIGEST_SIZE],
		  const struct memory_about *about, int64_t until,
		  const char *note)
{
	struct place *p = place_of(m, digest);
	size_t size = note != NULL ? strlen(note) : 0;
	struct memory_about now = *about;

	clear(m, p);
	if (m->notices == NULL || size > MEMORY_NOTE_MAX ||
	    size > MEMORY_NOTES_MAX - m->noted || !memory_stands(m, &now))
		return;
	p->until = until;
	p->about = now;
	memcpy(p->digest, digest, DIGEST_SIZE);
	if (note != NULL) {
		p->note = alloc_plain(size + 1);
		memcpy(p->note, note, size + 1);
		m->noted += size;
	}
	notices_need(m->notices, until);
}

void memory_forget(struct memory *m, const unsigned char digest[DIGEST_SIZE])
{
	struct place *p = place_of(m, digest);

	if (digest_equal(p->digest, digest))
		clear(m, p);
}
