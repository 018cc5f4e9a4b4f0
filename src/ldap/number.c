#include "ldap/number.h"

#include "ldap/schema.h"
#include "util/text.h"

/* How often it is tried again when others write the same entry, or have given
 * out the number that was drawn. */
enum { NUMBER_TRIES = 8 };

static const char number[] = "provostNumber", next[] = "provostNextNumber";

static bool to_number(const char *text, int64_t *ret, struct err *e)
{
	return text_number(text, 1, INT64_MAX, ret) ||
	       err_set(e, ERR_INTERNAL, "%s is no number", text);
}

struct reading {
	struct arena *arena;
	const char *number;
	bool there;
	struct err err;
};

static void each_read(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct entry en;

	r->there = true;
	if (entry_read(ld, message, r->arena, &en, &r->err))
		r->number = entry_text(&en, number);
}

/* With the caller's rights: who does not see it gets no number of it. */
static bool read_number(struct ldap_store *s, const struct task *t, enum kind k,
			const char *key, int64_t *ret, struct err *e)
{
	const char *const want[] = {number, NULL};
	struct reading r = {.arena = t->arena};
	struct controls c = store_as_caller(t);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .scope = LDAP_SCOPE_BASE,
			       .filter = schema_class_filter(t->arena, k),
			       .want = want,
			       .controls = control_list(&c),
			       .each = each_read,
			       .ctx = &r};

	*ret = NUMBER_NONE;
	if (op.dn != NULL &&
	    !store_run(s, t, &op, s->set->read_seconds, key, e))
		return false;
	if (r.err.kind != ERR_NONE) {
		*e = r.err;
		return false;
	}
	if (!r.there)
		return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
			       kind_rules(k)->noun, key);
	return r.number == NULL || to_number(r.number, ret, e);
}

/* What is drawn is nobody else's, even if it is lost on the way. */
static bool draw(struct ldap_store *s, const struct task *t, const char **ret,
		 struct err *e)
{
	const char *const want[] = {next, NULL};
	char one[] = "1", *values[] = {one, NULL};
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
	int64_t drawn;
	if (after == NULL || !entry_read_control(after, t->arena, &en, e) ||
	    entry_text(&en, next) == NULL)
		return err_set(e, ERR_INTERNAL, "the counter shows no %s",
			       next);
	if (!to_number(entry_text(&en, next), &drawn, e))
		return false;
	*ret = arena_printf(t->arena, "%lld", (long long)drawn - 1);
	return true;
}

/* The attribute has one value, so only the first is taken.  An assertion would
 * be asked by slapo-unique as well, of other entries. */
static bool give(struct ldap_store *s, const struct task *t, enum kind k,
		 const char *key, const char *drawn, struct err *e)
{
	char *values[] = {arena_strdup(t->arena, drawn), NULL};
	LDAPMod *mods[] = {map_mod(t->arena, LDAP_MOD_ADD, number, values),
			   NULL};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = schema_dn(t->arena, s->set->base, k, key),
			       .mods = mods};

	return store_run(s, t, &op, s->set->write_seconds, key, e);
}

bool number_of(struct store *port, const struct task *t, enum kind k,
	       const char *key, int64_t *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct err why = {0};
	const char *drawn = NULL;

	for (int try = 0; try <= NUMBER_TRIES; try++) {
		/* Another may have been quicker, or ours was done after all. */
		if (!read_number(s, t, k, key, ret, e))
			return false;
		if (*ret != NUMBER_NONE)
			return true;
		if (why.kind != ERR_NONE && why.kind != ERR_INVALID &&
		    why.kind != ERR_CHANGED)
			break;
		err_clear(&why);
		if (!draw(s, t, &drawn, e))
			return false;
		give(s, t, k, key, drawn, &why);
	}
	*e = why;
	return false;
}
