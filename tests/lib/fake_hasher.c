#include "tests/lib/fake_hasher.h"

#include <string.h>

static const char mark[] = "$fake$";

static bool hash(struct hasher *port, const struct task *t,
		 const struct secret *s, struct stored_password *ret,
		 struct err *e)
{
	struct fake_hasher *h = (struct fake_hasher *)port;

	h->hashed++;
	if (h->busy)
		return err_code(e, ERR_LIMIT, "busy", "too much to hash");
	*ret = (struct stored_password){0};
	ret->hash = arena_printf(t->arena, "{CRYPT}%s%s", mark, s->clear);
	return true;
}

static bool admit(struct hasher *h, struct arena *a, const char *ready,
		  const char **ret, struct err *e)
{
	const char *bare = ready;

	(void)h;
	if (strncmp(ready, "{CRYPT}", 7) == 0)
		bare += 7;
	if (strncmp(bare, mark, strlen(mark)) != 0)
		return err_set(e, ERR_INVALID, "that is no hash of ours");
	*ret = arena_printf(a, "{CRYPT}%s", bare);
	return true;
}

static bool is_busy(struct hasher *h)
{
	return ((struct fake_hasher *)h)->busy;
}

static const struct hasher_ops ops = {.hash = hash,
				      .admit = admit,
				      .is_busy = is_busy};

struct fake_hasher fake_hasher_make(void)
{
	return (struct fake_hasher){.port = {&ops}};
}
