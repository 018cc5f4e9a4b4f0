#include "policy/decide.h"

#include "core/alias.h"
#include "core/plan.h"
#include "core/resolve.h"
#include "core/user.h"
#include "tests/lib/survey_mem.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "util/clock.h"
#include "util/text.h"

static struct world *w;
static struct policy_settings set = {.overquota = "552 5.2.2 Mailbox is full",
				     .overquota_if = "all",
				     .on_failure = "DUNNO",
				     .quota_seconds = 2};
static bool quota_down;
static size_t looked_up, large;
static bool (*look_up)(struct store *s, const struct task *t,
		       const struct text_list *keys,
		       const struct signpost **ret, struct err *e);
static const char *asked;

/* Whose name begins with "full" is, and "odd" cannot be asked for. */
static bool ask(void *ctx, struct arena *a, const struct policy_request *what,
		const int64_t *until, bool *full, struct err *e)
{
	(void)ctx, (void)until;
	asked = arena_printf(a, "%s%s:%s:%s ", asked, what->recipient,
			     what->sender, what->size);
	if (quota_down || strncmp(what->recipient, "odd", 3) == 0)
		return err_set(e, ERR_UNAVAILABLE, "quota-status is down");
	*full = strncmp(what->recipient, "full", 4) == 0;
	return true;
}

static bool count_looks(struct store *s, const struct task *t,
			const struct text_list *keys,
			const struct signpost **ret, struct err *e)
{
	looked_up += keys->count;
	return look_up(s, t, keys, ret, e);
}

/* How often somebody asks; the answer is the context. */
static bool may_be_large(void *ctx)
{
	large++;
	return *(const bool *)ctx;
}

static void populate(void)
{
	static const char *const users[] = {"full@example.org",
					    "full2@example.org",
					    "odd@example.org",
					    "deaf@example.org",
					    "copy@example.org"};
	static const char *copies[] = {"full@example.org", "c@out.example"};
	static const struct text_list none = {0}, keeps = {copies, 2};

	world_domain(w, "brand.example", "example.org");
	world_domain(w, "catch.example", NULL);
	for (size_t i = 0; i < COUNT(users); i++) {
		struct user u = user_defaults;

		u.address = users[i];
		world_create(w, KIND_USER, &u);
	}
	survey_mem_forward("deaf@example.org", &none, true);
	survey_mem_forward("copy@example.org", &keeps, false);
	world_alias(w, "tofull@example.org", "full@example.org", NULL);
	world_alias(w, "mixed@example.org", "full@example.org",
		    "ann@example.org");
	world_alias(w, "both@example.org", "tofull@example.org",
		    "full2@example.org");
	world_alias(w, "twice@example.org", "tofull@example.org",
		    "full@example.org");
	world_alias(w, "doubt@example.org", "odd@example.org",
		    "full@example.org");
	world_alias(w, "sure@example.org", "odd@example.org",
		    "ann@example.org");
	world_alias(w, "away@example.org", "full@example.org", "x@out.example");
	world_alias(w, "lost@example.org", "nobody@example.org", NULL);
	world_alias(w, "part@example.org", "nobody@example.org",
		    "ann@example.org");
	world_alias(w, "loop1@example.org", "loop2@example.org", NULL);
	world_lead_back(w, "loop2@example.org", "loop1@example.org", NULL);
	world_alias(w, "@catch.example", "nobody@brand.example", NULL);
}

static bool admitted = true;

static const char *decided(const char *recipient, const char *state)
{
	const struct decider d = {.gateway = &w->gateway,
				  .settings = &set,
				  .ask = set.quota_status != NULL ? ask : NULL,
				  .may_be_large = may_be_large,
				  .large_ctx = &admitted};
	const struct policy_request r = {"smtpd_access_policy", state,
					 "s@out.example", recipient, "77"};
	struct task t = w->admin;

	t.deadline = clock_now() + 10000;
	asked = "";
	looked_up = large = 0;
	struct decision ret = decide(&d, &t, &r);
	return arena_printf(w->arena, "%s %.3s", ret.reason, ret.action);
}

static const struct {
	const char *recipient, *all, *any;
} cases[] = {
	{"ann@example.org", "good DUN", "good DUN"},
	{"Ann+tag@Example.org", "good DUN", "good DUN"},
	{"full@example.org", "full 552", "full 552"},
	{"full+tag@example.org", "full 552", "full 552"},
	{"full@brand.example", "full 552", "full 552"},
	{"FULL+tag@brand.example", "full 552", "full 552"},
	{"tofull@example.org", "full 552", "full 552"},
	{"tofull@brand.example", "full 552", "full 552"},
	{"mixed@example.org", "good DUN", "full 552"},
	{"both@example.org", "full 552", "full 552"},
	{"twice@example.org", "full 552", "full 552"},
	{"doubt@example.org", "failed DUN", "full 552"},
	{"sure@example.org", "good DUN", "failed DUN"},
	{"odd@example.org", "failed DUN", "failed DUN"},
	{"away@example.org", "good DUN", "full 552"},
	{"copy@example.org", "good DUN", "full 552"},
	{"lost@example.org", "unknown 550", "unknown 550"},
	{"part@example.org", "good DUN", "good DUN"},
	{"nobody@example.org", "unknown 550", "unknown 550"},
	{"nobody@brand.example", "unknown 550", "unknown 550"},
	{"whoever@catch.example", "unknown 550", "unknown 550"},
	{"deaf@example.org", "send_only 550", "send_only 550"},
	{"loop1@example.org", "not_followed DUN", "not_followed DUN"},
	{"x@out.example", "not_ours DUN", "not_ours DUN"},
	{"", "no_address DUN", "no_address DUN"},
	{"postmaster", "no_address DUN", "no_address DUN"},
	{"@example.org", "no_address DUN", "no_address DUN"},
	{"\"a b\"@example.org", "no_address DUN", "no_address DUN"},
};

static void recipients(void)
{
	set.quota_status = "somewhere";
	for (size_t i = 0; i < COUNT(cases); i++) {
		set.overquota_if = "all";
		IS(decided(cases[i].recipient, "RCPT"), cases[i].all,
		   cases[i].recipient);
		set.overquota_if = "any";
		IS(decided(cases[i].recipient, "RCPT"), cases[i].any,
		   "if any is full");
	}
	set.overquota_if = "all";
	decided("twice+t@example.org", "RCPT");
	IS(asked, "full@example.org:s@out.example:77 ",
	   "a mailbox is asked for once, with sender and size");
	decided("away@example.org", "RCPT");
	IS(asked, "", "not at all where it does not matter");
	IS(decided("full@example.org", "DATA"), "not_rcpt DUN",
	   "only recipients are judged");
}

static void failures(void)
{
	quota_down = true;
	IS(decided("full@example.org", "RCPT"), "failed DUN",
	   "quota-status is down");
	IS(decided("lost@example.org", "RCPT"), "unknown 550",
	   "which is not asked what is unknown");
	quota_down = false;
	store_mem_down(w->store, true);
	IS(decided("full@example.org", "RCPT"), "failed DUN",
	   "the directory is down");
	set.on_failure = "DEFER_IF_PERMIT";
	IS(decided("lost@example.org", "RCPT"), "failed DEF",
	   "the other answer to that");
	set.on_failure = "DUNNO";
	store_mem_down(w->store, false);
	set.quota_status = NULL;
	IS(decided("full@example.org", "RCPT"), "good DUN",
	   "without quota-status nobody is full");
	set.quota_status = "somewhere";
}

static void claim(const char *id, const char *name)
{
	struct plan p = {.id = id,
			 .state = PLAN_RUNNING,
			 .caller = "admin",
			 .names = {&name, 1}};
	struct err e = {0};

	if (!w->journal->ops->write(w->journal, &w->admin, &p, &e))
		printf("Bail out! %s\n", e.text);
}

static void plans(void)
{
	claim("a", "full@example.org");
	claim("b", "nobody@example.org");
	IS(decided("full+tag@example.org", "RCPT"), "under_way 450",
	   "what is being renamed is put off");
	IS(decided("lost@example.org", "RCPT"), "under_way 450",
	   "and what would lead to nothing else");
	IS(decided("part@example.org", "RCPT"), "good DUN",
	   "but not what leads elsewhere, too");
}

static const char *many[ALIAS_DESTINATIONS_MAX];

/* As other tools write it, with addresses that need not be there. */
static void list(const char *address, const char *format)
{
	struct alias al = alias_defaults;
	struct revision rev;
	struct err e = {0};

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = arena_printf(w->arena, "%s%zu@%s", format, i,
				       format[0] == 'x' ? "out.example"
							: "example.org");
	al.address = address;
	al.destinations = (struct text_list){many, COUNT(many)};
	alias_complete(&al, w->arena);
	if (!w->store->ops->add(w->store, &w->admin, KIND_ALIAS, &al, &rev, &e))
		printf("Bail out! %s\n", e.text);
}

/* Whoever asks for what leads to 10,000 makes us look at few of them, or waits
 * for others who do. */
static void lists(void)
{
	static struct store_ops ops;
	enum { FEW = 700, USERS = 200 };

	set.quota_status = "somewhere";
	for (size_t i = 0; i < USERS; i++) {
		struct user u = user_defaults;

		u.address = arena_printf(w->arena, "full-m%zu@example.org", i);
		world_create(w, KIND_USER, &u);
	}
	list("outside@example.org", "x");
	list("inside@example.org", "full-m");
	list("void@example.org", "none");
	ops = *w->store->ops;
	look_up = ops.look_up;
	ops.look_up = count_looks;
	w->store->ops = &ops;
	IS(decided("outside@example.org", "RCPT"), "good DUN",
	   "what leads outside");
	OK(looked_up < FEW && large == 0, "few are looked up");
	IS(decided("inside@example.org", "RCPT"), "good DUN",
	   "more mailboxes than are asked");
	OK(looked_up < FEW && large == 0 && asked[0] == '\0', "few as well");
	set.overquota_if = "any";
	IS(decided("inside@example.org", "RCPT"), "full 552", "one is full");
	OK(looked_up < FEW && large == 0, "that takes no more");
	set.overquota_if = "all";
	set.quota_status = NULL;
	IS(decided("both@example.org", "RCPT"), "good DUN", "a mailbox");
	set.quota_status = "somewhere";
	IS(decided("void@example.org", "RCPT"), "unknown 550",
	   "10,000 that are not there");
	OK(looked_up >= COUNT(many) && large == 1,
	   "all are looked up, after having asked for it once");
	admitted = false;
	IS(decided("void@example.org", "RCPT"), "not_followed DUN",
	   "who may not says nothing");
	OK(looked_up < 3 * RESOLVE_LARGE, "and looks no further");
	IS(decided("lost@example.org", "RCPT"), "unknown 550",
	   "small ones are followed");
	admitted = true;
}

int main(void)
{
	w = world_open();
	populate();
	lists();
	recipients();
	failures();
	plans();
	world_close(&w);
	return tap_done();
}
