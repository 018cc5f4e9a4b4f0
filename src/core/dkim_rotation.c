#include "core/dkim_rotation.h"

#include <string.h>

#include "core/provision.h"
#include "core/resolver.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/text.h"

enum {
	DAY_SECONDS = 86400,
	STEP_MILLIS = 60000,
	ASK_MILLIS = 5000,
	ABREAST = 32,         /* names the DNS is asked for side by side */
	PAUSE_SECONDS = 3600, /* after what will not go away by itself */
	SLOW_POLLS = 5, /* as rarely when a record has not come for a day */
};

/* A key whose time has come, as it was and as it is to be. */
struct turn {
	const struct gateway *gateway;
	const struct task *task;
	const struct dkim_key *old;
	const struct revision *seen;
	const struct dns_question *asked; /* NULL: nobody was */
	struct dkim_key next;
};

static const struct dkim_terms *terms(const struct turn *x)
{
	return x->gateway->dkim->terms;
}

static const char *later(const struct turn *x, int64_t seconds)
{
	return dkim_time(x->task->arena, seconds);
}

static bool write_turn(struct turn *x, struct err *e)
{
	struct dkim_ring *r = x->gateway->dkim->ring;
	struct revision rev;

	return r->ops->change(r, x->task, DKIM_AS_GATEWAY, x->old, &x->next,
			      x->seen, &rev, e);
}

static bool is_blind(const struct turn *x)
{
	return x->gateway->resolver == NULL;
}

static enum dkim_dns judge(const struct turn *x, const struct dns_question *q)
{
	struct text_list texts = {arena_alloc(x->task->arena,
					      q->count * sizeof(char *)),
				  0};

	if (q->outcome == DNS_FAILED)
		return DKIM_DNS_UNKNOWN;
	for (size_t i = 0; q->outcome == DNS_FOUND && i < q->count; i++)
		texts.items[texts.count++] =
			arena_strndup(x->task->arena, q->records[i].text,
				      q->records[i].size);
	return dkim_compare(x->old->record, &texts);
}

/* What the DNS shows, which is kept with the key. */
static enum dkim_dns look(struct turn *x)
{
	if (x->asked == NULL)
		return DKIM_DNS_UNKNOWN;
	enum dkim_dns seen = judge(x, x->asked);
	x->next.dns = dkim_dns_word(seen);
	x->next.checked_at = later(x, 0);
	return seen;
}

static bool is_older(const struct turn *x, const char *since, int64_t seconds)
{
	char then[INSTANT_SIZE];

	instant_text(then, clock_seconds() - seconds);
	(void)x;
	return since != NULL && strcmp(since, then) <= 0;
}

/* Somebody has to publish it: after a day he is not expected any moment. */
static const char *next_poll(const struct turn *x)
{
	bool slow = is_older(x, x->old->created_at, DAY_SECONDS);

	return later(x, terms(x)->poll_seconds * (slow ? SLOW_POLLS : 1));
}

/* Who made it has come to an end before it had its key. */
static bool complete(struct turn *x, struct err *e)
{
	struct dkim_ring *r = x->gateway->dkim->ring;
	struct dkim_maker *m = x->gateway->dkim->maker;
	struct dkim_made made;

	/* One that was brought is lost. */
	if (x->old->bits == NUMBER_NONE ||
	    !dkim_algorithm(x->old->algorithm, &made.type, &made.bits) ||
	    !text_equal(x->old->state, DKIM_PREPARED))
		return r->ops->remove(r, x->task, DKIM_AS_GATEWAY, x->old,
				      x->seen, e);
	x->next.due_at = later(x, terms(x)->poll_seconds);
	return m->ops->make(m, x->task, x->old, &made, e) &&
	       r->ops->equip(r, x->task, &x->next, &made, e);
}

static bool prepared(struct turn *x, struct err *e)
{
	if (look(x) != DKIM_DNS_SHOWN) {
		/* Without a resolver somebody has to say so. */
		x->next.due_at = is_blind(x) ? NULL : next_poll(x);
		return write_turn(x, e);
	}
	x->next.state = DKIM_PUBLISHED;
	x->next.published_at = later(x, 0);
	x->next.due_at =
		x->old->staged ? later(x, terms(x)->wait_seconds) : NULL;
	return write_turn(x, e);
}

/* It signs only while others find it: whoever said that it is published is
 * believed only where the DNS cannot be asked. */
static bool published(struct turn *x, struct err *e)
{
	if (!x->old->staged) {
		x->next.due_at = NULL;
		return write_turn(x, e);
	}
	if (!is_blind(x) && look(x) != DKIM_DNS_SHOWN) {
		x->next.due_at = next_poll(x);
		return write_turn(x, e);
	}
	x->next.state = DKIM_ACTIVE;
	x->next.activated_at = later(x, 0);
	x->next.due_at = later(x, 0); /* so that it settles */
	x->next.staged = false;
	return write_turn(x, e);
}

/* Another of its kind, which will take its place. */
static bool succeed(struct turn *x, struct err *e)
{
	struct dkim_ring *r = x->gateway->dkim->ring;
	struct dkim_key k = dkim_defaults;
	struct dkim_list list;
	struct revision rev;

	if (!r->ops->list(r, x->task, DKIM_AS_GATEWAY, x->old->domain, &list,
			  e))
		return false;
	if (dkim_is_rotating(&list, x->old->type))
		return true;
	if (list.count >= DKIM_KEYS_MAX)
		return err_set(e, ERR_CONFLICT, "%s has too many keys",
			       x->old->domain);
	k.domain = x->old->domain;
	k.selector = dkim_selector(x->task, &list);
	k.staged = true;
	k.rotate_days = x->old->rotate_days;
	if (!dkim_algorithm(x->old->algorithm, &k.type, &k.bits) &&
	    !dkim_algorithm("rsa-2048", &k.type, &k.bits))
		return err_set(e, ERR_INTERNAL, "no such algorithm");
	dkim_judge_new(&k, x->task->arena, e);
	if (e->faults != NULL)
		return false;
	log_event(LOG_NOTICE, "dkim-rotation", "domain", k.domain, "selector",
		  k.selector, NULL);
	return dkim_add(x->gateway, x->task, DKIM_AS_GATEWAY, &k, &rev, e);
}

static int64_t days_of(const struct turn *x)
{
	return x->old->rotate_days != NUMBER_NONE ? x->old->rotate_days
						  : terms(x)->rotate_days;
}

/* When that many days are over; NULL: they are. */
static const char *end_of(const struct turn *x, int64_t days)
{
	const char *since = x->old->activated_at != NULL ? x->old->activated_at
							 : x->old->created_at;
	char then[INSTANT_SIZE];

	if (is_older(x, since, days * DAY_SECONDS))
		return NULL;
	/* In steps of a day: nobody counts on the hour. */
	for (int64_t d = 1; d <= days; d++) {
		instant_text(then, clock_seconds() + (d - days) * DAY_SECONDS);
		if (since == NULL || strcmp(since, then) <= 0)
			return later(x, d * DAY_SECONDS);
	}
	return later(x, days * DAY_SECONDS);
}

static bool active(struct turn *x, struct err *e)
{
	int64_t days = days_of(x);

	if (!dkim_settle(x->gateway, x->task, DKIM_AS_GATEWAY, x->old->domain,
			 x->old->type, e))
		return false;
	x->next.due_at = NULL;
	if (days > 0)
		x->next.due_at = end_of(x, days);
	if (days > 0 && x->next.due_at == NULL) {
		if (!succeed(x, e))
			return false;
		x->next.due_at = later(x, DAY_SECONDS);
	}
	/* It may be one of those that were just retired. */
	return write_turn(x, e) || provision_overtaken(e);
}

/* The private part first; the entry is kept while the record is there, so that
 * somebody is told to take it out. */
static bool retired(struct turn *x, struct err *e)
{
	struct dkim_ring *r = x->gateway->dkim->ring;
	enum dkim_dns seen;

	if (x->old->key_name != NULL)
		return r->ops->erase(r, x->task, x->old, e);
	seen = look(x);
	if (is_blind(x) || seen == DKIM_DNS_ABSENT)
		return r->ops->remove(r, x->task, DKIM_AS_GATEWAY, x->old,
				      x->seen, e);
	x->next.due_at = next_poll(x);
	return write_turn(x, e);
}

static bool go_on(struct turn *x, struct err *e)
{
	static const struct {
		const char *state;
		bool (*step)(struct turn *x, struct err *e);
	} steps[] = {{DKIM_PREPARED, prepared},
		     {DKIM_PUBLISHED, published},
		     {DKIM_ACTIVE, active},
		     {DKIM_RETIRED, retired}};

	if (x->old->record == NULL)
		return complete(x, e);
	for (size_t i = 0; i < COUNT(steps); i++) {
		if (text_equal(x->old->state, steps[i].state))
			return steps[i].step(x, e);
	}
	return err_set(e, ERR_INTERNAL, "a key has no state of ours");
}

/* Whether its next step is up to what the DNS has. */
static bool needs_look(const struct dkim_key *k)
{
	return k->record != NULL &&
	       (text_equal(k->state, DKIM_PREPARED) ||
		(text_equal(k->state, DKIM_PUBLISHED) && k->staged) ||
		(text_equal(k->state, DKIM_RETIRED) && k->key_name == NULL));
}

/* What may be better soon. */
static bool is_passing(const struct err *e)
{
	return e->kind == ERR_LIMIT || e->kind == ERR_UNAVAILABLE ||
	       e->kind == ERR_TIMEOUT || e->kind == ERR_UNKNOWN;
}

/* What could not go on makes room for others: it is due later, unless somebody
 * has given it another time meanwhile. */
static void postpone(struct turn *x, const struct err *why)
{
	struct dkim_ring *r = x->gateway->dkim->ring;
	const struct task *t = x->task;
	struct revision seen, rev;
	struct dkim_key old, next;
	struct err e = {0};

	if (!r->ops->get(r, t, DKIM_AS_GATEWAY, x->old->domain,
			 x->old->selector, &old, &seen, &e) ||
	    !text_equal(old.due_at, x->old->due_at))
		return;
	next = old;
	next.due_at = later(x, is_passing(why) ? terms(x)->poll_seconds
					       : PAUSE_SECONDS);
	r->ops->change(r, t, DKIM_AS_GATEWAY, &old, &next, &seen, &rev, &e);
}

/* It has memory and time of its own.  What fails is told, and tried again a
 * while later. */
static bool take_turn(const struct gateway *g, const struct task *t,
		      const struct dkim_key *k, const struct revision *seen,
		      const struct dns_question *asked)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task own = *t;
	struct dkim_key whole = *k;
	struct turn x = {.gateway = g,
			 .task = &own,
			 .old = &whole,
			 .seen = seen,
			 .asked = asked,
			 .next = *k};
	struct err e = {0};

	own.arena = a;
	own.deadline = clock_now() + STEP_MILLIS;
	dkim_complete(&whole, a);
	if (go_on(&x, &e) || e.kind == ERR_CHANGED || e.kind == ERR_NOT_FOUND)
		return true;
	log_event(LOG_WARNING, "dkim-not-moved", "domain", k->domain,
		  "selector", k->selector, "error", e.text, NULL);
	own.deadline = clock_now() + STEP_MILLIS;
	postpone(&x, &e);
	return false;
}

/* One that does not answer keeps nobody waiting but those beside it. */
static void ask(const struct gateway *g, struct arena *a,
		const struct dkim_key *keys, size_t count,
		const struct dns_question *ret[])
{
	struct dns_question *q = arena_alloc(a, count * sizeof(*q));
	struct resolver *r = g->resolver;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		ret[i] = NULL;
		if (r == NULL || !needs_look(&keys[i]))
			continue;
		q[n] = (struct dns_question){.name = dkim_name(a, &keys[i]),
					     .type = DNS_TXT};
		ret[i] = &q[n++];
	}
	if (n > 0)
		r->ops->ask(r, a, q, n, clock_now() + ASK_MILLIS);
}

/* How many failed. */
static size_t take_turns(const struct gateway *g, const struct task *t,
			 const struct dkim_key *keys,
			 const struct revision *seen, size_t count,
			 const bool *stop)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct dns_question *asked[ABREAST];
	size_t failed = 0;

	ask(g, a, keys, count, asked);
	for (size_t i = 0; i < count && !*stop; i++)
		failed += !take_turn(g, t, &keys[i], &seen[i], asked[i]);
	return failed;
}

bool dkim_look(const struct gateway *g, const struct task *t, const bool *stop,
	       struct err *e)
{
	struct dkim_ring *r = g->dkim->ring;
	struct dkim_list list;
	size_t failed = 0;

	if (!r->ops->due(r, t, dkim_time(t->arena, 0), &list, e))
		return false;
	for (size_t i = 0; i < list.count && !*stop; i += ABREAST) {
		size_t left = list.count - i;

		failed += take_turns(g, t, &list.items[i], &list.seen[i],
				     left < ABREAST ? left : ABREAST, stop);
	}
	return failed == 0 ||
	       err_set(e, ERR_UNAVAILABLE, "%zu keys could not go on", failed);
}
