#include "webhook/courier.h"

#include <stdlib.h>
#include <string.h>

#include "core/feed.h"
#include "core/login.h"
#include "core/webhook_box.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/text.h"
#include "webhook/letter.h"
#include "webhook/round.h"

enum {
	ID_SIZE = 64,
	REVISION_SIZE = 64,
	LOOK_MILLIS = 5000,   /* for the directory */
	LOOK_AT_ONCE = 200,   /* changes */
	OWNER_MILLIS = 30000, /* what is not heard of is asked for again */
	IDLE_MILLIS = 10000,  /* the same for who has nothing to do */
	REST_MILLIS = 30000,
	SIGHT_LIVE = 60000,
	SIGHT_BEHIND = 1000,
	KEEP_MILLIS = 1000,  /* a crash sends that much again */
	KEEP_PASSED = 60000, /* the same of what was for somebody else */
	PAUSE_MILLIS = 500,
	ARENA_MOST = 256 << 10, /* then it is read anew into another one */
	GONE = 410,             /* the receiver wants no more, ever */
};

/* One webhook that is served. */
struct courier {
	struct couriers *all;
	struct courier *next;
	struct fiber *fiber;
	char id[ID_SIZE], revision[REVISION_SIZE];
	bool seen, end;      /* in this look; it is to end */
	bool resting;        /* there is nothing that it could do */
	bool changed, stale; /* it, or what is kept of it, is to be read anew */

	struct arena *arena; /* of what follows */
	struct webhook webhook;
	struct webhook_state state;
	struct arena *owner_in; /* of him: */
	const struct caller *owner;
	uint64_t heard;
	int64_t owner_at;

	struct arena *sight_in;
	struct sight *sight; /* NULL: to be found anew */
	int64_t sight_at;
	bool behind;

	bool dirty, passed; /* state to be kept: of what was sent, or not */
	int64_t kept_at;
	int64_t wait_until; /* 0: as the state says */
};

struct couriers {
	struct loop *loop;
	const struct gateway *gateway;
	const struct webhook_settings *set;
	struct courier *first;
};

static const struct caller nobody = {.login = "webhooks", .identity = ""};

static struct task own_task(struct arena *a)
{
	return (struct task){.arena = a,
			     .caller = &nobody,
			     .request = "job:webhooks",
			     .deadline = clock_now() + LOOK_MILLIS};
}

static struct webhook_box *box_of(const struct courier *c)
{
	return c->all->gateway->webhooks;
}

static bool set_text(char *to, size_t size, const char *from)
{
	size_t length = from != NULL ? strlen(from) : 0;

	if (length >= size)
		return false;
	memcpy(to, from != NULL ? from : "", length + 1);
	return true;
}

/* The webhook and its owner as they are now. */
static bool read_owner(struct courier *c, struct err *e)
{
	struct login *l = c->all->gateway->login;
	struct arena *a = arena_new();
	struct task t = own_task(a);

	arena_free(c->owner_in);
	c->owner_in = a;
	c->sight = NULL;
	/* What is heard from here on may be about him. */
	c->heard = l->ops->heard(l);
	c->owner = NULL;
	if (!box_of(c)->ops->find(box_of(c), &t, c->id, &c->webhook, &c->owner,
				  e)) {
		c->end = c->end || e->kind == ERR_NOT_FOUND;
		return false;
	}
	c->owner_at = clock_now();
	c->changed = false;
	return true;
}

static bool read_state(struct courier *c, struct err *e)
{
	struct arena *a = arena_new();
	struct task t = own_task(a);
	struct webhook_state st;

	if (!box_of(c)->ops->state(box_of(c), &t, c->id, &st, e)) {
		arena_free(a);
		return false;
	}
	arena_free(c->arena);
	c->arena = a;
	c->state = st;
	c->wait_until = 0;
	c->stale = c->dirty = c->passed = false;
	return true;
}

/* Whether he may still have what he could when that was asked. */
static bool owner_stands(struct courier *c)
{
	struct login *l = c->all->gateway->login;

	return c->owner != NULL && !c->changed &&
	       clock_now() - c->owner_at < OWNER_MILLIS &&
	       l->ops->stands(l, c->owner, &c->heard);
}

static bool is_active(const struct courier *c)
{
	return c->owner != NULL && c->webhook.enabled && !c->state.given_up &&
	       c->state.place != NULL;
}

static bool keep(struct courier *c, struct err *e)
{
	struct task t = own_task(c->arena);

	c->kept_at = clock_now();
	if (!box_of(c)->ops->keep(box_of(c), &t, c->id, &c->state, e)) {
		/* Another wrote it: what he wrote holds. */
		c->stale = c->stale || e->kind == ERR_CHANGED ||
			   e->kind == ERR_UNKNOWN;
		return false;
	}
	c->dirty = c->passed = false;
	c->stale = arena_used(c->arena) > ARENA_MOST;
	return true;
}

static bool keep_if_due(struct courier *c, struct err *e)
{
	int64_t age = clock_now() - c->kept_at;

	if ((!c->dirty || age < KEEP_MILLIS) &&
	    (!c->passed || age < KEEP_PASSED))
		return true;
	return keep(c, e) || e->kind == ERR_CHANGED;
}

static bool find_sight(struct courier *c, struct err *e)
{
	struct feed *f = c->all->gateway->feed;
	int64_t age = clock_now() - c->sight_at;

	if (c->sight != NULL && age < (c->behind ? SIGHT_BEHIND : SIGHT_LIVE))
		return true;
	arena_free(c->sight_in);
	c->sight_in = arena_new();
	c->sight = NULL;
	struct task t = own_task(c->sight_in);
	t.caller = c->owner;
	c->sight_at = clock_now();
	return f->ops->sight(f, &t, &c->sight, e);
}

/* True: it was taken.  What came of it is to be kept; a failure at once. */
static bool deliver(struct courier *c, struct arena *a, struct message *m,
		    struct err *e)
{
	struct messenger *by = c->all->gateway->messenger;
	struct webhook_attempt x;
	int64_t wait = 0;

	m->number = c->state.failures + 1;
	m->stop = &c->end;
	if (!by->ops->send(by, a, &c->webhook, &c->state, m, &x, &wait, e))
		return false;
	/* It was broken off by us. */
	if (c->end && x.status == 0)
		return false;
	bool was_failing = c->state.failures > 0;
	round_note(&c->state, c->arena, &x);
	if (x.error == NULL) {
		round_taken(&c->state, c->arena);
	} else {
		c->wait_until = clock_now() + round_failed(&c->state, c->arena,
							   c->all->set, wait);
		if (x.status == GONE)
			c->state.given_up = true;
		if (c->state.given_up)
			log_event(LOG_WARNING, "webhook-given-up", "webhook",
				  c->id, "owner", c->webhook.owner, "error",
				  x.error, NULL);
	}
	c->dirty = true;
	if (x.error != NULL || was_failing)
		c->kept_at = 0;
	return x.error == NULL;
}

static void set_place(struct courier *c, const char *place)
{
	c->state.place = arena_strdup(c->arena, place);
}

/* The changes of a page, until one is not taken. */
static bool deliver_page(struct courier *c, struct arena *a,
			 const struct change_page *page, struct err *e)
{
	for (size_t i = 0; i < page->count && !c->end; i++) {
		const struct change *x = &page->items[i];
		struct message m;

		if (!webhook_wants(&c->webhook, x))
			continue;
		/* Time has passed since the one before. */
		if (!owner_stands(c))
			return false;
		letter_of_change(a, &c->webhook, x, &m);
		if (!deliver(c, a, &m, e))
			return false;
		set_place(c, x->place);
		if (!keep_if_due(c, e) || c->stale)
			return false;
	}
	return !c->end;
}

/* The log does not go back that far: that is told, and it goes on from now. */
static void tell_loss(struct courier *c, struct arena *a, struct err *e)
{
	struct feed *f = c->all->gateway->feed;
	struct task t = own_task(a);
	const char *end;
	struct message m;

	err_clear(e);
	letter_of_loss(a, &c->webhook, c->state.place, &m);
	if (f->ops->end(f, &t, &end, e) && deliver(c, a, &m, e))
		set_place(c, end);
}

/* True if there may be more. */
static bool read_on(struct courier *c, struct arena *a, struct err *e)
{
	struct feed *f = c->all->gateway->feed;
	struct task t = own_task(a);
	struct change_page page;

	t.caller = c->owner;
	if (!find_sight(c, e))
		return false;
	if (!f->ops->read(f, &t, c->sight, c->state.place, LOOK_AT_ONCE, &page,
			  e)) {
		if (e->kind == ERR_GONE)
			tell_loss(c, a, e);
		return false;
	}
	c->behind = page.more && !page.stale;
	if (page.stale)
		c->sight = NULL;
	if (!deliver_page(c, a, &page, e))
		return true;
	bool moved = strcmp(page.reached, c->state.place) != 0;
	if (moved) {
		set_place(c, page.reached);
		c->passed = true;
	}
	return moved || page.more;
}

static bool prepare(struct courier *c, struct err *e)
{
	return (owner_stands(c) || read_owner(c, e)) &&
	       ((c->arena != NULL && !c->stale) || read_state(c, e));
}

/* Nothing can be sent for now; what would change that is looked at. */
static void rest(struct courier *c)
{
	c->resting = true;
	fiber_park(clock_now() + REST_MILLIS);
	c->resting = false;
	c->changed = c->stale = true;
}

static bool is_to_wait(const struct courier *c)
{
	return c->wait_until > 0 ? clock_now() < c->wait_until
				 : round_is_to_wait(&c->state);
}

static void step(struct courier *c)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct feed *f = c->all->gateway->feed;
	struct err e = {0};

	if (prepare(c, &e) && !is_active(c)) {
		rest(c);
		return;
	}
	bool waits = e.kind == ERR_NONE && is_to_wait(c);
	bool some = e.kind == ERR_NONE && !waits && read_on(c, a, &e);
	if (e.kind == ERR_NONE && !c->stale)
		keep_if_due(c, &e);
	if (c->end)
		return;
	if (e.kind != ERR_NONE && e.kind != ERR_CHANGED) {
		log_event(LOG_DEBUG, "webhook-waits", "webhook", c->id, "error",
			  e.text, NULL);
		fiber_park(clock_now() + PAUSE_MILLIS);
	} else if (waits) {
		fiber_park(clock_now() + PAUSE_MILLIS);
	} else if (!some) {
		f->ops->await(f, c->state.place,
			      clock_now() +
				      (c->dirty ? KEEP_MILLIS : IDLE_MILLIS));
	}
}

static void forget(struct courier *c)
{
	struct courier **at = &c->all->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	arena_free(c->arena);
	arena_free(c->owner_in);
	arena_free(c->sight_in);
	free(c);
}

static void run(void *ctx)
{
	struct courier *c = ctx;
	struct feed *f = c->all->gateway->feed;
	struct err ignored = {0};

	c->fiber = fiber_self();
	f->ops->join(f);
	while (!c->end)
		step(c);
	f->ops->leave(f);
	if ((c->dirty || c->passed) && !c->stale)
		keep(c, &ignored);
	forget(c);
}

struct couriers *couriers_new(struct loop *l, const struct gateway *g,
			      const struct webhook_settings *set)
{
	struct couriers *c = alloc_zeroed(sizeof(*c));

	*c = (struct couriers){.loop = l, .gateway = g, .set = set};
	return c;
}

void couriers_free(struct couriers **c)
{
	free(*c);
	*c = NULL;
}

static struct courier *find(struct couriers *all, const char *id)
{
	for (struct courier *c = all->first; c != NULL; c = c->next) {
		if (strcmp(c->id, id) == 0)
			return c;
	}
	return NULL;
}

static bool begin(struct couriers *all, const struct webhook *w, struct err *e)
{
	struct courier *c = alloc_zeroed(sizeof(*c));

	c->all = all;
	c->seen = c->changed = true;
	if (!set_text(c->id, sizeof(c->id), w->id) ||
	    !set_text(c->revision, sizeof(c->revision), w->revision)) {
		free(c); /* none of ours */
		return true;
	}
	c->next = all->first;
	all->first = c;
	if (fiber_start(all->loop, run, c))
		return true;
	forget(c);
	return err_set(e, ERR_LIMIT, "no fiber is left");
}

static bool look_at(struct couriers *all, const struct webhook *w,
		    struct err *e)
{
	struct courier *c = find(all, w->id);

	if (c == NULL)
		return !w->enabled || begin(all, w, e);
	c->seen = w->enabled;
	if (c->seen &&
	    (!text_equal(c->revision, w->revision) ||
	     (c->resting && !text_equal(c->state.guard, w->state_guard)))) {
		set_text(c->revision, sizeof(c->revision), w->revision);
		c->changed = c->stale = true;
		fiber_wake(c->fiber);
	}
	return true;
}

static void finish(struct courier *c)
{
	c->end = true;
	if (c->fiber != NULL)
		fiber_wake(c->fiber);
}

static void count(const struct couriers *all)
{
	int64_t failing = 0, active = 0, given_up = 0;

	for (const struct courier *c = all->first; c != NULL; c = c->next) {
		if (c->state.given_up)
			given_up++;
		else if (c->state.failing_since != NULL)
			failing++;
		else
			active++;
	}
	meter_set(METER_WEBHOOKS, METER_WEBHOOK_ACTIVE, active);
	meter_set(METER_WEBHOOKS, METER_WEBHOOK_FAILING, failing);
	meter_set(METER_WEBHOOKS, METER_WEBHOOK_GIVEN_UP, given_up);
}

bool couriers_look(struct couriers *all, const struct task *t, struct err *e)
{
	struct webhook_box *b = all->gateway->webhooks;
	struct webhook *list;
	size_t n;

	if (!b->ops->all(b, t, &list, &n, e))
		return false;
	for (struct courier *c = all->first; c != NULL; c = c->next)
		c->seen = false;
	for (size_t i = 0; i < n; i++) {
		if (!look_at(all, &list[i], e))
			return false;
	}
	for (struct courier *c = all->first; c != NULL; c = c->next) {
		if (!c->seen)
			finish(c);
	}
	count(all);
	return true;
}

void couriers_leave(struct couriers *all)
{
	for (struct courier *c = all->first; c != NULL; c = c->next)
		finish(c);
	meter_set(METER_WEBHOOKS, METER_WEBHOOK_ACTIVE, 0);
	meter_set(METER_WEBHOOKS, METER_WEBHOOK_FAILING, 0);
	meter_set(METER_WEBHOOKS, METER_WEBHOOK_GIVEN_UP, 0);
}

bool couriers_have_left(const struct couriers *all)
{
	return all->first == NULL;
}
