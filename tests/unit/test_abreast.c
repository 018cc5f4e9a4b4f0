#include "ldap/abreast.h"

#include "loop/fiber.h"
#include "tests/lib/tap.h"

enum { MANY = 40, BAD = 5 };

static struct loop *loop;

struct seen {
	unsigned inside, most, done;
	bool fails;
};

static bool one(void *ctx, size_t number, struct err *e)
{
	struct seen *s = ctx;

	s->most = ++s->inside > s->most ? s->inside : s->most;
	fiber_sleep(2);
	s->inside--;
	s->done++;
	return !s->fails || number != BAD ||
	       err_set(e, ERR_LIMIT, "number %zu", number);
}

static void all(void *ctx)
{
	struct seen side = {0}, alone = {0}, bad = {.fails = true};
	struct err e = {0};

	(void)ctx;
	OK(abreast(one, &side, MANY, ABREAST, &e), "all are done");
	NUMBER(side.done, MANY, "each once");
	NUMBER(side.most, ABREAST, "a few at a time");
	OK(abreast(one, &alone, MANY, 1, &e) && alone.most == 1,
	   "or one after the other");
	OK(!abreast(one, &bad, MANY, ABREAST, &e), "one fails");
	IS(e.text, "number 5", "it is the first that failed that is told");
	NUMBER(bad.inside, 0, "what was begun has ended");
	OK(bad.done < MANY, "and no other is begun");
	OK(abreast(one, &bad, 0, ABREAST, &e), "there may be none");
	loop_stop(loop);
}

int main(void)
{
	struct err e = {0};

	loop = loop_open(&e);
	fiber_prepare(loop, ABREAST + 1);
	fiber_start(loop, all, NULL);
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
	return tap_done();
}
