#include "passwd/hasher.h"

#include <stdlib.h>

#include "passwd/scheme.h"
#include "util/alloc.h"

struct pool_hasher {
	struct hasher port;
	struct pool *pool;
	const struct scheme *scheme;
};

/* Everything the worker's thread touches; the fiber waits meanwhile, so that
 * nobody else uses the arena. */
struct job {
	const struct scheme *scheme;
	struct arena *arena;
	const char *clear, *hash;
	bool good;
	struct err err;
};

static void work(void *ctx)
{
	struct job *job = ctx;

	job->good = scheme_hash(job->scheme, job->arena, job->clear, &job->hash,
				&job->err);
}

static bool hash(struct hasher *port, const struct task *t, const char *clear,
		 const char **ret, struct err *e)
{
	struct pool_hasher *h = (struct pool_hasher *)port;
	struct job job = {.scheme = h->scheme,
			  .arena = t->arena,
			  .clear = clear};

	if (!pool_run(h->pool, work, &job, t->deadline, e))
		return false;
	*ret = job.hash;
	*e = job.err;
	return job.good;
}

static bool admit(struct hasher *h, struct arena *a, const char *ready,
		  const char **ret, struct err *e)
{
	(void)h;
	return scheme_admit(a, ready, ret, e);
}

static const struct hasher_ops ops = {.hash = hash, .admit = admit};

struct hasher *hasher_open(struct pool *pool, const char *scheme, struct err *e)
{
	struct pool_hasher *h = alloc_zeroed(sizeof(*h));

	h->port.ops = &ops;
	h->pool = pool;
	h->scheme = scheme_find(scheme);
	if (h->scheme == NULL) {
		err_set(e, ERR_INVALID, "no password scheme is named \"%s\"",
			scheme);
		free(h);
		return NULL;
	}
	return &h->port;
}

void hasher_close(struct hasher **h)
{
	free(*h);
	*h = NULL;
}
