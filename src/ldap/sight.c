#include "ldap/sight.h"

#include <stdlib.h>
#include <string.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/places.h"
#include "ldap/reach.h"
#include "ldap/schema.h"
#include "util/text.h"

enum { PRINCIPALS_MAX = 1000 };

struct sight {
	const struct caller *caller;
	bool all;
	struct place *trail; /* domains whose trail he reads; sorted */
	size_t trail_count;
	struct place *seen; /* those he sees besides; sorted */
	size_t seen_count;
	struct text_list principals; /* whose sponsor he is; sorted */
	const char *since;           /* he himself is there; NULL: he is not */
	bool fresh;                  /* nothing was judged by it so far */
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->name,
		      ((const struct place *)b)->name);
}

static const struct place *find(const struct place *list, size_t count,
				const char *name)
{
	const struct place key = {name, ""};

	return name == NULL || count == 0
		       ? NULL
		       : bsearch(&key, list, count, sizeof(key), by_name);
}

/* Those domains that a search of his finds. */
static bool find_domains(struct ldap_store *s, const struct task *t,
			 const char *filter, struct place **ret, size_t *count,
			 struct err *e)
{
	struct places p;

	if (!places_find(s, t, schema_domains_dn(t->arena, s->set->base),
			 LDAP_SCOPE_ONELEVEL, filter, &p, e))
		return false;
	places_keep(&p, t->caller->scope, NULL);
	qsort(p.items, p.count, sizeof(*p.items), by_name);
	*ret = p.items;
	*count = p.count;
	return true;
}

/* Of the principals that he sponsors; none with a key for some domains. */
static bool find_principals(struct ldap_store *s, const struct task *t,
			    struct text_list *ret, struct err *e)
{
	static const char *const want[] = {"uid", NULL};
	struct list *names = list_new(t->arena, PRINCIPALS_MAX, NULL);
	struct controls c = store_as_caller(t);
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = schema_principals_dn(t->arena, s->set->base),
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = schema_sponsor_filter(t->arena, t->caller->identity),
		 .want = want,
		 .limit = OPERATION_ALL,
		 .controls = control_list(&c),
		 .each = list_take,
		 .ctx = names};
	bool more;

	if (scope_is_bound(t->caller->scope) ||
	    strchr(t->caller->login, '@') != NULL)
		return true;
	if (!store_run(s, t, &op, s->set->read_seconds, "principals", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	ret->items = list_keys(names, &ret->count, &more);
	return true;
}

/* A principal may be called like a domain, and is in none. */
static bool covers(const struct scope *s, const char *key)
{
	return !scope_is_bound(s) ||
	       (strchr(key, '@') != NULL && scope_covers(s, key));
}

static bool find_himself(struct ldap_store *s, const struct task *t,
			 struct sight *ret, struct err *e)
{
	struct places me;

	if (!covers(t->caller->scope, t->caller->login))
		return true;
	if (!places_find(s, t, t->caller->identity, LDAP_SCOPE_BASE, NULL, &me,
			 e))
		return false;
	if (me.count > 0)
		ret->since = me.items[0].since;
	return true;
}

static bool fill(struct ldap_store *s, const struct task *t, struct sight *ret,
		 struct err *e)
{
	struct arena *a = t->arena;
	const struct scope *scope = t->caller->scope;
	const char *who = t->caller->identity;
	struct places p;

	if (!reach_is_super_administrator(&s->port, t, &ret->all, e))
		return false;
	if (ret->all && !scope_is_bound(scope))
		return true;
	if (ret->all) {
		ret->all = false;
		places_of_key(&p, a, scope, NULL);
		qsort(p.items, p.count, sizeof(*p.items), by_name);
		ret->trail = p.items;
		ret->trail_count = p.count;
		return true;
	}
	return find_domains(s, t, schema_trail_filter(a, who), &ret->trail,
			    &ret->trail_count, e) &&
	       find_domains(s, t, filter_equal(a, "provostViewer", who),
			    &ret->seen, &ret->seen_count, e) &&
	       find_principals(s, t, &ret->principals, e) &&
	       find_himself(s, t, ret, e);
}

bool sight_find(struct ldap_store *s, const struct task *t, struct sight **ret,
		struct err *e)
{
	struct sight *sight = arena_alloc(t->arena, sizeof(*sight));

	*sight = (struct sight){.caller = t->caller, .fresh = true};
	*ret = sight;
	return fill(s, t, sight, e);
}

static bool is_since(const struct place *p, const struct change *c)
{
	return p != NULL && strcmp(c->place, p->since) >= 0;
}

static bool holds(const struct text_list *list, const char *name)
{
	for (size_t i = 0; name != NULL && i < list->count; i++) {
		if (strcmp(list->items[i], name) == 0)
			return true;
	}
	return false;
}

static bool names_him(const struct sight *s, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (dn_equal(list->items[i], s->caller->identity))
			return true;
	}
	return false;
}

static bool reads_trail(const struct sight *s, const struct change *c,
			const struct spot *at)
{
	return s->all ||
	       is_since(find(s->trail, s->trail_count, at->domain), c);
}

/* A selector may be what somebody is called. */
static bool is_he(const struct sight *s, const struct change *c,
		  const struct spot *at)
{
	return c->subject != SUBJECT_DKIM_KEY &&
	       text_equal(at->key, s->caller->login);
}

/* Whether he sees what is there, or did until this. */
static bool sees_spot(const struct sight *s, const struct change *c,
		      const struct spot *at)
{
	if (at->key == NULL)
		return s->all;
	if (reads_trail(s, c, at) ||
	    is_since(find(s->seen, s->seen_count, at->domain), c))
		return true;
	if (at->domain == NULL && holds(&s->principals, at->key))
		return true;
	if (is_he(s, c, at))
		return s->since != NULL && strcmp(c->place, s->since) >= 0;
	return names_him(s, &c->lost) &&
	       (at->domain != NULL ? scope_covers(s->caller->scope, at->domain)
				   : covers(s->caller->scope, at->key));
}

static void leave_out(const struct sight *s, struct arena *a, struct change *c)
{
	struct audit_record *r = arena_copy(a, c->record, sizeof(*c->record));
	bool own = is_he(s, c, &c->at),
	     his = text_equal(r->actor, s->caller->login);

	/* As in the trail: how something was asked for is not for who merely
	 * sees it, and who did it neither. */
	if (reads_trail(s, c, &c->at) ||
	    (c->at.domain == NULL && holds(&s->principals, c->at.key)))
		return;
	if (!his)
		r->request = NULL;
	if (!his && !own)
		r->actor = r->actor_kind = NULL;
	c->record = r;
}

bool sight_sees(const struct sight *s, struct arena *a, struct change *c)
{
	bool from = sees_spot(s, c, &c->at);
	bool to = c->what == CHANGE_RENAMED && sees_spot(s, c, &c->to);

	if (!from && !to)
		return false;
	if (c->what == CHANGE_RENAMED && !(from && to)) {
		c->what = to ? CHANGE_CREATED : CHANGE_DELETED;
		c->at = to ? c->to : c->at;
		c->to = (struct spot){NULL, NULL};
	}
	leave_out(s, a, c);
	return true;
}

static bool is_of_rights(const struct change *c)
{
	return c->subject == SUBJECT_DOMAIN ||
	       c->subject == SUBJECT_ADMINISTRATORS ||
	       c->subject == SUBJECT_PRINCIPAL;
}

bool sight_grows(struct sight *s, const struct change *c)
{
	bool fresh = s->fresh;

	s->fresh = false;
	if (fresh || !is_of_rights(c))
		return false;
	/* Who is a super administrator is one from there on, or no longer. */
	if (c->subject == SUBJECT_ADMINISTRATORS && c->at.key == NULL)
		return true;
	return !s->all && names_him(s, &c->gained);
}

bool sight_shrinks(const struct sight *s, const struct change *c)
{
	if (s->all || !is_of_rights(c))
		return false;
	return names_him(s, &c->lost) ||
	       ((c->what != CHANGE_CHANGED || c->lost.count > 0) &&
		(find(s->trail, s->trail_count, c->at.domain) != NULL ||
		 find(s->seen, s->seen_count, c->at.domain) != NULL ||
		 (c->at.domain == NULL && holds(&s->principals, c->at.key))));
}
