#include "core/address.h"
#include "tests/lib/tap.h"
#include "util/field.h"

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"
#define L64 L60 "abcd"
/* Labels of 63, 63 and 63, and one to fill up: 4 * 63 + 3 dots is too much. */
#define D192 L63 "." L63 "." L63 "."
#define D253 D192 L60 "a"
#define D254 D192 L60 "ab"
/* 64 + '@' + 189 = 254 */
#define D189 L63 "." L63 "." L60 "a"
#define D190 L63 "." L63 "." L60 "ab"

static const struct {
	const char *name;
	bool good;
} domains[] = {
	{"example.org", true},
	{"a.bc", true},
	{"xn--mller-kva.example", true},
	{"1.example", true},
	{"1a.2b.c3", true},
	{"a-b.c-d", true},
	{"a--b.example", true},
	{L63 ".org", true},
	{D253, true},
	{"", false},
	{"org", false},
	{"a.b", false},
	{"1a.2b.3c", false},
	{".", false},
	{".org", false},
	{"example.", false},
	{"example.org.", false},
	{"a..b", false},
	{"-a.b", false},
	{"a-.b", false},
	{"a.-b", false},
	{"a.b-", false},
	{"Example.org", false},
	{"exa_mple.org", false},
	{"exa mple.org", false},
	{"example.org\n", false},
	{"m\xc3\xbcller.example", false},
	{"*.example.org", false},
	{"192.0.2.1", false},
	{"example.123", false},
	{"[192.0.2.1]", false},
	{"a.b/c", false},
	{"a@b.c", false},
	{"a,b.c", false},
	{L64 ".org", false},
	{D254, false},
};

/* For each use: own, alias, destination. */
static const struct {
	const char *text;
	bool good[3];
} addresses[] = {
	{"ann@example.org", {1, 1, 1}},
	{"a@b.cd", {1, 1, 1}},
	{"ann.smith_1-x=y@example.org", {1, 1, 1}},
	{"=a@example.org", {1, 1, 1}},
	{"_a@example.org", {1, 1, 1}},
	{"0@example.org", {1, 1, 1}},
	{"a-@example.org", {1, 1, 1}},
	{"@example.org", {0, 1, 0}},
	{"ann+tag@example.org", {0, 0, 1}},
	{"o'neil@example.org", {0, 0, 1}},
	{"a*b@example.org", {0, 0, 1}},
	{"!#$%&'*+/=?^_`{|}~@example.org", {0, 0, 1}},
	{"", {0, 0, 0}},
	{"@", {0, 0, 0}},
	{"ann", {0, 0, 0}},
	{"ann@", {0, 0, 0}},
	{"ann@org", {0, 0, 0}},
	{"a@b.c", {0, 0, 0}},
	{"ann@@example.org", {0, 0, 0}},
	{"ann@x@example.org", {0, 0, 0}},
	{".ann@example.org", {0, 0, 0}},
	{"ann.@example.org", {0, 0, 0}},
	{"an..n@example.org", {0, 0, 0}},
	{".@example.org", {0, 0, 0}},
	{"-ann@example.org", {0, 0, 0}},
	{"Ann@example.org", {0, 0, 0}},
	{"ann@Example.org", {0, 0, 0}},
	{"an n@example.org", {0, 0, 0}},
	{"\"ann\"@example.org", {0, 0, 0}},
	{"a\\b@example.org", {0, 0, 0}},
	{"a(b)@example.org", {0, 0, 0}},
	{"a,b@example.org", {0, 0, 0}},
	{"<ann@example.org>", {0, 0, 0}},
	{"ann@example.org ", {0, 0, 0}},
	{" ann@example.org", {0, 0, 0}},
	{"ann@example.org\n", {0, 0, 0}},
	{"a\tb@example.org", {0, 0, 0}},
	{"\xc3\xa4@example.org", {0, 0, 0}},
	{"a\x7f@example.org", {0, 0, 0}},
	{"ann@[192.0.2.1]", {0, 0, 0}},
	{"a:b@example.org", {0, 0, 0}},
	{"a;b@example.org", {0, 0, 0}},
	{L64 "@b.cd", {1, 1, 1}},
	{L64 "e@b.cd", {0, 0, 0}},
	{L64 "@" D189, {1, 1, 1}}, /* 254 */
	{L64 "@" D190, {0, 0, 0}}, /* 255 */
	{"@" D253, {0, 1, 0}},     /* 254 */
	{"a@" D253, {0, 0, 0}},    /* 255 */
};

static void lengths(void)
{
	NUMBER(strlen(L64), 64, "the longest local part has 64 octets");
	NUMBER(strlen(D253), 253, "the longest domain has 253");
	NUMBER(strlen(L64 "@" D189), 254, "the longest address has 254");
}

static void parts(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	IS(address_domain("ann@example.org"), "example.org", "its domain");
	IS(address_domain("@example.org"), "example.org", "of a catch-all");
	IS(address_domain("ann"), NULL, "of no address");
	IS(address_domain("ann@"), "", "of half an address");
	IS(address_local(a, "ann@example.org"), "ann", "its local part");
	IS(address_local(a, "@example.org"), "", "of a catch-all");
	IS(address_local(a, "ann"), "ann", "of no address");
	NUMBER(address_cost("a@b.cd"), 6, "as long as it is");
	NUMBER(address_cost("a=b=@b.cd"), 13, "but \"=\" counts for three");
}

int main(void)
{
	static const enum address_use uses[] = {ADDRESS_OWN, ADDRESS_ALIAS,
						ADDRESS_DESTINATION};

	lengths();
	for (size_t i = 0; i < COUNT(domains); i++) {
		struct err e = {0};
		bool good = domain_name_check(domains[i].name, &e);

		OK(good == domains[i].good &&
			   e.kind == (good ? ERR_NONE : ERR_INVALID),
		   domains[i].name);
	}
	for (size_t i = 0; i < COUNT(addresses); i++) {
		bool as_wanted = true;

		for (size_t j = 0; j < COUNT(uses); j++) {
			struct err e = {0};
			bool good =
				address_check(addresses[i].text, uses[j], &e);

			as_wanted = as_wanted && good == addresses[i].good[j] &&
				    (e.text[0] == '\0') == good;
		}
		OK(as_wanted, addresses[i].text);
	}
	parts();
	return tap_done();
}
