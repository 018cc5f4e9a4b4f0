#include "ldap/checkbook.h"

#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/schema.h"
#include "ldap/whose.h"
#include "util/alloc.h"
#include "util/hash.h"
#include "util/text.h"
#include "json/codec.h"
#include "json/text.h"

enum {
	AT_ONCE = 20,      /* names that one call tells */
	SEARCH_FACTOR = 5, /* looking through all takes that many times a read
			    */
	RESULTS_MAX = 128,
};

static const char class[] = "provostCheck";
static const char check_name[] = "check";
static const char state[] = "provostCheckState";
static const char checked[] = "provostCheckTime";
static const char next[] = "provostCheckNext";
static const char result[] = "provostCheckResult";
static const char proved[] = "provostProofTime";

/* clang-format off */
#define F(member) FIELD(struct checkup_result, member)
static const struct codec_field result_fields[] = {
	{"name",   F(name),   CODEC_REQUIRED},
	{"about",  F(about),  CODEC_OMIT_NULL},
	{"result", F(result), CODEC_REQUIRED},
	{"code",   F(code),   CODEC_REQUIRED},
	{"detail", F(detail), CODEC_OMIT_NULL},
	{"actor",  F(actor),  CODEC_OMIT_NULL},
	{"seen",   F(seen),   CODEC_OMIT_NULL},
	{"wanted", F(wanted), CODEC_OMIT_NULL},
	{NULL,     {0, 0},    0},
};
#undef F

/* What the gateway reads of a domain for itself. */
#define F(member) FIELD(struct domain, member)
static const struct map_attr subject_attrs[] = {
	{"entryUUID",             F(id),        MAP_READ_ONLY},
	{"provostDomainName",     F(name),      MAP_MUST},
	{"provostEnabled",        F(in_force),  MAP_MUST},
	{"provostEnabledWish",    F(wished),    MAP_IF_TRUE},
	{"provostDomainKind",     F(kind),      0},
	{"provostDisplayName",    F(display_name), 0},
	{"provostShortDisplayName", F(short_display_name), 0},
	{"provostImapHost",       F(imap_host), 0},
	{"provostPop3Host",       F(pop3_host), 0},
	{"provostSmtpHost",       F(smtp_host), 0},
	{NULL,                    {0, 0},       0},
};
#undef F
/* clang-format on */

static const struct codec result_codec = {result_fields,
					  sizeof(struct checkup_result), NULL,
					  false};

struct ldap_checkbook {
	struct checkbook port;
	struct ldap_store *store;
};

static struct ldap_store *store_of(struct checkbook *b)
{
	return ((struct ldap_checkbook *)b)->store;
}

static const char *domain_dn(struct ldap_store *s, const struct task *t,
			     const char *domain)
{
	return schema_dn(t->arena, s->set->base, KIND_DOMAIN, domain);
}

static const char *check_dn(struct ldap_store *s, const struct task *t,
			    const char *domain)
{
	return dn_child(t->arena, "cn", check_name, domain_dn(s, t, domain));
}

struct reading {
	struct arena *arena;
	struct entry entry;
	size_t count;
	struct err err;
};

static void each(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;

	if (entry_read(ld, message, r->arena, &r->entry, &r->err))
		r->count++;
}

/* One entry, if it is there. */
static bool read_one(struct ldap_store *s, const struct task *t, const char *dn,
		     const char *filter, const char *const want[],
		     struct reading *ret, struct err *e)
{
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter,
			       .want = want,
			       .each = each,
			       .ctx = ret};

	*ret = (struct reading){.arena = t->arena};
	if (!store_run(s, t, &op, s->set->read_seconds, "checks", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (ret->err.kind != ERR_NONE)
		*e = ret->err;
	return ret->err.kind == ERR_NONE;
}

/* What somebody else may have written there is left out. */
static void read_result(struct arena *a, const char *text,
			struct checkup_report *r)
{
	struct checkup_result x = {0};
	struct err ignored = {0};
	struct presence present;
	json_t *object;

	if (r->count < RESULTS_MAX &&
	    json_text_parse_own(a, text, &object, &ignored) &&
	    codec_decode(&result_codec, a, object, false, &x, &present,
			 &ignored))
		r->results[r->count++] = x;
}

static bool get(struct checkbook *b, const struct task *t, const char *domain,
		struct checkup_report *ret, struct err *e)
{
	static const char *const want[] = {checked, next, result, NULL};
	struct ldap_store *s = store_of(b);
	struct arena *a = t->arena;
	struct reading r;

	*ret = (struct checkup_report){
		.results = arena_alloc(a, RESULTS_MAX * sizeof(*ret->results))};
	if (!read_one(s, t, check_dn(s, t, domain), NULL, want, &r, e))
		return false;
	if (r.count == 0)
		return true;
	const char *time = entry_text(&r.entry, checked);
	const char *then = entry_text(&r.entry, next);
	ret->checked_at = time != NULL ? map_instant(a, time) : NULL;
	ret->next_at = then != NULL ? map_instant(a, then) : NULL;
	const struct berval *v = entry_values(&r.entry, result);
	for (; v != NULL && v->bv_val != NULL; v++)
		read_result(a, v->bv_val, ret);
	checkup_sort(ret);
	return true;
}

static LDAPMod *one(struct arena *a, int op, const char *name,
		    const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = value != NULL ? arena_strdup(a, value) : NULL;
	return map_mod(a, op, name, value != NULL ? values : NULL);
}

/* Each result as an object; two that are equal would be refused. */
static LDAPMod *results_of(struct arena *a, int op,
			   const struct checkup_report *r)
{
	char **values = arena_alloc(a, (r->count + 1) * sizeof(*values));
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		const char *text = json_text_print(a,
						   codec_encode(&result_codec,
								&r->results[i]),
						   JSON_COMPACT);
		size_t k = 0;

		while (k < n && strcmp(values[k], text) != 0)
			k++;
		if (k == n)
			values[n++] = arena_strdup(a, text);
	}
	return map_mod(a, op, result, n > 0 ? values : NULL);
}

static bool change(struct ldap_store *s, const struct task *t, const char *dn,
		   const struct checkup_report *r, struct err *e)
{
	struct arena *a = t->arena;
	LDAPMod *mods[] = {one(a, LDAP_MOD_REPLACE, state, checkup_worst(r)),
			   one(a, LDAP_MOD_REPLACE, checked,
			       map_time(a, r->checked_at)),
			   one(a, LDAP_MOD_REPLACE, next,
			       map_time(a, r->next_at)),
			   results_of(a, LDAP_MOD_REPLACE, r), NULL};
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = mods};

	return store_run(s, t, &op, s->set->write_seconds, "checks", e);
}

static bool add(struct ldap_store *s, const struct task *t, const char *dn,
		const struct checkup_report *r, struct err *e)
{
	struct arena *a = t->arena;
	LDAPMod *mods[] = {one(a, LDAP_MOD_ADD, "objectClass", class),
			   one(a, LDAP_MOD_ADD, "cn", check_name),
			   one(a, LDAP_MOD_ADD, state, checkup_worst(r)),
			   one(a, LDAP_MOD_ADD, checked,
			       map_time(a, r->checked_at)),
			   one(a, LDAP_MOD_ADD, next, map_time(a, r->next_at)),
			   r->count > 0 ? results_of(a, LDAP_MOD_ADD, r) : NULL,
			   NULL};
	struct operation op = {.kind = OPERATION_ADD, .dn = dn, .mods = mods};

	return store_run(s, t, &op, s->set->write_seconds, "checks", e);
}

/* Another gateway may have been first. */
static bool keep(struct checkbook *b, const struct task *t, const char *domain,
		 const struct checkup_report *r, struct err *e)
{
	struct ldap_store *s = store_of(b);
	const char *dn = check_dn(s, t, domain);

	if (change(s, t, dn, r, e))
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (add(s, t, dn, r, e))
		return true;
	if (e->kind != ERR_EXISTS)
		return false;
	err_clear(e);
	return change(s, t, dn, r, e);
}

static bool subject(struct checkbook *b, const struct task *t,
		    const char *domain, struct domain *ret, struct err *e)
{
	static const char *const classes[] = {"provostDomain", NULL};
	static const struct map map = {classes, "provostDomain", subject_attrs};
	struct ldap_store *s = store_of(b);
	struct reading r;

	*ret = domain_defaults;
	if (!read_one(s, t, domain_dn(s, t, domain), NULL,
		      map_wanted(&map, t->arena, schema_guard), &r, e))
		return false;
	if (r.count == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no domain %s",
			       domain);
	if (!map_read(&map, t->arena, &r.entry, ret, e))
		return false;
	domain_derive(ret, t->arena);
	return true;
}

/* Domains that have an entry of checks, by their names. */
struct names {
	struct ldap_store *store;
	struct arena *arena;
	const char **items;
	size_t count, room;
	size_t most; /* 0: all */
};

static void note(struct names *n, const char *name)
{
	if (n->most != 0 && n->count == n->most)
		return;
	if (n->count == n->room) {
		size_t room = n->room == 0 ? AT_ONCE : 2 * n->room;
		const char **items =
			arena_alloc(n->arena, room * sizeof(*items));

		if (n->count > 0)
			memcpy(items, n->items, n->count * sizeof(*items));
		n->items = items;
		n->room = room;
	}
	n->items[n->count++] = arena_strdup(n->arena, name);
}

static void each_check(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct names *n = ctx;
	char *dn = ldap_get_dn(ld, message);
	struct whose w;

	if (dn != NULL && whose_is(n->arena, n->store->set->base, dn, &w) &&
	    w.domain != NULL && w.login == NULL)
		note(n, w.domain);
	ldap_memfree(dn);
}

static bool find_checks(struct ldap_store *s, const struct task *t,
			const char *filter, int limit, struct names *ret,
			struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter,
			       .want = nothing,
			       .limit = limit,
			       .each = each_check,
			       .ctx = ret};

	ret->store = s;
	ret->arena = t->arena;
	if (!store_run(s, t, &op, s->set->read_seconds * SEARCH_FACTOR,
		       "checks", e) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	return true;
}

static bool due(struct checkbook *b, const struct task *t, const char *now,
		struct text_list *ret, struct err *e)
{
	struct arena *a = t->arena;
	struct names n = {.most = AT_ONCE};
	const char *const parts[] = {filter_equal(a, "objectClass", class),
				     filter_to(a, next, map_time(a, now))};

	if (!find_checks(store_of(b), t, filter_all(a, parts, COUNT(parts)),
			 AT_ONCE, &n, e))
		return false;
	*ret = (struct text_list){n.items, n.count};
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of domains, as they come; what has been checked is sorted. */
struct missing {
	struct arena *arena;
	const struct names *known;
	struct names *found;
};

static void each_domain(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct missing *m = ctx;
	char *dn = ldap_get_dn(ld, message);
	struct whose w;

	if (dn != NULL && m->found->count < AT_ONCE &&
	    whose_is(m->arena, m->found->store->set->base, dn, &w) &&
	    w.domain != NULL && w.login == NULL && !w.further &&
	    (m->known->count == 0 ||
	     bsearch(&w.domain, m->known->items, m->known->count,
		     sizeof(*m->known->items), by_text) == NULL))
		note(m->found, w.domain);
	ldap_memfree(dn);
}

static bool unchecked(struct checkbook *b, const struct task *t,
		      struct text_list *ret, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct ldap_store *s = store_of(b);
	struct arena *a = t->arena;
	struct names known = {.most = 0},
		     found = {.store = s, .arena = a, .most = AT_ONCE};
	struct missing m = {a, &known, &found};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_equal(a, "objectClass",
						      "provostDomain"),
			       .want = nothing,
			       .limit = OPERATION_ALL,
			       .each = each_domain,
			       .ctx = &m};

	if (!find_checks(s, t, filter_equal(a, "objectClass", class),
			 OPERATION_ALL, &known, e))
		return false;
	if (known.count > 0)
		qsort(known.items, known.count, sizeof(*known.items), by_text);
	if (!store_run(s, t, &op, s->set->read_seconds * SEARCH_FACTOR,
		       "checks", e))
		return false;
	*ret = (struct text_list){found.items, found.count};
	return true;
}

/* Only of one that waits: whoever disables it meanwhile has his way. */
static bool prove(struct checkbook *b, const struct task *t, const char *domain,
		  const char *time, struct err *e)
{
	struct ldap_store *s = store_of(b);
	struct arena *a = t->arena;
	LDAPMod *mods[] = {one(a, LDAP_MOD_REPLACE, proved, map_time(a, time)),
			   one(a, LDAP_MOD_REPLACE, schema_enabled, "TRUE"),
			   one(a, LDAP_MOD_REPLACE, schema_wish, NULL), NULL};
	struct controls c = {.count = 0};

	control_assert(&c, a, schema_wish, "TRUE");
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = domain_dn(s, t, domain),
			       .mods = mods,
			       .controls = control_list(&c)};
	return store_run(s, t, &op, s->set->write_seconds, domain, e);
}

bool checkbook_remove(struct ldap_store *s, const struct task *t,
		      const char *domain, bool *was_there, struct err *e)
{
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = dn_child(t->arena, "cn", check_name,
					      domain)};

	*was_there = store_run(s, t, &op, s->set->write_seconds, "checks", e);
	if (!*was_there && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static void each_other(void *ctx, LDAP *ld, LDAPMessage *message)
{
	bool *any = ctx;

	(void)ld, (void)message;
	*any = true;
}

bool checkbook_is_all(struct ldap_store *s, const struct task *t,
		      const char *domain)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct arena *a = t->arena;
	bool any = false;
	struct operation op =
		{.kind = OPERATION_SEARCH,
		 .dn = domain,
		 .scope = LDAP_SCOPE_ONELEVEL,
		 .filter = filter_not(a, filter_equal(a, "objectClass", class)),
		 .want = nothing,
		 .limit = 1,
		 .each = each_other,
		 .ctx = &any};
	struct err ignored = {0};

	return store_run(s, t, &op, s->set->read_seconds, "checks", &ignored) &&
	       !any;
}

struct checkbook *ldap_checkbook_open(struct store *store)
{
	static const struct checkbook_ops ops = {.get = get,
						 .keep = keep,
						 .subject = subject,
						 .due = due,
						 .unchecked = unchecked,
						 .prove = prove};
	struct ldap_checkbook *b = alloc_zeroed(sizeof(*b));

	b->port.ops = &ops;
	b->store = store_self(store);
	return &b->port;
}

void ldap_checkbook_close(struct checkbook **b)
{
	free(*b);
	*b = NULL;
}
