#include "core/history.h"

#include <string.h>

#include "core/provision.h"
#include "core/scope.h"
#include "core/verdict.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	REVERT_TRIES = 16,
	CLOCKS_DIFFER = 60, /* seconds, at most */
	SECONDS = 19,       /* of RFC 3339, what is before the fraction */
	FRACTION_MAX = 6,   /* its digits */
};

bool history_has_come(const char *instant)
{
	char now[INSTANT_SIZE];

	instant_text(now, clock_seconds() + CLOCKS_DIFFER);
	return strcmp(instant, now) <= 0;
}

bool history_is_time(const char *text)
{
	char whole[INSTANT_SIZE] = {0};
	size_t size = strlen(text), digits = 0;

	if (size <= SECONDS || size > SECONDS + FRACTION_MAX + 2)
		return false;
	memcpy(whole, text, SECONDS);
	whole[SECONDS] = 'Z';
	if (text[SECONDS] == '.') {
		digits = strspn(text + SECONDS + 1, "0123456789");
		if (digits == 0)
			return false;
		digits++;
	}
	return strcmp(text + SECONDS + digits, "Z") == 0 &&
	       instant_check(whole) && history_has_come(whole);
}

/* Whoever uses the key may read the trail; that it is for some domains alone
 * the store says. */
static bool may_ask(const struct task *t, struct err *e)
{
	static const char right[] = "audit:read";

	return scope_allows(t->caller->scope, right) ||
	       err_code(e, ERR_DENIED, "scope", "this key is not for %s",
			right);
}

bool history_read(const struct gateway *g, const struct task *t, enum kind k,
		  const char *key, const struct moment *when, void *ret,
		  struct err *e)
{
	return provision_key(t->arena, k, &key, e) && may_ask(t, e) &&
	       g->store->ops->as_of(g->store, t, k, key, NULL, when, ret, e) &&
	       (k != KIND_ALIAS || verdict_of(g, t, ret, 1, e));
}

static bool differs(struct field f, const void *one, const void *other)
{
	const void *a = field_in(f, one), *b = field_in(f, other);

	switch (f.kind) {
	case FIELD_TEXT:
		return !text_equal(*(const char *const *)a,
				   *(const char *const *)b);
	case FIELD_NUMBER:
		return *(const int64_t *)a != *(const int64_t *)b;
	case FIELD_FLAG:
		return *(const bool *)a != *(const bool *)b;
	case FIELD_LIST:
		break;
	}
	return !text_list_equal(*(const struct text_list *)a,
				*(const struct text_list *)b);
}

/* What is as it was is not written: nor is it judged. */
static struct patch patch_back(const struct task *t, const struct reversion *r,
			       const void *now, const void *then)
{
	struct field *fields =
		arena_alloc(t->arena, (r->count + 1) * sizeof(*fields));
	struct patch p = {.record = then, .fields = fields};

	for (size_t i = 0; i < r->count; i++) {
		if (differs(r->members[i], now, then))
			fields[p.count++] = r->members[i];
	}
	return p;
}

static bool not_there(struct err *e, enum kind k, const char *key)
{
	if (e->kind != ERR_NOT_FOUND)
		return false;
	return err_code(e, ERR_CONFLICT, "not_there_then",
			"the %s %s was not there at that time",
			kind_rules(k)->noun, key);
}

/* `late`: somebody else wrote between our reading and our writing. */
static bool revert_once(const struct gateway *g, const struct task *t,
			enum kind k, const char *key, const struct reversion *r,
			void *ret, struct revision *rev, bool *late,
			struct err *e)
{
	void *now = arena_alloc(t->arena, kind_rules(k)->size);
	void *then = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision seen;

	*late = false;
	if (!g->store->ops->get(g->store, t, k, key, now, &seen, e) ||
	    !provision_matches(r->if_match, &seen, e))
		return false;
	if (!g->store->ops->as_of(g->store, t, k, key, kind_id(k, now),
				  &r->when, then, e))
		return not_there(e, k, key);
	struct patch p = patch_back(t, r, now, then);
	p.guard = seen.guard;
	if (provision_change(g, t, k, key, &p, r->if_match, ret, rev, e))
		return true;
	*late = e->kind == ERR_CHANGED;
	return false;
}

bool history_revert(const struct gateway *g, const struct task *t, enum kind k,
		    const char *key, const struct reversion *r, void *ret,
		    struct revision *rev, struct err *e)
{
	bool late;

	if (!provision_key(t->arena, k, &key, e) || !may_ask(t, e))
		return false;
	for (int try = 1;; try++) {
		err_clear(e);
		if (revert_once(g, t, k, key, r, ret, rev, &late, e))
			return true;
		if (!late)
			return false;
		if (try == REVERT_TRIES)
			return err_code(e, ERR_LIMIT, "contended",
					"it is changed by too many at once");
	}
}
