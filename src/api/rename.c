#include "api/rename.h"

#include <string.h>
#include <strings.h>

#include "core/rename_domain.h"
#include "core/target.h"

enum { RENAME_KEEP = 0 };

/* Mail to the old addresses must not bounce unless that is asked for. */
static bool read_keep(const struct call *call, bool *ret, struct err *e)
{
	const char *value = call->query[RENAME_KEEP];

	*ret = value == NULL || strcmp(value, "true") == 0;
	return *ret || strcmp(value, "false") == 0 ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"%s is true or false", call->route->query[RENAME_KEEP]);
}

bool rename_write(const struct call *call, const struct patch *p,
		  const struct text_list *if_match, void *ret,
		  struct revision *rev, struct err *e)
{
	struct patch patch = *p;

	return read_keep(call, &patch.keep_key, e) &&
	       rename_domain(call->gateway, &call->task, call->params[0],
			     &patch, if_match, ret, rev, e);
}

bool rename_goes_on(const struct call *call, const void *record)
{
	const struct domain *d = record;

	return call->route->kind == KIND_DOMAIN && target_is_twin(d) &&
	       strcasecmp(d->name, call->params[0]) != 0;
}

void rename_accepted(const struct call *call, const void *record,
		     struct response *res)
{
	const struct domain *d = record;

	res->status = 202;
	if (d->job != NULL)
		response_header(res, "Location",
				arena_join(call->task.arena, "/v1/jobs/",
					   d->job, NULL));
}
