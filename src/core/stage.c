#include "core/stage.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/tally.h"
#include "core/user.h"
#include "util/text.h"

/* A record as it would be. */
struct staged {
	struct staged *next;
	enum kind kind;
	const char *key;
	const void *record; /* NULL: it would be gone */
	bool made;          /* it is only here */
};

/* What would be counted in a domain. */
struct staged_domain {
	struct staged_domain *next;
	const char *name;
	bool may_create, counted;
	struct tally real, more;
};

static struct stage *self(struct store *s)
{
	return (struct stage *)s;
}

static struct store *behind(struct store *s)
{
	return self(s)->real->store;
}

static struct staged *find(const struct stage *s, enum kind k, const char *key)
{
	for (struct staged *i = s->items; i != NULL; i = i->next) {
		if (i->kind == k && strcmp(i->key, key) == 0)
			return i;
	}
	return NULL;
}

bool stage_has_made(const struct stage *s, enum kind k, const char *key)
{
	const struct staged *i = find(s, k, key);

	return i != NULL && i->made;
}

static struct staged_domain *domain_of(struct stage *s, const char *name)
{
	struct staged_domain *d = s->domains;

	while (d != NULL && strcmp(d->name, name) != 0)
		d = d->next;
	if (d != NULL)
		return d;
	d = arena_alloc(s->arena, sizeof(*d));
	*d = (struct staged_domain){.next = s->domains,
				    .name = arena_strdup(s->arena, name)};
	s->domains = d;
	return d;
}

static bool absent(struct err *e, enum kind k, const char *key)
{
	return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
		       kind_rules(k)->noun, key);
}

static void keep(struct stage *s, enum kind k, const char *key,
		 const void *record, bool made)
{
	struct staged *i = find(s, k, key);

	if (i == NULL) {
		i = arena_alloc(s->arena, sizeof(*i));
		*i = (struct staged){.next = s->items,
				     .kind = k,
				     .key = arena_strdup(s->arena, key)};
		s->items = i;
	}
	i->record = record;
	i->made = made && record != NULL;
}

static void tell(struct stage *s, enum kind k, const void *before,
		 const void *after)
{
	s->last = (struct work){.kind = k, .before = before, .after = after};
	s->any = true;
}

static void revise(struct store *port, const struct task *t, enum kind k,
		   const void *record, struct revision *ret)
{
	ret->guard = "staged";
	ret->etag = behind(port)->ops->etag(behind(port), t, k, record);
}

static bool get(struct store *port, const struct task *t, enum kind k,
		const char *key, void *ret, struct revision *rev, struct err *e)
{
	const struct staged *i = find(self(port), k, key);

	if (i == NULL)
		return behind(port)->ops->get(behind(port), t, k, key, ret, rev,
					      e);
	if (i->record == NULL)
		return absent(e, k, key);
	memcpy(ret, i->record, kind_rules(k)->size);
	revise(port, t, k, ret, rev);
	return true;
}

/* Users and aliases share their addresses. */
static bool is_taken(struct store *port, const struct task *t, enum kind k,
		     const char *key, bool *ret, struct err *e)
{
	static const enum kind addresses[] = {KIND_USER, KIND_ALIAS};
	bool gone = false;

	*ret = false;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		enum kind other = kind_is_address(k) ? addresses[i] : k;
		const struct staged *s = find(self(port), other, key);

		*ret = *ret || (s != NULL && s->record != NULL);
		gone = gone || (s != NULL && s->record == NULL);
	}
	for (size_t i = 0; i < COUNT(addresses) && !*ret && !gone; i++) {
		enum kind other = kind_is_address(k) ? addresses[i] : k;

		if (!behind(port)->ops->is_there(behind(port), t, other, key,
						 NULL, ret, e))
			return false;
	}
	return true;
}

/* Asked once for each domain. */
static bool may_create(struct store *port, const struct task *t,
		       const char *name, struct err *e)
{
	struct stage *s = self(port);
	struct staged_domain *d = domain_of(s, name != NULL ? name : "");

	if (!d->may_create &&
	    !(name != NULL && stage_has_made(s, KIND_DOMAIN, name)) &&
	    !behind(port)->ops->may_create(behind(port), t, name, e))
		return false;
	d->may_create = true;
	return true;
}

static bool add(struct store *port, const struct task *t, enum kind k,
		void *record, struct revision *ret, struct err *e)
{
	struct stage *s = self(port);
	const char *key = kind_key(k, record);
	bool taken;

	if (!is_taken(port, t, k, key, &taken, e))
		return false;
	if (taken)
		return err_set(e, ERR_EXISTS, "%s exists already", key);
	if (!may_create(port, t,
			kind_is_address(k) ? address_domain(key) : NULL, e))
		return e->kind == ERR_NOT_FOUND
			       ? err_set(e, ERR_DENIED, "you may not create %s",
					 key)
			       : false;
	const void *after = arena_copy(s->arena, record, kind_rules(k)->size);
	keep(s, k, key, after, true);
	tell(s, k, NULL, after);
	revise(port, t, k, record, ret);
	return true;
}

static bool change(struct store *port, const struct task *t, enum kind k,
		   const void *old, void *record, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	struct stage *s = self(port);
	struct staged *there = find(s, k, kind_key(k, old));
	size_t size = kind_rules(k)->size;
	struct revision rev;

	/* With nothing to write, only rights are looked at. */
	if (there == NULL &&
	    !behind(port)->ops->change(behind(port), t, k, old,
				       arena_copy(t->arena, old, size), seen,
				       &rev, e))
		return false;
	const void *before = arena_copy(s->arena, old, size);
	const void *after = arena_copy(s->arena, record, size);
	keep(s, k, kind_key(k, old), after, there != NULL && there->made);
	tell(s, k, before, after);
	kind_rules(k)->derive(record, t->arena);
	revise(port, t, k, record, ret);
	return true;
}

static bool remove_record(struct store *port, const struct task *t, enum kind k,
			  const char *key, const struct revision *seen,
			  struct err *e)
{
	struct stage *s = self(port);
	void *before = arena_alloc(s->arena, kind_rules(k)->size);
	struct revision rev;

	(void)seen;
	if (!get(port, t, k, key, before, &rev, e))
		return false;
	keep(s, k, key, NULL, false);
	tell(s, k, before, NULL);
	return true;
}

/* How many there would be: those that are only here, and not those that are
 * gone. */
static void count_staged(const struct stage *s, const char *domain,
			 struct tally *ret)
{
	for (const struct staged *i = s->items; i != NULL; i = i->next) {
		int64_t plus = i->made ? 1 : i->record == NULL ? -1 : 0;

		if (!kind_is_address(i->kind) ||
		    !text_equal(address_domain(i->key), domain))
			continue;
		*(i->kind == KIND_USER ? &ret->users : &ret->aliases) += plus;
	}
}

static bool count(struct store *port, const struct task *t, const char *domain,
		  struct tally *ret, struct err *e)
{
	*ret = (struct tally){0};
	if (!stage_has_made(self(port), KIND_DOMAIN, domain) &&
	    !behind(port)->ops->count(behind(port), t, domain, ret, e))
		return false;
	count_staged(self(port), domain, ret);
	return true;
}

static void drop(struct text_list *list, const char *item)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!text_equal(list->items[i], item))
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

static void append(struct arena *a, struct text_list *list, const char *item)
{
	const char **items = arena_alloc(a, (list->count + 1) * sizeof(*items));

	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count] = item;
	*list = (struct text_list){items, list->count + 1};
}

static bool leading_to(struct store *port, const struct task *t,
		       const char *domain, struct text_list *ret, struct err *e)
{
	*ret = (struct text_list){0};
	if (!stage_has_made(self(port), KIND_DOMAIN, domain) &&
	    !behind(port)->ops->leading_to(behind(port), t, domain, ret, e))
		return false;
	for (const struct staged *i = self(port)->items; i != NULL;
	     i = i->next) {
		const struct domain *d = i->record;

		if (i->kind != KIND_DOMAIN)
			continue;
		drop(ret, i->key);
		if (d != NULL && text_equal(d->target, domain))
			append(t->arena, ret, i->key);
	}
	return true;
}

static const struct signpost *signpost_of(struct arena *a,
					  const struct staged *i)
{
	const struct domain *d = i->record;
	const struct user *u = i->record;
	const struct alias *al = i->record;
	struct signpost p = {.key = i->key,
			     .kind = i->kind,
			     .quota_bytes = NUMBER_NONE};

	if (i->record == NULL)
		return NULL;
	if (i->kind == KIND_DOMAIN) {
		p.enabled = d->in_force;
		p.domain_kind = d->kind;
		p.target = d->target;
	} else if (i->kind == KIND_USER) {
		p.enabled = u->in_force;
		p.destinations = u->destinations;
		p.quota_bytes = u->quota_bytes;
		p.login_enabled = u->login_enabled;
		p.send_only = u->send_only;
	} else {
		p.enabled = al->in_force;
		p.destinations = al->destinations;
	}
	return arena_copy(a, &p, sizeof(p));
}

static bool look_up(struct store *port, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e)
{
	if (!behind(port)->ops->look_up(behind(port), t, keys, ret, e))
		return false;
	for (const struct staged *i = self(port)->items; i != NULL;
	     i = i->next) {
		for (size_t n = 0; n < keys->count; n++) {
			/* What took the place of another stands before it. */
			if (text_equal(keys->items[n], i->key) &&
			    (i->record != NULL || ret[n] == NULL ||
			     ret[n]->kind == i->kind))
				ret[n] = signpost_of(t->arena, i);
		}
	}
	return true;
}

static bool holds(const struct text_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++) {
		if (text_equal(list->items[i], item))
			return true;
	}
	return false;
}

/* Where mail for it goes. */
static struct text_list destinations(const struct staged *i)
{
	const struct user *u = i->record;
	const struct alias *al = i->record;

	if (i->record == NULL || !kind_is_address(i->kind))
		return (struct text_list){0};
	return i->kind == KIND_USER ? u->forward_to : al->destinations;
}

static bool naming(struct store *port, const struct task *t,
		   const char *address, size_t limit, struct naming *ret,
		   struct err *e)
{
	/* Those that are gone must not hide others. */
	if (!behind(port)->ops->naming(behind(port), t, address, limit, ret, e))
		return false;
	for (const struct staged *i = self(port)->items; i != NULL;
	     i = i->next) {
		const struct text_list to = destinations(i);

		if (!kind_is_address(i->kind))
			continue;
		drop(&ret->destinations, i->key);
		if (holds(&to, address) && !text_equal(i->key, address))
			append(t->arena, &ret->destinations, i->key);
	}
	return true;
}

static bool is_there(struct store *port, const struct task *t, enum kind k,
		     const char *key, const char *id, bool *ret, struct err *e)
{
	const struct staged *i = find(self(port), k, key);

	*ret = i != NULL && i->record != NULL;
	return i != NULL ||
	       behind(port)->ops->is_there(behind(port), t, k, key, id, ret, e);
}

static bool may_remove(struct store *port, const struct task *t, enum kind k,
		       const char *key, struct err *e)
{
	return stage_has_made(self(port), k, key) ||
	       behind(port)->ops->may_remove(behind(port), t, k, key, e);
}

/* What is counted of a domain is asked once. */
static bool reserve(struct store *port, const struct task *t,
		    const char *domain, const char *id,
		    const struct tally *limits, const struct tally *more,
		    struct err *e)
{
	struct stage *s = self(port);
	struct staged_domain *d = domain_of(s, domain);

	(void)id;
	if (!d->counted && !stage_has_made(s, KIND_DOMAIN, domain) &&
	    !behind(port)->ops->count(behind(port), t, domain, &d->real, e))
		return false;
	d->counted = true;
	const struct tally has = {d->real.users + d->more.users,
				  d->real.aliases + d->more.aliases,
				  d->real.quota_bytes + d->more.quota_bytes};
	if (!tally_admits(domain, &has, more, limits, t->arena, e))
		return false;
	d->more.users += more->users;
	d->more.aliases += more->aliases;
	d->more.quota_bytes += more->quota_bytes;
	return true;
}

static bool mark(struct store *port, const struct task *t, const char *domain,
		 const char **ret, struct err *e)
{
	(void)port, (void)t, (void)domain, (void)e;
	*ret = "staged";
	return true;
}

static bool release(struct store *port, const struct task *t,
		    const char *domain, const char *of,
		    const struct tally *less, struct err *e)
{
	struct staged_domain *d = domain_of(self(port), domain);

	(void)t, (void)of, (void)e;
	d->more.users -= less->users;
	d->more.aliases -= less->aliases;
	d->more.quota_bytes -= less->quota_bytes;
	return true;
}

static bool forget(struct store *port, const struct task *t, const char *domain,
		   const char *id, const struct tally *which, struct err *e)
{
	(void)port, (void)t, (void)domain, (void)id, (void)which, (void)e;
	return true;
}

/* What is not written by such use cases is as it is. */

static bool is_super_administrator(struct store *s, const struct task *t,
				   bool *ret, struct err *e)
{
	return behind(s)->ops->is_super_administrator(behind(s), t, ret, e);
}

static const char *identity(struct store *s, const struct task *t,
			    const char *login)
{
	return behind(s)->ops->identity(behind(s), t, login);
}

static bool administrators(struct store *s, const struct task *t,
			   struct text_list *ret, struct err *e)
{
	return behind(s)->ops->administrators(behind(s), t, ret, e);
}

static bool can_log_in(struct store *s, const struct task *t, const char *login,
		       bool *ret, struct err *e)
{
	return behind(s)->ops->can_log_in(behind(s), t, login, ret, e);
}

static bool budget(struct store *s, const struct task *t, const char *login,
		   enum kind but, const char *key, struct budget *limits,
		   struct budget *given, struct err *e)
{
	return behind(s)->ops->budget(behind(s), t, login, but, key, limits,
				      given, e);
}

static bool overlaps(struct store *s, const struct task *t, const char *name,
		     bool *ret, struct err *e)
{
	return behind(s)->ops->overlaps(behind(s), t, name, ret, e);
}

static const char *etag(struct store *s, const struct task *t, enum kind k,
			const void *record)
{
	return behind(s)->ops->etag(behind(s), t, k, record);
}

static bool roles(struct store *s, const struct task *t, const char *address,
		  bool *any, struct err *e)
{
	return behind(s)->ops->roles(behind(s), t, address, any, e);
}

static bool held(struct store *s, const struct task *t, const char *address,
		 const char **until, struct err *e)
{
	return behind(s)->ops->held(behind(s), t, address, until, e);
}

static bool mailbox(struct store *s, const struct task *t, const char *address,
		    const char **ret, struct err *e)
{
	return behind(s)->ops->mailbox(behind(s), t, address, ret, e);
}

static bool await(struct store *s, const struct task *t, int64_t ms)
{
	return behind(s)->ops->await(behind(s), t, ms);
}

static bool is_ready(struct store *s)
{
	return behind(s)->ops->is_ready(behind(s));
}

static const struct store_ops ops = {
	.get = get,
	.add = add,
	.change = change,
	.remove = remove_record,
	.count = count,
	.leading_to = leading_to,
	.look_up = look_up,
	.naming = naming,
	.is_there = is_there,
	.may_create = may_create,
	.may_remove = may_remove,
	.reserve = reserve,
	.mark = mark,
	.release = release,
	.forget = forget,
	.is_super_administrator = is_super_administrator,
	.identity = identity,
	.administrators = administrators,
	.can_log_in = can_log_in,
	.budget = budget,
	.overlaps = overlaps,
	.etag = etag,
	.roles = roles,
	.held = held,
	.mailbox = mailbox,
	.await = await,
	.is_ready = is_ready,
};

void stage_begin(struct stage *ret, const struct gateway *g, struct arena *a)
{
	*ret = (struct stage){.port = {.ops = &ops}, .real = g, .arena = a};
	ret->gateway = claims_trial(&ret->claims, g);
	ret->gateway.store = &ret->port;
}
