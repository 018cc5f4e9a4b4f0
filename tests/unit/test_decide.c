#include "policy/decide.h"

#include "core/plan.h"
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

static const char *decided(const char *recipient, const char *state)
{
	const struct decider d = {.gateway = &w->gateway,
				  .settings = &set,
				  .ask = set.quota_status != NULL ? ask : NULL};
	const struct policy_request r = {"smtpd_access_policy", state,
					 "s@out.example", recipient, "77"};
	struct task t = w->admin;

	t.deadline = clock_now() + 10000;
	asked = "";
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

int main(void)
{
	w = world_open();
	populate();
	recipients();
	failures();
	plans();
	world_close(&w);
	return tap_done();
}
