#include "oidc/keyring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/fetch.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/trace.h"

enum {
	FETCH_SECONDS = 5, /* less than a gateway has for stopping */
	QUEUE = 256,       /* fibers that wait for it */
	STALE = 2, /* times refresh_seconds: then they are fetched first */
	NUMBER_SIZE = 16,
};

struct keyring {
	const struct oidc_settings *set;
	keyring_fetch *fetch;
	int64_t pause;
	struct pool *pool; /* of one thread; NULL: they are in a file */
	pthread_mutex_t lock;
	/* All below is the lock's. */
	struct keys *keys;
	int64_t got;   /* when, by clock_now() */
	int64_t tried; /* the same, of the last try; 0: never */
	uint64_t turn; /* tries that somebody wanted */
	uint64_t done; /* and that have ended */
	bool due;
	unsigned fails; /* in a row */
};

bool keyring_over_https(struct arena *a, const struct oidc_settings *set,
			const char **ret, size_t *size, struct err *e)
{
	struct trace t;
	trace_begin(&t);
	const struct fetch what = {.url = set->keys,
				   .ca_file = set->keys_ca_file,
				   .limit = KEYRING_SIZE_MAX,
				   .seconds = FETCH_SECONDS,
				   .traceparent = trace_text(a, &t)};

	log_event(LOG_INFO, "token-keys-fetch", "from", set->keys, "trace",
		  t.id, NULL);
	return fetch_document(a, &what, ret, size, e);
}

static void tell(const struct keys *keys, const char *where)
{
	char number[NUMBER_SIZE];

	snprintf(number, sizeof(number), "%zu", keys_count(keys));
	log_event(LOG_NOTICE, "token-keys", "from", where, "keys", number,
		  NULL);
}

/* Takes them over; another set is told of. */
static void put(struct keyring *k, struct keys *keys, int64_t now)
{
	pthread_mutex_lock(&k->lock);
	struct keys *old = k->keys;
	bool news = old == NULL || !keys_equal(old, keys);
	k->keys = keys_hold(keys);
	k->got = now;
	k->due = false;
	k->fails = 0;
	pthread_mutex_unlock(&k->lock);
	keys_release(&old);
	if (news)
		tell(keys, k->set->keys);
	keys_release(&keys);
}

static bool read_keys(struct keyring *k, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *text;

	if (!file_read(a, k->set->keys, KEYRING_SIZE_MAX, &text, e))
		return false;
	struct keys *keys = keys_parse(a, text, strlen(text), e);
	if (keys == NULL)
		return err_wrap(e, "%s", k->set->keys);
	put(k, keys, clock_now());
	return true;
}

struct keyring *keyring_open(const struct oidc_settings *set,
			     keyring_fetch *fetch, int64_t pause, struct err *e)
{
	struct keyring *k = alloc_zeroed(sizeof(*k));

	k->set = set;
	k->fetch = fetch;
	k->pause = pause;
	pthread_mutex_init(&k->lock, NULL);
	if (fetch_is_url(set->keys))
		k->pool = pool_open("fetching keys", 1, QUEUE, 0, e);
	if (fetch_is_url(set->keys) ? k->pool == NULL : !read_keys(k, e))
		keyring_close(&k);
	return k;
}

void keyring_close(struct keyring **keyring)
{
	struct keyring *k = *keyring;

	*keyring = NULL;
	if (k == NULL)
		return;
	pool_close(&k->pool);
	keys_release(&k->keys);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

bool keyring_reload(struct keyring *k, struct err *e)
{
	if (k->pool == NULL)
		return read_keys(k, e);
	pthread_mutex_lock(&k->lock);
	k->due = true;
	pthread_mutex_unlock(&k->lock);
	return true;
}

static bool is_too_old(const struct keyring *k, int64_t now)
{
	return k->keys == NULL ||
	       (k->pool != NULL && now - k->got >= KEYRING_AGE_MAX);
}

struct keys *keyring_keys(struct keyring *k, int64_t now)
{
	pthread_mutex_lock(&k->lock);
	struct keys *keys = is_too_old(k, now) ? NULL : keys_hold(k->keys);
	pthread_mutex_unlock(&k->lock);
	return keys;
}

static bool is_under_way(const struct keyring *k)
{
	return k->done < k->turn;
}

static bool has_tried(const struct keyring *k, int64_t now)
{
	return k->tried > 0 && now - k->tried < k->pause;
}

/* For keys that may be used no more one waits; for old ones as well, where
 * nothing says that it will be in vain. */
enum keyring_need keyring_need(struct keyring *k, int64_t now)
{
	int64_t period = k->set->refresh_seconds * 1000;
	enum keyring_need need = KEYRING_FINE;

	pthread_mutex_lock(&k->lock);
	int64_t age = now - k->got;
	bool waits =
		is_too_old(k, now) || (age >= STALE * period && k->fails == 0);
	if (k->pool == NULL || (!is_under_way(k) && has_tried(k, now)))
		need = KEYRING_FINE;
	else if (waits)
		need = KEYRING_NOW;
	else if ((k->due || age >= period) && !is_under_way(k))
		need = KEYRING_SOON;
	pthread_mutex_unlock(&k->lock);
	return need;
}

struct errand {
	struct keyring *keyring;
	uint64_t turn;
	struct err err;
};

/* Once, until it succeeds again. */
static void note_failure(struct keyring *k, const struct err *e)
{
	pthread_mutex_lock(&k->lock);
	bool first = k->fails++ == 0;
	pthread_mutex_unlock(&k->lock);
	if (first)
		log_event(LOG_WARNING, "token-keys-missing", "error", e->text,
			  NULL);
}

/* Whoever is first on the thread does it for all who wait. */
static bool is_done(struct keyring *k, uint64_t turn)
{
	pthread_mutex_lock(&k->lock);
	bool done = k->done >= turn;
	pthread_mutex_unlock(&k->lock);
	return done;
}

static void go(void *ctx)
{
	struct errand *x = ctx;
	struct keyring *k = x->keyring;
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct keys *keys = NULL;
	const char *text;
	size_t size;

	if (is_done(k, x->turn))
		return;
	if (k->fetch(a, k->set, &text, &size, &x->err))
		keys = keys_parse(a, text, size, &x->err);
	meter_add(METER_TOKEN_KEYS,
		  keys != NULL ? METER_END_SUCCESS : METER_END_FAILURE, 0, 1);
	if (keys != NULL)
		put(k, keys, clock_now());
	else
		note_failure(k, &x->err);
	pthread_mutex_lock(&k->lock);
	k->done = x->turn;
	pthread_mutex_unlock(&k->lock);
}

bool keyring_refresh(struct keyring *k, int64_t deadline, struct err *e)
{
	int64_t now = clock_now();
	struct errand x = {.keyring = k};

	pthread_mutex_lock(&k->lock);
	bool good = k->pool != NULL && (is_under_way(k) || !has_tried(k, now));
	if (good && !is_under_way(k)) {
		k->tried = now;
		k->turn++;
	}
	x.turn = k->turn;
	pthread_mutex_unlock(&k->lock);
	if (!good)
		return err_set(e, ERR_LIMIT,
			       "the keys were fetched a moment ago");
	if (!pool_run(k->pool, go, &x, deadline, e))
		return false;
	if (x.err.kind != ERR_NONE)
		*e = x.err;
	return x.err.kind == ERR_NONE;
}
