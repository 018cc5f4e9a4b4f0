#include "core/dkim_keys.h"

#include <string.h>

#include "core/address.h"
#include "core/provision.h"
#include "core/scope.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum { SUFFIXES = 26, DATE_SIZE = 10, MAKING_SECONDS = 120 };

static struct dkim_ring *ring_of(const struct gateway *g)
{
	return g->dkim->ring;
}

static bool unknown(struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "there is no such key");
}

static bool no_domain(struct err *e, const char *domain)
{
	return err_set(e, ERR_NOT_FOUND, "there is no domain %s", domain);
}

/* A key for other domains knows nothing of this one's. */
static bool in_reach(const struct task *t, const char *domain)
{
	struct err none = {0};

	return domain_name_check(domain, &none) &&
	       scope_covers(t->caller->scope, domain);
}

const char *dkim_time(struct arena *a, int64_t seconds)
{
	char *text = arena_alloc(a, INSTANT_SIZE);

	instant_text(text, clock_seconds() + seconds);
	return text;
}

static bool is_taken(const struct dkim_list *list, const char *selector)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].selector, selector) == 0)
			return true;
	}
	return false;
}

/* The date, with a letter behind it for all but the first of a day. */
const char *dkim_selector(const struct task *t, const struct dkim_list *taken)
{
	const char *now = dkim_time(t->arena, 0);
	char *date =
		arena_printf(t->arena, "%.4s%.2s%.2s", now, now + 5, now + 8);
	const char *try = date;

	for (char c = 'b'; is_taken(taken, try) && c <= 'z'; c++)
		try = arena_printf(t->arena, "%s%c", date, c);
	return try;
}

bool dkim_is_rotating(const struct dkim_list *keys, const char *type)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct dkim_key *k = &keys->items[i];

		if (k->staged && text_equal(k->type, type) &&
		    (text_equal(k->state, DKIM_PREPARED) ||
		     text_equal(k->state, DKIM_PUBLISHED)))
			return true;
	}
	return false;
}

/* When the steward looks at it again: soon, unless nothing would come of it. */
static const char *first_look(const struct gateway *g, const struct task *t,
			      const struct dkim_key *k)
{
	int64_t poll = g->dkim->terms->poll_seconds;

	return text_equal(k->state, DKIM_PUBLISHED) && !k->staged
		       ? NULL
		       : dkim_time(t->arena, text_equal(k->state, DKIM_PREPARED)
						     ? poll
						     : 0);
}

/* From here on it can sign, and is looked at in time. */
static bool equip(const struct gateway *g, const struct task *t,
		  enum dkim_as as, struct dkim_key *k,
		  const struct dkim_made *made, struct revision *ret,
		  struct err *e)
{
	struct dkim_ring *r = ring_of(g);

	k->due_at = first_look(g, t, k);
	return r->ops->equip(r, t, k, made, e) &&
	       r->ops->get(r, t, as, k->domain, k->selector, k, ret, e);
}

bool dkim_add(const struct gateway *g, const struct task *t, enum dkim_as as,
	      struct dkim_key *k, struct revision *ret, struct err *e)
{
	struct dkim_ring *r = ring_of(g);
	struct dkim_maker *m = g->dkim->maker;
	struct dkim_made made = {0};
	struct err why, ignored = {0};
	struct dkim_key asked = *k;

	/* What is no key is refused before anything is written. */
	if (k->pem != NULL && !m->ops->make(m, t, k, &made, e))
		return false;
	/* Without bits whoever finds it without its key knows that this was
	 * brought, and is lost. */
	if (made.type != NULL)
		k->type = asked.type = made.type;
	/* Until it has its key nobody signs with it. */
	k->due_at = dkim_time(t->arena, MAKING_SECONDS);
	if (!r->ops->add(r, t, as, k, ret, e))
		return false;
	if (rehearsal_is(t)) {
		k->bits = made.type != NULL ? made.bits : k->bits;
		return true;
	}
	if ((made.type != NULL || m->ops->make(m, t, &asked, &made, e)) &&
	    equip(g, t, as, k, &made, ret, e))
		return true;
	why = *e;
	r->ops->remove(r, t, as, &asked, NULL, &ignored);
	*e = why;
	return false;
}

static bool fits(const struct dkim_list *list, const struct dkim_key *k,
		 struct err *e)
{
	if (list->count >= DKIM_KEYS_MAX)
		return err_code(e, ERR_CONFLICT, "too_many_keys",
				"a domain has at most %d keys", DKIM_KEYS_MAX);
	return k->selector == NULL || !is_taken(list, k->selector) ||
	       err_set(e, ERR_EXISTS, "%s has a key with the selector %s",
		       k->domain, k->selector);
}

/* What signs or is about to be: its dates. */
static void date(const struct task *t, struct dkim_key *k)
{
	const char *now = dkim_time(t->arena, 0);

	if (!text_equal(k->state, DKIM_PREPARED))
		k->published_at = now;
	if (text_equal(k->state, DKIM_ACTIVE))
		k->activated_at = now;
}

/* Its own words for who may not: that there is such a domain he sees. */
static bool refused(struct err *e, const char *domain)
{
	return e->kind == ERR_DENIED
		       ? err_set(e, ERR_DENIED, "you may not make keys for %s",
				 domain)
		       : false;
}

static bool create_among(const struct gateway *g, const struct task *t,
			 const struct dkim_list *list, struct dkim_key *k,
			 struct revision *ret, struct err *e)
{
	if (!fits(list, k, e))
		return false;
	if (k->selector == NULL)
		k->selector = dkim_selector(t, list);
	if (k->pem == NULL &&
	    !dkim_algorithm(k->algorithm != NULL ? k->algorithm : "rsa-2048",
			    &k->type, &k->bits))
		return err_set(e, ERR_INTERNAL, "no such algorithm");
	date(t, k);
	if (!dkim_add(g, t, DKIM_AS_CALLER, k, ret, e))
		return refused(e, k->domain);
	dkim_complete(k, t->arena);
	rehearsal_show(t, NULL, k, sizeof(*k));
	return rehearsal_is(t) || !text_equal(k->state, DKIM_ACTIVE) ||
	       dkim_settle(g, t, DKIM_AS_CALLER, k->domain, k->type, e);
}

static bool begin(const struct gateway *g, const struct task *t,
		  struct dkim_key *k, struct dkim_list *list, struct err *e)
{
	struct dkim_ring *r = ring_of(g);

	dkim_fold(k, t->arena);
	if (!in_reach(t, k->domain))
		return no_domain(e, k->domain);
	dkim_judge_new(k, t->arena, e);
	if (e->faults != NULL)
		return false;
	return r->ops->list(r, t, DKIM_AS_CALLER, k->domain, list, e) ||
	       (e->kind == ERR_NOT_FOUND && no_domain(e, k->domain));
}

bool dkim_create(const struct gateway *g, const struct task *t,
		 struct dkim_key *k, struct revision *ret, struct err *e)
{
	struct dkim_list list;

	return begin(g, t, k, &list, e) && create_among(g, t, &list, k, ret, e);
}

/* RSA is for everybody, so it comes first. */
static const struct dkim_key *active_of(const struct dkim_list *list)
{
	const struct dkim_key *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct dkim_key *k = &list->items[i];

		if (text_equal(k->state, DKIM_ACTIVE) &&
		    (found == NULL || text_equal(k->type, DKIM_RSA)))
			found = k;
	}
	return found;
}

bool dkim_rotate(const struct gateway *g, const struct task *t,
		 struct dkim_key *k, struct revision *ret, struct err *e)
{
	const struct dkim_key *active;
	struct dkim_list list;
	const char *type;
	int64_t bits;

	if (!begin(g, t, k, &list, e))
		return false;
	active = active_of(&list);
	k->staged = true;
	if (k->algorithm == NULL && active != NULL &&
	    dkim_algorithm(active->algorithm, &type, &bits))
		k->algorithm = active->algorithm;
	if (k->algorithm == NULL)
		k->algorithm = "rsa-2048";
	if (k->rotate_days == NUMBER_NONE && active != NULL)
		k->rotate_days = active->rotate_days;
	if (dkim_algorithm(k->algorithm, &type, &bits) &&
	    dkim_is_rotating(&list, type))
		return err_code(e, ERR_CONFLICT, "rotation_under_way",
				"%s has another %s key that is to sign",
				k->domain, type);
	return create_among(g, t, &list, k, ret, e);
}

bool dkim_read(const struct gateway *g, const struct task *t,
	       const char *domain, const char *selector, struct dkim_key *ret,
	       struct revision *rev, struct err *e)
{
	struct dkim_ring *r = ring_of(g);

	domain = text_lower(t->arena, domain);
	selector = text_lower(t->arena, selector);
	if (!in_reach(t, domain) || !dkim_is_selector(selector))
		return unknown(e);
	if (!r->ops->get(r, t, DKIM_AS_CALLER, domain, selector, ret, rev, e))
		return e->kind == ERR_NOT_FOUND ? unknown(e) : false;
	dkim_complete(ret, t->arena);
	return true;
}

bool dkim_list(const struct gateway *g, const struct task *t,
	       const char *domain, struct dkim_list *ret, struct err *e)
{
	struct dkim_ring *r = ring_of(g);

	domain = text_lower(t->arena, domain);
	if (!in_reach(t, domain))
		return no_domain(e, domain);
	if (!r->ops->list(r, t, DKIM_AS_CALLER, domain, ret, e))
		return e->kind == ERR_NOT_FOUND ? no_domain(e, domain) : false;
	for (size_t i = 0; i < ret->count; i++)
		dkim_complete(&ret->items[i], t->arena);
	return true;
}

static int by_time(const char *one, const char *other)
{
	return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

/* Whether one began to sign later than another or, within a second, was
 * written later: everybody finds the same one. */
static bool is_newer(const struct dkim_list *list, size_t one, size_t other)
{
	int age = by_time(list->items[one].activated_at,
			  list->items[other].activated_at);

	return age != 0 ? age > 0
			: by_time(list->seen[one].guard,
				  list->seen[other].guard) > 0;
}

static bool signs(const struct dkim_key *k, const char *type)
{
	return text_equal(k->state, DKIM_ACTIVE) && text_equal(k->type, type);
}

static void retire(const struct gateway *g, const struct task *t,
		   struct dkim_key *k)
{
	k->state = DKIM_RETIRED;
	k->staged = false;
	k->retired_at = dkim_time(t->arena, 0);
	k->due_at = dkim_time(t->arena, g->dkim->terms->grace_seconds);
}

bool dkim_settle(const struct gateway *g, const struct task *t, enum dkim_as as,
		 const char *domain, const char *type, struct err *e)
{
	struct dkim_ring *r = ring_of(g);
	struct dkim_list list;

	if (!r->ops->list(r, t, as, domain, &list, e))
		return false;
	size_t newest = list.count;
	for (size_t i = 0; i < list.count; i++) {
		if (signs(&list.items[i], type) &&
		    (newest == list.count || is_newer(&list, i, newest)))
			newest = i;
	}
	for (size_t i = 0; i < list.count; i++) {
		struct dkim_key *k = &list.items[i], old = *k;
		struct revision rev;

		if (!signs(k, type) || i == newest)
			continue;
		retire(g, t, k);
		if (!r->ops->change(r, t, as, &old, k, &list.seen[i], &rev, e))
			return false;
	}
	return true;
}

/* What goes with another state. */
static void move(const struct gateway *g, const struct task *t,
		 const struct dkim_key *old, struct dkim_key *k)
{
	const struct dkim_terms *terms = g->dkim->terms;
	bool moved = !text_equal(old->state, k->state);

	if (moved && text_equal(k->state, DKIM_RETIRED)) {
		retire(g, t, k);
		return;
	}
	if (moved) {
		k->retired_at = NULL;
		date(t, k);
	}
	if (!moved && old->staged == k->staged &&
	    old->rotate_days == k->rotate_days)
		return;
	if (text_equal(k->state, DKIM_PUBLISHED))
		k->due_at = k->staged ? dkim_time(t->arena, terms->wait_seconds)
				      : NULL;
	else if (!text_equal(k->state, DKIM_RETIRED))
		/* At once, whoever may come to an end before he has settled. */
		k->due_at = dkim_time(t->arena, 0);
}

static void keep(const struct task *t, const struct dkim_key *old,
		 const struct dkim_key *k, struct err *e)
{
	static const char fixed[] = "a key has it for good: make another";

	if (!text_equal(old->selector, k->selector))
		fault_field(e, t->arena, FAULT_READ_ONLY,
			    (struct field)FIELD(struct dkim_key, selector),
			    fixed);
	if (!text_equal(old->algorithm, k->algorithm))
		fault_field(e, t->arena, FAULT_READ_ONLY,
			    (struct field)FIELD(struct dkim_key, algorithm),
			    fixed);
	if (k->pem != NULL)
		fault_field(e, t->arena, FAULT_READ_ONLY,
			    (struct field)FIELD(struct dkim_key, pem), fixed);
}

static bool change_once(const struct gateway *g, const struct task *t,
			const char *domain, const char *selector,
			const struct patch *patch,
			const struct text_list *if_match, struct dkim_key *ret,
			struct revision *rev, struct err *e)
{
	struct dkim_ring *r = ring_of(g);
	struct revision seen;
	struct dkim_key old;

	if (!dkim_read(g, t, domain, selector, &old, &seen, e) ||
	    !provision_matches(if_match, &seen, e) ||
	    !patch_is_fresh(patch, &seen, e))
		return false;
	*ret = old;
	patch_apply(patch, ret);
	keep(t, &old, ret, e);
	dkim_judge(ret, t->arena, e);
	if (e->faults != NULL || !dkim_may_become(&old, ret->state, e))
		return false;
	move(g, t, &old, ret);
	dkim_complete(ret, t->arena);
	rehearsal_show(t, &old, ret, sizeof(old));
	if (!r->ops->change(r, t, DKIM_AS_CALLER, &old, ret, &seen, rev, e))
		return provision_denied(e, "change", old.name);
	dkim_complete(ret, t->arena);
	return rehearsal_is(t) || text_equal(old.state, ret->state) ||
	       !text_equal(ret->state, DKIM_ACTIVE) ||
	       dkim_settle(g, t, DKIM_AS_CALLER, ret->domain, ret->type, e);
}

bool dkim_signing(const struct gateway *g, const struct task *t,
		  const char *domain, struct dkim_key *ret, struct err *e)
{
	struct dkim_list list = {.count = 0};

	*ret = dkim_defaults;
	if (g->dkim != NULL && !dkim_list(g, t, domain, &list, e) &&
	    e->kind != ERR_DENIED && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	for (size_t i = 0; i < list.count; i++) {
		if (text_equal(list.items[i].state, DKIM_ACTIVE))
			*ret = list.items[i];
	}
	return true;
}

bool dkim_change(const struct gateway *g, const struct task *t,
		 const char *domain, const char *selector,
		 const struct patch *patch, const struct text_list *if_match,
		 struct dkim_key *ret, struct revision *rev, struct err *e)
{
	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (change_once(g, t, domain, selector, patch, if_match, ret,
				rev, e))
			return true;
		if (!provision_overtaken(e))
			return false;
	}
	return provision_given_up(e, "change", selector);
}

static bool remove_once(const struct gateway *g, const struct task *t,
			const char *domain, const char *selector,
			const struct text_list *if_match, struct err *e)
{
	struct dkim_ring *r = ring_of(g);
	struct revision rev;
	struct dkim_key k;

	if (!dkim_read(g, t, domain, selector, &k, &rev, e) ||
	    !provision_matches(if_match, &rev, e))
		return false;
	if (text_equal(k.state, DKIM_ACTIVE))
		return err_code(e, ERR_CONFLICT, "key_signs",
				"%s signs: retire it first", k.selector);
	rehearsal_show(t, &k, NULL, sizeof(k));
	return r->ops->remove(r, t, DKIM_AS_CALLER, &k, &rev, e) ||
	       (e->kind == ERR_NOT_FOUND
			? unknown(e)
			: provision_denied(e, "delete", k.name));
}

bool dkim_remove(const struct gateway *g, const struct task *t,
		 const char *domain, const char *selector,
		 const struct text_list *if_match, struct err *e)
{
	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (remove_once(g, t, domain, selector, if_match, e))
			return true;
		if (!provision_overtaken(e))
			return false;
	}
	return provision_given_up(e, "delete", selector);
}
