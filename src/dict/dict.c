#include "dict/dict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gather.h"
#include "dict/conversation.h"
#include "line/line.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	LONGEST = 4096,      /* bytes of a line: a key, a user, a number */
	PATIENCE = 60000,    /* milliseconds that a connection may be idle */
	WRITERS = 8,         /* writes at a time */
	WRITE_MILLIS = 5000, /* one of them may take that long */
	LOOK_MILLIS = 1000,  /* between looks whether it is time to write */
	END_MILLIS = 10,
};

struct dict {
	struct loop *loop;
	const struct gateway *gateway;
	const struct dict_settings *set;
	struct line_server *server;
	struct gather *heard;
	struct fiber *keeper;
	int64_t next;     /* when it is time to write */
	size_t due;       /* of those that wait, in this round */
	unsigned writers; /* fibers that write */
	size_t written, failed, dropped;
	char why[128]; /* the last one failed */
	bool stop, ended, full;
};

static void keep(void *ctx, const char *address, const struct usage *u)
{
	struct dict *d = ctx;
	struct usage kept = *u;

	if (kept.last_login != NUMBER_NONE)
		kept.last_login -= kept.last_login % d->set->login_seconds;
	if (gather_add(d->heard, address, &kept))
		return;
	d->dropped++;
	if (!d->full)
		log_event(LOG_WARNING, "usage-dropped", "reason",
			  "too many users wait for being written", NULL);
	d->full = true;
}

/* A Dovecot, until it hangs up or talks nonsense. */
static void converse(void *ctx, struct line *l)
{
	struct conversation c = {.take = keep, .ctx = ctx};
	char *line, answer[CONVERSATION_ANSWER];

	while (line_read(l, &line)) {
		if (!conversation_line(&c, line, clock_seconds(), answer)) {
			log_event(LOG_NOTICE, "dict-refused", "reason",
				  c.greeted ? "a line that makes no sense"
					    : "no version of the protocol that "
					      "is known here",
				  NULL);
			return;
		}
		if (!line_write(l, answer, strlen(answer)))
			return;
	}
}

static bool write_one(struct dict *d, struct gathered *one, struct err *e)
{
	static const struct caller nobody = {.login = "dict", .identity = ""};
	struct store *s = d->gateway->store;
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct task t = {.arena = a,
			       .caller = &nobody,
			       .deadline = clock_now() + WRITE_MILLIS};

	return s->ops->measure(s, &t, one->address, &one->usage, e);
}

/* Whether the same may succeed later. */
static bool passes(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE || e->kind == ERR_TIMEOUT ||
	       e->kind == ERR_UNKNOWN || e->kind == ERR_LIMIT;
}

static void failed(struct dict *d, const struct gathered *one,
		   const struct err *e)
{
	if (e->kind == ERR_NOT_FOUND) {
		log_event(LOG_DEBUG, "usage-of-nobody", "address", one->address,
			  NULL);
		return;
	}
	d->failed++;
	snprintf(d->why, sizeof(d->why), "%.120s", e->text);
	/* Meanwhile there may be something newer. */
	if (passes(e) && !gather_add(d->heard, one->address, &one->usage))
		d->dropped++;
}

/* One of a few that write what is due, until nothing is. */
static void write_some(void *ctx)
{
	struct dict *d = ctx;

	while (d->due > 0) {
		struct gathered *one = gather_take(d->heard);
		struct err e = {0};

		d->due--;
		if (one == NULL)
			break;
		if (write_one(d, one, &e))
			d->written++;
		else
			failed(d, one, &e);
		free(one);
	}
	d->writers--;
}

static void tell(struct dict *d)
{
	char failures[24], dropped[24];

	if (d->failed == 0 && d->dropped == 0)
		return;
	snprintf(failures, sizeof(failures), "%zu", d->failed);
	snprintf(dropped, sizeof(dropped), "%zu", d->dropped);
	log_event(LOG_WARNING, "usage-not-written", "users", failures,
		  "dropped", dropped, "error", d->why, NULL);
}

/* All who wait now; who comes meanwhile waits for the next time. */
static void write_all(struct dict *d)
{
	d->due = gather_count(d->heard);
	d->written = d->failed = 0;
	while (d->writers < WRITERS && d->writers < d->due) {
		d->writers++;
		if (!fiber_start(d->loop, write_some, d)) {
			d->writers--;
			break;
		}
	}
	while (d->writers > 0)
		fiber_sleep(END_MILLIS);
	tell(d);
	d->dropped = 0;
	d->full = false;
}

static void work(void *ctx)
{
	struct dict *d = ctx;

	d->keeper = fiber_self();
	d->next = clock_now() + d->set->write_seconds * 1000;
	while (!d->stop) {
		fiber_park(clock_now() + LOOK_MILLIS);
		/* The period may be another one since. */
		if (d->next > clock_now() + d->set->write_seconds * 1000)
			d->next = clock_now() + d->set->write_seconds * 1000;
		if (d->stop || clock_now() < d->next)
			continue;
		write_all(d);
		d->next = clock_now() + d->set->write_seconds * 1000;
	}
	while (!line_server_is_idle(d->server))
		fiber_sleep(END_MILLIS);
	write_all(d);
	d->ended = true;
}

struct dict *dict_open(struct loop *l, int listener, const struct gateway *g,
		       const struct dict_settings *set, struct err *e)
{
	struct dict *d = alloc_zeroed(sizeof(*d));
	const struct line_parts parts = {.loop = l,
					 .listener = listener,
					 .connections =
						 (unsigned)set->connections,
					 .longest = LONGEST,
					 .patience = PATIENCE,
					 .serve = converse,
					 .ctx = d};

	*d = (struct dict){.loop = l, .gateway = g, .set = set};
	d->heard = gather_new(DICT_USERS_MAX);
	d->server = line_server_open(&parts, e);
	if (d->server == NULL) {
		d->ended = true;
		dict_free(&d);
		return NULL;
	}
	if (!fiber_start(l, work, d))
		abort(); /* it is among the first */
	return d;
}

void dict_stop(struct dict *d)
{
	d->stop = true;
	line_server_stop(d->server);
	if (!d->ended)
		fiber_wake(d->keeper);
}

bool dict_has_ended(const struct dict *d)
{
	return d->ended;
}

void dict_free(struct dict **dict)
{
	struct dict *d = *dict;

	*dict = NULL;
	if (d == NULL)
		return;
	line_server_free(&d->server);
	gather_free(&d->heard);
	free(d);
}
