#include "core/lease.h"

#include <stdio.h>
#include <string.h>

#include "core/plan.h"

static const char lease_id[] = "lease";

static bool watch(struct lease *l, const struct plan *there, int64_t now)
{
	if (there->guard != NULL && strcmp(l->seen, there->guard) == 0)
		return false;
	if (snprintf(l->seen, sizeof(l->seen), "%s",
		     there->guard != NULL ? there->guard : "") < 0)
		l->seen[0] = '\0';
	l->since = now;
	return true;
}

static bool is_free(const struct lease *l, const struct gateway *g,
		    const struct plan *there, int64_t now)
{
	return there->holder == NULL || now - l->since >= g->lease_millis;
}

static bool take(struct lease *l, const struct gateway *g, const struct task *t,
		 struct plan *p, int64_t now, struct err *e)
{
	p->holder = g->name;
	p->state = PLAN_RUNNING;
	if (!g->journal->ops->update(g->journal, t, p, e))
		return e->kind == ERR_CHANGED; /* another was quicker */
	watch(l, p, now);
	/* From before it was sent, so that others count longer than we. */
	l->until = now + g->lease_millis * 2 / 3;
	return true;
}

static bool found(struct lease *l, const struct gateway *g,
		  const struct task *t, struct plan *p, int64_t now,
		  struct err *e)
{
	bool ours = p->holder != NULL && strcmp(p->holder, g->name) == 0;

	watch(l, p, now);
	if (!ours && !is_free(l, g, p, now)) {
		l->until = 0;
		return true;
	}
	if (ours && now - l->since < g->lease_millis / 4 && l->until > now)
		return true;
	return take(l, g, t, p, now, e);
}

bool lease_keep(struct lease *l, const struct gateway *g, const struct task *t,
		int64_t now, struct err *e)
{
	struct plan p = {.id = lease_id};

	if (g->journal->ops->read(g->journal, t, lease_id, &p, e))
		return found(l, g, t, &p, now, e);
	if (e->kind != ERR_NOT_FOUND)
		return false;
	/* The first of all gateways of this directory. */
	err_clear(e);
	p = (struct plan){.id = lease_id,
			  .state = PLAN_RUNNING,
			  .holder = g->name};
	if (!g->journal->ops->write(g->journal, t, &p, e))
		return e->kind == ERR_EXISTS;
	watch(l, &p, now);
	l->until = now + g->lease_millis * 2 / 3;
	return true;
}

bool lease_is_held(const struct lease *l, int64_t now)
{
	return now < l->until;
}

void lease_release(struct lease *l, const struct gateway *g,
		   const struct task *t, int64_t now)
{
	struct plan p = {0};
	struct err ignored = {0};

	if (!lease_is_held(l, now))
		return;
	l->until = 0;
	if (g->journal->ops->read(g->journal, t, lease_id, &p, &ignored) &&
	    p.holder != NULL && strcmp(p.holder, g->name) == 0) {
		p.holder = NULL;
		/* If that fails, the others wait for the term to end. */
		g->journal->ops->update(g->journal, t, &p, &ignored);
	}
}
