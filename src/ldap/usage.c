#include "ldap/usage.h"

#include <string.h>

#include "ldap/filter.h"
#include "ldap/schema.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	MEASURE_TRIES = 3, /* while others make or remove the entry */
	LOOK_MILLIS = 2000,
};

static const char *time_text(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	if (seconds == NUMBER_NONE)
		return NULL;
	instant_text(text, seconds);
	return arena_strdup(a, text);
}

static struct user record_of(struct arena *a, const struct usage *u)
{
	struct user record = user_defaults;

	record.last_login_at = time_text(a, u->last_login);
	record.quota_used_bytes = u->used_bytes;
	record.quota_used_messages = u->used_messages;
	record.quota_measured_at = time_text(a, u->measured);
	return record;
}

/* Two gateways may have heard of the same user: the older news must not take
 * the place of the newer, whoever writes first. */
static void assert_newer(struct controls *c, struct arena *a,
			 const struct usage *u)
{
	const char *names[2], *values[2];
	size_t n = 0;

	if (u->last_login != NUMBER_NONE) {
		names[n] = schema_last_login;
		values[n++] = map_time(a, time_text(a, u->last_login));
	}
	/* What was measured in the same second may be the newer. */
	if (u->measured != NUMBER_NONE) {
		names[n] = schema_measured;
		values[n++] = map_time(a, time_text(a, u->measured + 1));
	}
	control_assert_below(c, a, names, values, n);
}

static void each_there(void *ctx, LDAP *ld, LDAPMessage *message)
{
	bool *there = ctx;

	(void)ld, (void)message;
	*there = true;
}

bool usage_is_there(struct ldap_store *s, const struct task *t)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct arena *a = t->arena;
	int64_t now = clock_now(), before = s->usage_looked;
	bool there = false;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_domains_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter_equal(a, "objectClass",
						      schema_usage()->class),
			       .want = nothing,
			       .limit = 1,
			       .each = each_there,
			       .ctx = &there};
	struct err none = {0};

	if (s->usage_there || (before != 0 && now < before + LOOK_MILLIS))
		return s->usage_there;
	s->usage_looked = now; /* others need not look as well */
	if (!store_run(s, t, &op, s->set->read_seconds, "usage", &none) &&
	    op.result != LDAP_SIZELIMIT_EXCEEDED) {
		s->usage_looked = before;
		return true; /* who knows? */
	}
	s->usage_there = s->usage_there || there; /* told meanwhile */
	return s->usage_there;
}

/* ERR_NOT_FOUND: the entry is not there; ERR_CHANGED: it knows better. */
static bool change(struct ldap_store *s, const struct task *t, const char *dn,
		   const struct usage *u, struct err *e)
{
	const struct user none = user_defaults, record = record_of(t->arena, u);
	struct controls c = {.count = 0};

	assert_newer(&c, t->arena, u);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = dn,
			       .mods = map_change(schema_usage(), t->arena,
						  &none, &record),
			       .controls = control_list(&c)};

	return op.mods == NULL ||
	       store_run(s, t, &op, s->set->write_seconds, "usage", e);
}

/* ERR_NOT_FOUND: there is no such user. */
static bool add(struct ldap_store *s, const struct task *t, const char *user,
		const struct usage *u, struct err *e)
{
	struct user record = record_of(t->arena, u);

	if (!store_look(s, t, user, schema_mailbox_id, &record.mailbox_id, e))
		return false;
	if (record.mailbox_id == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no such user");
	record.name = schema_usage_name;
	struct operation op = {.kind = OPERATION_ADD,
			       .dn = schema_usage_dn(t->arena, user),
			       .mods = map_add(schema_usage(), t->arena,
					       &record)};

	return store_run(s, t, &op, s->set->write_seconds, "usage", e);
}

/* One kind of news, or both. */
static bool write_news(struct ldap_store *s, const struct task *t,
		       const char *user, const struct usage *u, struct err *e)
{
	const char *dn = schema_usage_dn(t->arena, user);

	for (int try = 0; try < MEASURE_TRIES; try++) {
		err_clear(e);
		if (change(s, t, dn, u, e))
			return true;
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		if (add(s, t, user, u, e))
			return true;
		if (e->kind != ERR_EXISTS)
			return false;
	}
	return false;
}

/* That the directory knows better is as good as having told it. */
static bool write_part(struct ldap_store *s, const struct task *t,
		       const char *user, const struct usage *u, struct err *e)
{
	if (!write_news(s, t, user, u, e) && e->kind != ERR_CHANGED)
		return false;
	err_clear(e);
	return true;
}

bool usage_measure(struct store *port, const struct task *t,
		   const char *address, const struct usage *u, struct err *e)
{
	struct ldap_store *s = store_self(port);
	const char *user =
		schema_dn(t->arena, s->set->base, KIND_USER, address);
	struct usage login = USAGE_NONE, rest = *u;

	if (user == NULL)
		return err_set(e, ERR_NOT_FOUND, "there is no such user");
	s->usage_there = true; /* or nearly so */
	if (u->last_login == NUMBER_NONE || u->measured == NUMBER_NONE)
		return write_part(s, t, user, u, e);
	if (write_news(s, t, user, u, e))
		return true;
	if (e->kind != ERR_CHANGED)
		return false;
	login.last_login = u->last_login;
	rest.last_login = NUMBER_NONE;
	return write_part(s, t, user, &login, e) &&
	       write_part(s, t, user, &rest, e);
}

bool usage_remove(struct ldap_store *s, const struct task *t, const char *user,
		  bool *was_there, struct err *e)
{
	struct operation op = {.kind = OPERATION_DELETE,
			       .dn = schema_usage_dn(t->arena, user)};

	*was_there = store_run(s, t, &op, s->set->write_seconds, "usage", e);
	if (!*was_there && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static size_t count_of(const char *const list[])
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

const char *const *usage_wanted(struct arena *a, const char *const user[])
{
	const char *const *more = map_wanted(schema_usage(), a, "objectClass");
	size_t n = count_of(user), m = count_of(more);
	const char **all = arena_alloc(a, (n + m + 1) * sizeof(*all));

	memcpy(all, user, n * sizeof(*all));
	memcpy(all + n, more, m * sizeof(*all));
	return all;
}

struct attaching {
	struct arena *arena;
	struct user *users;
	size_t count;
	struct err err;
};

static void each_usage(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct attaching *at = ctx;
	struct entry en;

	if (at->err.kind != ERR_NONE ||
	    !entry_read(ld, message, at->arena, &en, &at->err))
		return;
	const char *whose = entry_text(&en, schema_usage_of);
	for (size_t i = 0; whose != NULL && i < at->count; i++) {
		if (text_equal(at->users[i].mailbox_id, whose))
			map_read(schema_usage(), at->arena, &en, &at->users[i],
				 &at->err);
	}
}

bool usage_mailbox(struct store *port, const struct task *t,
		   const char *address, const char **ret, struct err *e)
{
	struct ldap_store *s = store_self(port);

	return store_look(s, t,
			  schema_dn(t->arena, s->set->base, KIND_USER, address),
			  schema_mailbox_id, ret, e);
}

static void each_mailbox(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct attaching *at = ctx;
	struct entry en;

	if (at->err.kind != ERR_NONE ||
	    !entry_read(ld, message, at->arena, &en, &at->err))
		return;
	const char *whose = entry_text(&en, schema_of(KIND_USER)->key);
	for (size_t i = 0; whose != NULL && i < at->count; i++) {
		if (strcmp(at->users[i].address, whose) == 0)
			at->users[i].mailbox_id =
				entry_text(&en, schema_mailbox_id);
	}
}

/* Callers with a role see the user and what was measured of him, and not his
 * mailbox's name, which joins the two: that the gateway looks up for them. */
static bool see_mailboxes(struct ldap_store *s, const struct task *t,
			  const struct operation *users_op,
			  struct attaching *at, struct err *e)
{
	const char *const want[] = {schema_of(KIND_USER)->key,
				    schema_mailbox_id, NULL};
	struct operation op = *users_op;
	size_t unknown = 0;

	for (size_t i = 0; i < at->count; i++)
		unknown += at->users[i].mailbox_id == NULL;
	if (unknown == 0)
		return true;
	op.controls = NULL;
	op.want = want;
	op.each = each_mailbox;
	op.ctx = at;
	if (!store_run(s, t, &op, s->set->read_seconds, "usage", e))
		return false;
	if (at->err.kind != ERR_NONE)
		*e = at->err;
	return at->err.kind == ERR_NONE;
}

bool usage_read(struct ldap_store *s, const struct task *t,
		const struct operation *users_op, struct user *users,
		size_t count, struct err *e)
{
	struct arena *a = t->arena;
	const char **any = arena_alloc(a, (count + 1) * sizeof(*any));
	struct attaching at = {a, users, count, {0}};
	struct operation op = *users_op;
	size_t known = 0;

	if (!see_mailboxes(s, t, users_op, &at, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (users[i].mailbox_id != NULL) /* else just removed */
			any[known++] = filter_equal(a, schema_usage_of,
						    users[i].mailbox_id);
	}
	if (known == 0)
		return true;
	op.scope = LDAP_SCOPE_SUBTREE;
	op.filter = filter_any(a, any, known);
	op.controls = NULL; /* who sees a user sees what was measured of him */
	op.want = map_wanted(schema_usage(), a, schema_usage_of);
	op.each = each_usage;
	op.ctx = &at;
	if (!store_run(s, t, &op, s->set->read_seconds, "usage", e))
		return false;
	if (at.err.kind != ERR_NONE)
		*e = at.err;
	return at.err.kind == ERR_NONE;
}
