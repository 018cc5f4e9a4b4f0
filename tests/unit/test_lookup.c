#include "doctor/lookup.h"

#include "tests/lib/tap.h"

static struct arena *a;

static struct lookup get(const char *file, const char *setting)
{
	struct lookup l = {0};
	struct err e = {0};

	OK(lookup_read(a, file, setting, "dc=x", &l, &e), file);
	return l;
}

static void filters(void)
{
	struct lookup l =
		get("postfix/virtual_mailbox_domains.cf", "query_filter");

	IS(l.base, "ou=domains,dc=x", "the base is filled in");
	NUMBER(l.scope, DIRECT_ALL, "the scope is known");
	OK(strstr(lookup_filter(a, &l, "b.example"),
		  "(provostDomainName=b.example)") != NULL,
	   "a key comes into the filter");
	OK(strstr(lookup_filter(a, &l, "*)(x=\\"),
		  "(provostDomainName=\\2a\\29\\28x=\\5c)") != NULL,
	   "and cannot change its grammar");
	l = get("postfix/being_renamed.cf", "query_filter");
	NUMBER(l.scope, DIRECT_CHILDREN, "another scope");
	IS(lookup_filter(a, &l, "x@b.example"),
	   "(provostJournalName=x@b.example)", "parts of the key");
	OK(lookup_filter(a, &l, "b.example") == NULL &&
		   lookup_filter(a, &l, "@b.example") == NULL,
	   "a key without a part that is wanted is not asked for");
	l = get("dovecot/ldap-passdb.conf.ext", "pass_filter");
	OK(strstr(lookup_filter(a, &l, "x@b.example"), "(mail=x@b.example)") !=
		   NULL,
	   "Dovecot's %u is the whole address");
	l = get("dovecot/ldap-deny-domain.conf.ext", "user_filter");
	OK(strstr(lookup_filter(a, &l, "x@b.example"),
		  "(provostDomainName=b.example)") != NULL,
	   "its %d is the domain");
}

static struct direct_answer answer_of(const char *first, const char *second)
{
	const char **items = arena_alloc(a, 2 * sizeof(*items));
	struct direct_attribute *at = arena_alloc(a, 2 * sizeof(*at));
	struct direct_entry *en = arena_alloc(a, sizeof(*en));

	items[0] = "to@c.example";
	items[1] = "also@c.example";
	at[0] = (struct direct_attribute){first, {items, 2}, NULL};
	at[1] = (struct direct_attribute){second, {items, 1}, NULL};
	*en = (struct direct_entry){"", at, 2};
	return (struct direct_answer){.entries = en, .count = 1};
}

static void results(void)
{
	struct lookup l = get("postfix/virtual_alias_maps.cf", "query_filter");
	struct direct_answer both = answer_of("provostDestination", "mail");
	struct direct_answer leaf = answer_of("objectClass", "mail");
	struct text_list got = lookup_result(a, &l, "k@b.example", &both);

	NUMBER(got.count, 2, "a terminal attribute is all that counts");
	got = lookup_result(a, &l, "k@b.example", &leaf);
	NUMBER(got.count, 1, "without it the leaf does");
	l = get("postfix/domain_alias.cf", "query_filter");
	both = answer_of("provostTargetDomain", "mail");
	got = lookup_result(a, &l, "k@b.example", &both);
	IS(got.count > 0 ? got.items[0] : NULL, "k@to@c.example",
	   "a result has its format");
	l = get("postfix/send_only.cf", "query_filter");
	both = answer_of("objectClass", "mail");
	got = lookup_result(a, &l, "k@b.example", &both);
	IS(got.count > 0 ? got.items[0] : NULL, l.format,
	   "which may be the same for all");
}

static void unknown(void)
{
	struct lookup l;
	struct err e = {0};

	OK(!lookup_read(a, "postfix/none.cf", "query_filter", "dc=x", &l, &e),
	   "a file that is not shipped");
	OK(!lookup_read(a, "postfix/main.cf", "query_filter", "dc=x", &l, &e),
	   "a file without such a setting");
}

int main(void)
{
	a = arena_new();
	filters();
	results();
	unknown();
	arena_free(a);
	return tap_done();
}
