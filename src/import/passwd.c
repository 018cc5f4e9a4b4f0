/* Accounts of a system, as in passwd(5), and their hashes, as in shadow(5),
 * which may be in the same input, before or behind them. */
#include <string.h>
#include <strings.h>

#include "import/lines.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	UID_FIRST = 1000, /* those below are the system's own */
	UID_NOBODY = 65534,
	PASSWD_CELLS = 7,
	SHADOW_CELLS = 9,
	DAY = 24 * 60 * 60,
	DAYS_MOST = 2000000, /* in about 5,000 years */
};

enum { NAME, HASH, UID, GID, GECOS };
enum { SHADOW_EXPIRES = 7 };

struct accounts {
	struct lines lines;
	struct whereabouts *people, *shadows;
	bool domain_told;
};

static size_t cells_of(struct accounts *f, const char **cells)
{
	return lines_cells(&f->lines, ':', cells, SHADOW_CELLS);
}

static bool open(struct reader *r, struct err *e)
{
	struct accounts *f = arena_alloc(r->in.arena, sizeof(*f));
	const char *cells[SHADOW_CELLS];

	if (r->in.domain == NULL)
		return err_code(e, ERR_INVALID, "domain_missing",
				"say in which domain these accounts are to be");
	r->own = f;
	f->people = whereabouts_new(r->in.arena);
	f->shadows = whereabouts_new(r->in.arena);
	lines_begin(&f->lines, r);
	while (lines_next(&f->lines)) {
		size_t n = cells_of(f, cells);

		if ((n == PASSWD_CELLS &&
		     !lines_note(&f->lines, f->people, cells[NAME], e)) ||
		    (n == SHADOW_CELLS &&
		     !lines_note(&f->lines, f->shadows, cells[NAME], e)))
			return false;
	}
	return true;
}

/* "!" before a hash, or instead of one: nobody logs in with it. */
static void take_hash(const char *text, struct import_record *ret)
{
	bool locked = text[0] == '!';

	text += strspn(text, "!");
	if (text[0] != '*' && strcmp(text, "x") != 0)
		record_text(ret, "password_hash", text);
	if (locked && json_object_get(ret->members, "password_hash") != NULL)
		record_flag(ret, "login_enabled", false);
}

static void take_shadow(const char *const cells[], struct import_record *ret)
{
	char then[INSTANT_SIZE];
	int64_t days;

	take_hash(cells[HASH], ret);
	if (text_number(cells[SHADOW_EXPIRES], 0, DAYS_MOST, &days)) {
		instant_text(then, days * DAY);
		record_text(ret, "expires_at", then);
	}
}

static void take_name(struct accounts *f, const char *gecos,
		      struct import_record *ret)
{
	record_prose(ret, f->lines.scratch, "name",
		     arena_strndup(f->lines.scratch, gecos,
				   strcspn(gecos, ",")));
}

static const char *address_of(struct accounts *f, const char *name)
{
	return text_lower(f->lines.scratch,
			  arena_join(f->lines.scratch, name, "@",
				     f->lines.reader->in.domain, NULL));
}

static bool is_system(const char *uid)
{
	int64_t n;

	return !text_number(uid, UID_FIRST, INT64_MAX, &n) || n == UID_NOBODY;
}

/* Hashes alone have no uid: these are the system's wherever they come from,
 * and those of Debian's packages. */
static bool is_system_name(const char *name)
{
	static const char *const names[] =
		{"root",     "toor",       "daemon",   "bin",      "sys",
		 "sync",     "games",      "man",      "lp",       "mail",
		 "news",     "uucp",       "proxy",    "www-data", "backup",
		 "list",     "irc",        "gnats",    "nobody",   "adm",
		 "ftp",      "halt",       "shutdown", "operator", "sshd",
		 "postfix",  "dovecot",    "dovenull", "vmail",    "mysql",
		 "postgres", "messagebus", "openldap"};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return name[0] == '_' || strncmp(name, "systemd-", 8) == 0;
}

static void ignore(struct accounts *f, struct arena *a, const char *name,
		   struct import_record *ret)
{
	*ret = (struct import_record){.line = f->lines.line,
				      .kind = KIND_COUNT,
				      .what = arena_strdup(a, name)};
}

static void take_person(struct accounts *f, struct arena *a,
			const char *const cells[], struct import_record *ret)
{
	const char *more[SHADOW_CELLS];
	size_t count;
	const struct place *p =
		whereabouts_find(f->shadows, cells[NAME], &count);

	record_begin(ret, a, KIND_USER, f->lines.line);
	record_text(ret, "address", address_of(f, cells[NAME]));
	take_name(f, cells[GECOS], ret);
	take_hash(cells[HASH], ret);
	if (count == 0)
		return;
	f->lines.text = lines_again(&f->lines, p);
	cells_of(f, more);
	take_shadow(more, ret);
}

/* Of somebody who is there already; who has no password is of the system. */
static void take_alone(struct accounts *f, struct arena *a,
		       const char *const cells[], struct import_record *ret)
{
	record_begin(ret, a, KIND_USER, f->lines.line);
	ret->change = true;
	record_text(ret, "address", address_of(f, cells[NAME]));
	take_shadow(cells, ret);
	if (is_system_name(cells[NAME]) ||
	    json_object_get(ret->members, "password_hash") == NULL)
		ignore(f, a, cells[NAME], ret);
}

static bool take_domain(struct accounts *f, struct arena *a,
			struct import_record *ret)
{
	if (f->domain_told)
		return false;
	f->domain_told = true;
	record_begin(ret, a, KIND_DOMAIN, f->lines.line);
	ret->implied = true;
	record_text(ret, "name",
		    text_lower(f->lines.scratch, f->lines.reader->in.domain));
	lines_back(&f->lines);
	return true;
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	struct accounts *f = r->own;
	const char *cells[SHADOW_CELLS];

	while (f->lines.turn < 2 && lines_next(&f->lines)) {
		size_t n = cells_of(f, cells);
		bool person = n == PASSWD_CELLS, shadow = n == SHADOW_CELLS;

		if (f->lines.blank || f->lines.text[0] == '#' ||
		    (shadow && whereabouts_has(f->people, cells[NAME])))
			continue;
		ret->line = f->lines.line;
		if (!person && !shadow)
			return err_code(e, ERR_MALFORMED, "line_malformed",
					"the line has neither %d nor %d "
					"fields between colons",
					PASSWD_CELLS, SHADOW_CELLS);
		if (person && (is_system(cells[UID]) ||
			       strchr("+-", cells[NAME][0]) != NULL))
			ignore(f, a, cells[NAME], ret);
		else if (take_domain(f, a, ret))
			return true;
		else if (person)
			take_person(f, a, cells, ret);
		else
			take_alone(f, a, cells, ret);
		return true;
	}
	return false;
}

const struct reader_format format_passwd = {"passwd", NULL, open, next, true};
