#include <string.h>

#include "core/alias.h"
#include "core/provision.h"
#include "core/user.h"
#include "core/web.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/text.h"

static struct world *w;
static const char bob[] = "bob@example.org";

static bool alias(const char *address, const char *to, struct err *e)
{
	const char *list[] = {to};
	struct alias al = alias_defaults;
	struct revision rev;

	*e = (struct err){0};
	al.address = address;
	al.destinations = (struct text_list){list, 1};
	return provision_create(&w->gateway, &w->admin, KIND_ALIAS, &al, &rev,
				e);
}

static bool forward(const char *address, const char *to, struct err *e)
{
	const char *list[] = {to};
	struct user u = {.forward_to = {list, 1}}, got;
	const struct field fields[] = {FIELD(struct user, forward_to)};
	const struct patch patch = {&u, fields, COUNT(fields), false, NULL};
	struct revision rev;

	*e = (struct err){0};
	return provision_change(&w->gateway, &w->admin, KIND_USER, address,
				&patch, NULL, &got, &rev, e);
}

static bool is_there(enum kind k, const char *key)
{
	struct revision rev;
	struct err e = {0};
	void *record = arena_alloc(w->arena, kind_rules(k)->size);

	return w->store->ops->get(w->store, &w->admin, k, key, record, &rev,
				  &e);
}

static size_t forwards_of(const char *address)
{
	struct revision rev;
	struct err e = {0};
	struct user u;

	w->store->ops->get(w->store, &w->admin, KIND_USER, address, &u, &rev,
			   &e);
	return u.forward_to.count;
}

/* Somebody else's writing, behind the back of who has just looked. */
static void close_circle(void *ctx)
{
	const char *to[] = {"a@example.org"};
	struct alias al = alias_defaults;
	struct revision rev;
	struct err e = {0};

	(void)ctx;
	al.address = "b@example.org";
	al.destinations = (struct text_list){to, 1};
	alias_complete(&al, w->arena);
	w->store->ops->add(w->store, &w->admin, KIND_ALIAS, &al, &rev, &e);
}

static void close_with_bob(void *ctx)
{
	const char *to[] = {"bob@example.org"};
	struct alias al = alias_defaults;
	struct revision rev;
	struct err e = {0};

	(void)ctx;
	al.address = "c@example.org";
	al.destinations = (struct text_list){to, 1};
	alias_complete(&al, w->arena);
	w->store->ops->add(w->store, &w->admin, KIND_ALIAS, &al, &rev, &e);
}

static void seen(void)
{
	struct err e;

	OK(alias("x@example.org", "y@example.org", &e), "one of two");
	OK(!alias("y@example.org", "x@example.org", &e) &&
		   e.kind == ERR_CONFLICT && text_equal(e.code, "loop"),
	   "the other would close a circle");
	OK(!is_there(KIND_ALIAS, "y@example.org"), "and is not there");
	OK(forward("ann@example.org", "x@example.org", &e), "a forward");
	OK(!alias("y@example.org", "ann@example.org", &e) &&
		   text_equal(e.code, "loop"),
	   "that another would close");
	OK(alias("y@example.org", "bob@example.org", &e), "elsewhere it may");
	OK(!forward("bob@example.org", "ann@example.org", &e) &&
		   text_equal(e.code, "loop"),
	   "a forward closes one of four");
	NUMBER(forwards_of("bob@example.org"), 0, "and is not made");
}

static void unseen(void)
{
	struct err e;

	store_mem_before_write(w->store, close_circle, NULL);
	OK(!alias("a@example.org", "b@example.org", &e) &&
		   e.kind == ERR_CONFLICT && text_equal(e.code, "loop"),
	   "two close a circle together: it is found afterwards");
	store_mem_before_write(w->store, NULL, NULL);
	OK(!is_there(KIND_ALIAS, "a@example.org") &&
		   is_there(KIND_ALIAS, "b@example.org"),
	   "and what was written is taken back");
	store_mem_before_write(w->store, close_with_bob, NULL);
	OK(!forward("bob@example.org", "c@example.org", &e) &&
		   text_equal(e.code, "loop"),
	   "the same with a change");
	store_mem_before_write(w->store, NULL, NULL);
	NUMBER(forwards_of("bob@example.org"), 0, "that is taken back");
}

/* What is taken back leaves the password alone: nobody could bring it back. */
static void password_stays(void)
{
	const char *list[] = {"c@example.org"};
	struct user u = {.forward_to = {list, 1}, .clear = "another"}, got;
	const struct field fields[] = {FIELD(struct user, forward_to),
				       FIELD(struct user, clear)};
	struct patch patch = {&u, fields, 1, false, NULL};
	struct revision rev;
	struct err e = {0};
	const struct patch first = {&u, fields + 1, 1, false, NULL};

	OK(provision_change(&w->gateway, &w->admin, KIND_USER, bob, &first,
			    NULL, &got, &rev, &e),
	   "a password");
	const char *was =
		arena_strdup(w->arena, store_mem_password(w->store, bob));
	w->store->ops->remove(w->store, &w->admin, KIND_ALIAS, list[0], NULL,
			      &e);
	store_mem_before_write(w->store, close_with_bob, NULL);
	OK(!provision_change(&w->gateway, &w->admin, KIND_USER, bob, &patch,
			     NULL, &got, &rev, &e) &&
		   text_equal(e.code, "loop"),
	   "a forward is taken back");
	IS(store_mem_password(w->store, bob), was, "the password is as it was");
	e = (struct err){0};
	w->store->ops->remove(w->store, &w->admin, KIND_ALIAS, list[0], NULL,
			      &e);
	patch.count = 2;
	OK(!provision_change(&w->gateway, &w->admin, KIND_USER, bob, &patch,
			     NULL, &got, &rev, &e) &&
		   e.kind == ERR_UNKNOWN,
	   "with a new password nobody says that nothing was done");
	OK(store_mem_password(w->store, bob) != NULL, "he has one");
	store_mem_before_write(w->store, NULL, NULL);
	NUMBER(forwards_of(bob), 0, "and no forward");
}

/* What others have closed keeps nobody from changing something else. */
static void not_to_blame(void)
{
	struct user u = {.name = "Bob"}, got;
	const struct field fields[] = {FIELD(struct user, name)};
	const struct patch patch = {&u, fields, 1, false, NULL};
	const char *list[] = {"c@example.org"};
	struct user old, now;
	struct revision rev, seen;
	struct err e = {0};

	w->store->ops->get(w->store, &w->admin, KIND_USER, bob, &old, &seen,
			   &e);
	now = old;
	now.destinations = (struct text_list){list, 1};
	w->store->ops->change(w->store, &w->admin, KIND_USER, &old, &now, &seen,
			      &rev, &e);
	close_with_bob(NULL);
	OK(provision_change(&w->gateway, &w->admin, KIND_USER, bob, &patch,
			    NULL, &got, &rev, &e),
	   "a name is changed within a circle");
}

static struct store_ops ops; /* the store's, counting */
static const struct store_ops *plain;
static unsigned rounds;

static bool look_up(struct store *s, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e)
{
	rounds++;
	return plain->look_up(s, t, keys, ret, e);
}

/* Every write waits for it. */
static void in_one_round(void)
{
	const char *to[] = {"x@far.example"};
	struct alias al = alias_defaults;
	struct err e = {0};

	plain = w->store->ops;
	ops = *plain;
	ops.look_up = look_up;
	w->store->ops = &ops;
	al.address = "one@example.org";
	al.destinations = (struct text_list){to, 1};
	alias_complete(&al, w->arena);
	OK(web_check(&w->gateway, &w->admin, KIND_ALIAS, &al, &e), "a way out");
	NUMBER(rounds, 1, "is seen at the first look");
	w->store->ops = plain;
}

int main(void)
{
	w = world_open();
	seen();
	unseen();
	password_stays();
	not_to_blame();
	in_one_round();
	world_close(&w);
	return tap_done();
}
