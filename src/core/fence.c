#include "core/fence.h"

#include <string.h>

#include "core/scope.h"
#include "core/trash.h"
#include "core/user.h"
#include "util/text.h"

/* These need no fence.
 * With the gateway's own rights, or about records that were read before: held
 * hold forget_held mailbox measure roles number expire reserve mark release
 * forget recount tallied written prepare is_there settle seal administrators
 * can_log_in budget overlaps trashed_record keep_until
 * overdue sift_roles any_named shows_hash
 * Only come to behind one that has its row: shift arrive follow turn part
 * About nothing in particular: etag await is_ready is_open identity ldif
 * may_read_hashes
 * It leaves by itself what the scope does not cover: relink */

static const struct scope *bound(const struct task *t)
{
	const struct scope *s = t->caller != NULL ? t->caller->scope : NULL;

	return scope_is_bound(s) ? s : NULL;
}

/* A domain's name or an address of its: a principal may be called like a
 * domain. */
static bool covers(const struct task *t, enum kind k, const char *key)
{
	const struct scope *s = bound(t);

	return s == NULL || ((k == KIND_DOMAIN || strchr(key, '@') != NULL) &&
			     scope_covers(s, key));
}

static bool covers_domain(const struct task *t, const char *domain)
{
	return covers(t, KIND_DOMAIN, domain);
}

static bool absent(struct err *e, enum kind k, const char *key)
{
	return err_set(e, ERR_NOT_FOUND, "there is no %s %s",
		       kind_rules(k)->noun, key);
}

static bool get(struct store *s, const struct task *t, enum kind k,
		const char *key, void *ret, struct revision *rev, struct err *e)
{
	return covers(t, k, key) ? s->behind->get(s, t, k, key, ret, rev, e)
				 : absent(e, k, key);
}

static bool add(struct store *s, const struct task *t, enum kind k,
		void *record, struct revision *ret, struct err *e)
{
	return covers(t, k, kind_key(k, record))
		       ? s->behind->add(s, t, k, record, ret, e)
		       : err_set(e, ERR_DENIED, "you may not create %s",
				 kind_key(k, record));
}

/* What makes whoever writes it him: by his password, by getting one that is
 * lost, or by reading and writing his mail. */
static bool lends_him(enum kind k, const void *old, const void *record)
{
	const struct user *was = old, *is = record;

	return k == KIND_USER &&
	       (is->stored.hash != NULL ||
		!text_equal(was->recovery_address, is->recovery_address) ||
		!text_list_equal(was->forward_to, is->forward_to) ||
		!text_list_equal(was->send_as, is->send_as));
}

/* The directory compares him with the key's owner, who may reach further than
 * the key.  Where his roles are is not looked at: none may be lent so. */
static bool reaches_no_further(struct store *s, const struct task *t,
			       enum kind k, const void *old, const void *record,
			       struct err *e)
{
	bool any = false;

	if (bound(t) == NULL || !lends_him(k, old, record))
		return true;
	return s->behind->roles(s, t, kind_key(k, old), &any, e) &&
	       (!any || err_set(e, ERR_DENIED,
				"%s has a role: your key is not for that",
				kind_key(k, old)));
}

static bool change(struct store *s, const struct task *t, enum kind k,
		   const void *old, void *record, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	const char *key = kind_key(k, old);

	if (!covers(t, k, key) || !covers(t, k, kind_key(k, record)))
		return absent(e, k, key);
	return reaches_no_further(s, t, k, old, record, e) &&
	       s->behind->change(s, t, k, old, record, seen, ret, e);
}

static bool remove_record(struct store *s, const struct task *t, enum kind k,
			  const char *key, const struct revision *seen,
			  struct err *e)
{
	return covers(t, k, key) ? s->behind->remove(s, t, k, key, seen, e)
				 : absent(e, k, key);
}

static bool list(struct store *s, const struct task *t, const struct query *q,
		 struct page *ret, struct err *e)
{
	struct query within = *q;

	if (bound(t) == NULL)
		return s->behind->list(s, t, q, ret, e);
	if (q->domain != NULL && !covers_domain(t, q->domain))
		return absent(e, KIND_DOMAIN, q->domain);
	within.within = &bound(t)->domains;
	return s->behind->list(s, t, &within, ret, e);
}

static bool roster(struct store *s, const struct task *t,
		   const struct roster_query *q, struct roster *ret,
		   struct err *e)
{
	struct roster_query within = *q;

	if (bound(t) == NULL)
		return s->behind->roster(s, t, q, ret, e);
	if (q->domain != NULL && !covers_domain(t, q->domain))
		return absent(e, KIND_DOMAIN, q->domain);
	within.within = &bound(t)->domains;
	return s->behind->roster(s, t, &within, ret, e);
}

static bool numbered(struct store *s, const struct task *t, enum kind k,
		     int64_t number, const char **key, const char **part,
		     struct err *e)
{
	return s->behind->numbered(s, t, k, number, key, part, e) &&
	       (covers(t, k, *key) || absent(e, k, "with that number"));
}

static bool count(struct store *s, const struct task *t, const char *domain,
		  struct tally *ret, struct err *e)
{
	return covers_domain(t, domain) ? s->behind->count(s, t, domain, ret, e)
					: absent(e, KIND_DOMAIN, domain);
}

/* Only those that it covers. */
static size_t sift(const struct task *t, struct text_list *list, enum kind k)
{
	struct text_list kept = {list->items, 0};
	size_t gone = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (covers(t, k, list->items[i]))
			kept.items[kept.count++] = list->items[i];
		else
			gone++;
	}
	*list = kept;
	return gone;
}

static bool leading_to(struct store *s, const struct task *t,
		       const char *domain, struct text_list *ret, struct err *e)
{
	if (!covers_domain(t, domain))
		return absent(e, KIND_DOMAIN, domain);
	if (!s->behind->leading_to(s, t, domain, ret, e))
		return false;
	/* Others are not named, and in the way all the same. */
	return sift(t, ret, KIND_DOMAIN) == 0 || ret->count > 0 ||
	       err_code(e, ERR_CONFLICT, "is_target",
			"alias domains lead to %s", domain);
}

static bool look_up(struct store *s, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e)
{
	if (!s->behind->look_up(s, t, keys, ret, e))
		return false;
	for (size_t i = 0; i < keys->count && bound(t) != NULL; i++) {
		if (!scope_covers(bound(t), keys->items[i]))
			ret[i] = NULL;
	}
	return true;
}

static bool set_own_password(struct store *s, const struct task *t,
			     const struct stored_password *p, const char *guard,
			     struct err *e)
{
	return covers(t, KIND_USER, t->caller->login)
		       ? s->behind->set_own_password(s, t, p, guard, e)
		       : err_set(e, ERR_DENIED, "you may not change %s",
				 t->caller->login);
}

/* Not with such a key. */
static bool is_super_administrator(struct store *s, const struct task *t,
				   bool *ret, struct err *e)
{
	*ret = false;
	return bound(t) != NULL ||
	       s->behind->is_super_administrator(s, t, ret, e);
}

static bool may_remove(struct store *s, const struct task *t, enum kind k,
		       const char *key, struct err *e)
{
	return covers(t, k, key) ? s->behind->may_remove(s, t, k, key, e)
				 : absent(e, k, key);
}

static bool naming(struct store *s, const struct task *t, const char *address,
		   size_t limit, struct naming *ret, struct err *e)
{
	if (!s->behind->naming(s, t, address, limit, ret, e))
		return false;
	sift(t, &ret->destinations, KIND_ALIAS);
	return true;
}

/* Roles are in any domain, and in none. */
static bool may_move_roles(struct store *s, const struct task *t,
			   const char *address, const char *to, bool *ret,
			   struct err *e)
{
	*ret = false;
	return bound(t) != NULL ||
	       s->behind->may_move_roles(s, t, address, to, ret, e);
}

static bool may_create(struct store *s, const struct task *t,
		       const char *domain, struct err *e)
{
	return bound(t) == NULL || (domain != NULL && covers_domain(t, domain))
		       ? s->behind->may_create(s, t, domain, e)
		       : err_set(e, ERR_DENIED, "your key is not for that");
}

static bool rename_record(struct store *s, const struct task *t, enum kind k,
			  const char *key, const char *to, const char *id,
			  struct err *e)
{
	return covers(t, k, key) && covers(t, k, to)
		       ? s->behind->rename(s, t, k, key, to, id, e)
		       : absent(e, k, key);
}

/* Of whom it is about is told by values, too. */
static bool audit(struct store *s, const struct task *t,
		  const struct audit_query *q, struct audit_page *ret,
		  struct err *e)
{
	return bound(t) == NULL
		       ? s->behind->audit(s, t, q, ret, e)
		       : err_set(e, ERR_DENIED, "your key is not for that");
}

static bool as_of(struct store *s, const struct task *t, enum kind k,
		  const char *key, const char *id, const struct moment *when,
		  void *ret, struct err *e)
{
	return bound(t) == NULL
		       ? s->behind->as_of(s, t, k, key, id, when, ret, e)
		       : err_set(e, ERR_DENIED, "your key is not for that");
}

static bool may_retire(struct store *s, const struct task *t, enum kind k,
		       const char *key, const char *place, struct err *e)
{
	return covers(t, k, key) ? s->behind->may_retire(s, t, k, key, place, e)
				 : absent(e, k, key);
}

static bool retire(struct store *s, const struct task *t, enum kind k,
		   const char *key, const char *id, const char *place,
		   struct err *e)
{
	return covers(t, k, key) ? s->behind->retire(s, t, k, key, id, place, e)
				 : absent(e, k, key);
}

static bool bring_back(struct store *s, const struct task *t, enum kind k,
		       const char *key, const char *id, const char *place,
		       struct err *e)
{
	return covers(t, k, key)
		       ? s->behind->bring_back(s, t, k, key, id, place, e)
		       : absent(e, k, key);
}

/* Domains are renamed with the whole rights of a super administrator: the rest
 * is never come to. */
static bool twin(struct store *s, const struct task *t, const char *from,
		 const char *to, struct err *e)
{
	return bound(t) == NULL
		       ? s->behind->twin(s, t, from, to, e)
		       : err_set(e, ERR_DENIED, "your key is not for that");
}

/* It was seen before. */
static bool discard(struct store *s, const struct task *t, struct trashed *what,
		    const struct revision *seen, struct err *e)
{
	return covers_domain(t, what->domain)
		       ? s->behind->discard(s, t, what, seen, e)
		       : absent(e, KIND_DOMAIN, what->domain);
}

static bool trashed(struct store *s, const struct task *t, const char *id,
		    struct trashed *ret, struct err *e)
{
	return s->behind->trashed(s, t, id, ret, e) &&
	       (covers_domain(t, ret->domain) ||
		err_set(e, ERR_NOT_FOUND, "the trash has no %s", id));
}

static bool trash(struct store *s, const struct task *t,
		  const struct trash_query *q, struct trash_page *ret,
		  struct err *e)
{
	struct trash_query within = *q;

	if (bound(t) != NULL)
		within.within = &bound(t)->domains;
	return s->behind->trash(s, t, &within, ret, e);
}

static bool set_administrator(struct store *s, const struct task *t,
			      const char *login, bool yes, bool ask,
			      struct err *e)
{
	return bound(t) == NULL
		       ? s->behind->set_administrator(s, t, login, yes, ask, e)
		       : err_set(e, ERR_DENIED, "your key is not for that");
}

static bool managers(struct store *s, const struct task *t, const char *domain,
		     struct managers *ret, struct err *e)
{
	if (!covers_domain(t, domain))
		return absent(e, KIND_DOMAIN, domain);
	if (!s->behind->managers(s, t, domain, ret, e))
		return false;
	/* Who has a role is part of the domain, what he is called is not. */
	for (size_t i = 0; i < ret->list.count; i++) {
		if (!covers(t, KIND_USER, ret->list.items[i].login))
			ret->list.items[i].name = NULL;
	}
	return true;
}

static bool appoint(struct store *s, const struct task *t, const char *domain,
		    const struct managers *seen, const char *login,
		    enum role role, struct err *e)
{
	return covers_domain(t, domain)
		       ? s->behind->appoint(s, t, domain, seen, login, role, e)
		       : absent(e, KIND_DOMAIN, domain);
}

static bool roles_of(struct store *s, const struct task *t, size_t limit,
		     struct manager_list *ret, bool *more, struct err *e)
{
	size_t kept = 0;

	if (!s->behind->roles_of(s, t, limit, ret, more, e))
		return false;
	for (size_t i = 0; i < ret->count; i++) {
		if (covers_domain(t, ret->items[i].domain))
			ret->items[kept++] = ret->items[i];
	}
	ret->count = kept;
	return true;
}

void fence_raise(struct store *s)
{
	s->behind = s->ops;
	s->fence = *s->ops;
	s->fence.get = get;
	s->fence.add = add;
	s->fence.change = change;
	s->fence.remove = remove_record;
	s->fence.list = list;
	s->fence.roster = roster;
	s->fence.numbered = numbered;
	s->fence.count = count;
	s->fence.leading_to = leading_to;
	s->fence.look_up = look_up;
	s->fence.set_own_password = set_own_password;
	s->fence.is_super_administrator = is_super_administrator;
	s->fence.may_remove = may_remove;
	s->fence.naming = naming;
	s->fence.may_move_roles = may_move_roles;
	s->fence.may_create = may_create;
	s->fence.rename = rename_record;
	s->fence.audit = audit;
	s->fence.as_of = as_of;
	s->fence.may_retire = may_retire;
	s->fence.retire = retire;
	s->fence.bring_back = bring_back;
	s->fence.twin = twin;
	s->fence.discard = discard;
	s->fence.trashed = trashed;
	s->fence.trash = trash;
	s->fence.set_administrator = set_administrator;
	s->fence.managers = managers;
	s->fence.appoint = appoint;
	s->fence.roles_of = roles_of;
	s->ops = &s->fence;
}
