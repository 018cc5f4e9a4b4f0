#include "core/claims.h"

#include "core/plan.h"
#include "util/clock.h"
#include "util/text.h"

static struct claims *self(struct journal *j)
{
	return (struct claims *)j;
}

static bool write_plan(struct journal *port, const struct task *t,
		       struct plan *p, struct err *e)
{
	struct claims *c = self(port);

	if (!c->trial)
		return c->behind->ops->write(c->behind, t, p, e);
	p->written = clock_now();
	return true;
}

static bool remove_plan(struct journal *port, const struct task *t,
			const char *id, struct err *e)
{
	struct claims *c = self(port);

	return c->trial || c->behind->ops->remove(c->behind, t, id, e);
}

static bool is_claimed(struct journal *port, const struct task *t,
		       const char *name, bool *ret, struct err *e)
{
	struct claims *c = self(port);

	*ret = false;
	for (size_t i = 0; c->own != NULL && i < c->own->count; i++) {
		if (text_equal(c->own->items[i], name))
			return true;
	}
	return c->behind->ops->is_claimed(c->behind, t, name, ret, e);
}

/* What use cases of one write each ask for. */
static const struct journal_ops ops = {
	.write = write_plan,
	.remove = remove_plan,
	.is_claimed = is_claimed,
};

static struct gateway with(struct claims *c, const struct gateway *g)
{
	struct gateway own = *g;

	own.journal = &c->port;
	return own;
}

struct gateway claims_own(struct claims *c, const struct gateway *g,
			  const struct text_list *own)
{
	*c = (struct claims){.port = {&ops}, .behind = g->journal, .own = own};
	return with(c, g);
}

struct gateway claims_trial(struct claims *c, const struct gateway *g)
{
	*c = (struct claims){.port = {&ops},
			     .behind = g->journal,
			     .trial = true};
	return with(c, g);
}
