/* The files of docker-mailserver, one or several of them after another, as each
 * line says by its form what it is: address|hash of postfix-accounts.cf,
 * address:quota of dovecot-quotas.cf, and of postfix-virtual.cf an address and
 * where its mail goes. */
#include <string.h>

#include "import/lines.h"
#include "import/seen.h"
#include "util/text.h"

enum { TURN_USERS = 1, TURN_ALIASES, TURN_DOMAINS, TURN_QUOTAS, TURN_END };

enum sort { NOTHING, ACCOUNT, ALIAS, QUOTA, BAD };

struct entry {
	enum sort sort;
	const char *name, *value;
};

struct files {
	struct lines lines;
	struct whereabouts *users, *aliases, *quotas;
	struct seen *domains;
};

static struct entry parse(struct lines *l, const char *text)
{
	struct entry ret = {.sort = BAD};
	size_t size = strcspn(text, "|: \t");

	if (text[0] == '#' || text[0] == '\0')
		return (struct entry){.sort = NOTHING};
	ret.name =
		text_lower(l->scratch, arena_strndup(l->scratch, text, size));
	ret.value = text + size;
	/* What goes on with the line before begins with a blank. */
	if (size == 0 || text[size] == '\0' || strchr(ret.name, '@') == NULL)
		return ret;
	ret.sort = text[size] == '|'   ? ACCOUNT
		   : text[size] == ':' ? QUOTA
				       : ALIAS;
	ret.value += 1 + strspn(ret.value + 1, " \t");
	return ret;
}

static struct entry current(struct files *f)
{
	return f->lines.blank      ? (struct entry){.sort = NOTHING}
	       : f->lines.too_long ? (struct entry){.sort = BAD}
				   : parse(&f->lines, f->lines.text);
}

static bool note(struct files *f, struct err *e)
{
	struct entry en = current(f);
	struct whereabouts *to = en.sort == ACCOUNT ? f->users
				 : en.sort == ALIAS ? f->aliases
				 : en.sort == QUOTA ? f->quotas
						    : NULL;

	return to == NULL || lines_note(&f->lines, to, en.name, e);
}

static bool open(struct reader *r, struct err *e)
{
	struct files *f = arena_alloc(r->in.arena, sizeof(*f));

	r->own = f;
	f->users = whereabouts_new(r->in.arena);
	f->aliases = whereabouts_new(r->in.arena);
	f->quotas = whereabouts_new(r->in.arena);
	f->domains = seen_new(r->in.arena);
	lines_begin(&f->lines, r);
	while (lines_next(&f->lines)) {
		if (!note(f, e))
			return false;
	}
	return true;
}

/* Each address of a list; NULL: there are no more. */
static const char *next_of(struct files *f, const char **at)
{
	static const char between[] = ", \t";
	const char *from = *at + strspn(*at, between);
	size_t size = strcspn(from, between);

	*at = from + size;
	return size > 0 ? arena_strndup(f->lines.scratch, from, size) : NULL;
}

/* What stands there again. */
static struct entry again(struct files *f, const struct place *p)
{
	struct entry ret = parse(&f->lines, lines_again(&f->lines, p));

	ret.value = text_lower(f->lines.scratch, ret.value);
	return ret;
}

/* All that stands there for an address. */
static void lead(struct files *f, const char *own, bool user,
		 struct import_record *ret)
{
	size_t count;
	const struct place *p = whereabouts_find(f->aliases, own, &count);

	for (size_t i = 0; i < count; i++) {
		const char *at = again(f, &p[i]).value, *to;

		while ((to = next_of(f, &at)) != NULL) {
			if (user)
				record_forward(ret, own, to);
			else
				record_item(ret, "destinations", to);
		}
	}
}

static bool leads_to_itself(struct files *f, const char *own)
{
	size_t count;
	const struct place *p = whereabouts_find(f->aliases, own, &count);

	for (size_t i = 0; i < count; i++) {
		const char *at = again(f, &p[i]).value, *to;

		while ((to = next_of(f, &at)) != NULL) {
			if (strcmp(to, own) == 0)
				return true;
		}
	}
	return false;
}

static void take_quota(struct import_record *ret, const char *text)
{
	int64_t bytes;

	if (lines_bytes(text, 1, &bytes))
		record_number(ret, "quota_bytes", bytes);
	else
		record_text(ret, "quota_bytes", text);
}

static void take_account(struct files *f, const struct entry *en,
			 struct import_record *ret)
{
	size_t hash = strcspn(en->value, "|"), count;
	const struct place *p = whereabouts_find(f->quotas, en->name, &count);

	record_text(ret, "address", en->name);
	record_text(ret, "password_hash",
		    arena_strndup(f->lines.scratch, en->value, hash));
	if (count > 0)
		take_quota(ret, parse(&f->lines,
				      lines_again(&f->lines, &p[count - 1]))
					.value);
	if (whereabouts_is_first(f->users, en->name, f->lines.at))
		lead(f, en->name, true, ret);
	record_forwards_end(ret);
}

/* "@one @other", and nothing else of "@one": all of a domain goes to the same
 * names in another. */
static bool is_domain_alias(struct files *f, const struct entry *en)
{
	size_t count;

	if (en->sort != ALIAS || en->name[0] != '@' || en->value[0] != '@' ||
	    strpbrk(en->value, ", \t") != NULL)
		return false;
	whereabouts_find(f->aliases, en->name, &count);
	return count == 1;
}

/* Whether the domain is one of these, wherever that stands. */
static bool is_alias_domain(struct files *f, const char *domain)
{
	size_t count;
	const struct place *p = whereabouts_find(f->aliases,
						 arena_join(f->lines.scratch,
							    "@", domain, NULL),
						 &count);

	if (count != 1)
		return false;
	const struct entry en = again(f, p);
	return is_domain_alias(f, &en);
}

static void take_domain_alias(struct files *f, struct arena *a,
			      const struct entry *en, struct import_record *ret)
{
	record_begin(ret, a, KIND_DOMAIN, f->lines.line);
	record_text(ret, "name", en->name + 1);
	record_text(ret, "kind", "alias");
	record_text(ret, "target", text_lower(f->lines.scratch, en->value + 1));
}

/* Who stands in his own line is a user, of another file. */
static void take_alias(struct files *f, struct arena *a, const struct entry *en,
		       struct import_record *ret)
{
	bool user = leads_to_itself(f, en->name);

	record_begin(ret, a, user ? KIND_USER : KIND_ALIAS, f->lines.line);
	ret->change = user;
	record_text(ret, "address", en->name);
	lead(f, en->name, user, ret);
	record_forwards_end(ret);
}

/* Domains stand in no file of their own; the line comes again behind it. */
static bool take_domain(struct files *f, struct arena *a,
			const struct entry *en, struct import_record *ret)
{
	const char *domain = strchr(en->name, '@') + 1;

	if (en->sort == QUOTA || seen_made(f->domains, domain))
		return false;
	seen_add(f->domains, domain);
	if (is_alias_domain(f, domain))
		return false;
	record_begin(ret, a, KIND_DOMAIN, f->lines.line);
	ret->implied = true;
	record_text(ret, "name", domain);
	lines_back(&f->lines);
	return true;
}

/* Whether there is something to tell of it in this turn. */
static bool is_due(struct files *f, const struct entry *en)
{
	switch (en->sort) {
	case NOTHING:
		break;
	case BAD:
	case ACCOUNT:
		return f->lines.turn == TURN_USERS;
	case ALIAS:
		/* What a domain stands for is there first. */
		return f->lines.turn == (is_domain_alias(f, en)
						 ? TURN_DOMAINS
						 : TURN_ALIASES) &&
		       !whereabouts_has(f->users, en->name) &&
		       whereabouts_is_first(f->aliases, en->name, f->lines.at);
	case QUOTA:
		return f->lines.turn == TURN_QUOTAS &&
		       !whereabouts_has(f->users, en->name);
	}
	return false;
}

static bool tell(struct files *f, struct arena *a, const struct entry *en,
		 struct import_record *ret, struct err *e)
{
	ret->line = f->lines.line;
	if (en->sort == BAD)
		return err_code(e, ERR_MALFORMED, "line_malformed",
				"the line is none of an account, a quota or "
				"an alias");
	if (take_domain(f, a, en, ret))
		return true;
	if (is_domain_alias(f, en)) {
		take_domain_alias(f, a, en, ret);
		return true;
	}
	if (en->sort == ALIAS) {
		take_alias(f, a, en, ret);
		return true;
	}
	record_begin(ret, a, KIND_USER, f->lines.line);
	if (en->sort == ACCOUNT) {
		take_account(f, en, ret);
		return true;
	}
	ret->change = true;
	record_text(ret, "address", en->name);
	take_quota(ret, en->value);
	return true;
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	struct files *f = r->own;

	while (f->lines.turn < TURN_END) {
		if (!lines_next(&f->lines))
			continue;
		struct entry en = current(f);
		if (is_due(f, &en))
			return tell(f, a, &en, ret, e);
	}
	return false;
}

const struct reader_format format_mailserver = {"docker-mailserver", NULL, open,
						next, true};
