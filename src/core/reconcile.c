#include "core/reconcile.h"

#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

enum {
	AT_ONCE = 64, /* domains that one look counts */
	COST = 20,   /* a domain is counted at most one twentieth of the time */
	NAMES = 500, /* that a look puts down in a round */
	PAUSE = 10000, /* milliseconds until the next so many: each time the
			* names of all are read */
};

static struct suspect *find(struct reconcile *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->suspects[i].name, name) == 0)
			return &r->suspects[i];
	}
	return NULL;
}

static bool copy(char *to, size_t size, const char *from)
{
	return snprintf(to, size, "%s", from) < (int)size;
}

/* False: there is no room. */
static bool suspect(struct reconcile *r, const char *name)
{
	struct suspect *s = find(r, name);

	if (s == NULL) {
		if (r->count == RECONCILE_WATCHED)
			return false;
		s = &r->suspects[r->count];
		*s = (struct suspect){0};
		if (!copy(s->name, sizeof(s->name), name))
			return true; /* none of ours */
		r->count++;
	}
	s->fresh = true;
	return true;
}

static void drop(struct reconcile *r, struct suspect *s)
{
	*s = r->suspects[--r->count];
}

/* What the log tells.  Each look reads what the last one read once more:
 * writes are logged when they end, and not quite in that order. */
static bool read_log(struct reconcile *r, const struct gateway *g,
		     const struct task *t, int64_t now, struct err *e)
{
	struct writes w;

	if (!g->store->ops->written(g->store, t,
				    r->from[0] != '\0' ? r->from : NULL, &w, e))
		return false;
	for (size_t i = 0; i < w.domains.count; i++) {
		if (!suspect(r, w.domains.items[i]))
			w.known = false;
	}
	if (w.reached == NULL)
		w.reached = ""; /* from the beginning */
	copy(r->from, sizeof(r->from), w.known ? r->reached : w.reached);
	copy(r->reached, sizeof(r->reached), w.reached);
	/* What was not told has to be found. */
	if (!w.known && !r->in_round && r->round + RECONCILE_BLIND <= now)
		r->round = 0;
	return true;
}

/* Put down all that have a tally, some at a time. */
static bool go_round(struct reconcile *r, const struct gateway *g,
		     const struct task *t, int64_t now, struct err *e)
{
	struct text_list names;
	bool more;

	if (!r->in_round && r->round != 0 && now < r->round + RECONCILE_ROUND)
		return true;
	if (r->in_round && now < r->listed + PAUSE)
		return true;
	if (!r->in_round)
		r->after[0] = '\0';
	r->in_round = true;
	r->listed = now;
	if (!g->store->ops->tallied(g->store, t,
				    r->after[0] != '\0' ? r->after : NULL,
				    NAMES, &names, &more, e))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!suspect(r, names.items[i]))
			return true; /* from here on next time */
		copy(r->after, sizeof(r->after), names.items[i]);
	}
	r->in_round = more;
	r->round = now;
	return true;
}

/* Whether it is time to count it, and whether all that was reserved is over:
 * then `settled` is the guard. */
static bool is_due(const struct suspect *s, const struct gateway *g,
		   int64_t now, const char **settled)
{
	bool quiet = s->guard[0] != '\0' && now >= s->since + g->settle_millis;

	*settled = quiet ? s->guard : NULL;
	return quiet || (s->fresh && now >= s->next);
}

static void tell(const struct suspect *s, const struct recount *c)
{
	if (c->mended)
		log_event(LOG_NOTICE, "domain-recounted", "domain", s->name,
			  NULL);
}

/* True: it need not be watched any more. */
static bool take_note(struct suspect *s, const struct recount *c, int64_t began)
{
	int64_t now = clock_now();

	tell(s, c);
	if (c->guard == NULL || c->settled)
		return true;
	/* Mended, it has another guard, which is still to be seen. */
	s->fresh = c->mended;
	s->next = now + (now - began) * COST;
	if (strcmp(s->guard, c->guard) == 0)
		return false;
	if (!copy(s->guard, sizeof(s->guard), c->guard))
		s->guard[0] = '\0';
	s->since = now;
	return false;
}

static bool count_some(struct reconcile *r, const struct gateway *g,
		       const struct task *t, const bool *stop, struct err *e)
{
	size_t counted = 0;

	for (size_t n = r->count; n > 0 && !*stop && counted < AT_ONCE; n--) {
		struct suspect *s;
		struct recount c;
		const char *settled;
		int64_t began = clock_now();

		r->turn = r->turn < r->count ? r->turn : 0;
		s = &r->suspects[r->turn];
		if (!is_due(s, g, began, &settled)) {
			r->turn++;
			continue;
		}
		counted++;
		r->turn++; /* one that fails must not keep us from others */
		if (!g->store->ops->recount(g->store, t, s->name, settled, &c,
					    e))
			return false;
		if (take_note(s, &c, began)) {
			drop(r, s);
			r->turn--;
		}
	}
	return true;
}

bool reconcile_look(struct reconcile *r, const struct gateway *g,
		    const struct task *t, const bool *stop, struct err *e)
{
	int64_t now = clock_now();

	return read_log(r, g, t, now, e) && go_round(r, g, t, now, e) &&
	       count_some(r, g, t, stop, e);
}
