#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"

enum { EVENTS_A_TURN = 256, TURN_FUNCTIONS = 8 };

struct watch {
	struct watch *next; /* among the dead */
	int fd;
	watch_fn *fn; /* NULL: dead */
	void *ctx;
};

struct post {
	struct post *next;
	loop_fn *fn;
	void *ctx;
};

struct turn_function {
	loop_fn *fn;
	int64_t (*latest)(void *ctx);
	void *ctx;
};

struct loop {
	int epoll, wake;
	atomic_bool stop;
	struct timers timers;
	struct watch *dead;
	struct turn_function turn[TURN_FUNCTIONS];
	size_t turns;
	loop_fn *run_ready;
	bool (*more_ready)(void *ctx);
	void *ready_context;
	pthread_mutex_t mutex; /* guards posts */
	struct post *posts, **last_post;
};

struct loop *loop_open(struct err *e)
{
	struct loop *l = alloc_zeroed(sizeof(*l));
	struct epoll_event event = {.events = EPOLLIN};

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->last_post = &l->posts;
	pthread_mutex_init(&l->mutex, NULL);
	if (l->epoll < 0 || l->wake < 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &event) != 0) {
		err_set(e, ERR_INTERNAL, "no event loop: %s", strerror(errno));
		loop_close(&l);
	}
	return l;
}

static void bury(struct loop *l)
{
	while (l->dead != NULL) {
		struct watch *w = l->dead;

		l->dead = w->next;
		free(w);
	}
}

void loop_close(struct loop **loop)
{
	struct loop *l = *loop;

	*loop = NULL;
	if (l == NULL)
		return;
	bury(l);
	while (l->posts != NULL) {
		struct post *p = l->posts;

		l->posts = p->next;
		free(p);
	}
	timer_release(&l->timers);
	pthread_mutex_destroy(&l->mutex);
	if (l->wake >= 0)
		close(l->wake);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l);
}

struct watch *loop_watch(struct loop *l, int fd, unsigned events, watch_fn *fn,
			 void *ctx, struct err *e)
{
	struct watch *w = alloc_zeroed(sizeof(*w));
	struct epoll_event event = {.data.ptr = w};

	*w = (struct watch){.fd = fd, .fn = fn, .ctx = ctx};
	event.events = (events & LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0u) |
		       (events & LOOP_WRITE ? EPOLLOUT : 0u) |
		       (events & LOOP_EDGE ? EPOLLET : 0u);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		err_set(e, ERR_INTERNAL, "cannot watch: %s", strerror(errno));
		free(w);
		return NULL;
	}
	return w;
}

void loop_unwatch(struct loop *l, struct watch **watch)
{
	struct watch *w = *watch;

	*watch = NULL;
	if (w == NULL)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->fn = NULL;
	w->next = l->dead; /* this turn's events may still point to it */
	l->dead = w;
}

static void wake(struct loop *l)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then it wakes anyway. */
	if (write(l->wake, &one, sizeof(one)) < 0)
		return;
}

void loop_post(struct loop *l, loop_fn *fn, void *ctx)
{
	struct post *p = alloc_zeroed(sizeof(*p));

	*p = (struct post){.fn = fn, .ctx = ctx};
	pthread_mutex_lock(&l->mutex);
	*l->last_post = p;
	l->last_post = &p->next;
	pthread_mutex_unlock(&l->mutex);
	wake(l);
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	wake(l);
}

void loop_set_timer(struct loop *l, struct timer *t, int64_t at)
{
	timer_set(&l->timers, t, at);
}

void loop_clear_timer(struct loop *l, struct timer *t)
{
	timer_clear(&l->timers, t);
}

void loop_each_turn(struct loop *l, loop_fn *fn, int64_t (*latest)(void *ctx),
		    void *ctx)
{
	if (l->turns == TURN_FUNCTIONS) {
		log_event(LOG_ERR, "too-many-turn-functions", NULL);
		abort(); /* whoever added one has to make room here */
	}
	l->turn[l->turns++] = (struct turn_function){fn, latest, ctx};
}

void loop_set_ready(struct loop *l, loop_fn *run, bool (*more)(void *ctx),
		    void *ctx)
{
	l->run_ready = run;
	l->more_ready = more;
	l->ready_context = ctx;
}

void *loop_ready_context(struct loop *l)
{
	return l->ready_context;
}

static int patience(const struct loop *l)
{
	int64_t next = timer_next(&l->timers), now = clock_now();
	int64_t least = next == INT64_MAX ? -1 : next > now ? next - now : 0;

	if (l->more_ready != NULL && l->more_ready(l->ready_context))
		return 0;
	for (size_t i = 0; i < l->turns; i++) {
		int64_t ms = l->turn[i].latest(l->turn[i].ctx);

		if (ms >= 0 && (least < 0 || ms < least))
			least = ms;
	}
	return least > 60000 ? 60000 : (int)least;
}

static void run_posts(struct loop *l)
{
	uint64_t count;

	if (read(l->wake, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&l->mutex);
	struct post *p = l->posts;
	l->posts = NULL;
	l->last_post = &l->posts;
	pthread_mutex_unlock(&l->mutex);
	while (p != NULL) {
		struct post *next = p->next;

		p->fn(p->ctx);
		free(p);
		p = next;
	}
}

static unsigned ready_bits(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLRDHUP) ? (unsigned)LOOP_READ : 0u) |
	       (events & EPOLLOUT ? (unsigned)LOOP_WRITE : 0u) |
	       (events & (EPOLLERR | EPOLLHUP) ? (unsigned)LOOP_BROKEN : 0u);
}

static void run_events(struct loop *l, const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;

		if (w == NULL)
			run_posts(l);
		else if (w->fn != NULL)
			w->fn(w->ctx, ready_bits(events[i].events));
	}
	bury(l);
}

void loop_run(struct loop *l)
{
	struct epoll_event events[EVENTS_A_TURN];

	while (!atomic_load(&l->stop)) {
		int n = epoll_wait(l->epoll, events, EVENTS_A_TURN,
				   patience(l));

		run_events(l, events, n > 0 ? n : 0);
		timer_fire(&l->timers, clock_now());
		if (l->run_ready != NULL)
			l->run_ready(l->ready_context);
		for (size_t i = 0; i < l->turns; i++)
			l->turn[i].fn(l->turn[i].ctx);
	}
}
