#include "core/imports.h"

#include <string.h>

#include "core/scope.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/random.h"
#include "util/text.h"

const char IMPORT_RUNNING[] = "running", IMPORT_INTERRUPTED[] = "interrupted",
	   IMPORT_PART[] = "waiting", IMPORT_DONE[] = "done";

enum { ID_SIZE = 20, HOLDER_SIZE = 20, SECRET_SIZE = 40 };

/* What could not be the name of one is not asked for. */
static bool is_id(const char *id)
{
	size_t size = strlen(id);

	return size > 0 && size <= IMPORT_ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789") == size;
}

static bool absent(struct err *e)
{
	err_clear(e);
	return err_set(e, ERR_NOT_FOUND, "there is no such import");
}

static bool read_job(const struct gateway *g, const struct task *t,
		     const char *id, struct import_job *ret, struct err *e)
{
	return g->journal->ops->read_import(g->journal, t, id, ret, e);
}

/* A key for some domains is not for what was begun without it. */
static bool is_his(const struct task *t, const struct import_job *job)
{
	return text_equal(job->caller, t->caller->identity) &&
	       (!scope_is_bound(t->caller->scope) ||
		text_equal(job->key, t->caller->key));
}

static bool go_on(const struct task *t, enum bulk_conflict how,
		  const struct import_job *job, struct err *e)
{
	if (!is_his(t, job))
		return err_code(e, ERR_CONFLICT, "id_taken",
				"there is an import of that id already");
	return text_equal(job->on_conflict, bulk_conflicts[how]) ||
	       err_code(e, ERR_CONFLICT, "other_settings",
			"it was begun with on_conflict=%s", job->on_conflict);
}

static bool has_room(const struct gateway *g, const struct task *t,
		     struct err *e)
{
	size_t count;

	if (!g->journal->ops->count_imports(g->journal, t, t->caller->identity,
					    &count, e))
		return false;
	return count < IMPORTS_MAX ||
	       err_code(e, ERR_CONFLICT, "too_many_imports",
			"%zu imports of yours are kept: wait until the oldest "
			"are forgotten",
			count);
}

static void expire(const struct task *t, struct import_job *job)
{
	char *until = arena_alloc(t->arena, INSTANT_SIZE);

	instant_text(until, clock_seconds() + IMPORT_KEPT_SECONDS);
	job->expires = until;
}

/* Whoever has it so far will find out.  What he kept after it was read is to be
 * read before anything is written. */
static bool take_over(const struct gateway *g, const struct task *t,
		      struct import_job *job, struct err *e)
{
	const char *mine = random_word(t->arena, HOLDER_SIZE);

	job->holder = mine;
	expire(t, job);
	if (!g->journal->ops->write_import(g->journal, t, job, true, e) ||
	    !read_job(g, t, job->id, job, e))
		return false;
	job->state = IMPORT_RUNNING;
	job->holder = mine; /* others may have taken it since: see keep */
	return true;
}

bool import_open(const struct gateway *g, const struct task *t, const char *id,
		 enum bulk_conflict how, struct import_job *ret, struct err *e)
{
	struct arena *a = t->arena;

	if (id != NULL && !is_id(id))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"id is 1 to %d of a-z and 0-9", IMPORT_ID_MAX);
	if (id != NULL) {
		if (read_job(g, t, id, ret, e))
			return go_on(t, how, ret, e) && take_over(g, t, ret, e);
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	*ret = (struct import_job){.id = id != NULL ? id
						    : random_word(a, ID_SIZE),
				   .caller = t->caller->identity,
				   .key = t->caller->key,
				   .state = IMPORT_RUNNING,
				   .on_conflict = bulk_conflicts[how],
				   .holder = random_word(a, HOLDER_SIZE),
				   .secret = random_word(a, SECRET_SIZE)};
	return has_room(g, t, e) && import_keep(g, t, ret, e);
}

bool import_keep(const struct gateway *g, const struct task *t,
		 struct import_job *job, struct err *e)
{
	expire(t, job);
	return g->journal->ops->write_import(g->journal, t, job, false, e);
}

bool import_read(const struct gateway *g, const struct task *t, const char *id,
		 struct import_job *ret, struct err *e)
{
	bool may;

	if (!is_id(id))
		return absent(e);
	if (!read_job(g, t, id, ret, e))
		return e->kind == ERR_NOT_FOUND && absent(e);
	may = is_his(t, ret);
	if (!may && !scope_is_bound(t->caller->scope) &&
	    !g->store->ops->is_super_administrator(g->store, t, &may, e))
		return false;
	return may || absent(e);
}

void import_count(struct import_job *job, enum bulk_result result)
{
	int64_t *const counts[] = {[BULK_CREATED] = &job->created,
				   [BULK_UPDATED] = &job->updated,
				   [BULK_UNCHANGED] = &job->unchanged,
				   [BULK_SKIPPED] = &job->skipped,
				   [BULK_IGNORED] = &job->ignored,
				   [BULK_FAILED] = &job->failed};

	++*counts[result];
}
