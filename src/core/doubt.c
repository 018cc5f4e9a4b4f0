#include "core/doubt.h"

#include <string.h>

#include "core/plan.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	TRIES = 4,
	WAIT = 1000,   /* milliseconds for the store to come back */
	LEAVE = 1500,  /* milliseconds before the deadline there are no more
			* tries, so that the client gets an answer */
	CLOCKS = 2000, /* milliseconds they may differ */
};

struct doubt doubt_begin(void)
{
	return (struct doubt){.began = clock_now()};
}

bool doubt_again(struct doubt *d, const struct gateway *g, const struct task *t,
		 struct err *e)
{
	bool unknown = e->kind == ERR_UNKNOWN;

	if (!unknown && !(d->any && plan_may_retry(e)))
		return false;
	d->any = true;
	d->lost = d->lost ||
		  (unknown && !text_equal(e->code, "directory_failed"));
	if (++d->tries < TRIES && clock_now() + LEAVE < t->deadline &&
	    g->store->ops->await(g->store, t, WAIT))
		return true;
	struct err why = *e;
	return err_code(e, ERR_UNKNOWN, "outcome_unknown", "%s", why.text);
}

void doubt_disproved(const struct doubt *d, struct err *e)
{
	struct err why = *e;

	if (e->kind == ERR_UNKNOWN && !d->lost)
		err_code(e, ERR_UNAVAILABLE, "directory_failed", "%s",
			 why.text);
}

bool doubt_is_recent(const struct doubt *d, const char *created_at)
{
	char since[CLOCK_TEXT];

	clock_text_ago(since, clock_now() - d->began + CLOCKS);
	return created_at != NULL && strcmp(created_at, since) >= 0;
}
