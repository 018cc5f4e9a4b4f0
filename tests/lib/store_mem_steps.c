#include "tests/lib/store_mem_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/principal.h"
#include "core/user.h"
#include "util/instant.h"
#include "util/text.h"

static const char *id_of(const struct item *it)
{
	return kind_id(it->kind, it->record);
}

static bool is(const struct item *it, const char *id)
{
	return it != NULL && strcmp(id_of(it), id) == 0;
}

static bool denied(const struct store_mem *s, const struct task *t,
		   struct err *e)
{
	return !store_mem_may_write(s, t) &&
	       !err_set(e, ERR_DENIED, "you may not do that");
}

static bool may_remove(struct store *port, const struct task *t, enum kind k,
		       const char *key, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	if (!store_mem_is_up(s, e) || denied(s, t, e))
		return false;
	return store_mem_find(s, k, key) != NULL ||
	       err_set(e, ERR_NOT_FOUND, "there is no %s", key);
}

static bool may_create(struct store *port, const struct task *t,
		       const char *domain, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	if (!store_mem_is_up(s, e) || denied(s, t, e))
		return false;
	return domain == NULL ||
	       store_mem_find(s, KIND_DOMAIN, domain) != NULL ||
	       err_set(e, ERR_NOT_FOUND, "there is no %s", domain);
}

static void set_key(struct store_mem *s, struct item *it, const char *to)
{
	*(const char **)field_at(kind_rules(it->kind)->key, it->record) =
		arena_strdup(s->arena, to);
	if (it->kind == KIND_USER)
		((struct user *)it->record)->local_part =
			address_local(s->arena, to);
	else
		((struct alias *)it->record)->local_part =
			address_local(s->arena, to);
}

static bool rename_item(struct store *port, const struct task *t, enum kind k,
			const char *key, const char *to, const char *id,
			struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item *it = store_mem_find(s, k, key);
	bool lost;

	if (!store_mem_is_up(s, e) || denied(s, t, e))
		return false;
	if (is(store_mem_find(s, k, to), id))
		return true;
	if (!is(it, id))
		return err_set(e, ERR_NOT_FOUND, "there is no %s", key);
	if (store_mem_find(s, KIND_USER, to) != NULL ||
	    store_mem_find(s, KIND_ALIAS, to) != NULL)
		return err_set(e, ERR_EXISTS, "%s is taken", to);
	if (!store_mem_fate(s, &lost, e))
		return false;
	set_key(s, it, to);
	store_mem_stamp(s, it);
	return store_mem_lost(lost, e);
}

/* What it is found by besides is nothing that readers of this store see. */
static bool settle(struct store *port, const struct task *t, enum kind k,
		   const char *key, const char *id, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool lost;

	if (!store_mem_is_up(s, e) || denied(s, t, e))
		return false;
	if (!is(store_mem_find(s, k, key), id))
		return true;
	return store_mem_fate(s, &lost, e) && store_mem_lost(lost, e);
}

static bool is_in(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What an alias leads to when it no longer leads to these. */
static struct text_list without(struct store_mem *s, const struct alias *al,
				const struct text_list *names, const char *to)
{
	struct text_list left = {arena_alloc(s->arena,
					     (al->destinations.count * 2 + 1) *
						     sizeof(*left.items)),
				 0};

	for (size_t i = 0; i < al->destinations.count; i++) {
		if (!is_in(names, al->destinations.items[i]))
			left.items[left.count++] = al->destinations.items[i];
	}
	for (size_t i = 0; to != NULL && i < al->destinations.count; i++) {
		const char *was = al->destinations.items[i];
		const char *now =
			to[0] != '@'
				? to
				: arena_printf(s->arena, "%.*s%s",
					       (int)strcspn(was, "@"), was, to);

		if (is_in(names, was) && !is_in(&left, now))
			left.items[left.count++] = arena_strdup(s->arena, now);
	}
	if (left.count > 0)
		qsort(left.items, left.count, sizeof(*left.items), by_text);
	return left;
}

static bool relink_one(struct store_mem *s, struct item **at,
		       const struct text_list *names, const char *to,
		       struct err *e)
{
	struct item *it = *at;
	struct alias *al = it->record;
	struct text_list left = without(s, al, names, to);
	bool lost;

	if (text_list_equal(left, al->destinations))
		return true;
	if (!store_mem_fate(s, &lost, e))
		return false;
	al->destinations = left;
	if (left.count > 0)
		store_mem_stamp(s, it);
	else
		*at = it->next;
	return store_mem_lost(lost, e);
}

static bool relink(struct store *port, const struct task *t,
		   const struct text_list *names, const char *to,
		   const char *except, enum relinked what, bool *more,
		   struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	*more = false;
	if (!store_mem_is_up(s, e))
		return false;
	if (s->role != NULL && is_in(names, s->role) &&
	    store_mem_may_write(s, t))
		s->role = to != NULL ? arena_strdup(s->arena, to) : NULL;
	for (size_t i = 0; i < names->count && store_mem_may_write(s, t); i++)
		store_mem_name(s, names->items[i], false);
	for (struct item **at = &s->items; *at != NULL;) {
		struct item *it = *at;

		if (what == RELINK_ALL && it->plan == NULL &&
		    it->kind == KIND_ALIAS && store_mem_may_write(s, t) &&
		    (except == NULL ||
		     strcmp(address_domain(store_mem_key(it)), except) != 0) &&
		    !relink_one(s, at, names, to, e))
			return false;
		if (*at == it)
			at = &it->next;
	}
	return true;
}

static bool names(const struct item *it, const char *address)
{
	const struct user *u = it->record;
	const struct alias *al = it->record;
	const struct text_list *to =
		it->kind == KIND_USER ? &u->destinations : &al->destinations;

	return it->plan == NULL && kind_is_address(it->kind) &&
	       is_in(to, address) && strcmp(store_mem_key(it), address) != 0;
}

static bool naming(struct store *port, const struct task *t,
		   const char *address, size_t limit, struct naming *ret,
		   struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	*ret = (struct naming){
		.destinations = {arena_alloc(t->arena, limit * sizeof(char *)),
				 0}};
	if (!store_mem_is_up(s, e))
		return false;
	for (const struct item *it = s->items; it != NULL; it = it->next) {
		if (!store_mem_may_write(s, t) || !names(it, address))
			continue;
		if (ret->destinations.count == limit)
			ret->more = true;
		else
			ret->destinations.items[ret->destinations.count++] =
				store_mem_key(it);
	}
	qsort(ret->destinations.items, ret->destinations.count,
	      sizeof(*ret->destinations.items), by_text);
	return true;
}

/* Super administrators are named like others who have roles. */
static bool has_role(struct store_mem *s, const char *address)
{
	const struct item *it = store_mem_find(s, KIND_PRINCIPAL, address);
	bool any =
		text_equal(s->role, address) ||
		(it != NULL &&
		 ((const struct principal *)it->record)->super_administrator);

	for (size_t i = 0; i < s->administrator_count; i++)
		any = any || (address_domain(address) != NULL &&
			      text_equal(s->administrators[i], address));
	return any;
}

static bool roles(struct store *port, const struct task *t, const char *address,
		  bool *any, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)t;
	*any = has_role(s, address);
	return store_mem_is_up(s, e);
}

static bool may_move_roles(struct store *port, const struct task *t,
			   const char *address, const char *to, bool *ret,
			   struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)to;
	*ret = !has_role(s, address) || store_mem_may_write(s, t);
	return store_mem_is_up(s, e);
}

void store_mem_role(struct store *port, const char *address)
{
	struct store_mem *s = store_mem_self(port);

	s->role = address != NULL ? arena_strdup(s->arena, address) : NULL;
}

static bool hold(struct store *port, const struct task *t, const char *address,
		 const char *until, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool lost;

	(void)t;
	if (!store_mem_is_up(s, e) || !store_mem_fate(s, &lost, e))
		return false;
	s->held = arena_strdup(s->arena, address);
	s->held_until = arena_strdup(s->arena, until);
	return store_mem_lost(lost, e);
}

static bool held(struct store *port, const struct task *t, const char *address,
		 const char **until, struct err *e)
{
	const struct store_mem *s = store_mem_self(port);

	(void)t;
	*until = text_equal(s->held, address) ? s->held_until : NULL;
	return store_mem_is_up(s, e);
}

static bool any_named(struct store *port, const struct task *t,
		      const struct text_list *addresses, bool *any,
		      struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)t;
	*any = false;
	for (size_t i = 0; i < addresses->count; i++)
		*any = *any || has_role(s, addresses->items[i]) ||
		       text_equal(s->held, addresses->items[i]);
	return store_mem_is_up(s, e);
}

static bool forget_held(struct store *port, const struct task *t,
			const char *now, bool *more, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)t;
	*more = false;
	if (!store_mem_is_up(s, e))
		return false;
	if (s->held != NULL && strcmp(s->held_until, now) <= 0)
		s->held = NULL;
	return true;
}

static bool is_there(struct store *port, const struct task *t, enum kind k,
		     const char *key, const char *id, bool *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)t;
	*ret = id != NULL ? is(store_mem_find(s, k, key), id)
			  : store_mem_find(s, k, key) != NULL;
	return store_mem_is_up(s, e);
}

static bool may_retire(struct store *port, const struct task *t, enum kind k,
		       const char *key, const char *place, struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)k, (void)key, (void)place;
	return store_mem_is_up(s, e) && !denied(s, t, e);
}

/* Itself, or what is below it. */
static bool goes_along(const struct item *it, enum kind k, const char *key)
{
	const char *own = store_mem_key(it);

	return (it->kind == k && strcmp(own, key) == 0) ||
	       (k == KIND_DOMAIN && kind_is_address(it->kind) &&
		text_equal(address_domain(own), key));
}

static bool retire(struct store *port, const struct task *t, enum kind k,
		   const char *key, const char *id, const char *place,
		   struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool lost;

	if (!store_mem_is_up(s, e))
		return false;
	if (!is(store_mem_find(s, k, key), id))
		return true;
	if (denied(s, t, e) || !store_mem_fate(s, &lost, e))
		return false;
	place = arena_strdup(s->arena, place);
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (it->plan != NULL || !goes_along(it, k, key))
			continue;
		it->plan = place;
		it->along = it->kind != k;
	}
	s->writes++;
	return store_mem_lost(lost, e);
}

/* The record in that place. */
static bool is_kept(const struct store_mem *s, enum kind k, const char *key,
		    const char *id, const char *place)
{
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (it->kind == k && text_equal(it->plan, place) &&
		    strcmp(store_mem_key(it), key) == 0 && is(it, id))
			return true;
	}
	return false;
}

static bool bring_back(struct store *port, const struct task *t, enum kind k,
		       const char *key, const char *id, const char *place,
		       struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	bool lost;

	if (!store_mem_is_up(s, e))
		return false;
	if (is(store_mem_find(s, k, key), id))
		return true;
	if (!is_kept(s, k, key, id, place))
		return err_set(e, ERR_NOT_FOUND, "%s is not kept", key);
	if (store_mem_find(s, KIND_USER, key) != NULL ||
	    store_mem_find(s, KIND_ALIAS, key) != NULL ||
	    store_mem_find(s, KIND_DOMAIN, key) != NULL)
		return err_set(e, ERR_EXISTS, "%s is taken", key);
	if (k != KIND_DOMAIN &&
	    store_mem_find(s, KIND_DOMAIN, address_domain(key)) == NULL)
		return err_code(e, ERR_CONFLICT, "no_domain",
				"the domain of %s is not there", key);
	if (denied(s, t, e) || !store_mem_fate(s, &lost, e))
		return false;
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (text_equal(it->plan, place) && goes_along(it, k, key) &&
		    (it->kind == k || it->along))
			it->plan = NULL;
	}
	s->writes++;
	return store_mem_lost(lost, e);
}

static bool number_of(struct store *port, const struct task *t, enum kind k,
		      const char *key, const char *part, int64_t asked,
		      int64_t *ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	void *record = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision rev;

	(void)part, (void)asked; /* of those only the directory knows */
	/* Who does not see it gets no number of it. */
	if (!port->ops->get(port, t, k, key, record, &rev, e))
		return false;
	struct item *it = store_mem_find(s, k, key);
	if (it->number == 0)
		it->number = ++s->numbers;
	*ret = it->number;
	return true;
}

static bool numbered(struct store *port, const struct task *t, enum kind k,
		     int64_t number, const char **key, const char **part,
		     struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	void *record = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision rev;

	(void)part;
	for (struct item *it = s->items; it != NULL; it = it->next) {
		*key = store_mem_key(it);
		if (it->kind == k && it->number == number && it->plan == NULL)
			return port->ops->get(port, t, k, *key, record, &rev,
					      e);
	}
	return err_set(e, ERR_NOT_FOUND, "there is no such number");
}

static bool await(struct store *port, const struct task *t, int64_t ms)
{
	(void)port, (void)t, (void)ms;
	return true;
}

static const char *time_text(struct store_mem *s, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, seconds);
	return arena_strdup(s->arena, text);
}

static bool is_newer(const char *text, const char *known)
{
	return known == NULL || strcmp(text, known) >= 0;
}

static bool measure(struct store *port, const struct task *t,
		    const char *address, const struct usage *u, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item *it = store_mem_find(s, KIND_USER, address);
	const char *text;

	(void)t;
	if (!store_mem_is_up(s, e))
		return false;
	if (it == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no such user");
	struct user *user = it->record;
	if (u->last_login != NUMBER_NONE &&
	    is_newer(text = time_text(s, u->last_login), user->last_login_at))
		user->last_login_at = text;
	if (u->measured == NUMBER_NONE ||
	    !is_newer(text = time_text(s, u->measured),
		      user->quota_measured_at))
		return true;
	user->quota_measured_at = text;
	if (u->used_bytes != NUMBER_NONE)
		user->quota_used_bytes = u->used_bytes;
	if (u->used_messages != NUMBER_NONE)
		user->quota_used_messages = u->used_messages;
	return true;
}

static bool mailbox(struct store *port, const struct task *t,
		    const char *address, const char **ret, struct err *e)
{
	struct store_mem *s = store_mem_self(port);
	struct item *it = store_mem_find(s, KIND_USER, address);

	(void)t;
	*ret = it != NULL ? ((const struct user *)it->record)->mailbox_id
			  : NULL;
	return store_mem_is_up(s, e);
}

static bool is_open(struct store *port, enum store_way way)
{
	(void)way;
	return !store_mem_self(port)->down;
}

const struct store_ops store_mem_steps = {
	.is_open = is_open,
	.mailbox = mailbox,
	.measure = measure,
	.may_create = may_create,
	.naming = naming,
	.roles = roles,
	.may_move_roles = may_move_roles,
	.hold = hold,
	.held = held,
	.any_named = any_named,
	.forget_held = forget_held,
	.may_remove = may_remove,
	.rename = rename_item,
	.settle = settle,
	.relink = relink,
	.is_there = is_there,
	.may_retire = may_retire,
	.retire = retire,
	.bring_back = bring_back,
	.number = number_of,
	.numbered = numbered,
	.await = await,
};
