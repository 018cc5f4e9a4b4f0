#include "passwd/hasher.h"

#include <stdlib.h>

#include "passwd/credential.h"
#include "passwd/policy.h"
#include "passwd/scheme.h"
#include "util/alloc.h"

struct pool_hasher {
	struct hasher port;
	struct pool *pool;
	const struct passwd_settings *set;
	const struct scheme *scheme;
	uint32_t further, credentials;
};

/* Everything the worker's thread touches; the fiber waits meanwhile, so that
 * nobody else uses the arena. */
struct job {
	struct passwd_settings set; /* as it is now */
	const struct scheme *scheme;
	struct arena *arena;
	const struct secret *secret;
	uint32_t credentials;
	struct stored_password stored;
	bool good;
	struct err err;
};

static void work(void *ctx)
{
	struct job *job = ctx;

	job->good =
		policy_judge(&job->set, job->arena, job->secret, &job->err) &&
		scheme_hash(job->scheme, job->arena, job->secret->clear,
			    &job->stored.hash, &job->err);
	if (job->good)
		credential_make(job->credentials, job->arena,
				job->secret->clear, &job->stored);
}

static bool hash(struct hasher *port, const struct task *t,
		 const struct secret *s, struct stored_password *ret,
		 struct err *e)
{
	struct pool_hasher *h = (struct pool_hasher *)port;
	struct job job = {.set = *h->set,
			  .scheme = h->scheme,
			  .arena = t->arena,
			  .credentials = h->credentials,
			  .secret = s};

	/* Meanwhile the options may be read anew. */
	if (h->set->breached_file != NULL)
		job.set.breached_file =
			arena_strdup(t->arena, h->set->breached_file);

	if (!pool_run(h->pool, work, &job, t->deadline, e))
		return false;
	*ret = job.stored;
	*e = job.err;
	return job.good;
}

static bool admit(struct hasher *h, struct arena *a, const char *ready,
		  const char **ret, struct err *e)
{
	return scheme_admit(a, ((struct pool_hasher *)h)->further, ready, ret,
			    e);
}

static bool is_busy(struct hasher *h)
{
	return pool_is_full(((struct pool_hasher *)h)->pool);
}

static const struct hasher_ops ops = {.hash = hash,
				      .admit = admit,
				      .is_busy = is_busy};

struct hasher *hasher_open(struct pool *pool, const struct passwd_settings *set,
			   struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct pool_hasher *h = alloc_zeroed(sizeof(*h));

	h->port.ops = &ops;
	h->pool = pool;
	h->set = set;
	h->scheme = scheme_find(set->scheme);
	if (h->scheme == NULL)
		err_set(e, ERR_INVALID, "no password scheme is named \"%s\"",
			set->scheme);
	if (h->scheme != NULL &&
	    scheme_accept(a, set->accept, &h->further, e) &&
	    credential_parse(set->credentials, &h->credentials, e))
		return &h->port;
	free(h);
	return NULL;
}

void hasher_close(struct hasher **h)
{
	free(*h);
	*h = NULL;
}
