#include "core/doubt.h"

#include "core/alias.h"
#include "core/domain.h"
#include "core/provision.h"
#include "core/user.h"
#include "tests/lib/store_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"

static struct world *w;

static void soon(char text[CLOCK_TEXT], int64_t ago)
{
	clock_text_ago(text, ago);
}

static void recent(void)
{
	struct doubt d = doubt_begin();
	char text[CLOCK_TEXT];

	soon(text, 0);
	OK(doubt_is_recent(&d, text), "made just now");
	soon(text, 1500);
	OK(doubt_is_recent(&d, text), "clocks may differ a little");
	soon(text, 5000);
	OK(!doubt_is_recent(&d, text), "made before");
	OK(!doubt_is_recent(&d, NULL), "nobody knows when");
}

/* What stands at the end of so many failures. */
static const struct {
	enum err_kind kinds[4];
	const char *code;
	enum err_kind want;
	unsigned tries;
	const char *what;
} cases[] = {
	{{ERR_EXISTS}, NULL, ERR_EXISTS, 1, "a clear no is one"},
	{{ERR_UNAVAILABLE}, NULL, ERR_UNAVAILABLE, 1, "nothing was sent"},
	{{ERR_UNKNOWN, ERR_EXISTS}, NULL, ERR_EXISTS, 2, "then a clear answer"},
	{{ERR_UNKNOWN, ERR_UNKNOWN, ERR_UNKNOWN, ERR_UNKNOWN},
	 "outcome_unknown",
	 ERR_UNKNOWN,
	 4,
	 "never an answer"},
	{{ERR_UNKNOWN, ERR_UNAVAILABLE, ERR_UNAVAILABLE, ERR_UNAVAILABLE},
	 "outcome_unknown",
	 ERR_UNKNOWN,
	 4,
	 "sent once, and then gone"},
};

static void verdicts(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct doubt d = doubt_begin();
		struct err e = {0};
		unsigned n = 0;

		do {
			err_set(&e, cases[i].kinds[n++], "it failed");
		} while (doubt_again(&d, &w->gateway, &w->admin, &e));
		OK(e.kind == cases[i].want && n == cases[i].tries,
		   cases[i].what);
		doubt_disproved(&d, &e);
		OK(e.kind == cases[i].want, "which reading does not change");
	}
	struct doubt d = doubt_begin();
	struct err e = {0};
	do {
		err_code(&e, ERR_UNKNOWN, "directory_failed", "result 80");
	} while (doubt_again(&d, &w->gateway, &w->admin, &e));
	doubt_disproved(&d, &e);
	OK(e.kind == ERR_UNAVAILABLE,
	   "the directory itself said that it failed, and it is not there");
}

static bool lose(void)
{
	store_mem_trouble(w->store, 1, STORE_MEM_LOSES_ONE);
	return true;
}

/* The answer to one write is lost: the client is told the truth. */
static void creations(void)
{
	struct user u = user_defaults, again = user_defaults;
	struct domain d = domain_defaults, same = domain_defaults;
	struct revision rev;
	struct err e = {0};

	u.address = again.address = "new@example.org";
	OK(lose() &&
		   provision_create(&w->gateway, &w->admin, KIND_USER, &u, &rev,
				    &e) &&
		   u.id != NULL && rev.etag != NULL,
	   "a user, whose answer was lost, was made");
	OK(lose() &&
		   !provision_create(&w->gateway, &w->admin, KIND_USER, &again,
				     &rev, &e) &&
		   e.kind == ERR_EXISTS,
	   "somebody else's is not taken for ours");
	store_mem_trouble(w->store, 0, STORE_MEM_LOSES_ONE);
	d.name = same.name = "lost.example";
	e = (struct err){0};
	OK(lose() && !provision_create(&w->gateway, &w->admin, KIND_DOMAIN, &d,
				       &rev, &e),
	   "a store whose times are long past cannot prove a domain");
	IS(e.conflicts_with, "/v1/domains/lost.example",
	   "and says where it is");
}

static void changes(void)
{
	struct user wanted = {.name = "Bobby"}, got;
	const struct field f = FIELD(struct user, name);
	const struct patch p = {&wanted, &f, 1, false, NULL};
	struct revision rev;
	struct err e = {0};

	provision_read(&w->gateway, &w->admin, KIND_USER, "bob@example.org",
		       &got, &rev, &e);
	const char *tags[] = {rev.etag};
	const struct text_list match = {tags, 1};
	unsigned writes = store_mem_writes(w->store);
	OK(lose() && provision_change(&w->gateway, &w->admin, KIND_USER,
				      "bob@example.org", &p, &match, &got, &rev,
				      &e),
	   "a conditional change, whose answer was lost");
	IS(got.name, "Bobby", "was done");
	OK(store_mem_writes(w->store) == writes + 1, "once");
	e = (struct err){0};
	OK(!provision_change(&w->gateway, &w->admin, KIND_USER,
			     "bob@example.org", &p, &match, &got, &rev, &e) &&
		   e.kind == ERR_CHANGED,
	   "the condition is no longer true");
	e = (struct err){0};
	OK(lose() && world_remove(&w->gateway, &w->admin, KIND_USER,
				  "bob@example.org", false, NULL, &e),
	   "a removal, whose answer was lost, was done");
	OK(!world_remove(&w->gateway, &w->admin, KIND_USER, "bob@example.org",
			 false, NULL, &e) &&
		   e.kind == ERR_NOT_FOUND,
	   "once");
}

/* What somebody else does while we wait to try again. */
static void (*meanwhile)(void);

static bool await_others(struct store *s, const struct task *t, int64_t ms)
{
	void (*theirs)(void) = meanwhile;

	(void)s, (void)t, (void)ms;
	meanwhile = NULL;
	store_mem_trouble(w->store, 0, STORE_MEM_LOSES_ONE);
	if (theirs != NULL)
		theirs();
	return true;
}

static void change_him(void)
{
	struct user wanted = {.quota_bytes = 77}, got;
	const struct field f = FIELD(struct user, quota_bytes);
	const struct patch p = {&wanted, &f, 1, false, NULL};
	struct revision rev;
	struct err e = {0};

	OK(provision_change(&w->gateway, &w->admin, KIND_USER,
			    "carl@example.org", &p, NULL, &got, &rev, &e),
	   "somebody else changes him");
}

static void create_him(void)
{
	struct user u = user_defaults;
	struct revision rev;
	struct err e = {0};

	u.address = "carl@example.org";
	OK(provision_create(&w->gateway, &w->admin, KIND_USER, &u, &rev, &e),
	   "somebody else has his address");
}

static void others(void)
{
	const struct store_ops *real = w->store->ops;
	struct store_ops ops = *real;
	struct user wanted = {.name = "Carlo"}, got;
	const struct field f = FIELD(struct user, name);
	const struct patch p = {&wanted, &f, 1, false, NULL};
	struct revision rev;
	struct err e = {0};

	create_him();
	provision_read(&w->gateway, &w->admin, KIND_USER, "carl@example.org",
		       &got, &rev, &e);
	const char *tags[] = {rev.etag};
	const struct text_list match = {tags, 1};
	ops.await = await_others;
	w->store->ops = &ops;
	meanwhile = change_him;
	OK(lose() && !provision_change(&w->gateway, &w->admin, KIND_USER,
				       "carl@example.org", &p, &match, &got,
				       &rev, &e),
	   "a conditional change that was done, and changed since");
	OK(e.kind == ERR_UNKNOWN, "is not said to have been refused");
	e = (struct err){0};
	meanwhile = create_him;
	OK(lose() && world_remove(&w->gateway, &w->admin, KIND_USER,
				  "carl@example.org", false, NULL, &e),
	   "a removal that was done");
	OK(provision_read(&w->gateway, &w->admin, KIND_USER, "carl@example.org",
			  &got, &rev, &e),
	   "spares whoever came after him");
	w->store->ops = real;
}

/* Nobody can see whether it was: it is not said that it was not. */
static bool fails(struct store *s, const struct task *t, enum kind k,
		  const void *old, void *record, const struct revision *seen,
		  struct revision *ret, struct err *e)
{
	(void)s, (void)t, (void)k, (void)old, (void)record, (void)seen,
		(void)ret;
	return err_code(e, ERR_UNKNOWN, "directory_failed", "result 80");
}

static void passwords(void)
{
	const struct store_ops *real = w->store->ops;
	struct store_ops ops = *real;
	struct user wanted = {.clear = "correct horse battery"}, got;
	const struct field f = FIELD(struct user, clear);
	const struct patch p = {&wanted, &f, 1, false, NULL};
	struct revision rev;
	struct err e = {0};

	ops.change = fails;
	w->store->ops = &ops;
	OK(!provision_change(&w->gateway, &w->admin, KIND_USER,
			     "carl@example.org", &p, NULL, &got, &rev, &e) &&
		   e.kind == ERR_UNKNOWN,
	   "whether a password was changed nobody can see");
	w->store->ops = real;
}

int main(void)
{
	w = world_open();
	recent();
	verdicts();
	creations();
	changes();
	others();
	passwords();
	world_close(&w);
	return tap_done();
}
