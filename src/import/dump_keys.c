#include "import/dump_keys.h"

#include <string.h>

#include "import/seen.h"
#include "import/sql.h"
#include "util/text.h"

enum { ROWS_MAX = 10000, SCOPES_MAX = 8 };

enum { PERMISSIONS, USERS, GRANTS, OWN, MEMBERS, KEYS };

/* clang-format off */
static const struct sql_table tables[] = {
	[PERMISSIONS] = {"auth_permission",            2, {"id", "codename"}},
	[USERS]       = {"auth_user",                  4, {"id", "username", "is_superuser", "is_active"}},
	[GRANTS]      = {"auth_group_permissions",     2, {"group_id", "permission_id"}},
	[OWN]         = {"auth_user_user_permissions", 2, {"user_id", "permission_id"}},
	[MEMBERS]     = {"auth_user_groups",           2, {"user_id", "group_id"}},
	[KEYS]        = {"tastypie_apikey",            2, {"user_id", "key"}},
	{NULL, 0, {NULL}},
};

/* Bits of what somebody may do, by the name that it has there. */
static const char *const permissions[] = {
	"add_virtualdomain", "change_virtualdomain", "delete_virtualdomain",
	"add_virtualuser",   "change_virtualuser",   "delete_virtualuser",
	"add_virtualalias",  "change_virtualalias",  "delete_virtualalias",
};

enum { ALL = 0777 };

static const struct {
	unsigned needs;
	const char *scope;
} scopes[] = {
	{0002, "domains:read"}, {0007, "domains:write"},
	{0020, "users:read"},   {0070, "users:write"}, {0020, "passwords:write"},
	{0200, "aliases:read"}, {0700, "aliases:write"},
};
/* clang-format on */

struct row {
	const char *id, *name;
	bool super, active;
	unsigned may;
};

struct table {
	struct row *rows;
	size_t count;
};

struct found {
	struct arena *arena;
	struct sql sql;
	struct table tables[COUNT(tables)];
	struct seen *logins, *shared; /* without case, and those of several */
};

static bool is_on(const char *text)
{
	return strcmp(text, "1") == 0 || text[0] == 't' || text[0] == 'T';
}

/* All of one; a row without something is none. */
static bool read_table(struct found *f, size_t which, struct err *e)
{
	struct table *to = &f->tables[which];
	struct sql_row row;

	to->rows = arena_alloc(f->arena, ROWS_MAX * sizeof(*to->rows));
	f->sql.only = &tables[which];
	sql_rewind(&f->sql);
	while (sql_next(&f->sql, f->arena, &row, e)) {
		if (row.values[0] == NULL || row.values[1] == NULL)
			continue;
		if (to->count == ROWS_MAX)
			return err_code(e, ERR_TOO_LARGE, "too_many_rows",
					"%s has more than %d rows",
					row.table->name, ROWS_MAX);
		to->rows[to->count++] =
			(struct row){.id = row.values[0],
				     .name = row.values[1],
				     .super = row.values[2] != NULL &&
					      is_on(row.values[2]),
				     .active = row.values[3] != NULL &&
					       is_on(row.values[3])};
	}
	return e->kind == ERR_NONE;
}

static unsigned bit_of(const char *name)
{
	for (size_t i = 0; i < COUNT(permissions); i++) {
		if (strcmp(permissions[i], name) == 0)
			return 1U << i;
	}
	return 0;
}

/* What those of that name may do, together. */
static unsigned may(const struct table *t, const char *id)
{
	unsigned ret = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->rows[i].id, id) == 0)
			ret |= t->rows[i].may;
	}
	return ret;
}

/* Each row may what the one in another table may that it names. */
static void follow(struct table *t, const struct table *to)
{
	for (size_t i = 0; i < t->count; i++)
		t->rows[i].may = may(to, t->rows[i].name);
}

static const struct row *owner_of(const struct found *f, const char *id)
{
	const struct table *t = &f->tables[USERS];

	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->rows[i].id, id) == 0)
			return &t->rows[i];
	}
	return NULL;
}

static void note_logins(struct found *f)
{
	const struct table *t = &f->tables[USERS];

	f->logins = seen_new(f->arena);
	f->shared = seen_new(f->arena);
	for (size_t i = 0; i < t->count; i++) {
		const char *login = text_lower(f->arena, t->rows[i].name);

		seen_add(seen_made(f->logins, login) ? f->shared : f->logins,
			 login);
	}
}

static struct text_list scopes_of(struct arena *a, unsigned rights)
{
	const char **items = arena_alloc(a, SCOPES_MAX * sizeof(*items));
	struct text_list ret = {items, 0};

	for (size_t i = 0; i < COUNT(scopes); i++) {
		if ((rights & scopes[i].needs) == scopes[i].needs)
			items[ret.count++] = scopes[i].scope;
	}
	return ret;
}

bool dump_keys_read(struct arena *a, const char *text, size_t size,
		    struct dump_key **ret, size_t *count, struct err *e)
{
	struct found *f = arena_alloc(a, sizeof(*f));
	const struct table *keys = &f->tables[KEYS];

	f->arena = a;
	sql_begin(&f->sql, a, text, size, tables);
	for (size_t i = 0; i <= KEYS; i++) {
		if (!read_table(f, i, e))
			return false;
	}
	for (size_t i = 0; i < f->tables[PERMISSIONS].count; i++)
		f->tables[PERMISSIONS].rows[i].may =
			bit_of(f->tables[PERMISSIONS].rows[i].name);
	follow(&f->tables[GRANTS], &f->tables[PERMISSIONS]);
	follow(&f->tables[OWN], &f->tables[PERMISSIONS]);
	follow(&f->tables[MEMBERS], &f->tables[GRANTS]);
	note_logins(f);
	*ret = arena_alloc(a, (keys->count + 1) * sizeof(**ret));
	*count = 0;
	for (size_t i = 0; i < keys->count; i++) {
		const struct row *k = &keys->rows[i];
		const struct row *owner = owner_of(f, k->id);

		if (owner == NULL)
			continue;
		const char *login = text_lower(a, owner->name);
		(*ret)[(*count)++] = (struct dump_key){
			.login = login,
			.text = k->name,
			.active = owner->active,
			.shared = seen_made(f->shared, login),
			.scopes = scopes_of(
				a, owner->super
					   ? ALL
					   : may(&f->tables[OWN], k->id) |
						     may(&f->tables[MEMBERS],
							 k->id))};
	}
	return *count > 0 ||
	       err_code(e, ERR_INVALID, "sql_foreign",
			"there are no API keys of DinoMail in this");
}
