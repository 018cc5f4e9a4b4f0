#include "core/expiry.h"

#include "util/clock.h"
#include "util/instant.h"

/* Seconds before the last look: what was being written then, and by another
 * clock. */
enum { MARGIN = 300 };

static bool disable(const struct gateway *g, const struct task *t,
		    int64_t since, int64_t until, struct err *e)
{
	char from[INSTANT_SIZE], to[INSTANT_SIZE];
	bool more = true;

	instant_text(from, since);
	instant_text(to, until);
	while (more) {
		if (!g->store->ops->expire(g->store, t, from, to, &more, e))
			return false;
	}
	return true;
}

bool expiry_look(const struct gateway *g, const struct task *t,
		 struct expiry *x, struct err *e)
{
	int64_t now = clock_seconds();

	if (!disable(g, t, x->since > MARGIN ? x->since - MARGIN : 0, now, e))
		return false;
	x->since = now;
	return true;
}

bool expiry_sweep(const struct gateway *g, const struct task *t, struct err *e)
{
	return disable(g, t, 0, clock_seconds(), e);
}
