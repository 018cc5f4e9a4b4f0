#include "ldap/history.h"

#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "core/history.h"
#include "ldap/change_walk.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/log_reader.h"
#include "ldap/places.h"
#include "ldap/reach.h"
#include "ldap/rewind.h"
#include "ldap/schema.h"
#include "util/text.h"

enum {
	SECONDS = 19,   /* of RFC 3339, what is before the fraction */
	MICROS = 6,     /* digits of one in an entryCSN */
	MOVES_MAX = 16, /* that are followed */
};

static const char log_base[] = "cn=accesslog";

/* A record that is looked for. */
struct quest {
	struct ldap_store *store;
	const struct task *task;
	enum kind kind;
	const char *key, *dn;
	struct point point;
};

/* Behind all that was written up to then. */
static const char *csn_of_time(struct arena *a, const char *time)
{
	char micros[MICROS + 1] = "000000";

	if (time[SECONDS] == '.')
		memcpy(micros, time + SECONDS + 1,
		       strspn(time + SECONDS + 1, "0123456789"));
	return arena_join(a, arena_strndup(a, map_time(a, time), 14), ".",
			  micros, "Z~", NULL);
}

static bool find_point(struct arena *a, const struct moment *when,
		       struct point *ret, struct err *e)
{
	ret->before = when->before;
	ret->csn =
		when->time != NULL ? csn_of_time(a, when->time) : when->change;
	if (when->time != NULL)
		return true;
	return (change_walk_is_place(when->change) &&
		history_has_come(map_instant(a, when->change))) ||
	       err_code(e, ERR_MALFORMED, "change_malformed",
			"there is no such change");
}

static bool is_nowhere(const struct quest *q, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "there was no %s %s",
		       kind_rules(q->kind)->noun, q->key);
}

/* Since when what happens there is for the caller to know, as the trail has it;
 * NULL: never. */
static bool known_since(const struct quest *q, const char **ret, struct err *e)
{
	const struct task *t = q->task;
	const char *base = q->store->set->base;
	const char *domain =
		q->kind == KIND_DOMAIN ? q->key : address_domain(q->key);
	struct places p;
	bool all;

	if (!reach_is_super_administrator(&q->store->port, t, &all, e))
		return false;
	*ret = all ? "" : NULL;
	if (all)
		return true;
	if (!places_find(q->store, t, schema_domains_dn(t->arena, base),
			 LDAP_SCOPE_ONELEVEL,
			 filter_and(t->arena,
				    filter_equal(t->arena,
						 schema_of(KIND_DOMAIN)->key,
						 domain),
				    schema_trail_filter(t->arena,
							t->caller->identity)),
			 &p, e))
		return false;
	if (p.count == 0 && text_equal(q->key, t->caller->login) &&
	    !places_find(q->store, t, t->caller->identity, LDAP_SCOPE_BASE,
			 NULL, &p, e))
		return false;
	*ret = p.count > 0 ? p.items[0].since : NULL;
	return true;
}

static bool may_know(const struct quest *q, struct err *e)
{
	const struct task *t = q->task;
	struct store *port = &q->store->port;
	struct revision rev;
	const char *since;

	if (!known_since(q, &since, e))
		return false;
	if (since != NULL)
		return strcmp(since, q->point.csn) <= 0 ||
		       rewind_out_of_reach(e);
	return port->ops->get(port, t, q->kind, q->key,
			      arena_alloc(t->arena, kind_rules(q->kind)->size),
			      &rev, e) &&
	       err_set(e, ERR_DENIED, "you may not read what %s was", q->key);
}

/* What the log says of a name behind a point: the first that was done there,
 * and when who was there left. */
struct scan {
	struct arena *arena;
	struct point from;
	const char *first, *first_type;
	const char *left, *left_type, *to;
	struct err err;
};

static const char *copy(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

/* The name it has afterwards. */
static const char *new_name(struct arena *a, const struct entry *en)
{
	const char *rdn = entry_text(en, "reqNewRDN");
	const char *above = entry_text(en, "reqNewSuperior");
	const char *rest = entry_text(en, "reqDN"), *attr, *value;

	if (rdn == NULL || rest == NULL)
		return NULL;
	if (above == NULL)
		above = dn_take(a, &rest, &attr, &value) ? rest : "";
	return arena_join(a, rdn, ",", above, NULL);
}

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct scan *s = ctx;
	struct entry en;

	if (s->err.kind != ERR_NONE ||
	    !entry_read(ld, message, a, &en, &s->err))
		return;
	const char *csn = entry_text(&en, schema_guard);
	const char *type = entry_text(&en, "reqType");
	if (csn == NULL || type == NULL || !point_is_passed(&s->from, csn))
		return;
	bool leaves = strcasecmp(type, "modrdn") == 0 ||
		      strcasecmp(type, "delete") == 0;
	if (s->first == NULL || strcmp(csn, s->first) < 0) {
		s->first = copy(s->arena, csn);
		s->first_type = copy(s->arena, type);
	}
	if (leaves && (s->left == NULL || strcmp(csn, s->left) < 0)) {
		s->left = copy(s->arena, csn);
		s->left_type = copy(s->arena, type);
		s->to = copy(s->arena, new_name(a, &en));
	}
}

static bool search_log(const struct quest *q, struct operation *op,
		       struct err *e)
{
	op->kind = OPERATION_SEARCH;
	op->dn = log_base;
	op->scope = LDAP_SCOPE_ONELEVEL;
	if (store_run(q->store, q->task, op, q->store->set->read_seconds, "log",
		      e))
		return true;
	if (op->result != LDAP_SIZELIMIT_EXCEEDED &&
	    !log_reader_has_none(op->result))
		return false;
	err_clear(e);
	return true;
}

static bool scan(const struct quest *q, const char *dn,
		 const struct point *from, struct scan *ret, struct err *e)
{
	static const char *const want[] = {"entryCSN",       "reqType",
					   "reqDN",          "reqNewRDN",
					   "reqNewSuperior", NULL};
	struct arena *a = q->task->arena;
	struct operation op = {.filter = filter_equal(a, "reqDN", dn),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .each = each_record,
			       .ctx = ret};

	*ret = (struct scan){.arena = a, .from = *from};
	if (!search_log(q, &op, e))
		return false;
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE;
}

/* It went with the domain it was in before anything became of it by itself. */
static bool goes_along(const struct scan *domain, const struct scan *own)
{
	return domain->left != NULL && domain->to != NULL &&
	       strcasecmp(domain->left_type, "modrdn") == 0 &&
	       (own->first == NULL || strcmp(domain->left, own->first) < 0);
}

/* What became of who was somewhere, step by step. */
struct path {
	const char *dn; /* where he is from that point on */
	struct point from;
	bool done; /* he is found, or nobody was there */

	/* When his domain took him along, of which nothing is written of
	 * himself. */
	struct {
		const char *csn, *from, *to;
	} along[MOVES_MAX];
	size_t count;
};

static void go(struct path *p, const char *dn, const char *csn)
{
	p->dn = dn;
	p->from = (struct point){.csn = csn};
	p->done = dn == NULL;
}

static void go_along(struct path *p, const char *dn, const char *csn)
{
	p->along[p->count].csn = csn;
	p->along[p->count].from = p->dn;
	p->along[p->count++].to = dn;
	go(p, dn, csn);
}

/* As he is now, where he was found at last. */
static bool arrive(const struct quest *q, const struct path *p,
		   struct rewind *r, struct err *e)
{
	const char *journal =
		schema_journal_dn(q->task->arena, q->store->set->base);

	return rewind_from_entry(r, p->dn, dn_is_below(p->dn, journal), e);
}

/* To where he went next. */
static bool follow(const struct quest *q, struct path *p, struct rewind *r,
		   struct err *e)
{
	struct arena *a = q->task->arena;
	const char *above = p->dn, *attr, *value;
	struct scan own, domain = {.left = NULL};

	p->done = true;
	if (!dn_take(a, &above, &attr, &value))
		return true;
	if (!scan(q, p->dn, &p->from, &own, e) ||
	    (kind_is_address(q->kind) && !scan(q, above, &p->from, &domain, e)))
		return false;
	if (goes_along(&domain, &own)) {
		go_along(p,
			 arena_join(a, dn_name(a, attr, value), ",", domain.to,
				    NULL),
			 domain.left);
		return true;
	}
	if (own.first != NULL && strcasecmp(own.first_type, "add") == 0)
		return true;
	if (own.left == NULL)
		return arrive(q, p, r, e);
	if (strcasecmp(own.left_type, "delete") == 0)
		return rewind_from_deletion(r, own.left, e);
	go(p, own.to, own.left);
	return true;
}

/* Who was there then, wherever he is now, or was in the end. */
static bool follow_all(const struct quest *q, struct rewind *r, struct err *e)
{
	struct path p = {.dn = q->dn, .from = q->point};

	r->dn = NULL;
	for (int i = 0; !p.done; i++) {
		if (i == MOVES_MAX)
			return err_code(e, ERR_GONE, "history_too_long",
					"it was moved too often since");
		if (!follow(q, &p, r, e))
			return false;
	}
	while (p.count-- > 0) {
		const struct point then = {.csn = p.along[p.count].csn};

		if (!rewind_to(r, &then, e))
			return false;
		if (r->dn != NULL && dn_equal(r->dn, p.along[p.count].to))
			r->dn = p.along[p.count].from;
	}
	return rewind_to(r, &q->point, e);
}

static void each_oldest(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct scan *s = ctx;
	struct entry en;

	if (s->first == NULL && entry_read(ld, message, s->arena, &en, &s->err))
		s->first = entry_text(&en, schema_guard);
}

/* Nothing is known of who was there: then nobody was, if the log is old enough
 * to know. */
static bool is_unknown(const struct quest *q, struct err *e)
{
	static const char *const want[] = {"entryCSN", NULL};
	struct scan oldest = {.arena = q->task->arena};
	struct operation op = {.want = want,
			       .limit = 1,
			       .each = each_oldest,
			       .ctx = &oldest};

	if (!search_log(q, &op, e))
		return false;
	return oldest.first != NULL && !point_is_passed(&q->point, oldest.first)
		       ? is_nowhere(q, e)
		       : rewind_out_of_reach(e);
}

static bool is_of_kind(const struct quest *q, const struct rewind *r)
{
	const struct entry en = rewind_entry(r);
	const char *journal =
		schema_journal_dn(q->task->arena, q->store->set->base);

	return r->dn != NULL && !dn_is_below(r->dn, journal) &&
	       entry_is_a(&en, schema_of(q->kind)->map.class);
}

static bool had_key(const struct quest *q, const struct rewind *r)
{
	return is_of_kind(q, r) && dn_equal(r->dn, q->dn);
}

static bool is_entry(const struct rewind *r, const char *id)
{
	const struct entry en = rewind_entry(r);

	return text_equal(entry_text(&en, "entryUUID"), id);
}

/* ret->dn is NULL if there was none. */
static bool find(const struct quest *q, const char *id, struct rewind *ret,
		 struct err *e)
{
	const struct map *map = &schema_of(q->kind)->map;
	struct rewind now = rewind_new(q->store, q->task, map);

	if (!rewind_from_entry(&now, q->dn, false, e))
		return false;
	if (id != NULL && !is_entry(&now, id))
		return is_nowhere(q, e);
	if (!rewind_to(&now, &q->point, e))
		return false;
	*ret = now;
	if (had_key(q, &now) || (id != NULL && is_of_kind(q, &now)))
		return true;
	if (id != NULL)
		return is_nowhere(q, e);
	struct rewind other = rewind_new(q->store, q->task, map);
	if (!follow_all(q, &other, e))
		return false;
	if (had_key(q, &other))
		*ret = other;
	return is_of_kind(q, ret) || is_unknown(q, e);
}

bool ldap_history_read(struct store *port, const struct task *t, enum kind k,
		       const char *key, const char *id,
		       const struct moment *when, void *ret, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const struct kind_rules *rules = kind_rules(k);
	struct quest q = {.store = s,
			  .task = t,
			  .kind = k,
			  .key = key,
			  .dn = schema_dn(t->arena, s->set->base, k, key)};
	struct rewind r;

	if (!find_point(t->arena, when, &q.point, e) || !may_know(&q, e))
		return false;
	if (q.dn == NULL)
		return is_nowhere(&q, e);
	if (!find(&q, id, &r, e))
		return false;
	const struct entry en = rewind_entry(&r);
	memcpy(ret, rules->defaults, rules->size);
	if (!map_read(&schema_of(k)->map, t->arena, &en, ret, e))
		return err_wrap(e, "%s", key);
	rules->derive(ret, t->arena);
	return true;
}
