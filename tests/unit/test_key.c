#include <string.h>

#include "core/key.h"
#include "core/scope.h"
#include "tests/lib/tap.h"

static const char *words[] = {"users:read", "users:write", "audit:read"};
static const struct text_list rights = {words, COUNT(words)};

#define LIST(...)                                                   \
	((struct text_list){(const char *[]){__VA_ARGS__},          \
			    sizeof((const char *[]){__VA_ARGS__}) / \
				    sizeof(char *)})

static void scopes(void)
{
	const struct scope one = {.rights = LIST("users:read"),
				  .everywhere = true};
	const struct scope all = {.rights = LIST("*"), .everywhere = true};
	const struct scope read = {.rights = LIST("*:read"),
				   .everywhere = true};
	const struct scope bound = {.rights = LIST("*"),
				    .domains = LIST("example.org")};

	OK(scope_allows(NULL, "users:write"), "without a scope: everything");
	OK(scope_allows(&one, "users:read"), "a word");
	OK(!scope_allows(&one, "users:write"), "another verb");
	OK(!scope_allows(&one, "users:rea") && !scope_allows(&one, "users"),
	   "a part of it");
	OK(scope_allows(&all, "audit:read"), "all");
	OK(scope_allows(&read, "audit:read") &&
		   !scope_allows(&read, "users:write"),
	   "all that is read");
	OK(!scope_gives(&read, "*") && scope_gives(&all, "*:read"),
	   "words that stand for several");
	OK(scope_allows(&bound, "users:write"), "in some domains");
	OK(scope_allows(&bound, "administrators:write"), "roles there, too");
	OK(!scope_allows(&bound, "principals:read"),
	   "and nothing beside domains");
	OK(scope_covers(&bound, "example.org") &&
		   scope_covers(&bound, "ann@example.org"),
	   "what it covers");
	OK(!scope_covers(&bound, "sub.example.org") &&
		   !scope_covers(&bound, "ann@sub.example.org") &&
		   !scope_covers(&bound, "example.org.evil"),
	   "and what not");
	OK(scope_is_bound(&bound) && !scope_is_bound(&all) &&
		   !scope_is_bound(NULL),
	   "whether it is bound");
	OK(scope_is_word("*:read", &rights) && !scope_is_word("*:w", &rights),
	   "what is a word");
}

static unsigned faults(const struct key *k, const struct key *own,
		       struct arena *a)
{
	struct err e = {0};
	unsigned n = 0;

	key_judge(k, &rights, a, &e);
	if (own != NULL)
		key_judge_within(k, own, a, &e);
	for (const struct fault *f = e.faults; f != NULL; f = f->next)
		n++;
	return n;
}

static void rules(struct arena *a)
{
	static const char *none[1];
	struct key k = {.scopes = LIST("users:read", "*")};

	NUMBER(faults(&k, NULL, a), 0, "a key");
	k.scopes = (struct text_list){0};
	NUMBER(faults(&k, NULL, a), 1, "for nothing");
	k.scopes = LIST("users:fly", "domains:read");
	NUMBER(faults(&k, NULL, a), 2, "for what there is not");
	k.scopes = LIST("*");
	k.domains = (struct text_list){none, 0};
	NUMBER(faults(&k, NULL, a), 1, "for an empty list of domains");
	k.domains = LIST("Example", "example.org");
	NUMBER(faults(&k, NULL, a), 1, "for what is no domain");
	k.domains = (struct text_list){0};
	k.networks = LIST("10.0.0.1/8", "10.0.0.0/33", "x");
	NUMBER(faults(&k, NULL, a), 3, "from no networks");
	k.networks = LIST("2001:DB8::/32", "10.0.0.0/8");
	key_fold(&k, a);
	IS(k.networks.items[1], "2001:db8::/32", "folded");
	k.expires_at = "tomorrow";
	NUMBER(faults(&k, NULL, a), 1, "until no time");
}

static void within(struct arena *a)
{
	const struct key own = {.scopes = LIST("users:read", "users:write"),
				.domains = LIST("a.org", "b.org"),
				.networks = LIST("10.0.0.0/8", "2001:db8::/32"),
				.expires_at = "2030-01-01T00:00:00Z"};
	struct key k = {.scopes = LIST("users:read"),
			.domains = LIST("b.org"),
			.networks = LIST("10.1.0.0/16", "2001:db8:1::1"),
			.expires_at = "2029-12-31T23:59:59Z"};
	const struct key less = k;

	NUMBER(faults(&k, &own, a), 0, "less");
	NUMBER(faults(&own, &own, a), 0, "the same");
	k.scopes = LIST("users:read", "*");
	NUMBER(faults(&k, &own, a), 1, "more verbs");
	k = less;
	k.domains = LIST("b.org", "c.org");
	NUMBER(faults(&k, &own, a), 1, "more domains");
	k.domains = (struct text_list){0};
	NUMBER(faults(&k, &own, a), 1, "all domains");
	k = less;
	k.networks = LIST("10.0.0.0/7");
	NUMBER(faults(&k, &own, a), 1, "more addresses");
	k.networks = (struct text_list){0};
	NUMBER(faults(&k, &own, a), 1, "all addresses");
	k = less;
	k.expires_at = NULL;
	NUMBER(faults(&k, &own, a), 1, "for ever");
	k.expires_at = "2030-01-01T00:00:01Z";
	NUMBER(faults(&k, &own, a), 1, "for longer");
	k = (struct key){.scopes = LIST("*")};
	NUMBER(faults(&k, &own, a), 4, "all of it");
}

static void good(void)
{
	struct key k = {.enabled = true};

	OK(key_is_good(&k, "192.0.2.1") && key_is_good(&k, NULL),
	   "from anywhere");
	k.networks = LIST("192.0.2.0/24", "2001:db8::/32");
	OK(key_is_good(&k, "192.0.2.255"), "from its network");
	OK(key_is_good(&k, "::ffff:192.0.2.1"), "in the other spelling");
	OK(key_is_good(&k, "2001:db8:ffff::1"), "from the other");
	OK(!key_is_good(&k, "192.0.3.0") && !key_is_good(&k, "2001:db9::"),
	   "from beside it");
	OK(!key_is_good(&k, NULL) && !key_is_good(&k, "") &&
		   !key_is_good(&k, "?"),
	   "from nobody knows where");
	k = (struct key){.enabled = false};
	OK(!key_is_good(&k, "192.0.2.1"), "disabled");
	k = (struct key){.enabled = true, .expires_at = "2020-01-01T00:00:00Z"};
	OK(!key_is_good(&k, "192.0.2.1"), "expired");
	k.expires_at = "2999-01-01T00:00:00Z";
	OK(key_is_good(&k, "192.0.2.1"), "not expired");
	k.expires_at = "whenever";
	OK(!key_is_good(&k, "192.0.2.1"), "at a time that is none");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	scopes();
	rules(a);
	within(a);
	good();
	return tap_done();
}
