#include "ldap/links.h"

#include <string.h>

#include "tests/lib/tap.h"

static struct arena *a;

enum { VALUES = 4, ATTRIBUTES = 3 };

/* An entry, by hand. */
struct written {
	const char *name;
	const char *values[VALUES];
};

static struct entry entry_of(const struct written *w, size_t count)
{
	struct attribute *at = arena_alloc(a, count * sizeof(*at));

	for (size_t i = 0; i < count; i++) {
		at[i].name = w[i].name;
		at[i].name_size = strlen(w[i].name);
		at[i].values =
			arena_alloc(a, (VALUES + 1) * sizeof(*at[i].values));
		for (size_t v = 0; v < VALUES && w[i].values[v] != NULL; v++)
			ber_str2bv(arena_strdup(a, w[i].values[v]), 0, 0,
				   &at[i].values[v]);
	}
	return (struct entry){at, count};
}

/* "-attr:a,b +attr:c", as text. */
static const char *text_of(LDAPMod **mods)
{
	const char *text = "";

	for (; mods != NULL && *mods != NULL; mods++) {
		text = arena_printf(a, "%s%s%c%s:", text,
				    text[0] != '\0' ? " " : "",
				    (*mods)->mod_op == LDAP_MOD_ADD ? '+' : '-',
				    (*mods)->mod_type);
		for (char **v = (*mods)->mod_values; *v != NULL; v++)
			text = arena_printf(a, "%s%s%s", text,
					    v > (*mods)->mod_values ? "," : "",
					    *v);
	}
	return text;
}

#define ANN "mail=ann@x.org,provostDomainName=x.org,ou=domains,dc=p"
#define EVE "mail=eve@x.org,provostDomainName=x.org,ou=domains,dc=p"

static const struct {
	const char *what;
	struct written entry[ATTRIBUTES];
	const char *to, *want;
	bool nowhere;
} cases[] = {
	{"one of several",
	 {{"objectClass", {"provostAlias"}},
	  {"provostDestination", {"ann@x.org", "z@y.org"}}},
	 "eve@x.org",
	 "-provostDestination:ann@x.org +provostDestination:eve@x.org",
	 false},
	{"who is there already",
	 {{"objectClass", {"provostAlias"}},
	  {"provostDestination", {"Ann@X.org", "eve@x.org"}}},
	 "eve@x.org",
	 "-provostDestination:Ann@X.org",
	 false},
	{"two of them",
	 {{"objectClass", {"provostAlias"}},
	  {"provostDestination", {"ann@x.org", "bob@x.org", "z@y.org"}}},
	 NULL,
	 "-provostDestination:ann@x.org,bob@x.org",
	 false},
	{"all of them",
	 {{"objectClass", {"provostAlias"}},
	  {"provostDestination", {"ann@x.org", "bob@x.org"}}},
	 NULL,
	 "-provostDestination:ann@x.org,bob@x.org",
	 true},
	{"a user's forward and sender",
	 {{"objectClass", {"inetOrgPerson", "provostUser"}},
	  {"provostDestination", {"ann@x.org"}},
	  {"provostSender", {"ann@x.org", "@y.org"}}},
	 NULL,
	 "-provostDestination:ann@x.org -provostSender:ann@x.org",
	 false},
	{"roles",
	 {{"objectClass", {"provostDomain"}},
	  {"provostOwner", {ANN}},
	  {"provostViewer", {"uid=a,dc=p", ANN}}},
	 "eve@x.org",
	 "-provostOwner:" ANN " +provostOwner:" EVE " -provostViewer:" ANN
	 " +provostViewer:" EVE,
	 false},
	{"nothing of it",
	 {{"objectClass", {"provostAlias"}},
	  {"provostDestination", {"annie@x.org"}}},
	 NULL,
	 "",
	 false},
};

int main(void)
{
	const char *items[] = {"ann@x.org", "bob@x.org"};
	const struct text_list names = {items, COUNT(items)};

	a = arena_new();
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct links l = {.base = "dc=p",
					.names = &names,
					.to = cases[i].to};
		size_t count = cases[i].entry[2].name != NULL ? 3 : 2;
		const struct entry en = entry_of(cases[i].entry, count);
		bool nowhere = !cases[i].nowhere;

		IS(text_of(links_change(&l, a, &en, &nowhere)), cases[i].want,
		   cases[i].what);
		OK(nowhere == cases[i].nowhere, "whether anything is left");
	}
	const struct text_list one = {items, 1};
	const struct links l = {.base = "dc=p", .names = &one};
	IS(links_filter(&l, a),
	   "(|(provostDestination=ann@x.org)(provostSender=ann@x.org)"
	   "(member=" ANN ")(owner=" ANN ")(provostOwner=" ANN ")"
	   "(provostAdministrator=" ANN ")(provostViewer=" ANN "))",
	   "where one is looked for");
	arena_free(a);
	return tap_done();
}
