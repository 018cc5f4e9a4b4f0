#include "ldap/notices.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "util/random.h"

struct notices {
	uint64_t seed;
	_Atomic uint64_t count;
	_Atomic int64_t heard, needed;
	pthread_mutex_t mutex; /* guards what follows */
	uint64_t last[NOTICES_KNOWN];
};

struct notices *notices_new(void)
{
	struct notices *n = alloc_zeroed(sizeof(*n));

	random_bytes(&n->seed, sizeof(n->seed));
	atomic_store(&n->heard, INT64_MIN / 2);
	pthread_mutex_init(&n->mutex, NULL);
	return n;
}

void notices_free(struct notices **notices)
{
	struct notices *n = *notices;

	*notices = NULL;
	if (n != NULL)
		pthread_mutex_destroy(&n->mutex);
	free(n);
}

/* Two names that share a number are only both forgotten. */
uint64_t notices_subject(const struct notices *n, enum notice_kind kind,
			 const char *name)
{
	uint64_t h = n->seed ^ (uint64_t)kind;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	h ^= h >> 32;
	return h != 0 ? h : 1;
}

void notices_post(struct notices *n, uint64_t subject)
{
	pthread_mutex_lock(&n->mutex);
	n->last[atomic_load(&n->count) % NOTICES_KNOWN] = subject;
	atomic_fetch_add(&n->count, 1);
	pthread_mutex_unlock(&n->mutex);
}

void notices_heard(struct notices *n, int64_t now)
{
	atomic_store(&n->heard, now);
}

bool notices_are_heard(const struct notices *n, int64_t now)
{
	return now - atomic_load(&n->heard) <= NOTICES_DEAF;
}

uint64_t notices_count(const struct notices *n)
{
	return atomic_load(&n->count);
}

static bool is_any(uint64_t subject, const uint64_t list[NOTICES_SUBJECTS])
{
	if (subject == 0)
		return true;
	for (size_t i = 0; i < NOTICES_SUBJECTS; i++) {
		if (list[i] == subject)
			return true;
	}
	return false;
}

bool notices_concern(struct notices *n, uint64_t since,
		     const uint64_t subjects[NOTICES_SUBJECTS])
{
	bool found = false;

	if (atomic_load(&n->count) == since)
		return false;
	pthread_mutex_lock(&n->mutex);
	uint64_t count = atomic_load(&n->count);
	if (count - since > NOTICES_KNOWN)
		found = true;
	for (uint64_t i = since; !found && i != count; i++)
		found = is_any(n->last[i % NOTICES_KNOWN], subjects);
	pthread_mutex_unlock(&n->mutex);
	return found;
}

void notices_need(struct notices *n, int64_t until)
{
	int64_t now = atomic_load(&n->needed);

	while (now < until &&
	       !atomic_compare_exchange_weak(&n->needed, &now, until))
		;
}

bool notices_are_needed(const struct notices *n, int64_t now)
{
	return now < atomic_load(&n->needed);
}
