#include "policy/decide.h"

#include <string.h>

#include "core/resolve.h"
#include "util/clock.h"
#include "util/text.h"

enum { CLAIMS_MAX = 16 }; /* addresses whose claims are looked up, a reply */

static const char dunno[] = "DUNNO";

struct deciding {
	const struct decider *by;
	const struct task *task;
	const struct policy_request *request;
	const char *address;
	struct resolution to;
	struct decision ret;
	bool is_large;
};

/* Both return true, so that deciding is one statement. */
static bool say(struct deciding *d, const char *action, const char *reason)
{
	d->ret = (struct decision){.action = action, .reason = reason};
	return true;
}

static bool fail(struct deciding *d, const struct err *e)
{
	bool defer = strcmp(d->by->settings->on_failure, dunno) != 0;

	say(d,
	    defer ? "DEFER_IF_PERMIT 4.3.0 Recipient cannot be checked now"
		  : dunno,
	    "failed");
	d->ret.err = *e;
	return true;
}

/* Decided if the name is under way of being renamed or removed. */
static bool claimed(struct deciding *d, const char *name)
{
	const struct gateway *g = d->by->gateway;
	struct err e = {0};
	bool is = false;

	if (!g->journal->ops->is_claimed(g->journal, d->task, name, &is, &e))
		return fail(d, &e);
	return is &&
	       say(d,
		   "450 4.2.1 The address is being changed, try again in a "
		   "moment",
		   "under_way");
}

/* The same for an address; what a plan claims has no tag. */
static bool under_way(struct deciding *d, const char *address)
{
	const char delimiter = d->by->gateway->delimiter;
	const char *at = strrchr(address, '@');
	const char *tag = delimiter != '\0' ? memchr(address, delimiter,
						     (size_t)(at - address))
					    : NULL;

	if (claimed(d, address))
		return true;
	return tag != NULL && tag != address &&
	       claimed(d, arena_printf(d->task->arena, "%.*s%s",
				       (int)(tag - address), address, at));
}

static bool may_be_large(void *ctx)
{
	struct deciding *d = ctx;

	if (!d->is_large)
		d->is_large = d->by->may_be_large == NULL ||
			      d->by->may_be_large(d->by->large_ctx);
	return d->is_large;
}

static bool is_any(const struct deciding *d)
{
	return strcmp(d->by->settings->overquota_if, "any") == 0;
}

/* Everybody may ask for what leads to thousands: no further than what is
 * decided depends on. */
static struct resolve_bounds bounds_of(struct deciding *d)
{
	bool asks = d->by->ask != NULL;

	return (struct resolve_bounds){.mailboxes =
					       !asks ? 1
						     : ROUND_MAILBOXES_MAX +
							       !is_any(d),
				       .external = !asks || !is_any(d),
				       .may_be_large = may_be_large,
				       .ctx = d};
}

static bool resolved(struct deciding *d)
{
	const struct resolve_bounds bounds = bounds_of(d);
	struct err e = {0};

	if (resolve_all(d->by->gateway, d->task, d->address, &bounds, &d->to,
			&e))
		return false;
	/* It is no address that the directory could have. */
	return e.kind == ERR_NOT_FOUND ? say(d, dunno, "no_address")
				       : fail(d, &e);
}

static bool has_trouble(const struct resolution *r, const char *code)
{
	for (size_t i = 0; i < r->trouble_count; i++) {
		if (strcmp(r->troubles[i].code, code) == 0 &&
		    strcmp(r->troubles[i].address, r->address) == 0)
			return true;
	}
	return false;
}

static bool leads_nowhere(const struct resolution *r)
{
	return r->mailbox_count + r->external.count == 0;
}

/* Postfix puts off what it cannot expand; whatever it says to others, its
 * other restrictions do. */
static bool is_postfix_own(struct deciding *d)
{
	const struct resolution *r = &d->to;

	if (r->hops[0]->kind == HOP_EXTERNAL)
		return say(d, dunno, "not_ours");
	if (!r->complete || has_trouble(r, "too_deep") ||
	    has_trouble(r, "too_many"))
		return say(d, dunno, "not_followed");
	return false;
}

/* An alias may name an address that a plan is changing at the moment. */
static bool on_its_way(struct deciding *d)
{
	unsigned count = 0;

	for (size_t i = 0; i < d->to.hop_count && count < CLAIMS_MAX; i++) {
		const struct hop *h = d->to.hops[i];

		if (h->leads_to.count > 0 || h->address[0] == '@')
			continue;
		count += 2;
		if (under_way(d, h->address) ||
		    claimed(d, strrchr(h->address, '@') + 1))
			return true;
	}
	return false;
}

/* Before anybody is told that for good, we look twice: between our looks at
 * addresses and plans a plan may have come to its end. */
static bool unknown(struct deciding *d)
{
	return leads_nowhere(&d->to) &&
	       (on_its_way(d) || resolved(d) || is_postfix_own(d) ||
		(leads_nowhere(&d->to) &&
		 say(d, "550 5.1.1 User unknown", "unknown")));
}

static bool send_only(struct deciding *d)
{
	return has_trouble(&d->to, "send_only") &&
	       say(d, "550 5.2.1 Address takes no mail", "send_only");
}

/* Of all its mailboxes, or of any. */
static bool full(struct deciding *d)
{
	const struct policy_settings *set = d->by->settings;
	const struct resolution *r = &d->to;
	struct round_parts p = {.ask = d->by->ask,
				.ctx = d->by->ctx,
				.what = *d->request,
				.any = is_any(d)};
	struct round_result got;
	int64_t until = clock_now() + set->quota_seconds * 1000;
	struct arena *a = d->task->arena;
	struct text_list boxes = {arena_alloc(a, (r->mailbox_count + 1) *
							 sizeof(char *)),
				  0};

	/* What goes elsewhere has room, as far as we know; so has one of those
	 * that would not be asked. */
	if (p.ask == NULL || r->mailbox_count == 0 ||
	    (!p.any &&
	     (r->external.count > 0 || r->mailbox_count > ROUND_MAILBOXES_MAX)))
		return false;
	for (size_t i = 0;
	     i < r->mailbox_count && boxes.count < ROUND_MAILBOXES_MAX; i++)
		boxes.items[boxes.count++] = r->mailboxes[i]->key;
	round_ask(&p, a, &boxes,
		  until < d->task->deadline ? until : d->task->deadline, &got);
	if (p.any ? got.full > 0 : got.full == r->mailbox_count)
		return say(d, set->overquota, "full");
	return (p.any || got.room == 0) && got.failed > 0 && fail(d, &got.err);
}

struct decision decide(const struct decider *by, const struct task *t,
		       const struct policy_request *r)
{
	struct deciding d = {.by = by, .task = t, .request = r};
	struct err bad = {0};

	d.address = text_lower(t->arena, r->recipient);
	if (strcmp(r->request, "smtpd_access_policy") != 0 ||
	    strcmp(r->state, "RCPT") != 0)
		say(&d, dunno, "not_rcpt");
	else if (!address_check(d.address, ADDRESS_DESTINATION, &bad))
		say(&d, dunno, "no_address");
	else if (!under_way(&d, d.address) && !resolved(&d) &&
		 !is_postfix_own(&d) && !send_only(&d) && !unknown(&d) &&
		 !full(&d))
		say(&d, dunno, "good");
	return d.ret;
}
