/* What DinoMail and PostfixAdmin keep, out of a dump of their database: domains
 * first, then users with what forwards their mail, then aliases, whatever the
 * order of the tables. */
#include <string.h>
#include <strings.h>

#include "import/reader.h"
#include "import/seen.h"
#include "import/sql.h"
#include "import/whereabouts.h"
#include "util/text.h"

enum { ROWS_AT_ONCE = 512, MIB = 1 << 20 };

enum {
	DOMAINS,
	DOMAIN_ALIASES,
	USERS,
	ALIASES,
	DINO_DOMAINS,
	DINO_USERS,
	DINO_ALIASES
};

/* clang-format off */
static const struct sql_table tables[] = {
	[DOMAINS]        = {"domain",       1, {"domain", "description", "aliases", "mailboxes", "maxquota", "quota", "backupmx", "active", "transport"}},
	[DOMAIN_ALIASES] = {"alias_domain", 2, {"alias_domain", "target_domain", "active"}},
	[USERS]          = {"mailbox",      2, {"username", "password", "name", "quota", "active", "email_other"}},
	[ALIASES]        = {"alias",        2, {"address", "goto", "active"}},
	[DINO_DOMAINS]   = {"core_virtualdomain", 1, {"name", "display_name", "short_display_name", "imap_address", "pop_address", "smtp_address"}},
	[DINO_USERS]     = {"core_virtualuser",   2, {"email", "password", "quota"}},
	[DINO_ALIASES]   = {"core_virtualalias",  2, {"source", "destination"}},
	{NULL, 0, {NULL}},
};
/* clang-format on */

/* Of the tables above. */
enum {
	D_NAME,
	D_DESCRIPTION,
	D_ALIASES,
	D_USERS,
	D_USER_QUOTA,
	D_QUOTA,
	D_BACKUP,
	D_ACTIVE,
	D_TRANSPORT
};
enum { DA_NAME, DA_TARGET, DA_ACTIVE };
enum { U_ADDRESS, U_PASSWORD, U_NAME, U_QUOTA, U_ACTIVE, U_RECOVERY };
enum { A_ADDRESS, A_TO, A_ACTIVE };
enum { DD_NAME, DD_DISPLAY, DD_SHORT, DD_IMAP, DD_POP3, DD_SMTP };
enum { DU_ADDRESS, DU_PASSWORD, DU_QUOTA };

struct dump {
	struct sql sql;
	bool dinomail;
	size_t turn;    /* of those below */
	bool under_way; /* of which there may be more rows */
	struct whereabouts *users, *aliases;
	struct seen *stand_ins; /* domains that are aliases of others */
	struct arena *scratch;  /* for rows, most of which are passed over */
	size_t scratched;
};

static bool is_on(const char *text)
{
	return text == NULL || strcmp(text, "1") == 0 || text[0] == 't' ||
	       text[0] == 'T';
}

/* local#domain@...: what PostfixAdmin adds for somebody who is away is nothing
 * that we answer for. */
static bool is_vacation(const char *own, const char *to)
{
	size_t size = strlen(own), local = strcspn(own, "@");

	return own[local] == '@' && strncmp(to, own, local) == 0 &&
	       to[local] == '#' &&
	       strncmp(to + local + 1, own + local + 1, size - local - 1) ==
		       0 &&
	       to[size] == '@';
}

struct toward {
	struct import_record *record;
	const char *own;
	bool user;
};

static void lead(const struct toward *t, struct arena *a, const char *to)
{
	static const char between[] = ", \t\r\n";

	for (to += strspn(to, between); *to != '\0';
	     to += strspn(to, between)) {
		size_t size = strcspn(to, between);
		const char *one = arena_strndup(a, to, size);

		to += size;
		if (is_vacation(t->own, one))
			continue;
		if (t->user)
			record_forward(t->record, t->own, one);
		else
			record_item(t->record, "destinations", one);
	}
}

/* Where all rows lead that have that address.  Those that are switched off lead
 * nowhere; false: all are. */
static bool lead_all(struct dump *d, const struct toward *t)
{
	size_t count;
	const struct place *p = whereabouts_find(d->aliases, t->own, &count);
	bool some = false;

	for (size_t i = 0; i < count; i++) {
		struct sql_row row;

		if (!sql_again(&d->sql, d->scratch, p[i].how, p[i].at,
			       p[i].line, &row) ||
		    row.values[A_TO] == NULL ||
		    (!d->dinomail && !is_on(row.values[A_ACTIVE])))
			continue;
		lead(t, d->scratch, text_lower(d->scratch, row.values[A_TO]));
		some = true;
	}
	return some;
}

/* -1 is none at all there, 0 no limit; here nothing said is no limit. */
static void limit(struct import_record *r, const char *name, const char *text,
		  int64_t unit)
{
	int64_t n;

	if (text == NULL || strcmp(text, "0") == 0)
		return;
	if (strcmp(text, "-1") == 0)
		record_number(r, name, 0);
	else if (text_number(text, 1, INT64_MAX / unit, &n))
		record_number(r, name, n * unit);
	else
		record_text(r, name, text);
}

/* Of a user: 0, and less, is none. */
static void quota(struct import_record *r, const char *text)
{
	int64_t n;

	if (text == NULL)
		return;
	if (text[0] == '-')
		record_number(r, "quota_bytes", 0);
	else if (text_number(text, 0, INT64_MAX, &n))
		record_number(r, "quota_bytes", n);
	else
		record_text(r, "quota_bytes", text);
}

/* By the transport of its own, unless that is to deliver here: then to where
 * DNS says. */
static void relay(struct dump *d, const char *name, const char *transport,
		  struct import_record *ret)
{
	bool own = transport != NULL && transport[0] != '\0' &&
		   strcmp(transport, ":") != 0 &&
		   strcasecmp(transport, "virtual") != 0 &&
		   strcasecmp(transport, "virtual:") != 0;

	record_text(ret, "kind", "relay");
	if (!own)
		transport = "smtp";
	/* A service alone: the next hop is the domain. */
	if (strchr(transport, ':') == NULL)
		transport = arena_join(d->scratch, transport, ":", name, NULL);
	record_text(ret, "transport", transport);
}

static bool take_domain(struct dump *d, struct arena *a,
			const struct sql_row *row, struct import_record *ret)
{
	const char *name = text_lower(d->scratch, row->values[D_NAME]);

	/* Of those who administrate all; and alias domains, each of which has
	 * a row here as well. */
	if (strcmp(name, "all") == 0 || seen_made(d->stand_ins, name))
		return false;
	record_begin(ret, a, KIND_DOMAIN, row->line);
	record_text(ret, "name", name);
	record_prose(ret, d->scratch, "description",
		     row->values[D_DESCRIPTION]);
	record_flag(ret, "enabled", is_on(row->values[D_ACTIVE]));
	limit(ret, "max_aliases", row->values[D_ALIASES], 1);
	limit(ret, "max_users", row->values[D_USERS], 1);
	limit(ret, "default_user_quota_bytes", row->values[D_USER_QUOTA], MIB);
	limit(ret, "quota_bytes", row->values[D_QUOTA], MIB);
	if (row->values[D_BACKUP] != NULL && is_on(row->values[D_BACKUP]))
		relay(d, name, row->values[D_TRANSPORT], ret);
	return true;
}

static bool take_domain_alias(struct dump *d, struct arena *a,
			      const struct sql_row *row,
			      struct import_record *ret)
{
	record_begin(ret, a, KIND_DOMAIN, row->line);
	record_text(ret, "name", text_lower(d->scratch, row->values[DA_NAME]));
	record_text(ret, "kind", "alias");
	record_text(ret, "target",
		    row->values[DA_TARGET] != NULL
			    ? text_lower(d->scratch, row->values[DA_TARGET])
			    : NULL);
	record_flag(ret, "enabled", is_on(row->values[DA_ACTIVE]));
	return true;
}

/* Who he is, and where else his mail goes. */
static void begin_user(struct dump *d, struct arena *a,
		       const struct sql_row *row, struct import_record *ret)
{
	const char *address = text_lower(d->scratch, row->values[U_ADDRESS]);
	const struct toward t = {ret, address, true};

	record_begin(ret, a, KIND_USER, row->line);
	record_text(ret, "address", address);
	record_text(ret, "password_hash", row->values[U_PASSWORD]);
	if (whereabouts_is_first(d->users, address, row->at))
		lead_all(d, &t);
	record_forwards_end(ret);
}

static bool take_user(struct dump *d, struct arena *a,
		      const struct sql_row *row, struct import_record *ret)
{
	begin_user(d, a, row, ret);
	record_prose(ret, d->scratch, "name", row->values[U_NAME]);
	record_flag(ret, "enabled", is_on(row->values[U_ACTIVE]));
	record_text(ret, "recovery_address", row->values[U_RECOVERY]);
	quota(ret, row->values[U_QUOTA]);
	return true;
}

/* One of all the rows that an address has, unless it is a user's. */
static bool take_alias(struct dump *d, struct arena *a,
		       const struct sql_row *row, struct import_record *ret)
{
	const char *address = text_lower(d->scratch, row->values[A_ADDRESS]);
	const struct toward t = {ret, address, false};

	if (whereabouts_has(d->users, address) ||
	    !whereabouts_is_first(d->aliases, address, row->at))
		return false;
	record_begin(ret, a, KIND_ALIAS, row->line);
	record_text(ret, "address", address);
	if (!lead_all(d, &t)) {
		if (row->values[A_TO] != NULL)
			lead(&t, d->scratch,
			     text_lower(d->scratch, row->values[A_TO]));
		record_flag(ret, "enabled", false);
	}
	return true;
}

static bool take_dino_domain(struct dump *d, struct arena *a,
			     const struct sql_row *row,
			     struct import_record *ret)
{
	record_begin(ret, a, KIND_DOMAIN, row->line);
	record_text(ret, "name", text_lower(d->scratch, row->values[DD_NAME]));
	record_prose(ret, d->scratch, "display_name", row->values[DD_DISPLAY]);
	record_prose(ret, d->scratch, "short_display_name",
		     row->values[DD_SHORT]);
	record_text(ret, "imap_host", row->values[DD_IMAP]);
	record_text(ret, "pop3_host", row->values[DD_POP3]);
	record_text(ret, "smtp_host", row->values[DD_SMTP]);
	return true;
}

static bool take_dino_user(struct dump *d, struct arena *a,
			   const struct sql_row *row, struct import_record *ret)
{
	begin_user(d, a, row, ret);
	quota(ret, row->values[DU_QUOTA]);
	return true;
}

/* One run for each, through what its rows are in. */
static const struct turn {
	size_t table;
	bool (*take)(struct dump *d, struct arena *a, const struct sql_row *row,
		     struct import_record *ret);
} turns[] = {
	{DOMAINS, take_domain},
	{DOMAIN_ALIASES, take_domain_alias},
	{USERS, take_user},
	{ALIASES, take_alias},
	{DINO_DOMAINS, take_dino_domain},
	{DINO_USERS, take_dino_user},
	{DINO_ALIASES, take_alias},
};

static bool note(struct dump *d, const struct sql_row *row, struct err *e)
{
	size_t table = (size_t)(row->table - tables);
	const struct place place = {.at = row->at,
				    .line = row->line,
				    .how = row->shape};
	const char *name = row->values[0];

	if (name != NULL && table == DOMAIN_ALIASES)
		seen_add(d->stand_ins, text_lower(d->scratch, name));
	if (name == NULL || (table != USERS && table != DINO_USERS &&
			     table != ALIASES && table != DINO_ALIASES))
		return true;
	return whereabouts_add(table == USERS || table == DINO_USERS
				       ? d->users
				       : d->aliases,
			       text_lower(d->scratch, name), &place, e);
}

static bool judge(const unsigned tables_seen, struct dump *d, struct err *e)
{
	unsigned dino = tables_seen >> DINO_DOMAINS;
	unsigned other = tables_seen & ((1U << DINO_DOMAINS) - 1);

	d->dinomail = dino != 0;
	if (dino != 0 && other != 0)
		return err_code(e, ERR_INVALID, "sql_mixed",
				"this dump has tables of DinoMail and of "
				"PostfixAdmin: bring in one of them");
	return dino != 0 || other != 0 ||
	       err_code(e, ERR_INVALID, "sql_foreign",
			"there are no rows of DinoMail's or PostfixAdmin's "
			"tables in this");
}

/* The next row, with what it says for as long as it is the last. */
static bool next_row(struct dump *d, struct sql_row *ret, struct err *e)
{
	if (d->scratch == NULL || ++d->scratched == ROWS_AT_ONCE) {
		arena_free(d->scratch);
		d->scratch = arena_new();
		d->scratched = 0;
	}
	return sql_next(&d->sql, d->scratch, ret, e);
}

/* All of it once, so that what is not whole is refused before anything is
 * done. */
static bool survey(struct dump *d, struct err *e)
{
	struct sql_row row;
	unsigned seen = 0;

	while (next_row(d, &row, e)) {
		seen |= 1U << (row.table - tables);
		if (!note(d, &row, e))
			break;
	}
	return e->kind == ERR_NONE && judge(seen, d, e);
}

static void release(void *own)
{
	struct dump *d = own;

	arena_free(d->scratch);
}

static bool open(struct reader *r, struct err *e)
{
	struct dump *d = arena_alloc(r->in.arena, sizeof(*d));

	r->own = d;
	arena_defer(r->in.arena, release, d);
	d->users = whereabouts_new(r->in.arena);
	d->stand_ins = seen_new(r->in.arena);
	d->aliases = whereabouts_new(r->in.arena);
	sql_begin(&d->sql, r->in.arena, r->in.text, r->in.size, tables);
	return survey(d, e);
}

static bool nameless(const struct sql_row *row, struct import_record *ret,
		     struct err *e)
{
	ret->line = row->line;
	return err_code(e, ERR_INVALID, "name_missing", "a row of %s has no %s",
			row->table->name, row->table->columns[0]);
}

/* The next row of any turn; false at the end of the last, or with e. */
static bool turn_row(struct dump *d, struct sql_row *ret, struct err *e)
{
	for (; d->turn < COUNT(turns); d->turn++) {
		d->under_way = d->under_way ||
			       sql_only(&d->sql, &tables[turns[d->turn].table]);
		if (d->under_way && next_row(d, ret, e))
			return true;
		if (e->kind != ERR_NONE)
			return false;
		d->under_way = false;
	}
	return false;
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	struct dump *d = r->own;
	struct sql_row row;

	while (turn_row(d, &row, e)) {
		if (row.values[0] == NULL)
			return nameless(&row, ret, e);
		if (turns[d->turn].take(d, a, &row, ret))
			return true;
	}
	if (e->kind == ERR_NONE)
		r->at = r->in.size;
	return false;
}

const struct reader_format format_sql = {"sql", "application/sql", open, next,
					 true};
