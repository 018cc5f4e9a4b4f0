/* Imports: what a gateway must know to go on with one is one JSON object, in an
 * entry that is forgotten as those of jobs are. */
#include <string.h>

#include "ldap/filter.h"
#include "ldap/journal_parts.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "json/codec.h"
#include "json/text.h"

static const char class[] = "provostImport", state[] = "provostImportState",
		  holder[] = "provostJournalHolder",
		  expires[] = "provostExpires", journal_state[] = "import";

/* clang-format off */
#define F(member) FIELD(struct import_job, member)
static const struct codec_field fields[] = {
	{"state",              F(state),              CODEC_REQUIRED},
	{"on_conflict",        F(on_conflict),        CODEC_REQUIRED},
	{"secret",             F(secret),             CODEC_REQUIRED},
	{"key",                F(key),                0},
	{"done",               F(done),               0},
	{"reach",              F(reach),              0},
	{"created",            F(created),            0},
	{"updated",            F(updated),            0},
	{"unchanged",          F(unchanged),          0},
	{"skipped",            F(skipped),            0},
	{"ignored",            F(ignored),            0},
	{"failed",             F(failed),             0},
	{"passwords_left_out", F(passwords_left_out), 0},
	{"problems",           F(problems),           0},
	{NULL,                 {0, 0},                0},
};

/* A job as its entry has it. */
struct row {
	const char *id, *state, *caller, *holder, *kind, *json, *expires,
		*created_at, *updated_at;
};
#undef F
#define F(member) FIELD(struct row, member)
static const struct map_attr row_attrs[] = {
	{"provostJournalId",     F(id),         MAP_MUST},
	{"provostJournalState",  F(state),      MAP_MUST},
	{"provostJournalCaller", F(caller),     MAP_MUST},
	{"provostJournalHolder", F(holder),     0},
	{"provostJobKind",       F(kind),       0},
	{"provostImportState",   F(json),       MAP_MUST},
	{"provostExpires",       F(expires),    MAP_TIME},
	{"createTimestamp",      F(created_at), MAP_TIME | MAP_READ_ONLY},
	{"modifyTimestamp",      F(updated_at), MAP_TIME | MAP_READ_ONLY},
	{NULL,                   {0, 0},        0},
};
#undef F
/* clang-format on */

static const struct codec codec = {fields, sizeof(struct import_job), NULL,
				   false};
static const char *const classes[] = {"provostJournal", "provostJob",
				      "provostImport", NULL};
static const struct map row_map = {classes, "provostImport", row_attrs};

static const char *dn_of(struct ldap_journal *j, struct arena *a,
			 const char *id)
{
	return schema_plan_dn(a, j->store.set->base, id);
}

static const char *print(struct arena *a, const struct import_job *job)
{
	return json_text_print(a, codec_encode(&codec, job), JSON_COMPACT);
}

static bool run(struct ldap_journal *j, const struct task *t,
		struct operation *op, struct err *e)
{
	return store_run(&j->store, t, op, j->store.set->write_seconds,
			 "imports", e);
}

static bool add(struct ldap_journal *j, const struct task *t,
		struct import_job *job, struct err *e)
{
	struct arena *a = t->arena;
	const struct row row = {.id = job->id,
				.state = journal_state,
				.caller = job->caller,
				.holder = job->holder,
				.kind = journal_state,
				.json = print(a, job),
				.expires = job->expires};
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = dn_of(j, a, job->id),
			       .mods = map_add(&row_map, a, &row)};

	job->known = run(j, t, &op, e);
	if (e->kind == ERR_EXISTS)
		return err_code(e, ERR_CONFLICT, "id_taken",
				"there is an import of that id already");
	return job->known;
}

static LDAPMod *replace(struct arena *a, const char *name, const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = arena_strdup(a, value);
	return map_mod(a, LDAP_MOD_REPLACE, name, values);
}

bool journal_write_import(struct journal *port, const struct task *t,
			  struct import_job *job, bool take, struct err *e)
{
	struct ldap_journal *j = journal_self(port);
	struct arena *a = t->arena;
	struct controls c = {.count = 0};

	if (!job->known)
		return add(j, t, job, e);
	/* How far it is, is told by who had it until that moment. */
	LDAPMod *mods[] = {replace(a, expires, map_time(a, job->expires)),
			   take ? replace(a, holder, job->holder)
				: replace(a, state, print(a, job)),
			   NULL};
	if (!take)
		control_assert(&c, a, holder, job->holder);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn_of(j, a, job->id),
			       .mods = mods,
			       .controls = control_list(&c)};
	if (run(j, t, &op, e))
		return true;
	if (e->kind == ERR_CHANGED || e->kind == ERR_NOT_FOUND)
		return err_code(e, ERR_CHANGED, "taken_over",
				"somebody else goes on with this import");
	return false;
}

/* What was found, of one. */
struct found {
	struct arena *arena;
	struct row row;
	size_t count;
	struct err err;
};

static void each_row(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct found *f = ctx;
	struct entry en;

	if (entry_read(ld, message, f->arena, &en, &f->err) &&
	    map_read(&row_map, f->arena, &en, &f->row, &f->err))
		f->count++;
}

static bool job_of(struct arena *a, const struct row *row,
		   struct import_job *ret, struct err *e)
{
	struct presence named;
	json_t *object;

	*ret = (struct import_job){0};
	if (!json_text_parse_own(a, row->json, &object, e) ||
	    !codec_decode(&codec, a, object, false, ret, &named, e))
		return err_set(e, ERR_INTERNAL, "import %s cannot be read",
			       row->id);
	ret->id = row->id;
	ret->caller = row->caller;
	ret->holder = row->holder;
	ret->expires = row->expires;
	ret->created_at = row->created_at;
	ret->updated_at = row->updated_at;
	ret->known = true;
	return true;
}

bool journal_read_import(struct journal *port, const struct task *t,
			 const char *id, struct import_job *ret, struct err *e)
{
	struct ldap_journal *j = journal_self(port);
	struct arena *a = t->arena;
	struct found f = {.arena = a};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn_of(j, a, id),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter_equal(a, "objectClass", class),
			       .want = map_wanted(&row_map, a, schema_guard),
			       .each = each_row,
			       .ctx = &f};

	if (!store_run(&j->store, t, &op, j->store.set->read_seconds, "imports",
		       e))
		return false;
	if (f.err.kind != ERR_NONE) {
		*e = f.err;
		return false;
	}
	if (f.count == 0)
		return err_set(e, ERR_NOT_FOUND, "the journal has no %s", id);
	return job_of(a, &f.row, ret, e);
}

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	size_t *count = ctx;

	(void)ld, (void)message;
	++*count;
}

bool journal_count_imports(struct journal *port, const struct task *t,
			   const char *caller, size_t *ret, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct ldap_journal *j = journal_self(port);
	struct arena *a = t->arena;
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = schema_journal_dn(a, j->store.set->base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = filter_and(a, filter_equal(a, "objectClass", class),
				      filter_equal(a, "provostJournalCaller",
						   caller)),
		 .want = nothing,
		 .each = each_counted,
		 .ctx = ret};

	*ret = 0;
	return store_run(&j->store, t, &op, j->store.set->read_seconds,
			 "imports", e);
}
