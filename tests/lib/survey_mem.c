#include "tests/lib/survey_mem.h"

#include <stdlib.h>
#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "tests/lib/store_mem_parts.h"
#include "util/text.h"

enum { FORWARDS_MAX = 8 };

/* Destinations that only others than we would store. */
static struct {
	const char *address;
	struct text_list to;
	bool send_only;
} forwards[FORWARDS_MAX];

static bool list(struct store *s, const struct task *t, enum kind k,
		 const char *domain, struct page *ret, struct err *e)
{
	const struct query all = {.kind = k,
				  .domain = domain,
				  .limit = SIZE_MAX};

	*ret = (struct page){0};
	return s->ops->list(s, t, &all, ret, e);
}

bool survey_mem_count(struct store *s, const struct task *t, const char *domain,
		      struct tally *ret, struct err *e)
{
	struct page users, aliases;

	if (!list(s, t, KIND_USER, domain, &users, e) ||
	    !list(s, t, KIND_ALIAS, domain, &aliases, e))
		return false;
	*ret = (struct tally){(int64_t)users.count, (int64_t)aliases.count, 0};
	for (size_t i = 0; i < users.count; i++) {
		struct user u;

		memcpy(&u, users.records + i * sizeof(u), sizeof(u));
		if (u.quota_bytes > 0)
			ret->quota_bytes += u.quota_bytes;
	}
	return true;
}

bool survey_mem_leading_to(struct store *s, const struct task *t,
			   const char *domain, struct text_list *ret,
			   struct err *e)
{
	struct page page;

	*ret = (struct text_list){arena_alloc(t->arena, STORE_LEADING_MAX *
								sizeof(char *)),
				  0};
	if (!list(s, t, KIND_DOMAIN, NULL, &page, e)) {
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	for (size_t i = 0; i < page.count; i++) {
		struct domain d;

		memcpy(&d, page.records + i * sizeof(d), sizeof(d));
		if (strcmp(d.kind, "alias") == 0 &&
		    text_equal(d.target, domain) &&
		    ret->count < STORE_LEADING_MAX)
			ret->items[ret->count++] = d.name;
	}
	return true;
}

/* Of users and aliases alike. */
struct expiring {
	const char *expires_at;
	bool *in_force, *wished;
};

static struct expiring expiring(const struct item *it)
{
	struct user *u = it->record;
	struct alias *al = it->record;

	if (it->kind == KIND_USER)
		return (struct expiring){u->expires_at, &u->in_force,
					 &u->wished};
	return (struct expiring){al->expires_at, &al->in_force, &al->wished};
}

bool survey_mem_expire(struct store *port, const struct task *t,
		       const char *from, const char *to, bool *more,
		       struct err *e)
{
	struct store_mem *s = store_mem_self(port);

	(void)t;
	*more = false;
	if (!store_mem_is_up(s, e))
		return false;
	for (struct item *it = s->items; it != NULL; it = it->next) {
		if (!kind_is_address(it->kind) || it->plan != NULL)
			continue;
		struct expiring x = expiring(it);
		if (x.expires_at == NULL || !*x.in_force ||
		    strcmp(x.expires_at, from) < 0 ||
		    strcmp(x.expires_at, to) > 0)
			continue;
		*x.in_force = false;
		*x.wished = true;
		store_mem_stamp(s, it);
	}
	return true;
}

static void post_domain(struct signpost *p, const struct domain *d)
{
	p->enabled = d->in_force;
	p->domain_kind = d->kind;
	p->target = d->target;
}

static void post_user(struct signpost *p, const struct user *u)
{
	p->enabled = u->in_force;
	p->login_enabled = u->login_enabled;
	p->quota_bytes = u->quota_bytes;
	p->destinations = u->destinations;
	p->send_only = u->send_only;
	for (size_t i = 0; i < FORWARDS_MAX; i++) {
		if (!text_equal(forwards[i].address, u->address))
			continue;
		p->destinations = forwards[i].to;
		p->send_only = forwards[i].send_only;
	}
}

static void post_alias(struct signpost *p, const struct alias *al)
{
	p->enabled = al->in_force;
	p->destinations = al->destinations;
}

/* NULL if nothing is seen under that key. */
static bool look(struct store *s, const struct task *t, const char *key,
		 const struct signpost **ret, struct err *e)
{
	*ret = NULL;
	for (enum kind k = 0; k < KIND_MAIL_COUNT; k++) {
		struct signpost *p = arena_alloc(t->arena, sizeof(*p));
		void *record = arena_alloc(t->arena, kind_rules(k)->size);
		struct revision rev;

		if (!s->ops->get(s, t, k, key, record, &rev, e)) {
			if (e->kind != ERR_NOT_FOUND)
				return false;
			err_clear(e);
			continue;
		}
		p->key = kind_key(k, record);
		p->kind = k;
		if (k == KIND_DOMAIN)
			post_domain(p, record);
		else if (k == KIND_USER)
			post_user(p, record);
		else
			post_alias(p, record);
		*ret = p;
	}
	return true;
}

bool survey_mem_look_up(struct store *s, const struct task *t,
			const struct text_list *keys,
			const struct signpost **ret, struct err *e)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (!look(s, t, keys->items[i], &ret[i], e))
			return false;
	}
	return true;
}

void survey_mem_forward(const char *address, const struct text_list *to,
			bool send_only)
{
	size_t i = 0;

	while (i < FORWARDS_MAX && forwards[i].address != NULL &&
	       strcmp(forwards[i].address, address) != 0)
		i++;
	if (i == FORWARDS_MAX)
		abort();
	forwards[i].address = address;
	forwards[i].to = *to;
	forwards[i].send_only = send_only;
}
