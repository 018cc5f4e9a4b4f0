/* Modoboa's rows, which begin with what they are, and have semicolons between
 * cells. */
#include <string.h>
#include <strings.h>

#include "import/cell.h"
#include "import/lines.h"
#include "util/text.h"

enum { CELLS_MAX = 2000, MIB = 1 << 20, TURN_END = 2 };

enum { WORD, NAME };
enum { DOMAIN_QUOTA = 2, DOMAIN_USER_QUOTA };
enum { DOMAIN_ALIAS_TARGET = 2, DOMAIN_ALIAS_ENABLED };
enum {
	RELAY_HOST = 2,
	RELAY_PORT,
	RELAY_SERVICE,
	RELAY_ENABLED,
	RELAY_VERIFY,
	RELAY_CELLS
};
enum {
	ACCOUNT_LOGIN = 1,
	ACCOUNT_PASSWORD,
	ACCOUNT_GIVEN,
	ACCOUNT_FAMILY,
	ACCOUNT_ENABLED,
	ACCOUNT_ROLE,
	ACCOUNT_ADDRESS,
	ACCOUNT_QUOTA
};
enum { ALIAS_ADDRESS = 1, ALIAS_ENABLED, ALIAS_TO };

struct rows {
	struct lines lines;
	struct whereabouts *users, *aliases;
	const char **cells;
	size_t count;
	const char **others; /* of a row that is read besides */
};

static bool is_on(const char *text)
{
	static const char *const words[] = {"true", "1", "yes", "y"};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static void split(struct rows *f)
{
	f->count = lines_cells(&f->lines, ';', f->cells, CELLS_MAX);
	/* What is empty at the end is nothing. */
	while (f->count > 1 && f->count <= CELLS_MAX &&
	       f->cells[f->count - 1][0] == '\0')
		f->count--;
	for (size_t i = 0; i < f->count && i < CELLS_MAX; i++)
		f->cells[i] = cell_undo(f->cells[i]);
}

static bool is(const struct rows *f, const char *word)
{
	return f->count <= CELLS_MAX && strcmp(f->cells[WORD], word) == 0;
}

static bool is_alias(const struct rows *f)
{
	return is(f, "alias") || is(f, "forward") || is(f, "dlist");
}

static const char *lower(struct rows *f, size_t cell)
{
	return text_lower(f->lines.scratch, f->cells[cell]);
}

static const char *cell(const struct rows *f, size_t which)
{
	return which < f->count ? f->cells[which] : "";
}

static const char *address_of(struct rows *f)
{
	return lower(f, cell(f, ACCOUNT_ADDRESS)[0] != '\0' ? ACCOUNT_ADDRESS
							    : ACCOUNT_LOGIN);
}

static bool note(struct rows *f, struct err *e)
{
	split(f);
	if (is(f, "account") && f->count > ACCOUNT_LOGIN)
		return lines_note(&f->lines, f->users, address_of(f), e);
	return !is_alias(f) || f->count <= ALIAS_ADDRESS ||
	       lines_note(&f->lines, f->aliases, lower(f, ALIAS_ADDRESS), e);
}

static bool open(struct reader *r, struct err *e)
{
	struct rows *f = arena_alloc(r->in.arena, sizeof(*f));

	r->own = f;
	f->cells = arena_alloc(r->in.arena, CELLS_MAX * sizeof(*f->cells));
	f->others = arena_alloc(r->in.arena, CELLS_MAX * sizeof(*f->others));
	f->users = whereabouts_new(r->in.arena);
	f->aliases = whereabouts_new(r->in.arena);
	lines_begin(&f->lines, r);
	while (lines_next(&f->lines)) {
		if (!note(f, e))
			return false;
	}
	return true;
}

/* In MiB, unless a letter says otherwise. */
static void quota(struct import_record *ret, const char *name, const char *text)
{
	int64_t bytes;

	if (lines_bytes(text, MIB, &bytes))
		record_number(ret, name, bytes);
	else
		record_text(ret, name, text);
}

static void take_domain(struct rows *f, struct import_record *ret)
{
	/* Older files have no quota for users. */
	size_t enabled = f->count > 4 ? 4 : 3;

	record_text(ret, "name", lower(f, NAME));
	quota(ret, "quota_bytes", cell(f, DOMAIN_QUOTA));
	if (enabled > DOMAIN_USER_QUOTA)
		quota(ret, "default_user_quota_bytes",
		      cell(f, DOMAIN_USER_QUOTA));
	if (f->count > enabled)
		record_flag(ret, "enabled", is_on(cell(f, enabled)));
}

static void take_domain_alias(struct rows *f, struct import_record *ret)
{
	record_text(ret, "name", lower(f, NAME));
	record_text(ret, "kind", "alias");
	if (f->count > DOMAIN_ALIAS_TARGET)
		record_text(ret, "target", lower(f, DOMAIN_ALIAS_TARGET));
	record_flag(ret, "enabled", is_on(cell(f, DOMAIN_ALIAS_ENABLED)));
}

/* Its service is one of master.cf; "relay" is there to pass mail on. */
static void take_relay(struct rows *f, struct import_record *ret)
{
	const char *service = cell(f, RELAY_SERVICE);

	record_text(ret, "name", lower(f, NAME));
	record_text(ret, "kind", "relay");
	record_text(ret, "transport",
		    arena_join(f->lines.scratch,
			       service[0] != '\0' ? service : "smtp", ":[",
			       cell(f, RELAY_HOST), "]:", cell(f, RELAY_PORT),
			       NULL));
	record_flag(ret, "enabled", is_on(cell(f, RELAY_ENABLED)));
	record_flag(ret, "verify_recipients", is_on(cell(f, RELAY_VERIFY)));
}

static void take_password(struct import_record *ret, const char *text)
{
	record_text(ret,
		    text[0] == '{' || text[0] == '$' ? "password_hash"
						     : "password",
		    text);
}

/* All rows of an address that are switched on; or, where there are none, those
 * that are not. */
static void lead(struct rows *f, const char *own, bool user, bool on,
		 struct import_record *ret)
{
	struct rows there = *f;
	size_t count;
	const struct place *p = whereabouts_find(f->aliases, own, &count);

	there.cells = f->others;
	for (size_t i = 0; i < count; i++) {
		there.lines.text = lines_again(&f->lines, &p[i]);
		split(&there);
		if (is_on(cell(&there, ALIAS_ENABLED)) != on)
			continue;
		for (size_t n = ALIAS_TO; n < there.count; n++) {
			const char *to = lower(&there, n);

			if (user)
				record_forward(ret, own, to);
			else
				record_item(ret, "destinations", to);
		}
	}
}

static void take_account(struct rows *f, struct import_record *ret)
{
	struct arena *a = f->lines.scratch;
	const char *address = address_of(f), *bytes = cell(f, ACCOUNT_QUOTA);
	const char *given = cell(f, ACCOUNT_GIVEN);
	const char *family = cell(f, ACCOUNT_FAMILY);
	bool both = given[0] != '\0' && family[0] != '\0';

	record_text(ret, "address", address);
	take_password(ret, cell(f, ACCOUNT_PASSWORD));
	record_prose(ret, a, "given_name", given);
	record_prose(ret, a, "family_name", family);
	record_prose(ret, a, "name",
		     arena_join(a, given, both ? " " : "", family, NULL));
	record_flag(ret, "enabled", is_on(cell(f, ACCOUNT_ENABLED)));
	/* 0 and nothing are what the domain gives. */
	if (bytes[0] != '\0' && strcmp(bytes, "0") != 0)
		quota(ret, "quota_bytes", bytes);
	if (whereabouts_is_first(f->users, address, f->lines.at))
		lead(f, address, true, true, ret);
	record_forwards_end(ret);
}

static void take_alias(struct rows *f, struct import_record *ret)
{
	const char *address = lower(f, ALIAS_ADDRESS);

	record_text(ret, "address", address);
	lead(f, address, false, true, ret);
	if (json_object_get(ret->members, "destinations") == NULL) {
		lead(f, address, false, false, ret);
		record_flag(ret, "enabled", false);
	}
}

static const struct row {
	const char *word;
	size_t cells; /* it has at least */
	enum kind kind;
	void (*take)(struct rows *f, struct import_record *ret);
} known[] = {
	{"domain", 3, KIND_DOMAIN, take_domain},
	{"domainalias", 3, KIND_DOMAIN, take_domain_alias},
	{"relaydomain", RELAY_PORT + 1, KIND_DOMAIN, take_relay},
	{"account", ACCOUNT_ENABLED + 1, KIND_USER, take_account},
	{"alias", ALIAS_TO, KIND_ALIAS, take_alias},
	{"forward", ALIAS_TO, KIND_ALIAS, take_alias},
	{"dlist", ALIAS_TO, KIND_ALIAS, take_alias},
};

static const struct row *row_of(const struct rows *f)
{
	for (size_t i = 0; i < COUNT(known); i++) {
		if (is(f, known[i].word))
			return &known[i];
	}
	return NULL;
}

/* Whether there is something to tell of it. */
static bool is_due(struct rows *f)
{
	if (f->lines.blank || f->lines.text[0] == '#')
		return false;
	if (!is_alias(f) || f->count <= ALIAS_ADDRESS)
		return true;
	return !whereabouts_has(f->users, lower(f, ALIAS_ADDRESS)) &&
	       whereabouts_is_first(f->aliases, lower(f, ALIAS_ADDRESS),
				    f->lines.at);
}

/* Administrators need no mailbox, and their roles are given here. */
static bool is_login_alone(struct rows *f)
{
	return is(f, "account") && strchr(address_of(f), '@') == NULL;
}

static bool tell(struct rows *f, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	const struct row *row = row_of(f);

	ret->line = f->lines.line;
	if (row == NULL || f->lines.too_long)
		return err_code(e, ERR_MALFORMED, "line_malformed",
				"the line begins with none of domain, "
				"domainalias, relaydomain, account, alias, "
				"forward and dlist");
	if (f->count < row->cells)
		return err_code(e, ERR_MALFORMED, "columns_differ",
				"a row of %s has at least %zu columns",
				row->word, row->cells);
	if (is_login_alone(f)) {
		ret->what = arena_strdup(a, f->cells[ACCOUNT_LOGIN]);
		return true;
	}
	record_begin(ret, a, row->kind, f->lines.line);
	row->take(f, ret);
	return true;
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	struct rows *f = r->own;

	while (f->lines.turn < TURN_END) {
		if (!lines_next(&f->lines))
			continue;
		split(f);
		if (is_due(f))
			return tell(f, a, ret, e);
	}
	return false;
}

const struct reader_format format_modoboa = {"modoboa", NULL, open, next, true};
