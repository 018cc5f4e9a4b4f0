#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

enum { POSTERS = 4, POSTS = 2000 };

static struct loop *loop;

static void open_loop(void)
{
	struct err e = {0};

	loop = loop_open(&e);
	if (loop == NULL)
		abort();
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static void run_for(int64_t ms)
{
	struct timer end = {.fn = stop, .ctx = loop};

	loop_set_timer(loop, &end, clock_now() + ms);
	loop_run(loop);
}

static unsigned posts;
static pthread_t home;
static bool at_home = true;

static void count_post(void *ctx)
{
	at_home = at_home && pthread_equal(pthread_self(), home);
	if (++posts == POSTERS * POSTS)
		loop_stop(ctx);
}

static void *post_many(void *ctx)
{
	for (int i = 0; i < POSTS; i++)
		loop_post(ctx, count_post, ctx);
	return NULL;
}

static unsigned order;

static void in_order(void *ctx)
{
	order = order * 10 + *(unsigned *)ctx;
}

static void post_more(void *ctx)
{
	static unsigned three = 3;

	in_order(ctx);
	loop_post(loop, in_order, &three);
}

static void posting(void)
{
	unsigned one = 1, two = 2;
	pthread_t threads[POSTERS];

	open_loop();
	home = pthread_self();
	for (size_t i = 0; i < POSTERS; i++)
		pthread_create(&threads[i], NULL, post_many, loop);
	loop_run(loop);
	for (size_t i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	NUMBER(posts, POSTERS * POSTS, "all that four threads posted was done");
	OK(at_home, "by the loop's own thread");
	loop_close(&loop);

	open_loop();
	loop_post(loop, post_more, &one);
	loop_post(loop, in_order, &two);
	OK(order == 0, "a post is not done at once");
	run_for(5);
	NUMBER(order, 123, "posts are done in order, also from a post");
	loop_post(loop, in_order, &one);
	loop_close(&loop);
	NUMBER(order, 123, "what is posted to a closed loop is forgotten");
}

static void *stop_soon(void *ctx)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	nanosleep(&pause, NULL);
	loop_stop(ctx);
	return NULL;
}

static void stopping(void)
{
	pthread_t thread;

	open_loop();
	pthread_create(&thread, NULL, stop_soon, loop);
	loop_run(loop);
	pthread_join(thread, NULL);
	OK(true, "another thread may stop a loop that waits for nothing");
	loop_close(&loop);
	OK(loop == NULL, "closed");
	loop_close(&loop);
}

/* Two ends of a connection, and what was told about them. */
struct end {
	int fd;
	struct watch *watch;
	unsigned told, ready;
};

static struct end ends[2];

static void note(void *ctx, unsigned ready)
{
	struct end *end = ctx;

	end->told++;
	end->ready |= ready;
}

static void drain(void *ctx, unsigned ready)
{
	struct end *end = ctx;
	char bytes[64];

	note(ctx, ready);
	while (read(end->fd, bytes, sizeof(bytes)) > 0)
		continue;
}

static void drop_both(void *ctx, unsigned ready)
{
	note(ctx, ready);
	loop_unwatch(loop, &ends[0].watch);
	loop_unwatch(loop, &ends[1].watch);
}

static void open_ends(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		abort();
	ends[0] = (struct end){.fd = fds[0]};
	ends[1] = (struct end){.fd = fds[1]};
	open_loop();
}

static void watch_end(struct end *end, unsigned events, watch_fn *fn)
{
	struct err e = {0};

	end->watch = loop_watch(loop, end->fd, events, fn, end, &e);
	if (end->watch == NULL)
		abort();
}

static void send_byte(const struct end *end)
{
	if (write(end->fd, "x", 1) != 1)
		abort();
}

static void close_ends(void)
{
	for (size_t i = 0; i < COUNT(ends); i++) {
		loop_unwatch(loop, &ends[i].watch);
		if (ends[i].fd >= 0)
			close(ends[i].fd);
	}
	loop_close(&loop);
}

static void reading_and_writing(void)
{
	open_ends();
	watch_end(&ends[0], LOOP_READ, drain);
	send_byte(&ends[1]);
	run_for(5);
	NUMBER(ends[0].told, 1, "told once of what was read");
	NUMBER(ends[0].ready, LOOP_READ, "that it can be read");
	close_ends();

	open_ends();
	watch_end(&ends[0], LOOP_READ, note);
	send_byte(&ends[1]);
	run_for(5);
	OK(ends[0].told > 1, "told again of what was not read");
	close_ends();

	open_ends();
	watch_end(&ends[0], LOOP_READ | LOOP_WRITE | LOOP_EDGE, note);
	send_byte(&ends[1]);
	run_for(10);
	OK(ends[0].told >= 1 && ends[0].told <= 2, "by edge told once each");
	NUMBER(ends[0].ready, LOOP_READ | LOOP_WRITE, "of both");
	close_ends();

	open_ends();
	watch_end(&ends[0], LOOP_READ | LOOP_EDGE, note);
	close(ends[1].fd);
	ends[1].fd = -1;
	run_for(5);
	NUMBER(ends[0].ready, LOOP_READ | LOOP_BROKEN,
	       "the end of the other is told");
	close_ends();
}

static void unwatching(void)
{
	open_ends();
	watch_end(&ends[0], LOOP_READ, drop_both);
	watch_end(&ends[1], LOOP_READ, drop_both);
	send_byte(&ends[0]);
	send_byte(&ends[1]);
	run_for(5);
	NUMBER(ends[0].told + ends[1].told, 1,
	       "what is unwatched within an event is not told of its own");
	loop_unwatch(loop, &ends[0].watch);
	OK(ends[0].watch == NULL, "unwatching nothing is fine");
	close_ends();
}

static struct end second;

/* The same turn's other event must not reach what took the number over. */
static void replace_other(void *ctx, unsigned ready)
{
	struct end *me = ctx, *other = me == &ends[0] ? &ends[1] : &ends[0];

	note(ctx, ready);
	if (other->watch == NULL)
		return;
	loop_unwatch(loop, &other->watch);
	second = (struct end){.fd = dup(other->fd)};
	close(other->fd);
	if (dup2(second.fd, other->fd) < 0)
		abort();
	watch_end(&second, LOOP_READ, drain);
	loop_unwatch(loop, &me->watch);
}

static void reuse(void)
{
	open_ends();
	watch_end(&ends[0], LOOP_READ, replace_other);
	watch_end(&ends[1], LOOP_READ, replace_other);
	send_byte(&ends[0]);
	send_byte(&ends[1]);
	run_for(5);
	NUMBER(ends[0].told + ends[1].told, 1, "the old one is not told");
	NUMBER(second.told, 1, "the new one is, in its own turn");
	loop_unwatch(loop, &second.watch);
	close(second.fd);
	close_ends();
}

static void refusals(void)
{
	struct err e = {0};

	open_loop();
	OK(loop_watch(loop, -1, LOOP_READ, note, NULL, &e) == NULL &&
		   e.kind == ERR_INTERNAL,
	   "no descriptor, no watch");
	int file = open("/", O_RDONLY);
	OK(loop_watch(loop, file, LOOP_READ, note, NULL, &e) == NULL,
	   "a directory cannot be watched");
	close(file);
	loop_close(&loop);
}

static unsigned turns;
static int64_t patience = -1;

static void count_turn(void *ctx)
{
	(void)ctx;
	turns++;
}

static int64_t latest(void *ctx)
{
	(void)ctx;
	return patience;
}

static void each_turn(void)
{
	open_loop();
	loop_each_turn(loop, count_turn, latest, NULL);
	run_for(30);
	OK(turns >= 1 && turns < 10, "without haste there are few turns");
	loop_close(&loop);
	open_loop();
	loop_each_turn(loop, count_turn, latest, NULL);
	patience = 2;
	/* On a busy machine one of several times. */
	turns = 0;
	for (int i = 0; i < 20 && turns < 10; i++) {
		turns = 0;
		run_for(60);
	}
	OK(turns >= 10, "a turn function may shorten the sleep");
	loop_close(&loop);
}

int main(void)
{
	posting();
	stopping();
	reading_and_writing();
	unwatching();
	reuse();
	refusals();
	each_turn();
	return tap_done();
}
