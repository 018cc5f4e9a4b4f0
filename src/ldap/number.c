#include "ldap/number.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/filter.h"
#include "ldap/schema.h"
#include "loop/fiber.h"
#include "util/text.h"

enum {
	/* How often it is tried again when others write the same entry, or
	 * have given out the number that was drawn. */
	NUMBER_TRIES = 8,
	NUMBER_BLOCK = 64, /* that a gateway's loop takes at once */
};

/* What clients hold is a 32-bit integer, so none is given on demand that is
 * beyond. */
static const int64_t asked_max = INT32_MAX;

/* Nor far beyond the counter, which goes on from there: nobody is to use up
 * the numbers of all. */
static const int64_t asked_ahead = 100000;

const char number_attribute[] = "provostNumber";
const char number_rows[] = "provostRows";
static const char row_number[] = "provostRowNumber";
static const char next[] = "provostNextNumber";
static const char destination[] = "provostDestination";

static bool to_number(const char *text, int64_t *ret, struct err *e)
{
	return text_number(text, 1, INT64_MAX, ret) ||
	       err_set(e, ERR_INTERNAL, "%s is no number", text);
}

static const char *to_text(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

struct reading {
	struct arena *arena;
	struct entry entry;
	size_t count;
	struct err err;
};

static void each_read(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;

	r->count++;
	entry_read(ld, message, r->arena, &r->entry, &r->err);
}

static bool search(struct ldap_store *s, const struct task *t,
		   struct operation *op, const char *what, struct reading *ret,
		   struct err *e)
{
	*ret = (struct reading){.arena = t->arena};
	op->kind = OPERATION_SEARCH;
	op->each = each_read;
	op->ctx = ret;
	if (!store_run(s, t, op, s->set->read_seconds, what, e))
		return false;
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE;
}

const char *number_rows_filter(struct arena *a)
{
	const char *const any[] = {schema_class_filter(a, KIND_ALIAS),
				   schema_class_filter(a, KIND_USER)};

	return filter_any(a, any, COUNT(any));
}

/* With the caller's rights: who does not see it gets no number of it. */
static bool read_entry(struct ldap_store *s, const struct task *t, enum kind k,
		       const char *key, const char *filter, struct entry *ret,
		       struct err *e)
{
	static const char *const want[] = {number_attribute, number_rows,
					   destination, NULL};
	struct controls c = store_as_caller(t);
	struct operation op = {.dn = schema_dn(t->arena, s->set->base, k, key),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter,
			       .want = want,
			       .controls = control_list(&c)};
	struct reading r = {.count = 0};

	if (op.dn != NULL && !search(s, t, &op, key, &r, e))
		return false;
	*ret = r.entry;
	return r.count > 0 || err_set(e, ERR_NOT_FOUND, "there is no %s %s",
				      kind_rules(k)->noun, key);
}

/* Numbers from the counter that are nobody else's, even if they are lost on
 * the way; *ret is the one behind them. */
static bool take(struct ldap_store *s, const struct task *t, int64_t count,
		 int64_t *ret, struct err *e)
{
	const char *const want[] = {next, NULL};
	char *values[] = {arena_printf(t->arena, "%lld", (long long)count),
			  NULL};
	LDAPMod *mods[] = {map_mod(t->arena, LDAP_MOD_INCREMENT, next, values),
			   NULL};
	struct controls c = {.count = 0};

	control_post_read(&c, t->arena, want);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_numbers_dn(t->arena, s->set->base),
			       .mods = mods,
			       .controls = control_list(&c)};
	if (!store_run(s, t, &op, s->set->write_seconds, "numbers", e))
		return false;
	const struct berval *after = control_post_read_value(op.reply);
	struct entry en;
	if (after == NULL || !entry_read_control(after, t->arena, &en, e) ||
	    entry_text(&en, next) == NULL)
		return err_set(e, ERR_INTERNAL, "the counter shows no %s",
			       next);
	return to_number(entry_text(&en, next), ret, e);
}

static bool draw(struct ldap_store *s, const struct task *t, int64_t *ret,
		 struct err *e)
{
	int64_t end;

	/* One takes a block for all, whose deadline is ours, about. */
	while (s->number_taking)
		fiber_sleep(1);
	if (s->number_next == s->number_end) {
		s->number_taking = true;
		bool good = take(s, t, NUMBER_BLOCK, &end, e);
		s->number_taking = false;
		if (!good)
			return false;
		s->number_end = end;
		s->number_next = end - NUMBER_BLOCK;
	}
	*ret = s->number_next++;
	return true;
}

/* Somebody has one that we hold: it was asked for, as were others, perhaps. */
static void drop_block(struct ldap_store *s)
{
	s->number_next = s->number_end;
}

/* See to it that nobody draws that one any more. */
static bool pass(struct ldap_store *s, const struct task *t, int64_t asked,
		 struct err *e)
{
	const char *text;
	int64_t at, end;

	if (asked < 1 || asked > asked_max)
		return err_set(e, ERR_INVALID, "a number is 1 to %lld",
			       (long long)asked_max);
	if (!store_look(s, t, schema_numbers_dn(t->arena, s->set->base), next,
			&text, e))
		return false;
	if (text == NULL)
		return err_set(e, ERR_INTERNAL, "there is no counter");
	if (!to_number(text, &at, e))
		return false;
	if (asked < at)
		return true;
	if (asked - at > asked_ahead)
		return err_set(e, ERR_INVALID,
			       "%lld is too far beyond the last number",
			       (long long)asked);
	drop_block(s); /* what comes later is greater */
	return take(s, t, asked + 1 - at, &end, e);
}

static LDAPMod *mod(struct arena *a, int how, const char *name,
		    const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = arena_strdup(a, value);
	return map_mod(a, how, name, values);
}

/* With the gateway's own rights. */
static bool modify(struct ldap_store *s, const struct task *t, enum kind k,
		   const char *key, LDAPMod **mods, struct err *e)
{
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .mods = mods};

	return store_run(s, t, &op, s->set->write_seconds, key, e);
}

/* Whether it is worth another try. */
static bool goes_on(struct ldap_store *s, struct err *e)
{
	if (e->kind == ERR_INVALID)
		drop_block(s);
	return e->kind == ERR_INVALID || e->kind == ERR_CHANGED;
}

static bool taken(struct err *e, int64_t asked)
{
	return err_set(e, ERR_EXISTS, "the number %lld is taken",
		       (long long)asked);
}

/* The attribute has one value, so only the first is taken.  An assertion would
 * be asked by slapo-unique as well, of other entries. */
static bool number_record(struct ldap_store *s, const struct task *t,
			  enum kind k, const char *key, int64_t asked,
			  int64_t *ret, struct err *e)
{
	struct err why = {0};
	struct entry en;

	for (int try = 0; try <= NUMBER_TRIES; try++) {
		/* Another may have been quicker, or ours was done after all. */
		if (!read_entry(s, t, k, key, schema_class_filter(t->arena, k),
				&en, e))
			return false;
		const char *has = entry_text(&en, number_attribute);
		if (has != NULL)
			return to_number(has, ret, e);
		if (try > 0 && asked != NUMBER_NONE)
			return taken(e, asked);
		if (try > 0 && !goes_on(s, &why))
			break;
		*ret = asked;
		if (asked == NUMBER_NONE && !draw(s, t, ret, e))
			return false;
		LDAPMod *mods[] = {mod(t->arena, LDAP_MOD_ADD, number_attribute,
				       to_text(t->arena, *ret)),
				   NULL};
		err_clear(&why);
		modify(s, t, k, key, mods, &why);
	}
	*e = why;
	return false;
}

/* A word of a text, which goes on behind it; NULL: there is none left. */
static const char *word(struct arena *a, const char **text)
{
	size_t size = strcspn(*text, " ");
	const char *ret = size > 0 ? arena_strndup(a, *text, size) : NULL;

	*text += size + ((*text)[size] == ' ');
	return ret;
}

static int by_part(const void *one, const void *other)
{
	const struct number_row *a = one, *b = other;

	return strcmp(a->part, b->part);
}

struct number_row *number_read_rows(struct arena *a, const struct entry *en,
				    size_t *count)
{
	const struct berval *to = entry_values(en, destination);
	const char *text = entry_text(en, number_rows), *number, *part;
	size_t n = 0;

	while (to != NULL && to[n].bv_val != NULL)
		n++;
	struct number_row *rows = arena_alloc(a, (n + 1) * sizeof(*rows));
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct number_row){text_lower(a, to[i].bv_val),
					      NUMBER_NONE};
	while (text != NULL && (number = word(a, &text)) != NULL &&
	       (part = word(a, &text)) != NULL) {
		for (size_t i = 0; i < n; i++) {
			if (text_equal(rows[i].part, part))
				text_number(number, 1, INT64_MAX,
					    &rows[i].number);
		}
	}
	qsort(rows, n, sizeof(*rows), by_part);
	*count = n;
	return rows;
}

/* A change of an alias's rows: they are one value, so that of two who write at
 * once the second notices. */
struct renumbering {
	struct arena *arena;
	struct number_row *rows;
	size_t count;
	const char *before; /* or NULL */
	const char *after;
	char **gone, **come; /* numbers, ended by NULL */
};

static bool knows(char *const *list, const char *text)
{
	while (*list != NULL && strcmp(*list, text) != 0)
		list++;
	return *list != NULL;
}

/* Numbers of destinations that are no more are taken away. */
static void compare(struct renumbering *r)
{
	struct arena *a = r->arena;
	const char *text = r->before != NULL ? r->before : "", *number;
	char **was = arena_alloc(a, (strlen(text) / 2 + 2) * sizeof(*was));
	char **is = arena_alloc(a, (r->count + 1) * sizeof(*is));
	size_t n = 0;

	while ((number = word(a, &text)) != NULL) {
		was[n++] = arena_strdup(a, number);
		word(a, &text);
	}
	r->gone = arena_alloc(a, (n + 1) * sizeof(*r->gone));
	r->come = arena_alloc(a, (r->count + 1) * sizeof(*r->come));
	r->after = "";
	for (size_t i = 0; i < r->count; i++) {
		is[i] = arena_printf(a, "%lld", (long long)r->rows[i].number);
		r->after = arena_join(a, r->after, i > 0 ? " " : "", is[i], " ",
				      r->rows[i].part, NULL);
	}
	n = 0;
	for (char **p = was; *p != NULL; p++) {
		if (!knows(is, *p))
			r->gone[n++] = *p;
	}
	n = 0;
	for (char **p = is; *p != NULL; p++) {
		if (!knows(was, *p))
			r->come[n++] = *p;
	}
}

static LDAPMod **renumber_mods(const struct renumbering *r)
{
	struct arena *a = r->arena;
	LDAPMod **mods = arena_alloc(a, 5 * sizeof(LDAPMod *));
	size_t n = 0;

	if (r->before != NULL)
		mods[n++] = mod(a, LDAP_MOD_DELETE, number_rows, r->before);
	if (r->count > 0)
		mods[n++] = mod(a, LDAP_MOD_ADD, number_rows, r->after);
	if (r->gone[0] != NULL)
		mods[n++] = map_mod(a, LDAP_MOD_DELETE, row_number, r->gone);
	if (r->come[0] != NULL)
		mods[n++] = map_mod(a, LDAP_MOD_ADD, row_number, r->come);
	return mods;
}

/* Give each a number that has none, and that one the number that is asked for.
 */
static bool fill(struct ldap_store *s, const struct task *t,
		 struct renumbering *r, const char *part, int64_t asked,
		 struct err *e)
{
	for (size_t i = 0; i < r->count; i++) {
		struct number_row *row = &r->rows[i];

		if (row->number == NUMBER_NONE && asked != NUMBER_NONE &&
		    text_equal(row->part, part))
			row->number = asked;
		if (row->number == NUMBER_NONE && !draw(s, t, &row->number, e))
			return false;
	}
	return true;
}

static bool row_of(const struct renumbering *r, const char *key,
		   const char *part, int64_t *ret, struct err *e)
{
	for (size_t i = 0; i < r->count; i++) {
		if (text_equal(r->rows[i].part, part)) {
			*ret = r->rows[i].number;
			return true;
		}
	}
	/* Nobody asked for one that is there. */
	*ret = NUMBER_NONE;
	return part[0] == '\0' ||
	       err_set(e, ERR_NOT_FOUND, "%s does not lead to %s", key, part);
}

static bool number_part(struct ldap_store *s, const struct task *t,
			const char *key, const char *part, int64_t asked,
			int64_t *ret, struct err *e)
{
	struct err why = {0};
	struct entry en;

	for (int try = 0; try <= NUMBER_TRIES; try++) {
		if (!read_entry(s, t, KIND_ALIAS, key,
				number_rows_filter(t->arena), &en, e))
			return false;
		struct renumbering r = {.arena = t->arena,
					.before = entry_text(&en, number_rows)};
		r.rows = number_read_rows(t->arena, &en, &r.count);
		if (try > 1 && asked != NUMBER_NONE)
			return taken(e, asked);
		if (try > 0 && !goes_on(s, &why))
			break;
		if (!fill(s, t, &r, part, asked, e))
			return false;
		compare(&r);
		if (text_equal(r.before, r.after))
			return row_of(&r, key, part, ret, e);
		err_clear(&why);
		if (modify(s, t, KIND_ALIAS, key, renumber_mods(&r), &why))
			return row_of(&r, key, part, ret, e);
	}
	*e = why;
	return false;
}

bool number_of(struct store *port, const struct task *t, enum kind k,
	       const char *key, const char *part, int64_t asked, int64_t *ret,
	       struct err *e)
{
	struct ldap_store *s = store_self(port);

	*ret = NUMBER_NONE;
	if (rehearsal_is(t))
		return true;
	if (asked != NUMBER_NONE && !pass(s, t, asked, e))
		return false;
	return part != NULL ? number_part(s, t, key, part, asked, ret, e)
			    : number_record(s, t, k, key, asked, ret, e);
}

static const char *find_part(struct arena *a, const struct entry *en,
			     int64_t number)
{
	size_t count;
	const struct number_row *rows = number_read_rows(a, en, &count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].number == number)
			return rows[i].part;
	}
	return NULL;
}

bool number_find(struct store *port, const struct task *t, enum kind k,
		 int64_t number, const char **key, const char **part,
		 struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	const char *name = schema_of(k)->key;
	const char *const want[] = {name, number_rows, destination, NULL};
	struct controls c = store_as_caller(t);
	struct operation op =
		{.dn = k == KIND_PRINCIPAL
			       ? schema_principals_dn(a, s->set->base)
			       : schema_domains_dn(a, s->set->base),
		 .scope = LDAP_SCOPE_SUBTREE,
		 .filter = filter_and(a,
				      filter_equal(a,
						   part != NULL
							   ? row_number
							   : number_attribute,
						   to_text(a, number)),
				      part != NULL ? number_rows_filter(a)
						   : schema_class_filter(a, k)),
		 .want = want,
		 .controls = control_list(&c)};
	struct reading r;

	if (!search(s, t, &op, "number", &r, e) && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	*key = r.count == 1 ? entry_text(&r.entry, name) : NULL;
	if (*key != NULL && part != NULL)
		*part = find_part(a, &r.entry, number);
	if (*key == NULL || (part != NULL && *part == NULL))
		return err_set(e, ERR_NOT_FOUND,
			       "there is no %s with that number",
			       kind_rules(k)->noun);
	*key = text_lower(a, *key);
	return true;
}

/* It is noted at the new one first, so that it is not lost if we are. */
bool number_hand_over(struct ldap_store *s, const struct task *t,
		      const char *from, const char *to, struct err *e)
{
	struct arena *a = t->arena;
	const char *domains = schema_class_filter(a, KIND_DOMAIN);
	struct entry old, new;
	const char *its = NULL;

	if (!read_entry(s, t, KIND_DOMAIN, to, domains, &new, e))
		return false;
	const char *noted = entry_text(&new, number_rows);
	if (read_entry(s, t, KIND_DOMAIN, from, domains, &old, e))
		its = entry_text(&old, number_attribute);
	else if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (its == NULL && noted == NULL)
		return true;
	LDAPMod *note[] = {mod(a, LDAP_MOD_REPLACE, number_rows,
			       noted != NULL ? noted : its),
			   NULL};
	LDAPMod *leave[] = {mod(a, LDAP_MOD_DELETE, number_attribute,
				its != NULL ? its : ""),
			    NULL};
	LDAPMod *have[] = {mod(a, LDAP_MOD_REPLACE, number_attribute,
			       noted != NULL ? noted : its),
			   map_mod(a, LDAP_MOD_REPLACE, number_rows, NULL),
			   NULL};
	if (noted == NULL && !modify(s, t, KIND_DOMAIN, to, note, e))
		return false;
	/* A later one of the old domain stays there. */
	if (its != NULL && (noted == NULL || text_equal(noted, its)) &&
	    !modify(s, t, KIND_DOMAIN, from, leave, e))
		return false;
	return modify(s, t, KIND_DOMAIN, to, have, e);
}
