#include "ldap/rewind.h"

#include <string.h>
#include <strings.h>

#include "ldap/dn.h"
#include "ldap/log_reader.h"
#include "ldap/schema.h"

enum {
	WRITES_MAX = 10000,   /* that are taken back */
	BYTES_MAX = 16 << 20, /* of what was, about */
	COMES_TRIES = 10,     /* for the record of a write just seen */
	COMES_PAUSE = 20,     /* milliseconds */
};

static const char log_old[] = "reqOld", log_mods[] = "reqMod",
		  class_name[] = "objectClass";

bool point_is_passed(const struct point *p, const char *csn)
{
	int order = strcmp(csn, p->csn);

	return p->before ? order >= 0 : order > 0;
}

bool rewind_out_of_reach(struct err *e)
{
	return err_code(e, ERR_GONE, "history_out_of_reach",
			"the directory's log does not tell how it was then");
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* Each once: some are two members of a record. */
static const char *const *wanted(struct arena *a, const struct map *m)
{
	const char *const *all = map_wanted(m, a, schema_guard);
	size_t n = 0, count = 0;

	while (all[n] != NULL)
		n++;
	const char **ret = arena_alloc(a, (n + 2) * sizeof(*ret));
	ret[count++] = class_name;
	for (size_t i = 0; i < n; i++) {
		if (!is_among(all[i], ret, count))
			ret[count++] = all[i];
	}
	return ret;
}

struct rewind rewind_new(struct ldap_store *s, const struct task *t,
			 const struct map *m)
{
	struct rewind r = {.store = s,
			   .task = t,
			   .log = log_reader_new(s, t),
			   .want = wanted(t->arena, m)};

	while (r.want[r.count] != NULL)
		r.count++;
	r.attributes = arena_alloc(t->arena, r.count * sizeof(*r.attributes));
	for (size_t i = 0; i < r.count; i++)
		r.attributes[i].name = r.want[i];
	return r;
}

struct entry rewind_entry(const struct rewind *r)
{
	struct attribute *some =
		arena_alloc(r->task->arena, (r->count + 1) * sizeof(*some));
	struct entry ret = {some, 0};

	for (size_t i = 0; i < r->count; i++) {
		if (r->attributes[i].values == NULL)
			continue;
		some[ret.count] = r->attributes[i];
		some[ret.count++].name_size = strlen(r->attributes[i].name);
	}
	return ret;
}

static const char *csn_of(const struct rewind *r)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->want[i], schema_guard) == 0 &&
		    r->attributes[i].values != NULL)
			return r->attributes[i].values[0].bv_val;
	}
	return NULL;
}

/* They are in the arena already, and their list may be written. */
static struct berval *copy_values(struct arena *a, const struct berval *v)
{
	size_t n = 0;

	if (v == NULL)
		return NULL;
	while (v[n].bv_val != NULL)
		n++;
	return arena_copy(a, v, (n + 1) * sizeof(*v));
}

static void each_entry(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct rewind *r = ctx;
	struct entry en;

	if (r->err.kind != ERR_NONE ||
	    !entry_read(ld, message, r->task->arena, &en, &r->err))
		return;
	for (size_t i = 0; i < r->count; i++)
		r->attributes[i].values =
			copy_values(r->task->arena,
				    entry_values(&en, r->want[i]));
	r->csn = csn_of(r);
}

bool rewind_from_entry(struct rewind *r, const char *dn, bool own,
		       struct err *e)
{
	struct controls c = {.count = 0};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .want = r->want,
			       .each = each_entry,
			       .ctx = r};

	r->dn = NULL;
	r->csn = NULL;
	if (!own) {
		c = store_as_caller(r->task);
		op.controls = control_list(&c);
	}
	if (!store_run(r->store, r->task, &op, r->store->set->read_seconds, dn,
		       e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (r->err.kind != ERR_NONE) {
		*e = r->err;
		return false;
	}
	r->dn = r->csn != NULL ? dn : NULL;
	r->fresh = true;
	return true;
}

/* An entry may be seen before the record of its last write is. */
static bool fetch(struct rewind *r, const char *csn, struct entry *record,
		  struct err *e)
{
	struct store *s = &r->store->port;

	for (int try = 0;; try++) {
		if (!log_reader_get(r->log, r->dn != NULL ? r->dn : "", csn,
				    record, e))
			return false;
		if (entry_text(record, "reqType") != NULL &&
		    entry_text(record, "reqDN") != NULL)
			break;
		if (!r->fresh || try == COMES_TRIES ||
		    !s->ops->await(s, r->task, COMES_PAUSE))
			return rewind_out_of_reach(e);
	}
	r->fresh = false;
	return true;
}

/* Where "NAME: value" is of that name, how many bytes come before its value; 0
 * where it is of another, or has none. */
static size_t value_at(const struct berval *line, const char *name)
{
	size_t size = strlen(name);

	return line->bv_len >= size + 2 &&
			       strncasecmp(line->bv_val, name, size) == 0 &&
			       line->bv_val[size] == ':' &&
			       line->bv_val[size + 1] == ' '
		       ? size + 2
		       : 0;
}

/* All values of that name among what was; NULL: there were none. */
static struct berval *old_values(struct arena *a, const struct berval *old,
				 const char *name)
{
	size_t count = 0, n = 0;

	for (size_t i = 0; old != NULL && old[i].bv_val != NULL; i++)
		count += value_at(&old[i], name) > 0;
	if (count == 0)
		return NULL;
	struct berval *ret = arena_alloc(a, (count + 1) * sizeof(*ret));
	for (size_t i = 0; old[i].bv_val != NULL; i++) {
		size_t at = value_at(&old[i], name);

		if (at == 0)
			continue;
		ret[n].bv_len = old[i].bv_len - at;
		ret[n].bv_val =
			arena_strndup(a, old[i].bv_val + at, ret[n].bv_len);
		n++;
	}
	return ret;
}

/* Whether "NAME:..." is among what was done. */
static bool is_written(const struct berval *mods, const char *name)
{
	size_t size = strlen(name);

	for (; mods != NULL && mods->bv_val != NULL; mods++) {
		if (mods->bv_len > size && mods->bv_val[size] == ':' &&
		    strncasecmp(mods->bv_val, name, size) == 0)
			return true;
	}
	return false;
}

/* Only what was written: the log has a few attributes besides, which the caller
 * need not see in the entry. */
static void take_old(struct rewind *r, const struct entry *record, bool all)
{
	const struct berval *old = entry_values(record, log_old);
	const struct berval *mods = entry_values(record, log_mods);

	for (size_t i = 0; i < r->count; i++) {
		struct attribute *at = &r->attributes[i];

		if (all || is_written(mods, at->name))
			at->values = old_values(r->task->arena, old, at->name);
	}
	r->csn = csn_of(r);
}

bool rewind_from_deletion(struct rewind *r, const char *csn, struct err *e)
{
	struct entry record;

	if (!fetch(r, csn, &record, e))
		return false;
	take_old(r, &record, true);
	r->dn = arena_strdup(r->task->arena, entry_text(&record, "reqDN"));
	return true;
}

/* A change of the name does not say that it is one of the attribute, too. */
static void name_back(struct rewind *r)
{
	struct arena *a = r->task->arena;
	const char *rest = r->dn, *attr, *value;

	if (!dn_take(a, &rest, &attr, &value))
		return;
	for (size_t i = 0; i < r->count; i++) {
		if (strcasecmp(r->want[i], attr) != 0)
			continue;
		struct berval *v = arena_alloc(a, 2 * sizeof(*v));
		v->bv_val = arena_strdup(a, value);
		v->bv_len = strlen(value);
		r->attributes[i].values = v;
	}
}

static bool take_back(struct rewind *r, struct err *e)
{
	struct entry record;

	if (!fetch(r, r->csn, &record, e))
		return false;
	const char *type = entry_text(&record, "reqType");
	const char *dn = entry_text(&record, "reqDN");
	if (strcasecmp(type, "add") == 0) {
		r->dn = NULL;
		return true;
	}
	take_old(r, &record, false);
	if (!dn_equal(r->dn, dn))
		r->dn = arena_strdup(r->task->arena, dn);
	if (strcasecmp(type, "modrdn") == 0)
		name_back(r);
	return true;
}

bool rewind_to(struct rewind *r, const struct point *p, struct err *e)
{
	size_t before = arena_used(r->task->arena);

	for (int i = 0; r->dn != NULL; i++) {
		if (r->csn == NULL)
			return rewind_out_of_reach(e);
		if (!point_is_passed(p, r->csn))
			return true;
		if (i == WRITES_MAX ||
		    arena_used(r->task->arena) - before > BYTES_MAX)
			return err_code(e, ERR_GONE, "history_too_long",
					"more was written since than can be "
					"taken back");
		if (!take_back(r, e))
			return false;
	}
	return true;
}
