#include "signer/maker.h"

#include <stdlib.h>

#include "crypto/signing_key.h"
#include "util/alloc.h"
#include "util/text.h"

struct pool_maker {
	struct dkim_maker port;
	struct pool *pool;
	const struct envelope *seal;
};

/* Everything the worker's thread touches; the fiber waits meanwhile, so that
 * nobody else uses the arena. */
struct job {
	struct arena *arena;
	const struct dkim_key *key;
	struct signing_key made;
	bool good;
	struct err err;
};

static void work(void *ctx)
{
	struct job *job = ctx;
	const struct dkim_key *k = job->key;

	job->good = k->pem != NULL
			    ? signing_key_read(job->arena, k->pem, &job->made,
					       &job->err)
			    : signing_key_make(job->arena,
					       text_equal(k->type, DKIM_RSA)
						       ? SIGNING_RSA
						       : SIGNING_ED25519,
					       (unsigned)k->bits, &job->made,
					       &job->err);
}

/* What is brought is judged like any input. */
static bool admit(struct job *job, const struct task *t, struct err *e)
{
	const struct field pem = FIELD(struct dkim_key, pem);
	const struct signing_key *made = &job->made;

	if (!job->good && job->err.kind == ERR_INVALID) {
		fault_field(e, t->arena, FAULT_FORMAT, pem,
			    arena_strdup(t->arena, job->err.text));
		return false;
	}
	if (!job->good) {
		*e = job->err;
		return false;
	}
	if (made->type != SIGNING_RSA ||
	    (made->bits >= DKIM_BITS_MIN && made->bits <= DKIM_BITS_MAX))
		return true;
	fault_field(e, t->arena, FAULT_RANGE, pem,
		    "an RSA key has from 1024 to 4096 bits");
	return false;
}

static bool make(struct dkim_maker *port, const struct task *t,
		 const struct dkim_key *k, struct dkim_made *ret, struct err *e)
{
	struct pool_maker *m = (struct pool_maker *)port;
	struct job job = {.arena = t->arena, .key = k};

	if (!pool_run(m->pool, work, &job, t->deadline, e) ||
	    !admit(&job, t, e))
		return false;
	*ret = (struct dkim_made){.bits = job.made.bits};
	ret->type = job.made.type == SIGNING_RSA ? DKIM_RSA : DKIM_ED25519;
	ret->record = dkim_record(t->arena, ret->type, job.made.public);
	ret->stored = envelope_close(t->arena, m->seal, dkim_name(t->arena, k),
				     job.made.pem);
	return true;
}

static const struct dkim_maker_ops ops = {.make = make};

struct dkim_maker *maker_open(struct pool *pool, const struct envelope *seal)
{
	struct pool_maker *m = alloc_zeroed(sizeof(*m));

	m->port.ops = &ops;
	m->pool = pool;
	m->seal = seal;
	return &m->port;
}

void maker_close(struct dkim_maker **m)
{
	free(*m);
	*m = NULL;
}
