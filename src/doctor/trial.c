#include "doctor/trial.h"

#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "doctor/lookup.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "util/text.h"

/* An address or a domain, and what is expected of a lookup. */
struct subject {
	struct held_address *address;
	struct held_domain *domain; /* if it is no address */
};

/* What one lookup has to answer about a subject: an empty list means nothing,
 * unless just any answer will do.  False: it is not asked. */
struct expectation {
	struct text_list values;
	bool any; /* the presence of an answer is what matters */
	bool found;
	bool among; /* others may be answered, too */
	bool may;   /* but it need not be found */
};

enum subjects {
	OF_ADDRESSES,
	OF_DOMAINS,
	OF_ANYBODY, /* some address in each domain */
};

typedef bool expect(struct arena *a, struct subject s, struct expectation *ret);

struct test {
	enum service service;
	const char *file, *setting;
	enum subjects of;
	expect *expect;
	enum finding missing, unexpected;
};

static struct text_list one(struct arena *a, const char *value)
{
	struct text_list list = {.items = arena_alloc(a, sizeof(*list.items)),
				 .count = 1};

	list.items[0] = value;
	return list;
}

static void want(struct arena *a, struct expectation *ret, bool really,
		 const char *value)
{
	if (really)
		ret->values = one(a, value);
}

static bool expect_domain(struct arena *a, struct subject s, const char *kind,
			  struct expectation *ret)
{
	want(a, ret, s.domain->enabled && text_equal(s.domain->kind, kind),
	     s.domain->name);
	return true;
}

static bool expect_local(struct arena *a, struct subject s,
			 struct expectation *ret)
{
	return expect_domain(a, s, "local", ret);
}

static bool expect_alias(struct arena *a, struct subject s,
			 struct expectation *ret)
{
	return expect_domain(a, s, "alias", ret);
}

static bool expect_relay(struct arena *a, struct subject s,
			 struct expectation *ret)
{
	return expect_domain(a, s, "relay", ret);
}

static bool expect_transport(struct arena *a, struct subject s,
			     struct expectation *ret)
{
	want(a, ret, s.domain->enabled, s.domain->transport);
	return text_equal(s.domain->kind, "relay") &&
	       s.domain->transport != NULL;
}

#define ANYBODY "anybody@"
static bool expect_rewritten(struct arena *a, struct subject s,
			     struct expectation *ret)
{
	/* One that is just being renamed is of kind "local", and has one. */
	bool really =
		s.domain->enabled && (text_equal(s.domain->kind, "alias") ||
				      s.domain->target != NULL);

	if (really && s.domain->target != NULL)
		want(a, ret, true,
		     arena_printf(a, ANYBODY "%s", s.domain->target));
	return !really || s.domain->target != NULL;
}

static bool expect_verification(struct arena *a, struct subject s,
				struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = s.domain->enabled && s.domain->verify_recipients;
	return text_equal(s.domain->kind, "relay");
}

static bool expect_denied(struct arena *a, struct subject s,
			  struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = !s.domain->enabled;
	return true;
}

static bool expect_mailbox(struct arena *a, struct subject s,
			   struct expectation *ret)
{
	want(a, ret, s.address->enabled, s.address->address);
	return s.address->user;
}

static bool expect_destinations(struct arena *a, struct subject s,
				struct expectation *ret)
{
	if (s.address->enabled && s.address->destinations.count > 0)
		ret->values = s.address->destinations;
	else
		want(a, ret, s.address->enabled, s.address->address);
	return true;
}

static bool expect_send_only(struct arena *a, struct subject s,
			     struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = s.address->enabled && s.address->send_only;
	/* Postfix cannot see whether somebody disabled only sends. */
	return s.address->user && s.address->enabled;
}

static bool expect_sender(struct arena *a, struct subject s,
			  struct expectation *ret)
{
	want(a, ret, s.address->enabled, s.address->address);
	ret->among = true;
	return s.address->user;
}

static bool expect_alias_sender(struct arena *a, struct subject s,
				struct expectation *ret)
{
	(void)a;
	if (s.address->enabled && s.address->sender_allowed)
		ret->values = s.address->destinations;
	return !s.address->user;
}

static bool expect_login(struct arena *a, struct subject s,
			 struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = s.address->enabled && s.address->login_enabled;
	return s.address->user;
}

/* Nobody but Dovecot sees who has such a form of his password.  It is hidden of
 * whoever is in a domain that is disabled, which the filter cannot tell. */
static bool expect_credential(struct arena *a, struct subject s,
			      struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = census_in_force(s.address) && s.address->login_enabled;
	ret->may = true;
	return s.address->user;
}

static bool expect_home(struct arena *a, struct subject s,
			struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = s.address->enabled;
	return s.address->user;
}

static bool is_relayed(const struct held_address *h)
{
	return h->user && h->domain != NULL &&
	       text_equal(h->domain->kind, "relay");
}

/* Users of a relay domain keep their mail here. */
static bool expect_relay_address(struct arena *a, struct subject s,
				 struct expectation *ret)
{
	want(a, ret, is_relayed(s.address) && s.address->domain->enabled,
	     s.address->address);
	return s.address->user;
}

static bool expect_user_transport(struct arena *a, struct subject s,
				  struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = s.address->enabled;
	return is_relayed(s.address);
}

/* Those that are renamed are not asked for. */
static bool expect_settled(struct arena *a, struct subject s,
			   struct expectation *ret)
{
	(void)a;
	ret->any = true;
	return s.address->enabled;
}

/* It finds the disabled, too, and binds in vain. */
static bool expect_sso(struct arena *a, struct subject s,
		       struct expectation *ret)
{
	(void)a;
	ret->any = true;
	ret->found = true;
	return s.address->user && s.address->enabled;
}

/* clang-format off */
#define POSTFIX(name) SERVICE_POSTFIX, "postfix/" name ".cf", "query_filter"
#define DOVECOT(name, what) SERVICE_DOVECOT, "dovecot/" name ".conf.ext", what
static const struct test tests[] = {
	{POSTFIX("virtual_mailbox_domains"), OF_DOMAINS, expect_local,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("virtual_alias_domains"), OF_DOMAINS, expect_alias,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("relay_domains"), OF_DOMAINS, expect_relay,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("transport_maps"), OF_DOMAINS, expect_transport,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("recipient_access"), OF_DOMAINS, expect_verification,
	 FIND_STILL_DELIVERED, FIND_UNDELIVERABLE},
	{DOVECOT("ldap-deny-domain", "pass_filter"), OF_ANYBODY, expect_denied,
	 FIND_LOGIN_OPEN, FIND_LOGIN_REFUSED},
	{DOVECOT("ldap-deny-domain", "user_filter"), OF_ANYBODY, expect_denied,
	 FIND_STILL_DELIVERED, FIND_UNDELIVERABLE},
	{POSTFIX("domain_alias"), OF_ANYBODY, expect_rewritten,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("virtual_mailbox_maps"), OF_ADDRESSES, expect_mailbox,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("virtual_alias_maps"), OF_ADDRESSES, expect_destinations,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("relay_address"), OF_ADDRESSES, expect_relay_address,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("user_transport"), OF_ADDRESSES, expect_user_transport,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{POSTFIX("send_only"), OF_ADDRESSES, expect_send_only,
	 FIND_STILL_DELIVERED, FIND_UNDELIVERABLE},
	{POSTFIX("being_renamed"), OF_ADDRESSES, expect_settled,
	 FIND_UNDELIVERABLE, FIND_UNDELIVERABLE},
	{POSTFIX("sender_login_maps"), OF_ADDRESSES, expect_sender,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
	{POSTFIX("sender_alias_maps"), OF_ADDRESSES, expect_alias_sender,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
	{DOVECOT("ldap-passdb", "pass_filter"), OF_ADDRESSES, expect_login,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
	{DOVECOT("ldap-scram-sha-256", "pass_filter"), OF_ADDRESSES, expect_credential,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
	{DOVECOT("ldap-scram-sha-1", "pass_filter"), OF_ADDRESSES, expect_credential,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
	{DOVECOT("ldap-cram-md5", "pass_filter"), OF_ADDRESSES, expect_credential,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
	{DOVECOT("ldap-userdb", "user_filter"), OF_ADDRESSES, expect_home,
	 FIND_UNDELIVERABLE, FIND_STILL_DELIVERED},
	{SERVICE_SSO, NULL, NULL, OF_ADDRESSES, expect_sso,
	 FIND_LOGIN_REFUSED, FIND_LOGIN_OPEN},
};
/* clang-format on */

static const char *key_of(struct subject s)
{
	return s.address != NULL ? s.address->address : s.domain->name;
}

/* What is asked about it. */
static const char *question(struct arena *a, const struct test *t,
			    struct subject s)
{
	return t->of == OF_ANYBODY ? arena_join(a, ANYBODY, key_of(s), NULL)
				   : key_of(s);
}

static bool contains(const struct text_list *list, const char *value,
		     size_t guess)
{
	/* Mostly they come in the same order. */
	if (guess < list->count && strcasecmp(list->items[guess], value) == 0)
		return true;
	for (size_t i = 0; i < list->count; i++) {
		if (strcasecmp(list->items[i], value) == 0)
			return true;
	}
	return false;
}

static bool is_expected(const struct expectation *x,
			const struct text_list *got)
{
	if (!x->among && got->count != x->values.count)
		return false;
	for (size_t i = 0; i < x->values.count; i++) {
		if (!contains(got, x->values.items[i], i))
			return false;
	}
	return true;
}

static const char *first_of(const struct text_list *list)
{
	return list->count > 0 ? list->items[0] : "nothing";
}

_Static_assert(FIND_COUNT <= 64, "findings are bits");

/* What many lookups show is told once. */
static bool is_news(struct subject s, enum finding f)
{
	uint64_t *told = s.address != NULL ? &s.address->told : &s.domain->told;
	bool news = (*told >> f & 1) == 0;

	*told |= UINT64_C(1) << f;
	return news;
}

static void judge_values(const struct trial *t, const struct test *test,
			 struct subject s, const struct expectation *x,
			 const struct text_list *got)
{
	bool wanted = x->values.count > 0;

	enum finding f = wanted ? test->missing : test->unexpected;

	if (is_expected(x, got) || !is_news(s, f))
		return;
	report_find(t->report, f, key_of(s),
		    "the lookup %s answers %s (%zu in all) instead of %s "
		    "(%zu)",
		    test->file, first_of(got), got->count, first_of(&x->values),
		    x->values.count);
}

/* Of several entries Dovecot and SSO systems take none. */
static void judge_presence(const struct trial *t, const struct test *test,
			   struct subject s, const struct expectation *x,
			   size_t count)
{
	bool good = test->service == SERVICE_POSTFIX ? count > 0 : count == 1;
	const char *file = test->file != NULL ? test->file : "of SSO systems";
	enum finding f = x->found ? test->missing : test->unexpected;
	bool nothing = count == 0 && (x->may || !x->found);

	if (nothing || (x->found && good) || !is_news(s, f))
		return;
	report_find(t->report, f, key_of(s),
		    "the lookup %s%s%s finds %zu entries instead "
		    "of %d",
		    file, test->setting != NULL ? " " : "",
		    test->setting != NULL ? test->setting : "", count,
		    x->found ? 1 : 0);
}

struct batch {
	struct arena *arena;
	const struct test *test;
	const struct lookup *lookup;
	struct subject subjects[DIRECT_AT_ONCE];
	struct expectation expected[DIRECT_AT_ONCE];
	struct direct_search searches[DIRECT_AT_ONCE];
	size_t count;
};

static void judge(const struct trial *t, const struct batch *b, size_t i,
		  const struct direct_answer *answer)
{
	const struct expectation *x = &b->expected[i];

	if (answer->err.kind != ERR_NONE && answer->err.kind != ERR_NOT_FOUND) {
		if (is_news(b->subjects[i], b->test->missing))
			report_find(t->report, b->test->missing,
				    key_of(b->subjects[i]),
				    "the lookup %s fails: %s",
				    b->test->file != NULL ? b->test->file
							  : "of SSO",
				    answer->err.text);
		return;
	}
	if (x->any) {
		judge_presence(t, b->test, b->subjects[i], x, answer->count);
		return;
	}
	struct text_list got =
		lookup_result(b->arena, b->lookup,
			      question(b->arena, b->test, b->subjects[i]),
			      answer);
	judge_values(t, b->test, b->subjects[i], x, &got);
}

static bool send(const struct trial *t, struct batch *b, struct err *e)
{
	struct direct_answer answers[DIRECT_AT_ONCE];
	struct direct *d = t->sight->services[b->test->service];

	if (!direct_ask(d, b->arena, b->searches, b->count, answers, e))
		return false;
	for (size_t i = 0; i < b->count; i++)
		judge(t, b, i, &answers[i]);
	t->examined->lookups += (int64_t)b->count;
	b->count = 0;
	arena_free(b->arena);
	b->arena = arena_new();
	return true;
}

static const char *sso_filter(struct arena *a, const char *key)
{
	const char *const by[] = {filter_equal(a, "uid", key),
				  filter_equal(a, "mail", key)};

	return filter_and(a, filter_equal(a, "objectClass", "provostUser"),
			  filter_any(a, by, COUNT(by)));
}

static bool add(const struct trial *t, struct batch *b, struct subject s,
		struct err *e)
{
	struct expectation x = {.any = false};
	const char *filter;

	if (!b->test->expect(b->arena, s, &x))
		return true;
	filter = b->test->file != NULL
			 ? lookup_filter(b->arena, b->lookup,
					 question(b->arena, b->test, s))
			 : sso_filter(b->arena, key_of(s));
	if (filter == NULL)
		return true;
	b->subjects[b->count] = s;
	b->expected[b->count] = x;
	b->searches[b->count] =
		(struct direct_search){.base = b->lookup->base,
				       .scope = b->lookup->scope,
				       .filter = filter,
				       .want = b->lookup->wanted};
	return ++b->count < DIRECT_AT_ONCE || send(t, b, e);
}

/* Every so many-th, evenly over all of them. */
static bool is_drawn(const struct trial *t, int64_t i, int64_t all)
{
	return t->sample == 0 || all <= t->sample ||
	       i * t->sample / all != (i + 1) * t->sample / all;
}

static bool add_domains(const struct trial *t, struct batch *b, struct err *e)
{
	int64_t i = 0;

	for (struct held_domain *d = t->census->domains; d != NULL;
	     d = d->next) {
		struct subject s = {.domain = d};

		if (analysis_wants(t->analysis, d->name) &&
		    is_drawn(t, i++, t->census->domain_count) &&
		    !add(t, b, s, e))
			return false;
	}
	return true;
}

static bool add_addresses(const struct trial *t, struct batch *b, struct err *e)
{
	int64_t i = 0, all = t->census->user_count + t->census->alias_count;

	t->examined->probed = 0;
	for (struct held_address *h = t->census->addresses; h != NULL;
	     h = h->next) {
		struct subject s = {.address = h};

		/* While it is renamed both answers are right. */
		if (!analysis_wants(t->analysis, address_domain(h->address)) ||
		    h->renamed || !is_drawn(t, i++, all))
			continue;
		t->examined->probed++;
		if (!add(t, b, s, e))
			return false;
	}
	return true;
}

static bool read_lookup(const struct trial *t, struct arena *a,
			const struct test *test, struct lookup *ret,
			struct err *e)
{
	static const char *const nothing[] = {"1.1", NULL};

	if (test->file != NULL)
		return lookup_read(a, test->file, test->setting, t->base, ret,
				   e);
	*ret = (struct lookup){.base = dn_child(a, "ou", "domains", t->base),
			       .scope = DIRECT_ALL,
			       .wanted = nothing};
	return true;
}

static bool run_test(const struct trial *t, struct arena *a,
		     const struct test *test, struct err *e)
{
	struct batch b = {.test = test, .arena = arena_new()};
	struct lookup lookup;
	struct err none = {0};
	bool good;

	b.lookup = &lookup;
	if (!read_lookup(t, a, test, &lookup, &none)) {
		report_unseen(t->report, arena_strdup(a, none.text));
		good = true;
	} else {
		good = test->of != OF_ADDRESSES ? add_domains(t, &b, e)
						: add_addresses(t, &b, e);
		good = good && (b.count == 0 || send(t, &b, e));
	}
	arena_free(b.arena);
	return good;
}

bool trial_run(const struct trial *t, struct err *e)
{
	/* The report may keep what is unseen. */
	struct arena *a = t->census->arena;

	for (size_t i = 0; i < COUNT(tests); i++) {
		if (t->sight->services[tests[i].service] != NULL &&
		    !run_test(t, a, &tests[i], e))
			return false;
	}
	return true;
}
