#include "core/resolve.h"

#include <string.h>

#include "core/address.h"
#include "core/expansion.h"
#include "core/tag.h"
#include "util/hash.h"
#include "util/text.h"

enum {
	BYTES_MAX = 32 << 20, /* of all that was found, about */
	LENGTH_MAX = 320,     /* of an address, which tags make longer */
	ROOM = 64,            /* of an array, at first */
	WINDOW =
		64, /* hops that are looked up at first, where not all may be */
	TROUBLES_MAX = RESOLVE_HOPS_MAX + 4,
};

/* What is known by its name. */
struct slot {
	const char *name;
	struct hop *hop;             /* in the table of hops */
	const struct signpost *post; /* in the other; NULL: nothing is there */
	enum { SLOT_NEW, SLOT_WANTED, SLOT_KNOWN } state;
};

struct table {
	struct slot *slots;
	size_t size, used;
};

struct work {
	const struct gateway *gateway;
	const struct task *task;
	struct resolution *ret;
	struct table hops, posts, boxes;
	struct hop **all;
	size_t count, waiting; /* hops; the first one that is not decided */
	struct text_list want; /* keys to be looked up */
	size_t used;           /* of the arena, at first */
	const struct resolve_bounds *bounds; /* or NULL */
	struct table met;                    /* mailboxes, where bounded */
	size_t window; /* so many hops are looked up together */
	bool settled, is_large;
	bool sees_all;
	bool links_only; /* it is asked who leads to whom, and nothing else */
};

static struct slot *probe(const struct table *t, const char *name)
{
	size_t h = hash_text(name);

	while (t->slots[h % t->size].name != NULL &&
	       strcmp(t->slots[h % t->size].name, name) != 0)
		h++;
	return &t->slots[h % t->size];
}

/* The slot of that name, a new one if there is none. */
static struct slot *slot_of(struct arena *a, struct table *t, const char *name)
{
	const struct table old = *t;

	if (t->used >= t->size / 2) {
		t->size = old.size == 0 ? 64 : old.size * 2;
		t->slots = arena_alloc(a, t->size * sizeof(*t->slots));
		for (size_t i = 0; i < old.size; i++) {
			if (old.slots[i].name != NULL)
				*probe(t, old.slots[i].name) = old.slots[i];
		}
	}
	struct slot *s = probe(t, name);
	t->used += s->name == NULL;
	s->name = name;
	return s;
}

/* The array with room for one more: of `count` items, or twice as many. */
static void *roomy(struct arena *a, void *items, size_t count, size_t size)
{
	if (count > 0 && (count < ROOM || (count & (count - 1)) != 0))
		return items;
	size_t room = count == 0 ? ROOM : count * 2;
	char *more = arena_alloc(a, room * size);

	if (count > 0)
		memcpy(more, items, count * size);
	return more;
}

static void note(struct work *w, const char *code, const char *address,
		 const char *detail)
{
	struct resolution *r = w->ret;

	if (r->trouble_count == TROUBLES_MAX)
		return;
	r->troubles = roomy(w->task->arena, r->troubles, r->trouble_count,
			    sizeof(*r->troubles));
	r->troubles[r->trouble_count++] =
		(struct trouble){code, address, detail};
}

/* What is wrong with a hop is told once. */
static void blame(struct work *w, struct hop *h, const char *code,
		  const char *detail)
{
	if (h->problem != NULL)
		return;
	h->problem = code;
	note(w, code, h->address, detail);
}

/* The hop of an address, to be decided; NULL if there are too many. */
static struct hop *enqueue(struct work *w, const char *address)
{
	struct arena *a = w->task->arena;
	struct slot *s = slot_of(a, &w->hops, address);

	if (s->state == SLOT_KNOWN)
		return s->hop;
	if (w->count == RESOLVE_HOPS_MAX || strlen(address) > LENGTH_MAX ||
	    arena_used(a) - w->used > BYTES_MAX) {
		w->ret->complete = false;
		return NULL;
	}
	struct hop *h = arena_alloc(a, sizeof(*h));
	h->address = address;
	s->hop = h;
	s->state = SLOT_KNOWN;
	w->all = roomy(a, w->all, w->count, sizeof(struct hop *));
	w->all[w->count++] = h;
	return h;
}

/* True if it is known what is there, or that nothing is. */
static bool look(struct work *w, const char *key, const struct signpost **ret)
{
	struct slot *s = slot_of(w->task->arena, &w->posts, key);

	*ret = s->post;
	if (s->state == SLOT_NEW) {
		s->state = SLOT_WANTED;
		w->want.items = roomy(w->task->arena, w->want.items,
				      w->want.count, sizeof(char *));
		w->want.items[w->want.count++] = key;
	}
	return s->state == SLOT_KNOWN;
}

/* What the directory has about an address. */
struct view {
	struct tagged is;
	const struct signpost *own, *domain, *catch_all, *target;
};

static bool in_force(const struct signpost *p)
{
	return p != NULL && p->enabled;
}

static bool is_kind(const struct signpost *domain, const char *kind)
{
	return domain != NULL && text_equal(domain->domain_kind, kind);
}

/* What stands for the address in the target of its domain.  Of two domains one
 * of which is getting the name of the other, each is the other's target; an
 * alias domain of theirs may lead to either. */
static bool look_target(struct work *w, struct view *v)
{
	const struct signpost *at = v->domain;
	int local = (int)strcspn(v->is.base, "@");

	for (int i = 0; i < 2 && in_force(at) && at->target != NULL; i++) {
		const char *target = at->target;
		const char *key = arena_printf(w->task->arena, "%.*s@%s", local,
					       v->is.base, target);

		if (!look(w, key, &v->target))
			return false;
		if (v->target != NULL || !is_kind(v->domain, "alias"))
			return true;
		if (!look(w, target, &at))
			return false;
		if (!is_kind(at, "local"))
			return true;
	}
	return true;
}

/* False while something has to be looked up first. */
static bool view_of(struct work *w, const struct tagged *is, struct view *v)
{
	*v = (struct view){.is = *is};
	bool known = look(w, v->is.base, &v->own);
	/* What leads somewhere does so whatever its domain. */
	if (known && w->links_only && in_force(v->own) &&
	    v->own->destinations.count > 0)
		return true;
	known = look(w, v->is.domain, &v->domain) && known;
	known = look(w, v->is.catch_all, &v->catch_all) && known;
	if (!known)
		return false;
	return in_force(v->own) || !in_force(v->domain) || look_target(w, v);
}

/* The whole address first: no user's has a "+" in it, but other delimiters may
 * be in one.  Then what precedes the tag. */
static bool view(struct work *w, const char *address, struct view *v)
{
	char delimiter = w->gateway->delimiter;
	const struct tagged cut = tag_split(w->task->arena, address, delimiter);
	struct tagged whole = cut;
	struct view of_whole;

	if (cut.base == address || !address_may_hold(delimiter))
		return view_of(w, &cut, v);
	whole.base = address;
	if (!view_of(w, &whole, &of_whole) || !view_of(w, &cut, v))
		return false;
	bool found = in_force(of_whole.own) || in_force(of_whole.target);
	if (found ||
	    (of_whole.own != NULL && !in_force(v->own) && !in_force(v->target)))
		*v = of_whole;
	return true;
}

static void lead(struct work *w, struct hop *h, const char *to)
{
	size_t n = h->leads_to.count++;

	h->leads_to.items[n] = to;
	h->next[n] = strcmp(to, h->address) == 0 ? h : enqueue(w, to);
}

/* To one of the destinations of an entry, which may be anything. */
static void send_on(struct work *w, struct hop *h, const char *to,
		    const char *tag)
{
	struct arena *a = w->task->arena;
	struct err bad = {0};

	to = tag_join(a, text_lower(a, to), tag);
	if (address_domain(to) != NULL && to[0] != '@') {
		lead(w, h, to);
		return;
	}
	h->leads_to.items[h->leads_to.count++] = to;
	address_check(to, ADDRESS_DESTINATION, &bad);
	blame(w, h, "malformed",
	      arena_printf(a, "%s is no address: %s", to, bad.text));
}

static void make_room(struct work *w, struct hop *h, size_t count)
{
	struct arena *a = w->task->arena;

	h->leads_to.items = arena_alloc(a, count * sizeof(char *));
	h->next = arena_alloc(a, count * sizeof(*h->next));
}

static void ends_in(struct hop *h, enum hop_end end,
		    const struct signpost *mailbox)
{
	h->end = end;
	h->mailbox = mailbox;
}

static bool is_mailbox(const struct signpost *p)
{
	return in_force(p) && p->kind == KIND_USER;
}

/* It leads nowhere else: is it one that mail can be delivered to? */
static void finish(struct work *w, struct hop *h, const struct view *v)
{
	const struct signpost *d = v->domain;

	if (d == NULL && w->sees_all) {
		h->kind = HOP_EXTERNAL;
		ends_in(h, END_ELSEWHERE, NULL);
	} else if (d == NULL && is_mailbox(v->own)) {
		ends_in(h, END_MAILBOX, v->own);
	} else if (d == NULL) {
		h->kind = v->own != NULL ? h->kind : HOP_UNKNOWN;
		blame(w, h, "unknown", "you may not see what is there");
	} else if (!d->enabled) {
		blame(w, h, "domain_disabled",
		      "its domain is disabled; the mail server does not take "
		      "it for its own");
	} else if (!is_kind(d, "alias") && is_mailbox(v->own)) {
		ends_in(h, END_MAILBOX, v->own); /* in a relay domain, too */
	} else if (is_kind(d, "relay")) {
		h->kind = v->own == NULL ? HOP_RELAY : h->kind;
		ends_in(h, END_ELSEWHERE, NULL);
	} else if (in_force(v->own)) {
		blame(w, h, "no_mailbox",
		      v->own->kind == KIND_USER
			      ? "he is in a domain that has no mailboxes"
			      : "it leads to itself, and has no mailbox");
	} else if (v->own == NULL) {
		blame(w, h, "dangling", "there is no such address");
	}
}

static void decide_own(struct work *w, struct hop *h, const struct view *v)
{
	const struct text_list *to = &v->own->destinations;
	bool stays = to->count == 0;

	make_room(w, h, to->count);
	for (size_t i = 0; i < to->count; i++) {
		send_on(w, h, to->items[i], v->is.tag);
		stays = stays || h->next[i] == h;
	}
	if (stays)
		finish(w, h, v);
}

/* Nothing in force has the address itself. */
static void decide_other(struct work *w, struct hop *h, const struct view *v)
{
	struct arena *a = w->task->arena;

	if (v->own != NULL)
		blame(w, h, "disabled",
		      "it is disabled, as if it were not there");
	make_room(w, h, 1);
	if (in_force(v->target)) {
		h->kind = v->own == NULL ? HOP_ALIAS_DOMAIN : h->kind;
		lead(w, h, tag_join(a, v->target->key, v->is.tag));
	} else if (in_force(v->catch_all)) {
		lead(w, h, v->is.catch_all);
	} else {
		finish(w, h, v);
	}
	h->passes = h->leads_to.count > 0;
	if (h->kind == HOP_ALIAS_DOMAIN && h->post == NULL)
		h->post = v->domain;
}

static bool decide_catch_all(struct work *w, struct hop *h)
{
	const struct signpost *p;

	if (!look(w, h->address, &p))
		return false;
	h->kind = HOP_CATCH_ALL;
	h->post = p;
	make_room(w, h, p->destinations.count);
	for (size_t i = 0; i < p->destinations.count; i++)
		send_on(w, h, p->destinations.items[i], "");
	return true;
}

/* False while something has to be looked up first. */
static bool decide(struct work *w, struct hop *h)
{
	struct view v;

	if (h->address[0] == '@')
		return decide_catch_all(w, h);
	if (!view(w, h->address, &v))
		return false;
	h->post = v.own;
	h->kind = v.own == NULL              ? HOP_NONE
		  : v.own->kind == KIND_USER ? HOP_USER
					     : HOP_ALIAS;
	if (in_force(v.own))
		decide_own(w, h, &v);
	else
		decide_other(w, h, &v);
	return true;
}

static bool fetch(struct work *w, struct err *e)
{
	struct arena *a = w->task->arena;
	const struct signpost **found =
		arena_alloc(a, (w->want.count + 1) * sizeof(*found));

	if (!w->gateway->store->ops->look_up(w->gateway->store, w->task,
					     &w->want, found, e))
		return false;
	for (size_t i = 0; i < w->want.count; i++) {
		struct slot *s = slot_of(a, &w->posts, w->want.items[i]);

		s->post = found[i];
		s->state = SLOT_KNOWN;
	}
	w->want.count = 0;
	return true;
}

/* Whether with this hop all is known that is wanted. */
static bool settles(struct work *w, const struct hop *h)
{
	const struct resolve_bounds *b = w->bounds;

	if (h->end == END_ELSEWHERE)
		return b->external;
	if (h->end != END_MAILBOX)
		return false;
	slot_of(w->task->arena, &w->met, h->mailbox->key);
	return b->mailboxes > 0 && w->met.used >= b->mailboxes;
}

static void decide_some(struct work *w)
{
	for (size_t i = w->waiting; i < w->count && !w->settled; i++) {
		struct hop *h = w->all[i];

		if (h->decided)
			continue;
		if (w->bounds != NULL && i - w->waiting >= w->window)
			return;
		h->decided = decide(w, h);
		w->settled = h->decided && w->bounds != NULL && settles(w, h);
	}
}

/* Those who bound it look at few, and at more and more while that does not
 * do. */
static bool may_go_on(struct work *w)
{
	const struct resolve_bounds *b = w->bounds;

	if (b == NULL)
		return true;
	w->window *= 2;
	if (w->is_large || w->waiting + w->window <= RESOLVE_LARGE ||
	    w->count <= RESOLVE_LARGE || b->may_be_large == NULL)
		return true;
	w->is_large = b->may_be_large(b->ctx);
	w->ret->complete = w->ret->complete && w->is_large;
	return w->is_large;
}

/* Breadth first: what all that is waiting needs is looked up together. */
static bool follow(struct work *w, struct err *e)
{
	while (w->waiting < w->count) {
		decide_some(w);
		if (w->settled)
			return true;
		while (w->waiting < w->count && w->all[w->waiting]->decided)
			w->waiting++;
		if (w->want.count > 0 && !fetch(w, e))
			return false;
		if (!may_go_on(w))
			return true;
	}
	return true;
}

/* What became of the ends. */
static void gather(struct work *w)
{
	struct resolution *r = w->ret;
	struct arena *a = w->task->arena;

	r->hops = arena_alloc(a, w->count * sizeof(*r->hops));
	r->mailboxes = arena_alloc(a, w->count * sizeof(*r->mailboxes));
	r->external.items = arena_alloc(a, w->count * sizeof(char *));
	for (size_t i = 0; i < w->count; i++) {
		const struct hop *h = w->all[i];

		r->hops[r->hop_count++] = h;
		if (h->end == END_ELSEWHERE)
			r->external.items[r->external.count++] = h->address;
		if (h->end != END_MAILBOX)
			continue;
		/* With another tag it is the same mailbox. */
		struct slot *s = slot_of(a, &w->boxes, h->mailbox->key);
		if (s->state == SLOT_NEW)
			r->mailboxes[r->mailbox_count++] = h->mailbox;
		s->state = SLOT_KNOWN;
	}
}

/* Whether a mail server takes mail for the address from outside. */
static enum verdict taken(struct work *w, struct hop *h, const struct view *v)
{
	const struct signpost *box = v->own;

	if (v->domain == NULL && !w->sees_all)
		return VERDICT_UNKNOWN;
	if (v->domain == NULL) {
		blame(w, h, "not_ours",
		      "its domain is none of ours; who has logged in may send "
		      "to it");
		return VERDICT_NO;
	}
	if (!v->domain->enabled) {
		blame(w, h, "domain_disabled", "its domain is disabled");
		return VERDICT_NO;
	}
	if (!in_force(box))
		box = v->target;
	if (in_force(box) && box->kind == KIND_USER && box->send_only) {
		blame(w, h, "send_only", "he takes no mail");
		return VERDICT_NO;
	}
	return VERDICT_YES;
}

/* Whether Postfix can do what it is told, and something comes of it. */
static enum verdict arrives(struct work *w, struct hop *root)
{
	struct arena *a = w->task->arena;
	const struct expansion x = expansion_of(a, root);
	struct resolution *r = w->ret;

	expansion_walk(a, root);
	for (size_t i = 0; i < w->count; i++) {
		if (w->all[i]->back != NULL)
			blame(w, w->all[i], "loop",
			      arena_printf(a, "it leads back to %s",
					   w->all[i]->back));
	}
	if (!r->complete)
		note(w, "incomplete", r->address,
		     "there is more than is followed here");
	if (x.refused != NULL) {
		note(w, x.refused, r->address, x.detail);
		return VERDICT_NO;
	}
	if (r->mailbox_count + r->external.count > 0)
		return r->complete ? VERDICT_YES : VERDICT_UNKNOWN;
	for (size_t i = 0; i < w->count; i++) {
		if (text_equal(w->all[i]->problem, "unknown"))
			return VERDICT_UNKNOWN;
	}
	return r->complete ? VERDICT_NO : VERDICT_UNKNOWN;
}

static void judge(struct work *w, struct hop *root, const struct view *v)
{
	enum verdict in = taken(w, root, v), out = arrives(w, root);

	w->ret->deliverable = in == VERDICT_NO || out == VERDICT_NO ? VERDICT_NO
			      : in == out                           ? in
					  : VERDICT_UNKNOWN;
}

/* Before anything is looked up. */
static void prepare(struct work *w)
{
	w->used = arena_used(w->task->arena);
	w->ret->complete = true;
}

static bool begin(struct work *w, const char *address, struct err *e)
{
	struct err bad = {0};

	*w->ret = (struct resolution){.address = address};
	if (!address_check(address, ADDRESS_DESTINATION, &bad))
		return err_set(e, ERR_NOT_FOUND, "there is no such address");
	prepare(w);
	return true;
}

static bool run(struct work *w, const char *address, struct err *e)
{
	struct view v;

	address = text_lower(w->task->arena, address);
	if (!begin(w, address, e))
		return false;
	struct hop *root = enqueue(w, address);
	if (!follow(w, e) || !view(w, address, &v))
		return false;
	if (!w->sees_all && v.own == NULL && v.domain == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no such address");
	gather(w);
	judge(w, root, &v);
	return true;
}

bool resolve(const struct gateway *g, const struct task *t, const char *address,
	     struct resolution *ret, struct err *e)
{
	struct work w = {.gateway = g, .task = t, .ret = ret};
	struct store *s = g->store;

	return s->ops->is_super_administrator(s, t, &w.sees_all, e) &&
	       run(&w, address, e);
}

bool resolve_all(const struct gateway *g, const struct task *t,
		 const char *address, const struct resolve_bounds *bounds,
		 struct resolution *ret, struct err *e)
{
	struct work w = {.gateway = g,
			 .task = t,
			 .ret = ret,
			 .sees_all = true,
			 .bounds = bounds,
			 .window = WINDOW};

	return run(&w, address, e);
}

/* The hops are all that it leads to: does one of them lead to it again?  By its
 * own name, with a tag, or by what falls to a catch-all. */
static const char *way_back(const struct work *w, const struct signpost *entry)
{
	for (size_t i = 1; i < w->count; i++) {
		const struct hop *h = w->all[i];

		if (h->post == entry)
			return h->address;
		for (size_t n = 0; h->next != NULL && n < h->leads_to.count;
		     n++) {
			if (h->next[n] == w->all[0])
				return h->address;
		}
	}
	return NULL;
}

bool resolve_returns(const struct gateway *g, const struct task *t,
		     const struct signpost *entry, const char **through,
		     struct err *e)
{
	struct resolution r = {0};
	/* Who may not see something is not to be warned of it, here. */
	struct work w = {.gateway = g, .task = t, .ret = &r, .sees_all = true};

	w.links_only = true;
	prepare(&w);
	struct slot *s = slot_of(t->arena, &w.posts, entry->key);
	s->post = entry;
	s->state = SLOT_KNOWN;
	enqueue(&w, entry->key);
	if (!follow(&w, e))
		return false;
	*through = way_back(&w, entry);
	return true;
}

static enum reach reach_of(const struct view *v)
{
	if (v->domain == NULL)
		return v->own == NULL ? REACH_OUTSIDE : REACH_HERE;
	if (!v->domain->enabled)
		return REACH_NOBODY;
	return in_force(v->own) || is_kind(v->domain, "relay") ||
			       in_force(v->target) || in_force(v->catch_all)
		       ? REACH_HERE
		       : REACH_NOBODY;
}

bool resolve_reach(const struct gateway *g, const struct task *t,
		   const struct text_list *addresses, enum reach *ret,
		   struct err *e)
{
	struct resolution r = {0};
	struct work w = {.gateway = g, .task = t, .ret = &r};
	bool known;

	prepare(&w);
	do {
		known = true;
		for (size_t i = 0; i < addresses->count; i++) {
			struct view v;

			if (address_domain(addresses->items[i]) == NULL)
				ret[i] = REACH_NOBODY;
			else if (view(&w, addresses->items[i], &v))
				ret[i] = reach_of(&v);
			else
				known = false;
		}
		if (!known && !fetch(&w, e))
			return false;
	} while (!known);
	return true;
}
