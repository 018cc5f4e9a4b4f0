#include "ldap/news.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	CSN_SIZE = 64, /* they have 40 bytes */
	CSNS_MAX = 8,  /* one of each server that was ever written to */
};

struct news {
	_Atomic int64_t silent_at[NEWS_SERVERS_MAX];
	_Atomic uint64_t unknown; /* writes whose number we did not learn */
	pthread_mutex_t mutex;    /* guards what follows */
	uint64_t settled;         /* of these, since server 0 was asked */
	char needed[CSN_SIZE];    /* the newest of ours */
	char shown[NEWS_SERVERS_MAX][CSNS_MAX][CSN_SIZE];
	bool warned;
};

struct news *news_new(void)
{
	struct news *n = alloc_zeroed(sizeof(*n));

	pthread_mutex_init(&n->mutex, NULL);
	return n;
}

void news_free(struct news **news)
{
	struct news *n = *news;

	*news = NULL;
	if (n != NULL)
		pthread_mutex_destroy(&n->mutex);
	free(n);
}

void news_silence(struct news *n, unsigned server)
{
	atomic_store(&n->silent_at[server], clock_now());
}

int64_t news_silent_at(const struct news *n, unsigned server)
{
	return atomic_load(&n->silent_at[server]);
}

/* 20261121123658.123456Z#000000#001#000000: time, count, server, part; the
 * numbers of one server are ordered as text.  NULL if it is no such thing. */
static const char *server_of(const char *csn)
{
	const char *count = strchr(csn, '#');
	const char *server = count != NULL ? strchr(count + 1, '#') : NULL;

	return server != NULL && strlen(server) > 4 && server[4] == '#' &&
			       strlen(csn) < CSN_SIZE
		       ? server
		       : NULL;
}

static void need(struct news *n, const char *csn)
{
	if (server_of(csn) != NULL && strcmp(csn, n->needed) > 0)
		memcpy(n->needed, csn, strlen(csn) + 1);
}

void news_wrote(struct news *n, const char *csn)
{
	if (csn == NULL || server_of(csn) == NULL) {
		atomic_fetch_add(&n->unknown, 1);
		return;
	}
	pthread_mutex_lock(&n->mutex);
	need(n, csn);
	pthread_mutex_unlock(&n->mutex);
}

uint64_t news_ticket(const struct news *n)
{
	return atomic_load(&n->unknown);
}

static void keep(struct news *n, unsigned server, bool needed,
		 const struct berval *values)
{
	size_t count = 0;

	memset(n->shown[server], 0, sizeof(n->shown[server]));
	for (; values != NULL && values->bv_val != NULL; values++) {
		if (server_of(values->bv_val) == NULL || count == CSNS_MAX)
			continue;
		memcpy(n->shown[server][count++], values->bv_val,
		       strlen(values->bv_val) + 1);
		if (needed)
			need(n, values->bv_val);
	}
}

void news_shows(struct news *n, unsigned server, uint64_t ticket,
		const struct berval *values)
{
	pthread_mutex_lock(&n->mutex);
	bool news = server == 0 && values != NULL && ticket > n->settled;
	keep(n, server, news, values);
	if (news)
		n->settled = ticket;
	bool warn = values == NULL && !n->warned;
	n->warned = n->warned || values == NULL;
	pthread_mutex_unlock(&n->mutex);
	if (warn)
		log_event(LOG_WARNING, "no-contextcsn", "reason",
			  "a directory shows no contextCSN: it is empty, or "
			  "lacks the overlay syncprov, or we may not read it; "
			  "then no replica is read after writes",
			  NULL);
}

static bool has(const char shown[CSNS_MAX][CSN_SIZE], const char *needed)
{
	const char *server = server_of(needed);

	for (size_t i = 0; i < CSNS_MAX && shown[i][0] != '\0'; i++) {
		if (strncmp(server_of(shown[i]), server, 5) == 0 &&
		    strcmp(shown[i], needed) >= 0)
			return true;
	}
	return false;
}

bool news_is_known(struct news *n)
{
	pthread_mutex_lock(&n->mutex);
	bool known = atomic_load(&n->unknown) == n->settled;
	pthread_mutex_unlock(&n->mutex);
	return known;
}

bool news_is_fresh(struct news *n, unsigned server)
{
	if (server == 0)
		return true;
	if (!news_is_known(n))
		return false;
	pthread_mutex_lock(&n->mutex);
	bool fresh = n->needed[0] == '\0' || has(n->shown[server], n->needed);
	pthread_mutex_unlock(&n->mutex);
	return fresh;
}
