#include "core/webhooks.h"

#include <string.h>

#include "core/feed.h"
#include "core/messenger.h"
#include "core/webhook_box.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/random.h"
#include "util/text.h"

enum {
	ID_LENGTH = 16,
	MESSAGE_LENGTH = 26,
	TEST_MILLIS = 7000, /* less than a gateway that stops waits for */
};

/* The words are the same for what is not there and what must not be seen. */
static bool unknown(struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "there is no such webhook");
}

static bool is_id(const char *id)
{
	return strlen(id) == ID_LENGTH &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz123456789") == ID_LENGTH;
}

/* Whether the key that the caller came with knows of it. */
static bool in_reach(const struct task *t, const struct webhook *w)
{
	const struct scope *s = t->caller->scope;
	bool within = !scope_is_bound(s) || w->domains.count > 0;

	for (size_t i = 0; i < w->domains.count; i++)
		within = within && scope_covers(s, w->domains.items[i]);
	return within;
}

static bool judge(const struct gateway *g, const struct task *t,
		  const struct webhook *w, struct err *e)
{
	webhook_judge(w, g->webhooks->plain, t->arena, e);
	if (t->caller->scope != NULL)
		webhook_judge_within(w, t->caller->scope, t->arena, e);
	return e->faults == NULL;
}

static bool too_many(struct err *e, const char *whose, int most)
{
	return err_code(e, ERR_CONFLICT, "too_many_webhooks",
			"%s %d webhooks already", whose, most);
}

/* Nobody takes the places of other domains, or those that super administrators
 * need to put things right. */
static bool fits_with_others(const struct gateway *g, const struct task *t,
			     const struct webhook *all, size_t count,
			     struct err *e)
{
	struct webhook_box *b = g->webhooks;
	size_t another = rehearsal_is(t), near = 0;
	bool super;

	if (!g->store->ops->is_super_administrator(g->store, t, &super, e))
		return false;
	if (super && count + another > WEBHOOKS_ROOM)
		return too_many(e, "there are", WEBHOOKS_ROOM);
	if (super || count + another <= WEBHOOKS_DOMAIN_MAX)
		return true;
	if (count + another > WEBHOOKS_MAX)
		return too_many(e, "there are", WEBHOOKS_MAX);
	return b->ops->near(b, t, all, count, &near, e) &&
	       (near + another <= WEBHOOKS_DOMAIN_MAX ||
		too_many(e, "your domain has", WEBHOOKS_DOMAIN_MAX));
}

static bool fits(const struct gateway *g, const struct task *t,
		 const char *owner_id, struct err *e)
{
	struct webhook_box *b = g->webhooks;
	struct webhook *all;
	size_t count, own = 0;

	if (!b->ops->all(b, t, &all, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		own += text_equal(all[i].owner_id, owner_id);
	/* In a rehearsal there is not yet another. */
	if (own + rehearsal_is(t) > WEBHOOKS_OWNER_MAX)
		return too_many(e, "you have", WEBHOOKS_OWNER_MAX);
	return fits_with_others(g, t, all, count, e);
}

/* From the end of the feed on, with a secret. */
static bool begin(const struct gateway *g, const struct task *t, const char *id,
		  struct webhook_state *st, struct err *e)
{
	struct webhook_box *b = g->webhooks;

	if (g->feed == NULL)
		return err_code(e, ERR_UNAVAILABLE, "no_log",
				"changes are not followed");
	*st = (struct webhook_state){.guard = NULL};
	webhook_rotate(st, t->arena, 0);
	return g->feed->ops->end(g->feed, t, &st->place, e) &&
	       (rehearsal_is(t) || b->ops->keep(b, t, id, st, e));
}

static void take_back(const struct gateway *g, const struct task *t,
		      const char *id)
{
	struct webhook_box *b = g->webhooks;
	struct err ignored = {0};

	if (!rehearsal_is(t))
		b->ops->remove(b, t, id, NULL, &ignored);
}

bool webhooks_create(const struct gateway *g, const struct task *t,
		     struct webhook *w, struct revision *ret, struct err *e)
{
	struct webhook_box *b = g->webhooks;
	struct webhook_state st;

	webhook_fold(w, t->arena);
	if (!judge(g, t, w, e))
		return false;
	w->id = random_name(t->arena, ID_LENGTH);
	if (!b->ops->add(b, t, w, ret, e))
		return e->kind == ERR_DENIED
			       ? err_set(e, ERR_DENIED,
					 "you may not make webhooks")
			       : false;
	/* Only now: of two that are made at once one is too many. */
	if (!fits(g, t, w->owner_id, e) || !begin(g, t, w->id, &st, e)) {
		take_back(g, t, w->id);
		return false;
	}
	webhook_describe(w, &st);
	rehearsal_show(t, NULL, w, sizeof(*w));
	if (!rehearsal_is(t))
		w->secret = st.secrets[0].text;
	return true;
}

/* With its state. */
static bool read(const struct gateway *g, const struct task *t, const char *id,
		 struct webhook *ret, struct revision *rev,
		 struct webhook_state *st, struct err *e)
{
	struct webhook_box *b = g->webhooks;

	if (!is_id(id))
		return unknown(e);
	if (!b->ops->get(b, t, id, ret, rev, e))
		return e->kind == ERR_NOT_FOUND ? unknown(e) : false;
	if (!in_reach(t, ret))
		return unknown(e);
	if (!b->ops->state(b, t, id, st, e))
		return false;
	webhook_describe(ret, st);
	return true;
}

bool webhooks_read(const struct gateway *g, const struct task *t,
		   const char *id, struct webhook *ret, struct revision *rev,
		   struct err *e)
{
	struct webhook_state st;

	return read(g, t, id, ret, rev, &st, e);
}

bool webhooks_list(const struct gateway *g, const struct task *t,
		   const char *owner, struct webhook **ret, size_t *count,
		   struct err *e)
{
	struct webhook_box *b = g->webhooks;
	size_t kept = 0;

	if (owner != NULL)
		owner = text_lower(t->arena, owner);
	if (!b->ops->list(b, t, owner, ret, count, e))
		return false;
	for (size_t i = 0; i < *count; i++) {
		struct webhook *w = &(*ret)[i];
		struct webhook_state st;

		if (!in_reach(t, w))
			continue;
		if (!b->ops->state(b, t, w->id, &st, e))
			return false;
		webhook_describe(w, &st);
		(*ret)[kept++] = *w;
	}
	*count = kept;
	return true;
}

/* What its owner enables is tried anew. */
static bool wake(const struct gateway *g, const struct task *t,
		 const struct webhook *w, struct err *e)
{
	struct webhook_box *b = g->webhooks;
	struct webhook_state st;

	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (!b->ops->state(b, t, w->id, &st, e))
			return false;
		if (!st.given_up || rehearsal_is(t))
			return true;
		st.given_up = false;
		st.failures = 0;
		st.failing_since = st.failure = st.next_at = NULL;
		if (b->ops->keep(b, t, w->id, &st, e))
			return true;
		if (!provision_overtaken(e))
			return false;
	}
	return provision_given_up(e, "change", w->id);
}

static bool change_once(const struct gateway *g, const struct task *t,
			const char *id, const struct patch *patch,
			const struct text_list *if_match, struct webhook *ret,
			struct revision *rev, struct err *e)
{
	struct webhook_box *b = g->webhooks;
	struct webhook_state st;
	struct webhook old;
	struct revision seen;

	if (!read(g, t, id, &old, &seen, &st, e) ||
	    !provision_matches(if_match, &seen, e) ||
	    !patch_is_fresh(patch, &seen, e))
		return false;
	*ret = old;
	patch_apply(patch, ret);
	webhook_fold(ret, t->arena);
	rehearsal_show(t, &old, ret, sizeof(old));
	if (!judge(g, t, ret, e) ||
	    !b->ops->change(b, t, &old, ret, &seen, rev, e))
		return false;
	if (ret->enabled &&
	    patch_touches(patch,
			  (struct field)FIELD(struct webhook, enabled)) &&
	    !wake(g, t, ret, e))
		return false;
	return b->ops->state(b, t, id, &st, e) &&
	       (webhook_describe(ret, &st), true);
}

bool webhooks_change(const struct gateway *g, const struct task *t,
		     const char *id, const struct patch *patch,
		     const struct text_list *if_match, struct webhook *ret,
		     struct revision *rev, struct err *e)
{
	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (change_once(g, t, id, patch, if_match, ret, rev, e))
			return true;
		if (!provision_overtaken(e))
			break;
	}
	return provision_given_up(e, "change", id);
}

static bool remove_once(const struct gateway *g, const struct task *t,
			const char *id, const struct text_list *if_match,
			struct err *e)
{
	struct webhook_box *b = g->webhooks;
	struct webhook_state st;
	struct revision rev;
	struct webhook w;

	if (!read(g, t, id, &w, &rev, &st, e))
		return false;
	rehearsal_show(t, &w, NULL, sizeof(w));
	return provision_matches(if_match, &rev, e) &&
	       b->ops->remove(b, t, id, if_match != NULL ? &rev : NULL, e);
}

bool webhooks_remove(const struct gateway *g, const struct task *t,
		     const char *id, const struct text_list *if_match,
		     struct err *e)
{
	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (remove_once(g, t, id, if_match, e))
			return true;
		if (!provision_overtaken(e))
			return e->kind == ERR_DENIED ? unknown(e) : false;
	}
	return provision_given_up(e, "remove", id);
}

/* First the wish, with the caller's rights: so he may, and it is in the trail.
 */
static bool rotate_once(const struct gateway *g, const struct task *t,
			const char *id, struct webhook *ret,
			struct webhook_state *st, struct err *e)
{
	struct webhook_box *b = g->webhooks;
	struct webhook old;
	struct revision rev, after;
	char now[INSTANT_SIZE];

	if (!read(g, t, id, &old, &rev, st, e))
		return false;
	instant_text(now, clock_seconds());
	*ret = old;
	ret->rotated_at = arena_strdup(t->arena, now);
	if (!b->ops->change(b, t, &old, ret, &rev, &after, e))
		return false;
	/* It was made and never got as far as having one. */
	if (st->guard == NULL)
		return begin(g, t, id, st, e);
	webhook_rotate(st, t->arena, b->grace_hours);
	return b->ops->keep(b, t, id, st, e);
}

bool webhooks_rotate(const struct gateway *g, const struct task *t,
		     const char *id, struct webhook *ret, struct err *e)
{
	struct webhook_state st;

	for (int try = 0; try < PROVISION_TRIES; try++) {
		err_clear(e);
		if (rotate_once(g, t, id, ret, &st, e)) {
			webhook_describe(ret, &st);
			ret->secret = st.secrets[0].text;
			return true;
		}
		if (!provision_overtaken(e))
			return e->kind == ERR_DENIED ? unknown(e) : false;
	}
	return provision_given_up(e, "change", id);
}

bool webhooks_test(const struct gateway *g, const struct task *t,
		   const char *id, struct webhook_attempt *ret, struct err *e)
{
	struct webhook_state st;
	struct revision rev;
	struct webhook w;
	char now[INSTANT_SIZE];
	int64_t wait;

	if (!read(g, t, id, &w, &rev, &st, e))
		return false;
	instant_text(now, clock_seconds());
	struct message m =
		{.id = arena_join(t->arena, "msg_",
				  random_name(t->arena, MESSAGE_LENGTH), NULL),
		 .event = "webhook.test",
		 .body = arena_join(
			 t->arena,
			 "{\"type\":\"webhook.test\",\"timestamp\":\"", now,
			 "\",\"data\":{\"webhook\":\"", id, "\"}}", NULL),
		 .number = 1,
		 .millis = TEST_MILLIS};
	m.size = strlen(m.body);
	return g->messenger->ops->send(g->messenger, t->arena, &w, &st, &m, ret,
				       &wait, e);
}

bool webhooks_attempts(const struct gateway *g, const struct task *t,
		       const char *id, struct webhook_state *ret, struct err *e)
{
	struct revision rev;
	struct webhook w;

	return read(g, t, id, &w, &rev, ret, e);
}
