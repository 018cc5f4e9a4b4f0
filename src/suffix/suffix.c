#include "suffix/suffix.h"

#include <libpsl.h>
#include <stdlib.h>

#include "util/alloc.h"

struct list {
	struct suffixes port;
	psl_ctx_t *psl;
};

static bool is_public(const struct suffixes *s, const char *domain)
{
	return psl_is_public_suffix(((const struct list *)s)->psl, domain) != 0;
}

static const char *registered(const struct suffixes *s, const char *domain)
{
	return psl_registrable_domain(((const struct list *)s)->psl, domain);
}

static const struct suffixes_ops ops = {.is_public = is_public,
					.registered = registered};

struct suffixes *suffix_open(struct err *e)
{
	psl_ctx_t *psl = psl_latest(NULL);
	struct list *l;

	if (psl == NULL) {
		err_set(e, ERR_INTERNAL, "there is no public suffix list");
		return NULL;
	}
	l = alloc_zeroed(sizeof(*l));
	l->port.ops = &ops;
	l->psl = psl;
	return &l->port;
}

void suffix_close(struct suffixes **s)
{
	struct list *l = (struct list *)*s;

	*s = NULL;
	if (l != NULL)
		psl_free(l->psl);
	free(l);
}
