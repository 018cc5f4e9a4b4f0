/*
 * raw - does with plain libldap what the gateway asks of the directory
 *
 * Names, attributes and controls come from the gateway's own tables, the caller
 * is the same, by proxied authorization.  Each thread has one connection with
 * its share of the requests under way on it; logins are one bind at a time, as
 * on the gateway's own connections.  No HTTP, no JSON, no records.
 */
#include <fcntl.h>
#include <ldap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kind.h"
#include "core/user.h"
#include "ldap/connect.h"
#include "ldap/control.h"
#include "ldap/filter.h"
#include "ldap/operation.h"
#include "ldap/schema.h"
#include "tests/bench/plan.h"
#include "tests/bench/tally.h"
#include "util/arena.h"
#include "util/clock.h"

enum { KEY_SIZE = NAME_SIZE, GUARD_SIZE = 64, THREADS_MAX = 64 };

/* A request under way. */
struct slot {
	int msgid;
	bool second; /* of the two operations that it takes */
	uint64_t number;
	int64_t began;
	size_t entries;
	char guard[GUARD_SIZE];
	char keys[LIST_LIMIT][KEY_SIZE];
};

/* What is the same for all requests. */
struct common {
	struct plan plan;
	atomic_uint_fast64_t next; /* number of the next request */
	const char *caller;        /* his DN */
	const char *const *want;   /* attributes of a user, and the guard */
	const char *filter;        /* users only */
};

struct worker {
	struct common *all;
	struct tally tally;
	struct slot *slots;
	size_t room, under_way;
	LDAP *ld;
	pthread_t thread;
};

static void die(const char *what, int rc)
{
	fprintf(stderr, "raw: %s: %s\n", what, ldap_err2string(rc));
	exit(1);
}

static const char *user_dn(const struct worker *w, struct arena *a, uint64_t n)
{
	char name[NAME_SIZE];

	name_user(n, name);
	return schema_dn(a, w->all->plan.base, KIND_USER, name);
}

static const char *new_dn(const struct worker *w, struct arena *a, uint64_t i,
			  char name[NAME_SIZE])
{
	name_new(&w->all->plan.names, i, name);
	return schema_dn(a, w->all->plan.base, KIND_USER, name);
}

static int search(struct worker *w, struct arena *a, struct slot *s,
		  const char *dn, int scope, const char *filter,
		  const char *const *want)
{
	struct controls c = {.count = 0};
	struct timeval limit = {.tv_sec = 5};

	control_proxy(&c, a, w->all->caller);
	return ldap_search_ext(w->ld, dn, scope, filter, operation_names(want),
			       0, control_list(&c), NULL, &limit, LDAP_NO_LIMIT,
			       &s->msgid);
}

static int read_user(struct worker *w, struct arena *a, struct slot *s,
		     const char *dn)
{
	return search(w, a, s, dn, LDAP_SCOPE_BASE, w->all->filter,
		      w->all->want);
}

static const char *domain_dn(const struct worker *w, struct arena *a,
			     const struct slot *s)
{
	char domain[NAME_SIZE];

	name_domain(name_turn(&w->all->plan.names, s->number), domain);
	return schema_dn(a, w->all->plan.base, KIND_DOMAIN, domain);
}

static int find_keys(struct worker *w, struct arena *a, struct slot *s)
{
	const char *const want[] = {schema_of(KIND_USER)->key, NULL};

	return search(w, a, s, domain_dn(w, a, s), LDAP_SCOPE_ONELEVEL,
		      w->all->filter, want);
}

static int read_page(struct worker *w, struct arena *a, struct slot *s)
{
	const char *any[LIST_LIMIT];
	size_t n = s->entries < LIST_LIMIT ? s->entries : LIST_LIMIT;

	for (size_t i = 0; i < n; i++)
		any[i] = filter_equal(a, schema_of(KIND_USER)->key, s->keys[i]);
	const char *filter =
		filter_and(a, w->all->filter, filter_any(a, any, n));
	return search(w, a, s, domain_dn(w, a, s), LDAP_SCOPE_ONELEVEL, filter,
		      w->all->want);
}

static int add_user(struct worker *w, struct arena *a, struct slot *s)
{
	const struct map *map = &schema_of(KIND_USER)->map;
	char name[NAME_SIZE];
	const char *dn = new_dn(w, a, s->number, name);
	struct user u = user_defaults;
	struct controls c = {.count = 0};

	u.address = name;
	u.name = "Somebody New";
	u.stored.hash = w->all->plan.hash;
	user_complete(&u, a);
	control_proxy(&c, a, w->all->caller);
	return ldap_add_ext(w->ld, dn, map_add(map, a, &u), control_list(&c),
			    NULL, &s->msgid);
}

static int modify_user(struct worker *w, struct arena *a, struct slot *s)
{
	const struct map *map = &schema_of(KIND_USER)->map;
	struct user old = user_defaults, new = user_defaults;
	struct controls c = {.count = 0};

	new.name = arena_printf(a, "%s %llu", w->all->plan.names.tag,
				(unsigned long long)s->number);
	control_proxy(&c, a, w->all->caller);
	control_assert(&c, a, schema_guard, s->guard);
	control_post_read(&c, a, w->all->want);
	return ldap_modify_ext(w->ld,
			       user_dn(w, a,
				       name_turn(&w->all->plan.names,
						 s->number)),
			       map_change(map, a, &old, &new), control_list(&c),
			       NULL, &s->msgid);
}

static int delete_user(struct worker *w, struct arena *a, struct slot *s)
{
	char name[NAME_SIZE];
	struct controls c = {.count = 0};

	control_proxy(&c, a, w->all->caller);
	control_assert(&c, a, schema_guard, s->guard);
	return ldap_delete_ext(w->ld, new_dn(w, a, s->number, name),
			       control_list(&c), NULL, &s->msgid);
}

static int bind_user(struct worker *w, struct arena *a, struct slot *s)
{
	struct berval cred;

	ber_str2bv(w->all->plan.password, 0, 0, &cred);
	return ldap_sasl_bind(w->ld,
			      user_dn(w, a,
				      name_turn(&w->all->plan.names,
						s->number)),
			      LDAP_SASL_SIMPLE, &cred, NULL, NULL, &s->msgid);
}

static int begin_first(struct worker *w, struct arena *a, struct slot *s)
{
	char name[NAME_SIZE];

	switch (w->all->plan.work) {
	case WORK_LIST:
		return find_keys(w, a, s);
	case WORK_CREATE:
		return add_user(w, a, s);
	case WORK_DELETE:
		return read_user(w, a, s, new_dn(w, a, s->number, name));
	case WORK_LOGIN:
		return bind_user(w, a, s);
	case WORK_GET:
	case WORK_PATCH:
	case WORK_PASSWORD:
	case WORK_COUNT:
		break;
	}
	return read_user(w, a, s,
			 user_dn(w, a,
				 name_turn(&w->all->plan.names, s->number)));
}

static int begin_second(struct worker *w, struct arena *a, struct slot *s)
{
	return w->all->plan.work == WORK_LIST    ? read_page(w, a, s)
	       : w->all->plan.work == WORK_PATCH ? modify_user(w, a, s)
						 : delete_user(w, a, s);
}

static void submit(struct worker *w, struct slot *s)
{
	struct arena *a = arena_new();
	int rc = s->second ? begin_second(w, a, s) : begin_first(w, a, s);

	if (rc != LDAP_SUCCESS)
		die("cannot send", rc);
	arena_free(a);
}

static void start_next(struct worker *w, struct slot *s)
{
	int64_t now = clock_micros();

	s->msgid = 0;
	if (!plan_draw(&w->all->plan, &w->all->next, w->tally.began, now,
		       &s->number))
		return;
	s->second = false;
	s->entries = 0;
	s->began = now;
	w->under_way++;
	submit(w, s);
}

static struct slot *find(struct worker *w, int msgid)
{
	for (size_t i = 0; i < w->room; i++) {
		if (w->slots[i].msgid == msgid)
			return &w->slots[i];
	}
	die("an answer to nothing", LDAP_OTHER);
	return NULL;
}

static void copy_value(LDAP *ld, LDAPMessage *entry, const char *attr, char *to,
		       size_t size)
{
	struct berval **v = ldap_get_values_len(ld, entry, attr);

	if (v != NULL && v[0] != NULL && v[0]->bv_len < size) {
		memcpy(to, v[0]->bv_val, v[0]->bv_len);
		to[v[0]->bv_len] = '\0';
	}
	ldap_value_free_len(v);
}

/* Only what the second operation needs is looked at. */
static void take_entry(struct worker *w, struct slot *s, LDAPMessage *entry)
{
	if (w->all->plan.work == WORK_LIST && !s->second &&
	    s->entries < LIST_LIMIT)
		copy_value(w->ld, entry, schema_of(KIND_USER)->key,
			   s->keys[s->entries], KEY_SIZE);
	if (w->all->plan.work == WORK_PATCH || w->all->plan.work == WORK_DELETE)
		copy_value(w->ld, entry, schema_guard, s->guard, GUARD_SIZE);
	s->entries++;
}

static bool has_second(enum work work)
{
	return work == WORK_LIST || work == WORK_PATCH || work == WORK_DELETE;
}

/* How many entries a search must have found. */
static bool is_complete(const struct worker *w, const struct slot *s)
{
	switch (w->all->plan.work) {
	case WORK_LIST:
		/* Others may have created some there meanwhile. */
		return s->second ? s->entries == LIST_LIMIT
				 : s->entries >= HOUSEHOLD;
	case WORK_PATCH:
	case WORK_DELETE:
		return s->second || s->entries == 1;
	case WORK_GET:
		return s->entries == 1;
	case WORK_CREATE:
	case WORK_LOGIN:
	case WORK_PASSWORD:
	case WORK_COUNT:
		break;
	}
	return true;
}

static void take_result(struct worker *w, struct slot *s, LDAPMessage *result)
{
	int code = LDAP_OTHER;
	int rc = ldap_parse_result(w->ld, result, &code, NULL, NULL, NULL, NULL,
				   0);
	bool good =
		rc == LDAP_SUCCESS && code == LDAP_SUCCESS && is_complete(w, s);

	if (good && has_second(w->all->plan.work) && !s->second) {
		s->second = true;
		submit(w, s);
		s->entries = 0;
		return;
	}
	w->under_way--;
	if (good)
		tally_count(&w->tally, clock_micros() - s->began);
	else
		tally_error(&w->tally, "%s, %zu entries", ldap_err2string(code),
			    s->entries);
	start_next(w, s);
}

static void connect_worker(struct worker *w)
{
	const struct ldap_settings set = {.uri = w->all->plan.uri,
					  .base = w->all->plan.base};
	struct err e = {0};
	int fd;

	w->ld = connect_directory(&set,
				  w->all->plan.work == WORK_LOGIN
					  ? CONNECT_NOBODY
					  : CONNECT_GATEWAY,
				  &e);
	if (w->ld == NULL || ldap_get_option(w->ld, LDAP_OPT_DESC, &fd) != 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) != 0)
		die(e.text, LDAP_CONNECT_ERROR);
}

static void *run(void *ctx)
{
	struct worker *w = ctx;
	struct timeval patience = {.tv_sec = DRAIN_SECONDS};
	LDAPMessage *message;

	w->tally.began = clock_micros();
	for (size_t i = 0; i < w->room; i++)
		start_next(w, &w->slots[i]);
	while (w->under_way > 0) {
		int rc = ldap_result(w->ld, LDAP_RES_ANY, LDAP_MSG_ONE,
				     &patience, &message);

		if (rc <= 0)
			die("no answer",
			    rc == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN);
		struct slot *s = find(w, ldap_msgid(message));
		if (rc == LDAP_RES_SEARCH_ENTRY)
			take_entry(w, s, message);
		else
			take_result(w, s, message);
		ldap_msgfree(message);
	}
	w->tally.ended = clock_micros();
	ldap_unbind_ext(w->ld, NULL, NULL);
	return NULL;
}

static void prepare(struct worker *w, struct common *all, size_t i, size_t n)
{
	size_t outstanding = (size_t)all->plan.outstanding;

	w->all = all;
	w->room = outstanding / n + (i < outstanding % n ? 1 : 0);
	if (all->plan.work == WORK_LOGIN)
		w->room = 1;
	w->slots = calloc(w->room, sizeof(*w->slots));
	if (w->slots == NULL)
		abort();
	connect_worker(w);
}

static void finish(struct worker *w, struct tally *sum)
{
	pthread_join(w->thread, NULL);
	tally_merge(sum, &w->tally);
	free(w->slots);
}

static void read_plan(struct common *all, struct arena *a, int argc,
		      char **argv)
{
	struct plan *p = &all->plan;

	plan_read(p, argc, argv);
	if (p->uri == NULL || p->base == NULL || p->caller == NULL ||
	    p->password == NULL || p->hash == NULL || p->threads < 1 ||
	    p->threads > THREADS_MAX)
		die("--uri, --base, --caller, --password, --hash, --threads",
		    LDAP_PARAM_ERROR);
	if (p->threads > p->outstanding)
		p->threads = p->outstanding;
	all->caller = schema_login_dn(a, p->base, p->caller);
	all->want = map_wanted(&schema_of(KIND_USER)->map, a, schema_guard);
	all->filter = schema_class_filter(a, KIND_USER);
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	static struct common all;
	struct arena *a = arena_new();
	struct tally sum = {.began = INT64_MAX};

	read_plan(&all, a, argc, argv);
	connect_prepare();
	size_t n = (size_t)all.plan.threads;
	for (size_t i = 0; i < n; i++)
		prepare(&workers[i], &all, i, n);
	for (size_t i = 0; i < n; i++) {
		if (pthread_create(&workers[i].thread, NULL, run,
				   &workers[i]) != 0)
			abort();
	}
	for (size_t i = 0; i < n; i++)
		finish(&workers[i], &sum);
	tally_print(&sum);
	arena_free(a);
	return sum.errors > 0 || sum.done == 0;
}
