#include "core/lease.h"

#include "core/plan.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"

enum { TERM = 10000 };

static struct world *w;
static struct gateway one, other;
static struct lease first, second;

static bool keep(struct lease *l, const struct gateway *g, int64_t now)
{
	struct err e = {0};

	return lease_keep(l, g, &w->admin, now, &e) && lease_is_held(l, now);
}

static void begin(void)
{
	w = world_open();
	one = other = w->gateway;
	one.name = "one";
	other.name = "other";
	one.lease_millis = other.lease_millis = TERM;
	first = second = (struct lease){0};
}

/* Who looks when, and who has it then. */
static const struct {
	int64_t now;
	bool other, has;
	const char *what;
} looks[] = {
	{1000, false, true, "the first who looks has it"},
	{1500, true, false, "the next has not"},
	{4000, false, true, "it is renewed"},
	{9000, false, true, "and again"},
	{11000, true, false, "who sees that does not take it"},
	{18000, true, false, "nor before the term is over"},
	{20999, true, false, "by his own clock"},
	{21000, true, true, "then he does"},
	{21001, false, false, "the old one learns it"},
	{24000, true, true, "the new one renews it"},
	{33999, false, false, "and the old one waits"},
	{34001, false, false, "from when he saw it last"},
	{44001, false, true, "until the new one is silent, too"},
};

static void terms(void)
{
	begin();
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		OK(keep(looks[i].other ? &second : &first,
			looks[i].other ? &other : &one,
			looks[i].now) == looks[i].has,
		   looks[i].what);
	world_close(&w);
}

static void trouble(void)
{
	struct err e = {0};

	begin();
	OK(keep(&first, &one, 0), "it is held");
	store_mem_down(w->store, true);
	OK(!lease_keep(&first, &one, &w->admin, 3000, &e),
	   "it cannot be renewed");
	OK(lease_is_held(&first, TERM * 2 / 3 - 1),
	   "who had it has it for two thirds of the term");
	OK(!lease_is_held(&first, TERM * 2 / 3), "and no longer");
	store_mem_down(w->store, false);
	OK(!keep(&second, &other, 7000), "nobody else has it yet");
	OK(keep(&first, &one, 8000), "he may come back");
	OK(!keep(&second, &other, 17001), "which the other notices");
	world_close(&w);
}

static void release(void)
{
	begin();
	keep(&first, &one, 0);
	keep(&second, &other, 10);
	lease_release(&first, &one, &w->admin, 20);
	OK(!lease_is_held(&first, 20), "who gives it back has it no more");
	OK(keep(&second, &other, 30), "the other has it at once");
	lease_release(&first, &one, &w->admin, 40);
	OK(!keep(&first, &one, 50), "it cannot be given back for another");
	world_close(&w);
}

/* Both find it free in the same moment. */
static struct lease *quick;

static void be_quicker(void *ctx)
{
	(void)ctx;
	keep(quick, &other, 30);
}

static void race(void)
{
	struct plan p;
	struct err e = {0};

	begin();
	keep(&first, &one, 0);
	lease_release(&first, &one, &w->admin, 20);
	quick = &second;
	w->journal->ops->read(w->journal, &w->admin, "lease", &p, &e);
	be_quicker(NULL);
	p.holder = "one";
	OK(!w->journal->ops->update(w->journal, &w->admin, &p, &e) &&
		   e.kind == ERR_CHANGED,
	   "of two who find it free one writes");
	OK(lease_is_held(&second, 30), "and has it");
	world_close(&w);
}

int main(void)
{
	terms();
	trouble();
	release();
	race();
	return tap_done();
}
