#include "ldap/feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/change_copy.h"
#include "ldap/change_walk.h"
#include "ldap/sight.h"
#include "ldap/store_parts.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

enum {
	PUMP_MILLIS = 100,    /* between looks, whatever is heard */
	PUMP_SECONDS = 10,    /* for one look */
	PUMP_RECORDS = 500,   /* at once */
	BLOCK_BYTES = 16384,  /* that the least memory of a batch takes */
	NEWEST_MILLIS = 2000, /* until it is known where the log ends */
	NEWEST_STEP = 20,
};

/* Some changes, one after the other, and all that is between `from` and `to`.
 */
struct batch {
	struct batch *next;
	atomic_uint users; /* the hub is one */
	struct arena *arena;
	struct change *items;
	size_t count, bytes;
	char to[CHANGE_PLACE];
};

struct loop_feed {
	struct feed port;
	struct ldap_store *store;
	struct loop *loop;
	struct feed_hub *hub;
	struct loop_feed *next; /* of the hub */
	struct waiter *waiters;
	atomic_uint waiting; /* how many these are */
};

/* A fiber that waits for what is behind a place. */
struct waiter {
	struct waiter *next, **link;
	struct fiber *fiber;
};

struct feed_hub {
	struct notices *notices;
	pthread_mutex_t mutex; /* guards what follows */
	struct loop_feed *loops, *pump;
	struct fiber *pumping;     /* on that loop */
	char newest[CHANGE_PLACE]; /* that is known of */
	bool known;                /* whether it is */
	unsigned joined;           /* who read on and on */
	bool active;               /* batches are kept: from there, to there */
	char from[CHANGE_PLACE], to[CHANGE_PLACE];
	struct batch *first, **last;
	size_t count, bytes;
};

static void set_place(char to[CHANGE_PLACE], const char *from)
{
	size_t size = strlen(from);

	if (size < CHANGE_PLACE)
		memcpy(to, from, size + 1);
}

struct feed_hub *feed_hub_new(struct notices *n)
{
	struct feed_hub *h = alloc_zeroed(sizeof(*h));

	h->notices = n;
	h->last = &h->first;
	pthread_mutex_init(&h->mutex, NULL);
	return h;
}

static void let_go(void *ctx)
{
	struct batch *b = ctx;

	if (atomic_fetch_sub(&b->users, 1) > 1)
		return;
	arena_free(b->arena);
	free(b);
}

/* The functions from here on are called with the mutex held. */

static void drop_first(struct feed_hub *h)
{
	struct batch *b = h->first;

	h->first = b->next;
	if (h->first == NULL)
		h->last = &h->first;
	h->count -= b->count;
	h->bytes -= b->bytes;
	set_place(h->from, b->to);
	let_go(b);
}

static void drop_all(struct feed_hub *h)
{
	while (h->first != NULL)
		drop_first(h);
	h->active = false;
}

static void append(struct feed_hub *h, struct batch *b)
{
	*h->last = b;
	h->last = &b->next;
	h->count += b->count;
	h->bytes += b->bytes;
	set_place(h->to, b->to);
	while (h->first->next != NULL &&
	       (h->count > FEED_CHANGES || h->bytes > FEED_BYTES))
		drop_first(h);
}

static void wake_waiters(void *ctx)
{
	struct loop_feed *f = ctx;

	for (struct waiter *w = f->waiters; w != NULL; w = w->next)
		fiber_wake(w->fiber);
}

static void tell_loops(const struct feed_hub *h)
{
	for (struct loop_feed *f = h->loops; f != NULL; f = f->next) {
		if (atomic_load(&f->waiting) > 0)
			loop_post(f->loop, wake_waiters, f);
	}
}

static void wake_pump(void *ctx)
{
	struct loop_feed *f = ctx;

	if (f->hub->pumping != NULL)
		fiber_wake(f->hub->pumping);
}

static bool has_new(const struct feed_hub *h)
{
	return h->active && h->known && strcmp(h->newest, h->to) > 0;
}

/* Up to here. */

void feed_hub_free(struct feed_hub **hub)
{
	struct feed_hub *h = *hub;

	*hub = NULL;
	if (h == NULL)
		return;
	drop_all(h);
	pthread_mutex_destroy(&h->mutex);
	free(h);
}

void feed_hub_seen(struct feed_hub *h, const char *csn)
{
	pthread_mutex_lock(&h->mutex);
	set_place(h->newest, csn);
	h->known = true;
	if (has_new(h) && h->pump != NULL)
		loop_post(h->pump->loop, wake_pump, h->pump);
	pthread_mutex_unlock(&h->mutex);
}

static struct loop_feed *self(struct feed *f)
{
	return (struct loop_feed *)f;
}

/* What is new: not of anybody's rights. */
static struct batch *read_batch(struct loop_feed *f, const char *from,
				bool *more, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct task t = {.arena = a,
			       .deadline = clock_now() + PUMP_SECONDS * 1000};
	struct change_walk w = {.store = f->store,
				.task = &t,
				.reached = from,
				.limit = PUMP_RECORDS};

	if (!change_walk_tail(&w, e) || strcmp(w.reached, from) == 0)
		return NULL;
	struct batch *b = alloc_zeroed(sizeof(*b));
	b->users = 1;
	b->count = w.count;
	b->bytes = sizeof(*b);
	if (b->count > 0) {
		b->arena = arena_new();
		b->items = change_copy(b->arena, w.items, w.count);
		b->bytes += arena_used(b->arena) + BLOCK_BYTES;
	}
	set_place(b->to, w.reached);
	*more = w.more;
	return b;
}

/* Where to go on; false: nobody wants to know, or there is nothing. */
static bool is_wanted(struct feed_hub *h, char from[CHANGE_PLACE])
{
	pthread_mutex_lock(&h->mutex);
	if (h->joined == 0)
		drop_all(h);
	bool ret = has_new(h);
	set_place(from, h->to);
	pthread_mutex_unlock(&h->mutex);
	return ret;
}

static void pump_once(struct loop_feed *f)
{
	struct feed_hub *h = f->hub;
	char from[CHANGE_PLACE];
	bool more = true;

	while (more && is_wanted(h, from)) {
		struct err e = {0};
		struct batch *b = read_batch(f, from, &more, &e);

		if (e.kind != ERR_NONE)
			log_event(LOG_WARNING, "changes-not-read", "error",
				  e.text, NULL);
		if (b == NULL)
			return;
		pthread_mutex_lock(&h->mutex);
		append(h, b);
		tell_loops(h);
		pthread_mutex_unlock(&h->mutex);
	}
}

static void pump(void *ctx)
{
	struct loop_feed *f = ctx;

	f->hub->pumping = fiber_self();
	while (!session_is_stopped(f->store->session)) {
		pump_once(f);
		fiber_park(clock_now() + PUMP_MILLIS);
	}
	f->hub->pumping = NULL;
}

bool ldap_feed_pump(struct feed *port)
{
	struct loop_feed *f = self(port);

	pthread_mutex_lock(&f->hub->mutex);
	f->hub->pump = f;
	pthread_mutex_unlock(&f->hub->mutex);
	return fiber_start(f->loop, pump, f);
}

/* With the gateway's own rights, whoever asks. */
static struct task own_task(const struct task *t)
{
	return (struct task){.arena = t->arena,
			     .deadline = t->deadline,
			     .request = t->request};
}

static bool find_newest(struct feed_hub *h, struct arena *a, const char **ret)
{
	pthread_mutex_lock(&h->mutex);
	bool known = h->known;
	*ret = arena_strdup(a, h->newest);
	pthread_mutex_unlock(&h->mutex);
	return known;
}

static bool end(struct feed *port, const struct task *t, const char **ret,
		struct err *e)
{
	struct loop_feed *f = self(port);
	const struct task own = own_task(t);
	int64_t until = clock_now() + NEWEST_MILLIS;
	const char *newest;

	notices_need(f->hub->notices, until);
	while (!find_newest(f->hub, t->arena, &newest)) {
		if (clock_now() >= until)
			return err_code(e, ERR_UNAVAILABLE, "no_log",
					"the directory's log is not followed");
		fiber_sleep(NEWEST_STEP);
	}
	if (newest[0] == '\0')
		newest = change_walk_begin(t->arena);
	return change_walk_end(f->store, &own, newest, ret, e);
}

static bool gone(struct err *e)
{
	return err_code(e, ERR_GONE, "cursor_expired",
			"the log of changes does not go back to that cursor: "
			"read everything anew");
}

static bool check(struct feed *port, const struct task *t, const char *place,
		  struct err *e)
{
	struct loop_feed *f = self(port);
	const struct task own = own_task(t);
	bool known;

	if (!change_walk_is_place(place))
		return err_code(e, ERR_MALFORMED, "cursor_malformed",
				"that is not a cursor of ours");
	return change_walk_knows(f->store, &own, place, &known, e) &&
	       (known || gone(e));
}

static bool sight(struct feed *port, const struct task *t, struct sight **ret,
		  struct err *e)
{
	return sight_find(self(port)->store, t, ret, e);
}

/* What is kept. */
enum kept { KEPT_NOT, KEPT_NOTHING, KEPT_BATCH };

static enum kept take_batch(struct feed_hub *h, const char *place,
			    struct batch **ret, bool *more)
{
	enum kept kept = KEPT_NOT;

	pthread_mutex_lock(&h->mutex);
	if (h->active && strcmp(place, h->to) >= 0) {
		kept = KEPT_NOTHING;
	} else if (h->active && strcmp(place, h->from) >= 0) {
		struct batch *b = h->first;

		while (strcmp(b->to, place) <= 0)
			b = b->next;
		atomic_fetch_add(&b->users, 1);
		*ret = b;
		*more = b->next != NULL;
		kept = KEPT_BATCH;
	}
	pthread_mutex_unlock(&h->mutex);
	return kept;
}

/* Nothing is behind that place but what has still to come. */
static void begin_to_keep(struct feed_hub *h, const char *place)
{
	pthread_mutex_lock(&h->mutex);
	if (!h->active && h->joined > 0) {
		h->active = true;
		set_place(h->from, place);
		set_place(h->to, place);
	}
	pthread_mutex_unlock(&h->mutex);
}

/* Of those that are behind `place` what he sees, until something changes what
 * that is. */
static void choose(struct change_page *p, struct arena *a, struct sight *s,
		   const struct change *items, size_t count, const char *place,
		   size_t limit, const char *to)
{
	size_t i = 0, looked = 0;

	p->items = arena_alloc(a, (count + 1) * sizeof(*p->items));
	while (i < count && strcmp(items[i].place, place) <= 0)
		i++;
	for (; i < count && !p->stale; i++, looked++) {
		struct change *c = &p->items[p->count];

		if (looked == limit) {
			p->more = true;
			return;
		}
		if (sight_grows(s, &items[i])) {
			p->stale = p->more = true;
			return;
		}
		*c = items[i];
		p->reached = arena_strdup(a, c->place);
		p->stale = sight_shrinks(s, &items[i]);
		p->count += sight_sees(s, a, c);
	}
	p->more = p->more || i < count;
	if (i == count)
		p->reached = arena_strdup(a, to);
}

static bool read_log(struct loop_feed *f, const struct task *t, struct sight *s,
		     const char *place, size_t limit, struct change_page *ret,
		     struct err *e)
{
	const struct task own = own_task(t);
	struct change_walk w = {.store = f->store,
				.task = &own,
				.reached = place,
				.limit = limit};
	bool known;

	/* What is older goes first: as long as that one is there nothing
	 * behind it is missing. */
	if (!change_walk(&w, e) ||
	    !change_walk_knows(f->store, &own, place, &known, e))
		return false;
	if (!known)
		return gone(e);
	if (!w.more)
		begin_to_keep(f->hub, w.reached);
	ret->more = w.more;
	choose(ret, t->arena, s, w.items, w.count, place, limit, w.reached);
	return true;
}

/* Who asks again and again hears from the one who follows that there is
 * nothing. */
static bool is_newest(struct feed_hub *h, const char *place)
{
	pthread_mutex_lock(&h->mutex);
	bool ret = h->known && strcmp(h->newest, place) == 0;
	pthread_mutex_unlock(&h->mutex);
	return ret;
}

static bool read(struct feed *port, const struct task *t, struct sight *s,
		 const char *place, size_t limit, struct change_page *ret,
		 struct err *e)
{
	struct loop_feed *f = self(port);
	struct batch *b = NULL;

	*ret = (struct change_page){.reached = place};
	if (is_newest(f->hub, place)) {
		begin_to_keep(f->hub, place);
		return true;
	}
	switch (take_batch(f->hub, place, &b, &ret->more)) {
	case KEPT_NOTHING:
		return true;
	case KEPT_BATCH:
		arena_defer(t->arena, let_go, b);
		choose(ret, t->arena, s, b->items, b->count, place, limit,
		       b->to);
		return true;
	case KEPT_NOT:
		break;
	}
	return read_log(f, t, s, place, limit, ret, e);
}

static bool has_more(struct feed_hub *h, const char *place)
{
	pthread_mutex_lock(&h->mutex);
	bool ret = h->active ? strcmp(h->to, place) > 0
			     : h->known && strcmp(h->newest, place) > 0;
	pthread_mutex_unlock(&h->mutex);
	return ret;
}

static void await(struct feed *port, const char *place, int64_t until)
{
	struct loop_feed *f = self(port);
	struct waiter w = {.fiber = fiber_self(), .link = &f->waiters};

	w.next = f->waiters;
	if (w.next != NULL)
		w.next->link = &w.next;
	f->waiters = &w;
	/* First this, then the look: whoever appends does it the other way. */
	atomic_fetch_add(&f->waiting, 1);
	notices_need(f->hub->notices, until);
	if (!has_more(f->hub, place))
		fiber_park(until);
	atomic_fetch_sub(&f->waiting, 1);
	*w.link = w.next;
	if (w.next != NULL)
		w.next->link = w.link;
}

static void join(struct feed *port)
{
	struct feed_hub *h = self(port)->hub;

	pthread_mutex_lock(&h->mutex);
	h->joined++;
	pthread_mutex_unlock(&h->mutex);
}

static void leave(struct feed *port)
{
	struct feed_hub *h = self(port)->hub;

	pthread_mutex_lock(&h->mutex);
	h->joined--;
	pthread_mutex_unlock(&h->mutex);
}

static const struct feed_ops ops = {.end = end,
				    .check = check,
				    .sight = sight,
				    .read = read,
				    .await = await,
				    .join = join,
				    .leave = leave};

struct feed *ldap_feed_open(struct loop *l, struct store *s, struct feed_hub *h)
{
	struct loop_feed *f = alloc_zeroed(sizeof(*f));

	f->port.ops = &ops;
	f->store = store_self(s);
	f->loop = l;
	f->hub = h;
	pthread_mutex_lock(&h->mutex);
	f->next = h->loops;
	h->loops = f;
	pthread_mutex_unlock(&h->mutex);
	return &f->port;
}

void ldap_feed_close(struct feed **port)
{
	struct loop_feed *f = (struct loop_feed *)*port;

	*port = NULL;
	if (f == NULL)
		return;
	struct feed_hub *h = f->hub;
	pthread_mutex_lock(&h->mutex);
	struct loop_feed **at = &h->loops;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	if (h->pump == f)
		h->pump = NULL;
	pthread_mutex_unlock(&h->mutex);
	free(f);
}
