#include "client/post.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/authority.h"
#include "util/alloc.h"
#include "util/clock.h"

enum {
	TURN_MILLIS = 1000, /* between looks for what waits for too long */
	KEPT = 64,          /* connections that are used again */
	LATE = 1,           /* millisecond that is left for what is late */
};

struct poster {
	const struct post_settings *set;
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	struct post *queue, **last;
	unsigned waiting;
	bool stop;

	/* The thread's own. */
	struct post *under_way;
	unsigned count, again;
};

static size_t drop(char *data, size_t one, size_t count, void *ctx)
{
	struct post *what = ctx;

	(void)data;
	what->got += one * count;
	return what->got > POST_REPLY ? 0 : one * count;
}

/* For the address that libcurl is about to connect to. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose,
				 struct curl_sockaddr *to)
{
	struct post *what = ctx;
	const struct post_settings *set = what->poster->set;

	(void)purpose;
	what->refused = !set->allows(set->ctx, &to->addr);
	return what->refused ? CURL_SOCKET_BAD
			     : socket(to->family, to->socktype | SOCK_CLOEXEC,
				      to->protocol);
}

static bool add_headers(CURL *h, struct post *what)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; list != NULL && what->headers[i] != NULL; i++) {
		struct curl_slist *more =
			curl_slist_append(list, what->headers[i]);

		if (more == NULL)
			curl_slist_free_all(list);
		list = more;
	}
	what->list = list;
	return list != NULL &&
	       curl_easy_setopt(h, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

/* Where it may go. */
static bool set_way(CURL *h, const struct post_settings *set, struct post *what)
{
	const char *protocols = set->plain ? "http,https" : "https";

	return curl_easy_setopt(h, CURLOPT_URL, what->url) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, protocols) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
				(long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSLVERSION,
				(long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       authority_use(h, set->ca_file) &&
	       curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, what) == CURLE_OK;
}

/* A name server that does not answer must not hold up the thread either: hence
 * QUICK_EXIT, which leaves the lookup to itself. */
static bool set_up(CURL *h, const struct post_settings *set, struct post *what)
{
	int64_t left = what->deadline - clock_now();

	return set_way(h, set, what) && add_headers(h, what) &&
	       curl_easy_setopt(h, CURLOPT_PRIVATE, what) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_TIMEOUT_MS,
				(long)(left > 0 ? left : LATE)) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_USERAGENT, set->agent) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)what->size) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_POSTFIELDS, what->body) ==
		       CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_WRITEDATA, what) == CURLE_OK;
}

static void say(struct post *what, const char *why)
{
	snprintf(what->error, sizeof(what->error), "%s", why);
}

/* It is the caller's again. */
static void release(struct post *what)
{
	curl_easy_cleanup(what->handle);
	curl_slist_free_all(what->list);
	what->handle = what->list = NULL;
	what->done(what->ctx);
}

static void start(struct poster *p, struct post *what)
{
	what->poster = p;
	what->handle = curl_easy_init();
	if (what->handle == NULL || !set_up(what->handle, p->set, what) ||
	    curl_multi_add_handle(p->multi, what->handle) != CURLM_OK) {
		say(what, "it cannot be posted to");
		release(what);
		return;
	}
	p->count++;
	p->again += what->again;
	what->next = p->under_way;
	p->under_way = what;
}

static void end(struct poster *p, struct post *what)
{
	struct post **at = &p->under_way;

	while (*at != what)
		at = &(*at)->next;
	*at = what->next;
	p->count--;
	p->again -= what->again;
	curl_multi_remove_handle(p->multi, what->handle);
	release(what);
}

/* What is longer than we read was answered all the same. */
static void judge(struct post *what, CURLcode rc)
{
	bool read = rc == CURLE_OK ||
		    (rc == CURLE_WRITE_ERROR && what->got > POST_REPLY);
	curl_off_t wait = 0;

	if (!read) {
		say(what, what->refused ? "that address may not be posted to"
					: curl_easy_strerror(rc));
		return;
	}
	curl_easy_getinfo(what->handle, CURLINFO_RESPONSE_CODE, &what->status);
	curl_easy_getinfo(what->handle, CURLINFO_RETRY_AFTER, &wait);
	what->retry_after = (long)wait;
}

static void finish_some(struct poster *p)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(p->multi, &left)) != NULL) {
		struct post *what = NULL;
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE,
				      &what) != CURLE_OK)
			continue;
		judge(what, rc);
		end(p, what);
	}
}

/* The first in the queue that may start now, or is to end; with the mutex. */
static struct post *take(struct poster *p, int64_t now)
{
	for (struct post **at = &p->queue; *at != NULL; at = &(*at)->next) {
		struct post *what = *at;
		bool room = p->count < POSTS_MOST &&
			    (!what->again || p->again < POSTS_AGAIN);

		if (!room && !what->cancelled && now < what->deadline &&
		    !p->stop)
			continue;
		*at = what->next;
		if (p->last == &what->next)
			p->last = at;
		p->waiting--;
		return what;
	}
	return NULL;
}

static bool is_over(struct poster *p, const struct post *what)
{
	pthread_mutex_lock(&p->mutex);
	bool over = what->cancelled || p->stop;
	pthread_mutex_unlock(&p->mutex);
	return over;
}

static void start_some(struct poster *p)
{
	struct post *what = NULL;

	do {
		int64_t now = clock_now();

		pthread_mutex_lock(&p->mutex);
		what = take(p, now);
		pthread_mutex_unlock(&p->mutex);
		if (what == NULL)
			return;
		if (!is_over(p, what) && now < what->deadline) {
			start(p, what);
			continue;
		}
		say(what, "it was not tried");
		release(what);
	} while (what != NULL);
}

static void end_cancelled(struct poster *p)
{
	for (struct post *what = p->under_way, *next; what != NULL;
	     what = next) {
		next = what->next;
		if (is_over(p, what)) {
			say(what, "it was broken off");
			end(p, what);
		}
	}
}

static bool is_stopped(struct poster *p)
{
	pthread_mutex_lock(&p->mutex);
	bool stopped = p->stop && p->queue == NULL;
	pthread_mutex_unlock(&p->mutex);
	return stopped && p->under_way == NULL;
}

static void *work(void *ctx)
{
	struct poster *p = ctx;
	int running;

	while (!is_stopped(p)) {
		end_cancelled(p);
		curl_multi_perform(p->multi, &running);
		finish_some(p);
		start_some(p);
		if (!is_stopped(p))
			curl_multi_poll(p->multi, NULL, 0, TURN_MILLIS, NULL);
	}
	return NULL;
}

/* Signals are for the main thread. */
static bool start_thread(struct poster *p, struct err *e)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&p->thread, NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 || err_set(e, ERR_INTERNAL, "no thread that posts: %s",
				  strerror(rc));
}

static void let_go(struct poster *p)
{
	curl_multi_cleanup(p->multi);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

struct poster *poster_open(const struct post_settings *set, struct err *e)
{
	struct poster *p = alloc_zeroed(sizeof(*p));

	p->set = set;
	p->last = &p->queue;
	pthread_mutex_init(&p->mutex, NULL);
	p->multi = curl_multi_init();
	if (p->multi == NULL ||
	    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)KEPT) !=
		    CURLM_OK) {
		err_set(e, ERR_INTERNAL, "libcurl cannot be used");
		let_go(p);
		return NULL;
	}
	if (start_thread(p, e))
		return p;
	let_go(p);
	return NULL;
}

bool poster_send(struct poster *p, struct post *what)
{
	what->deadline = clock_now() + what->millis;
	what->next = NULL;
	what->handle = what->list = NULL;
	what->status = what->retry_after = 0;
	what->error[0] = '\0';
	what->got = 0;
	what->cancelled = what->refused = false;
	pthread_mutex_lock(&p->mutex);
	bool room = p->waiting < POSTS_WAITING && !p->stop;
	if (room) {
		*p->last = what;
		p->last = &what->next;
		p->waiting++;
	}
	pthread_mutex_unlock(&p->mutex);
	if (room)
		curl_multi_wakeup(p->multi);
	return room;
}

void poster_cancel(struct poster *p, struct post *what)
{
	pthread_mutex_lock(&p->mutex);
	what->cancelled = true;
	pthread_mutex_unlock(&p->mutex);
	curl_multi_wakeup(p->multi);
}

void poster_close(struct poster **poster)
{
	struct poster *p = *poster;

	*poster = NULL;
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_mutex_unlock(&p->mutex);
	curl_multi_wakeup(p->multi);
	pthread_join(p->thread, NULL);
	let_go(p);
}
