#include "ldap/survey.h"

#include <string.h>
#include <strings.h>

#include "ldap/control.h"
#include "ldap/filter.h"
#include "ldap/list.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	KEYS_A_SEARCH = 50, /* that are looked up at once */
	COUNT_READS = 5,    /* counting may take that many times a read */
};

static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};

/* Results other than success are errors. */
static bool run(const struct survey *s, const struct task *t,
		struct operation *op, int64_t seconds, const char *what,
		struct err *e)
{
	int64_t own = clock_now() + seconds * 1000;
	int64_t deadline = own < t->deadline ? own : t->deadline;
	struct controls c = {.count = 0};

	if (!s->own)
		control_proxy(&c, t->arena, t->caller->identity);
	op->kind = OPERATION_SEARCH;
	op->controls = control_list(&c);
	bool answered = session_run(s->session, t->arena, op, deadline, e);
	op->controls = NULL; /* they end here */
	return answered && (op->result == LDAP_SUCCESS ||
			    result_failed(e, op->result, what));
}

/* What is there of a kind, and the sum of a number that it has. */
struct counting {
	int64_t count, sum;
};

static void sum_up(struct counting *c, const char *text)
{
	int64_t n;

	if (text_number(text, 0, INT64_MAX, &n) &&
	    __builtin_add_overflow(c->sum, n, &c->sum))
		c->sum = INT64_MAX;
}

static void each_counted(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct berval dn, *values = NULL, name;
	BerElement *ber = NULL;
	struct counting *c = ctx;

	c->count++;
	if (ldap_get_dn_ber(ld, message, &ber, &dn) == LDAP_SUCCESS &&
	    ldap_get_attribute_ber(ld, message, ber, &name, &values) ==
		    LDAP_SUCCESS &&
	    values != NULL && values[0].bv_val != NULL)
		sum_up(c, values[0].bv_val);
	ber_memfree(values);
	ber_free(ber, 0);
}

static bool count_kind(const struct survey *s, const struct task *t,
		       enum kind k, const char *domain, struct counting *ret,
		       struct err *e)
{
	static const char *const quota[] = {schema_quota, NULL};
	struct operation op = {.dn = schema_dn(t->arena, s->set->base,
					       KIND_DOMAIN, domain),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = schema_class_filter(t->arena, k),
			       .want = k == KIND_USER ? quota : nothing,
			       .limit = OPERATION_ALL,
			       .each = each_counted,
			       .ctx = ret,
			       .idle = s->set->read_seconds * 1000};

	*ret = (struct counting){0};
	return run(s, t, &op, s->set->read_seconds * COUNT_READS, domain, e);
}

bool survey_count(const struct survey *s, const struct task *t,
		  const char *domain, struct tally *ret, struct err *e)
{
	struct counting users, aliases;

	if (!count_kind(s, t, KIND_USER, domain, &users, e) ||
	    !count_kind(s, t, KIND_ALIAS, domain, &aliases, e))
		return false;
	*ret = (struct tally){users.count, aliases.count, users.sum};
	return true;
}

bool survey_leading_to(const struct survey *s, const struct task *t,
		       const char *domain, struct text_list *ret, struct err *e)
{
	struct list *names = list_new(t->arena, STORE_LEADING_MAX, NULL);
	const char *const want[] = {schema_of(KIND_DOMAIN)->key, NULL};
	struct operation op = {.dn = schema_domains_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = schema_target_filter(t->arena, domain),
			       .want = want,
			       .each = list_take,
			       .ctx = names};
	bool more;

	/* Who may not look there sees none. */
	if (!run(s, t, &op, s->set->read_seconds, domain, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	ret->items = list_keys(names, &ret->count, &more);
	return true;
}

/* What one search has found. */
struct finding {
	struct arena *arena;
	struct signpost *posts;
	size_t count, room;
	struct err err;
};

static void each_post(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct finding *f = ctx;
	struct entry en;

	if (f->err.kind != ERR_NONE || f->count == f->room ||
	    !entry_read(ld, message, f->arena, &en, &f->err))
		return;
	for (enum kind k = 0; k < KIND_MAIL_COUNT; k++) {
		const struct map *map = schema_signpost(k);
		struct signpost *p = &f->posts[f->count];

		if (!entry_is_a(&en, map->class))
			continue;
		p->kind = k;
		f->count += map_read(map, f->arena, &en, p, &f->err);
		return;
	}
}

/* The attributes of all kinds of signposts; some stand there twice. */
static const char *const *wanted(struct arena *a)
{
	const char *const *of[KIND_MAIL_COUNT], **list;
	size_t n = 1;

	for (enum kind k = 0; k < KIND_MAIL_COUNT; k++) {
		of[k] = map_wanted(schema_signpost(k), a, "objectClass");
		for (size_t i = 0; of[k][i] != NULL; i++)
			n++;
	}
	list = arena_alloc(a, n * sizeof(*list));
	n = 0;
	for (enum kind k = 0; k < KIND_MAIL_COUNT; k++) {
		for (size_t i = 0; of[k][i] != NULL; i++)
			list[n++] = of[k][i];
	}
	return list;
}

/* The entries that have one of these keys. */
static bool find(const struct survey *s, const struct task *t,
		 const char *const *keys, size_t count, struct finding *f,
		 struct err *e)
{
	const char *any[KEYS_A_SEARCH];
	struct operation op = {.dn = schema_domains_dn(t->arena, s->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .want = wanted(t->arena),
			       .each = each_post,
			       .ctx = f};

	for (size_t i = 0; i < count; i++)
		any[i] = filter_equal(t->arena,
				      schema_of(strchr(keys[i], '@') != NULL
							? KIND_USER
							: KIND_DOMAIN)
					      ->key,
				      keys[i]);
	op.filter = filter_any(t->arena, any, count);
	if (run(s, t, &op, s->set->read_seconds, "look up", e))
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	op.dn = t->caller->identity;
	op.scope = LDAP_SCOPE_BASE;
	if (run(s, t, &op, s->set->read_seconds, "look up", e))
		return true;
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static const struct signpost *post_of(const struct finding *f, const char *key)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->posts[i].key, key) == 0)
			return &f->posts[i];
	}
	return NULL;
}

bool survey_look_up(const struct survey *s, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e)
{
	for (size_t i = 0, n; i < keys->count; i += n) {
		struct finding f = {.arena = t->arena, .room = KEYS_A_SEARCH};

		n = keys->count - i < KEYS_A_SEARCH ? keys->count - i
						    : KEYS_A_SEARCH;
		f.posts = arena_alloc(t->arena, f.room * sizeof(*f.posts));
		if (!find(s, t, keys->items + i, n, &f, e))
			return false;
		if (f.err.kind != ERR_NONE) {
			*e = f.err;
			return false;
		}
		for (size_t j = 0; j < n; j++)
			ret[i + j] = post_of(&f, keys->items[i + j]);
	}
	return true;
}
