#include <stdlib.h>

#include "loop/fiber.h"
#include "passwd/hasher.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

enum { FIBERS = 8, QUEUE = 4 };

static struct loop *loop;
static struct hasher *hasher;
static unsigned hashed, refused, late;

static void hash_one(void *ctx)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct task t = {.arena = a,
			       .deadline = clock_now() + *(int64_t *)ctx};
	struct stored_password p = {0};
	struct err e = {0};

	const struct secret s = {.clear = "secret"};
	if (hasher->ops->hash(hasher, &t, &s, &p, &e))
		hashed += p.hash != NULL &&
			  strncmp(p.hash, "{CRYPT}$6$", 10) == 0;
	refused += e.kind == ERR_LIMIT;
	late += e.kind == ERR_TIMEOUT;
}

static void watch_over(void *ctx)
{
	(void)ctx;
	while (fiber_count(loop) > 1)
		fiber_sleep(1);
	loop_stop(loop);
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	static int64_t patience = 60000, none = -1;
	struct err e = {0};
	struct pool *pool = pool_open("hashing", 1, QUEUE, 5, &e);
	const char *ready = NULL;

	loop = loop_open(&e);
	if (loop == NULL || pool == NULL)
		return 1;
	fiber_prepare(loop, FIBERS + 2);
	const struct passwd_settings unknown = {.scheme = "rot13"},
				     set = {.scheme = "sha512-crypt"};
	OK(hasher_open(pool, &unknown, &e) == NULL && e.kind == ERR_INVALID,
	   "a scheme that is not there");
	hasher = hasher_open(pool, &set, &e);
	OK(hasher != NULL, "one that is");
	for (int i = 0; i < FIBERS; i++)
		fiber_start(loop, hash_one, &patience);
	fiber_start(loop, hash_one, &none);
	fiber_start(loop, watch_over, NULL);
	loop_run(loop);
	OK(hashed >= QUEUE && hashed + refused + late == FIBERS + 1,
	   "some are hashed, for the others there is no room or time");
	OK(refused >= FIBERS - QUEUE - 1, "they are told at once");
	OK(!hasher->ops->admit(hasher, a, "{PLAIN}x", &ready, &e),
	   "the table of schemes decides what is admitted");
	hasher_close(&hasher);
	OK(hasher == NULL, "closed");
	hasher_close(&hasher);
	pool_close(&pool);
	fiber_cleanup(loop);
	loop_close(&loop);
	return tap_done();
}
