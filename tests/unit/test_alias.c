#include "core/alias.h"
#include "core/kind.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"

#define F(member) ((struct field)FIELD(struct alias, member))

static struct alias make(const char *address, const char **to, size_t count)
{
	struct alias al = alias_defaults;

	al.address = address;
	al.destinations = (struct text_list){to, count};
	return al;
}

static const struct {
	const char *name, *address;
	const char *to[3];
	size_t count;
	int address_fault, destinations_fault;
} cases[] = {
	{"one destination", "a@example.org", {"b@example.org"}, 1, -1, -1},
	{"a catch-all", "@example.org", {"b@example.org"}, 1, -1, -1},
	{"elsewhere, with a tag",
	 "a@example.org",
	 {"b+c@d.example"},
	 1,
	 -1,
	 -1},
	{"no address", NULL, {"b@example.org"}, 1, FAULT_MISSING, -1},
	{"a bad address", "a", {"b@example.org"}, 1, FAULT_FORMAT, -1},
	{"no destination", "a@example.org", {NULL}, 0, -1, FAULT_MISSING},
	{"a bad destination", "a@example.org", {"b"}, 1, -1, FAULT_FORMAT},
	{"a domain", "a@example.org", {"@example.org"}, 1, -1, FAULT_FORMAT},
	{"the second is bad",
	 "a@example.org",
	 {"b@c.de", "-x@c.de"},
	 2,
	 -1,
	 FAULT_FORMAT},
	{"a program", "a@example.org", {"|/bin/sh"}, 1, -1, FAULT_FORMAT},
	{"back to itself",
	 "a@example.org",
	 {"a@example.org"},
	 1,
	 -1,
	 FAULT_RANGE},
	{"all wrong",
	 "a b@example.org",
	 {NULL},
	 0,
	 FAULT_FORMAT,
	 FAULT_MISSING},
};

static void one_by_one(struct arena *a)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *to[3];
		struct err e = {0};

		memcpy(to, cases[i].to, sizeof(to));
		struct alias al = make(cases[i].address, to, cases[i].count);
		alias_check(&al, a, &e);
		OK(fault_kind_of(&e, F(address)) == cases[i].address_fault &&
			   fault_kind_of(&e, F(destinations)) ==
				   cases[i].destinations_fault,
		   cases[i].name);
	}
}

static void folding(struct arena *a)
{
	const char *to[] = {"z@b.example", "B@B.example", "a@b.example",
			    "b@b.example", "Z@B.Example"};
	struct alias al = make("Sales@Example.ORG", to, COUNT(to));
	struct alias none = make("@Example.ORG", NULL, 0);

	alias_fold(&al, a);
	IS(al.address, "sales@example.org", "addresses are folded");
	NUMBER(al.destinations.count, 3, "destinations are a set");
	IS(al.destinations.items[0], "a@b.example", "sorted: first");
	IS(al.destinations.items[1], "b@b.example", "second");
	IS(al.destinations.items[2], "z@b.example", "third");
	IS(to[0], "z@b.example", "the caller's list is left alone");
	alias_fold(&none, a);
	NUMBER(none.destinations.count, 0, "no destinations");

	alias_complete(&al, a);
	IS(al.local_part, "sales", "local part");
	alias_complete(&none, a);
	IS(none.local_part, NULL, "a catch-all has none");
}

static void limits(struct arena *a)
{
	const char *to[ALIAS_DESTINATIONS_MAX + 1];

	for (size_t i = 0; i < COUNT(to); i++)
		to[i] = arena_printf(a, "u%05zu@example.org", i);
	for (size_t more = 0; more < 2; more++) {
		struct alias al = make("a@example.org", to,
				       ALIAS_DESTINATIONS_MAX + more);
		struct err e = {0};

		alias_fold(&al, a);
		alias_check(&al, a, &e);
		NUMBER(fault_kind_of(&e, F(destinations)),
		       more ? FAULT_RANGE : -1,
		       more ? "10,001 destinations" : "10,000 destinations");
	}
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct alias al = {.address = "a@example.org", .description = ""};
	struct err e = {0};

	one_by_one(a);
	folding(a);
	limits(a);
	alias_check(&al, a, &e);
	NUMBER(fault_kind_of(&e, F(description)), FAULT_FORMAT,
	       "an empty description");
	struct err typed = {0};
	fault_field(&typed, a, FAULT_TYPE, F(destinations), "no list");
	al.description = NULL;
	alias_check(&al, a, &typed);
	NUMBER(fault_count(&typed), 1,
	       "what was sent wrongly is not missing as well");
	OK(alias_defaults.enabled, "aliases are enabled by default");
	return tap_done();
}
