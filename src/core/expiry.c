#include "core/expiry.h"

#include "core/trash.h"
#include "util/clock.h"
#include "util/instant.h"

enum {
	MARGIN = 300, /* seconds before the last look: what was being written
		       * then, and by another clock */
	BATCH_MILLIS = 60000,
};

/* Some of what came between those times (RFC 3339); `more`: call again. */
typedef bool batch_fn(const struct gateway *g, const struct task *t,
		      const char *from, const char *to, bool *more,
		      struct err *e);

static bool disable(const struct gateway *g, const struct task *t,
		    const char *from, const char *to, bool *more, struct err *e)
{
	return g->store->ops->expire(g->store, t, from, to, more, e);
}

static bool forget(const struct gateway *g, const struct task *t,
		   const char *from, const char *to, bool *more, struct err *e)
{
	(void)from;
	return g->store->ops->forget_held(g->store, t, to, more, e);
}

static bool forget_requests(const struct gateway *g, const struct task *t,
			    const char *from, const char *to, bool *more,
			    struct err *e)
{
	(void)from;
	return g->requests->ops->forget(g->requests, t, to, more, e);
}

static bool clear(const struct gateway *g, const struct task *t,
		  const char *from, const char *to, bool *more, struct err *e)
{
	(void)from;
	return trash_clear(g, t, to, more, e);
}

/* Each batch has memory and time of its own, however many there are. */
static bool in_batches(const struct gateway *g, const struct task *t,
		       batch_fn *batch, int64_t since, int64_t until,
		       const bool *stop, struct err *e)
{
	char from[INSTANT_SIZE], to[INSTANT_SIZE];
	bool more = true;

	instant_text(from, since);
	instant_text(to, until);
	while (more) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct task own = *t;

		if (*stop)
			return err_set(e, ERR_TIMEOUT, "it has to stop");
		own.arena = a;
		own.deadline = clock_now() + BATCH_MILLIS;
		if (!batch(g, &own, from, to, &more, e))
			return false;
	}
	return true;
}

bool expiry_look(const struct gateway *g, const struct task *t,
		 struct expiry *x, const bool *stop, struct err *e)
{
	int64_t now = clock_seconds();

	if (!in_batches(g, t, disable,
			x->since > MARGIN ? x->since - MARGIN : 0, now, stop,
			e))
		return false;
	x->since = now;
	return true;
}

bool expiry_sweep(const struct gateway *g, const struct task *t,
		  const bool *stop, struct err *e)
{
	return in_batches(g, t, disable, 0, clock_seconds(), stop, e);
}

bool expiry_forget(const struct gateway *g, const struct task *t,
		   const bool *stop, struct err *e)
{
	return in_batches(g, t, forget, 0, clock_seconds(), stop, e);
}

bool expiry_requests(const struct gateway *g, const struct task *t,
		     const bool *stop, struct err *e)
{
	return in_batches(g, t, forget_requests, 0, clock_seconds(), stop, e);
}

bool expiry_clear(const struct gateway *g, const struct task *t,
		  const bool *stop, struct err *e)
{
	return in_batches(g, t, clear, 0, clock_seconds(), stop, e);
}
