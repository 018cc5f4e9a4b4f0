#include "core/domain_checks.h"

#include <string.h>

#include "core/checkbook.h"
#include "core/dkim_ring.h"
#include "core/provision.h"
#include "core/rehearsal.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/random.h"
#include "util/text.h"

enum {
	HOUR = 3600,
	MINUTE = 60,
	JITTER = 5,          /* a fifth of the time, sooner or later */
	REPLY_MILLIS = 2000, /* a request needs besides */
	LOOK_LEAST = 3000,
	LOOK_FACTOR = 100, /* looking takes a hundredth of the time */
};

static const char *moment(struct arena *a, int64_t seconds)
{
	char *text = arena_alloc(a, INSTANT_SIZE);

	instant_text(text, seconds);
	return text;
}

static bool is_pending(const struct domain *d)
{
	return d->wished && !d->in_force;
}

static const char *challenge_of(const struct gateway *g, const struct task *t,
				const struct domain *d)
{
	return is_pending(d) && text_equal(g->checks->proof, "yes")
		       ? publish_challenge(t->arena, d)
		       : NULL;
}

/* Keys as the DNS should have them, for who sees the domain. */
static bool keys_of(const struct gateway *g, const struct task *t,
		    const char *domain, struct publication *p, struct err *e)
{
	struct dkim_list list = {.count = 0};

	p->keys = NULL;
	p->key_count = 0;
	if (g->dkim == NULL)
		return true;
	if (!g->dkim->ring->ops->list(g->dkim->ring, t, DKIM_AS_GATEWAY, domain,
				      &list, e))
		return false;
	struct published_key *keys =
		arena_alloc(t->arena, (list.count + 1) * sizeof(*keys));
	for (size_t i = 0; i < list.count; i++)
		keys[p->key_count++] =
			(struct published_key){list.items[i].selector,
					       list.items[i].state,
					       list.items[i].record};
	p->keys = keys;
	return true;
}

static bool publication_of(const struct gateway *g, const struct task *t,
			   const struct checked *c, struct publication *ret,
			   struct err *e)
{
	*ret = (struct publication){.set = g->checks,
				    .domain = &c->domain,
				    .challenge = c->challenge};
	return keys_of(g, t, c->domain.name, ret, e);
}

static bool recall(const struct gateway *g, const struct task *t,
		   struct checked *c, struct err *e)
{
	c->challenge = challenge_of(g, t, &c->domain);
	if (!g->checkbook->ops->get(g->checkbook, t, c->domain.name, &c->report,
				    e))
		return false;
	c->report.state = checkup_state(&c->domain, &c->report);
	return true;
}

static bool see(const struct gateway *g, const struct task *t, const char *name,
		struct checked *ret, struct err *e)
{
	struct revision rev;

	if (g->checkbook == NULL || g->checks == NULL || g->resolver == NULL)
		return err_set(e, ERR_UNAVAILABLE, "nobody asks the DNS here");
	return provision_read(g, t, KIND_DOMAIN, name, &ret->domain, &rev, e);
}

bool domain_checks_read(const struct gateway *g, const struct task *t,
			const char *name, struct checked *ret, struct err *e)
{
	return see(g, t, name, ret, e) && recall(g, t, ret, e);
}

bool domain_checks_wishes(const struct gateway *g, const struct task *t,
			  const char *name, struct checked *found,
			  struct wishes *ret, struct err *e)
{
	struct publication p;

	if (!domain_checks_read(g, t, name, found, e) ||
	    !publication_of(g, t, found, &p, e))
		return false;
	publish_wishes(t->arena, &p, ret);
	return true;
}

/* So that not all are looked at in the same moment. */
static int64_t with_jitter(int64_t seconds)
{
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return seconds - seconds / JITTER +
	       (int64_t)(r % (2 * seconds / JITTER + 1));
}

static void date(const struct gateway *g, const struct task *t,
		 struct checked *c)
{
	int64_t now = clock_seconds();

	c->report.checked_at = moment(t->arena, now);
	c->report.state = checkup_state(&c->domain, &c->report);
	bool good = text_equal(c->report.state, "enabled") ||
		    text_equal(c->report.state, "disabled");
	int64_t pause =
		good ? g->checks->hours * HOUR : g->checks->minutes * MINUTE;
	c->report.next_at = moment(t->arena, now + with_jitter(pause));
}

/* Control was proved: it comes into force. */
static bool admit(const struct gateway *g, const struct task *t,
		  struct checked *c, struct err *e)
{
	if (!c->report.proved || !is_pending(&c->domain) || rehearsal_is(t))
		return true;
	if (!g->checkbook->ops->prove(g->checkbook, t, c->domain.name,
				      moment(t->arena, clock_seconds()), e)) {
		/* Somebody has changed it meanwhile: it is seen next time. */
		bool changed = e->kind == ERR_CHANGED;
		if (changed)
			err_clear(e);
		return changed;
	}
	c->domain.in_force = true;
	c->domain.wished = false;
	log_event(LOG_NOTICE, "domain-proved", "domain", c->domain.name, NULL);
	return true;
}

/* The domain and what was found before are there. */
static bool check(const struct gateway *g, const struct task *t,
		  struct checked *c, struct err *e)
{
	struct checkup_report before = c->report;
	int64_t most = clock_now() + CHECKUP_MILLIS;
	struct publication p;

	if (!publication_of(g, t, c, &p, e))
		return false;
	struct checkup_parts parts =
		{.resolver = g->resolver,
		 .suffixes = g->suffixes,
		 .published = &p,
		 .validating = g->resolver->ops->validates(g->resolver),
		 .deadline = t->deadline - REPLY_MILLIS < most
				     ? t->deadline - REPLY_MILLIS
				     : most};
	checkup_run(t->arena, &parts, &c->report);
	checkup_carry(&c->report, &before);
	checkup_sort(&c->report);
	if (!admit(g, t, c, e))
		return false;
	date(g, t, c);
	return rehearsal_is(t) ||
	       g->checkbook->ops->keep(g->checkbook, t, c->domain.name,
				       &c->report, e);
}

bool domain_checks_run(const struct gateway *g, const struct task *t,
		       const char *name, struct checked *ret, struct err *e)
{
	return domain_checks_read(g, t, name, ret, e) && check(g, t, ret, e);
}

/* One that is gone meanwhile is fine. */
static bool check_one(const struct gateway *g, const struct task *t,
		      const char *name, struct err *e)
{
	struct checked c;

	if (g->checkbook->ops->subject(g->checkbook, t, name, &c.domain, e) &&
	    recall(g, t, &c, e) && check(g, t, &c, e))
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static bool check_all(const struct gateway *g, const struct task *t,
		      const struct text_list *names, const bool *stop,
		      struct err *e)
{
	for (size_t i = 0; i < names->count && !*stop; i++) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct task one = *t;

		one.arena = a;
		one.deadline = clock_now() + CHECKUP_MILLIS * 2;
		if (!check_one(g, &one, names->items[i], e))
			return false;
	}
	return true;
}

/* Nothing can be judged where nobody has said what is wanted. */
bool domain_checks_look(const struct gateway *g, const struct task *t,
			struct checks_round *r, const bool *stop, struct err *e)
{
	struct text_list names = {NULL, 0};

	if (g->checks == NULL || g->checks->mx == NULL)
		return true;
	if (!g->checkbook->ops->due(g->checkbook, t,
				    moment(t->arena, clock_seconds()), &names,
				    e) ||
	    !check_all(g, t, &names, stop, e))
		return false;
	if (r->looked != 0 && clock_now() < r->looked + r->pause)
		return true;
	int64_t begun = clock_now();
	if (!g->checkbook->ops->unchecked(g->checkbook, t, &names, e))
		return false;
	r->looked = clock_now();
	r->pause = (r->looked - begun) * LOOK_FACTOR;
	/* There may be more of them: then they are next. */
	if (names.count > 0)
		r->pause = 0;
	else if (r->pause < LOOK_LEAST)
		r->pause = LOOK_LEAST;
	return check_all(g, t, &names, stop, e);
}

bool domain_checks_hold(const struct gateway *g, const struct task *t,
			const struct domain *old, struct domain *d,
			struct err *e)
{
	bool all = false;

	if (g->checks == NULL || !text_equal(g->checks->proof, "yes") ||
	    !d->in_force || d->proved_at != NULL ||
	    (old != NULL && old->in_force))
		return true;
	if (!g->store->ops->is_super_administrator(g->store, t, &all, e))
		return false;
	d->in_force = all;
	d->wished = !all;
	return true;
}
