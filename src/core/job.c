#include "core/job.h"

#include <string.h>

#include "core/scope.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum { ID_MAX = 32 };

bool job_room(const struct gateway *g, const struct task *t, struct err *e)
{
	size_t count;

	if (!g->journal->ops->count_jobs(g->journal, t, t->caller->identity,
					 &count, e))
		return false;
	return count < JOB_MAX ||
	       err_code(e, ERR_CONFLICT, "too_many_jobs",
			"you have %zu jobs under way: wait for one to end",
			count);
}

/* What could not be the name of one is not asked for. */
static bool is_id(const char *id)
{
	size_t size = strlen(id);

	return size > 0 && size <= ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") == size;
}

static bool absent(struct err *e)
{
	err_clear(e);
	return err_set(e, ERR_NOT_FOUND, "there is no such job");
}

bool job_read(const struct gateway *g, const struct task *t, const char *id,
	      struct plan *ret, struct err *e)
{
	bool may = false;

	if (!is_id(id))
		return absent(e);
	if (!g->journal->ops->read(g->journal, t, id, ret, e))
		return e->kind == ERR_NOT_FOUND && absent(e);
	if (ret->job == NULL || ret->count == 0)
		return absent(e);
	/* A key for some domains knows of nothing that is in no domain; but who
	 * makes a job with it is told by its name, which nobody can guess. */
	may = text_equal(ret->caller, t->caller->identity);
	if (!may &&
	    !g->store->ops->is_super_administrator(g->store, t, &may, e))
		return false;
	return may || absent(e);
}

bool job_forget(const struct gateway *g, const struct task *t, const bool *stop,
		struct err *e)
{
	char now[INSTANT_SIZE];
	bool more = true;

	instant_text(now, clock_seconds());
	while (more && !*stop) {
		if (!g->journal->ops->forget_jobs(g->journal, t, now, &more, e))
			return false;
	}
	return true;
}
