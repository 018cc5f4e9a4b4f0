#include <stdlib.h>
#include <string.h>

#include "ldap/audit_seal.h"
#include "tests/lib/tap.h"

static struct arena *arena;

static const char *digest_of(struct seal s)
{
	char digest[SEAL_HEX];

	seal_digest(&s, digest);
	return arena_strdup(arena, digest);
}

/* Whatever is changed in a seal, its digest is another. */
static void seals(void)
{
	const char *lines[] = {"1 a x", "2 b y"},
		   *others[] = {"2 b y", "1 a x"};
	const char *joined[] = {"1 a x2 b y"};
	const struct seal s = {.number = 7,
			       .from = "f",
			       .to = "t",
			       .time = "z",
			       .previous = "p",
			       .records = {lines, 2}};
	const char *is = digest_of(s);
	struct seal t[8] = {s, s, s, s, s, s, s, s};

	t[0].number = 8;
	t[1].from = "ft";
	t[2].to = "";
	t[3].time = "y";
	t[4].previous = "q";
	t[5].records.count = 1;
	t[6].records.items = others;
	t[7].records = (struct text_list){joined, 1};
	IS(digest_of(s), is, "the same seal has the same digest");
	NUMBER(strlen(is), 64, "in hexadecimal");
	for (size_t i = 0; i < COUNT(t); i++)
		OK(strcmp(digest_of(t[i]), is) != 0, "another has another");
}

static const char *record_digest(const char *dn, const char *one,
				 const char *two, const char *session)
{
	struct berval dns[] = {{strlen(dn), arena_strdup(arena, dn)},
			       {0, NULL}};
	struct berval mods[] = {{strlen(one), arena_strdup(arena, one)},
				{strlen(two), arena_strdup(arena, two)},
				{0, NULL}};
	struct berval sessions[] = {{strlen(session),
				     arena_strdup(arena, session)},
				    {0, NULL}};
	const struct attribute at[] = {{"reqDN", 5, dns},
				       {"reqMod", 6, mods},
				       {"reqSession", 10, sessions}};
	const struct entry en = {at, COUNT(at)};
	char digest[SEAL_HEX];

	seal_record_digest(&en, digest);
	return arena_strdup(arena, digest);
}

static void records(void)
{
	const char *is = record_digest("a", "b", "c", "1");

	IS(record_digest("a", "b", "c", "2"), is, "what does not count");
	OK(strcmp(record_digest("b", "b", "c", "1"), is) != 0, "another entry");
	OK(strcmp(record_digest("a", "c", "b", "1"), is) != 0, "another order");
	OK(strcmp(record_digest("a", "bc", "", "1"), is) != 0,
	   "values cut in another place");
}

static void lines(void)
{
	const char *good = arena_join(arena, "20260101#0 ", seal_none,
				      " alpha.example", NULL);
	struct seal_line line;

	OK(seal_line_read(arena, good, &line), "a line is read");
	IS(line.csn, "20260101#0", "which record");
	IS(line.digest, seal_none, "its digest");
	IS(line.place, "alpha.example", "where");
	OK(!seal_line_read(arena, "", &line), "nothing");
	OK(!seal_line_read(arena, "a b c", &line), "a digest that is none");
	OK(!seal_line_read(arena, "a b", &line), "a part");
}

static void places(void)
{
	static const char *const rows[][2] = {
		{"mail=a@b.c,provostDomainName=B.c,ou=domains,dc=p", "b.c"},
		{"provostDomainName=b.c,ou=domains,dc=p", "b.c"},
		{"cn=usage,mail=a@b.c,provostDomainName=b.c,ou=domains,dc=p",
		 "b.c"},
		{"uid=x,ou=principals,dc=p", "=principals"},
		{"provostJournalId=1,ou=journal,dc=p", "=journal"},
		{"provostDomainName=B.c,provostJournalId=1,ou=journal,dc=p",
		 "b.c"},
		{"mail=a@b.c,provostDomainName=b.c,provostJournalId=1,"
		 "ou=journal,dc=p",
		 "b.c"},
		{"ou=domains,dc=p", "=domains"},
		{"dc=p", "="},
		{"cn=config", "="},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		IS(seal_place(arena, "dc=p", rows[i][0]), rows[i][1],
		   rows[i][0]);
}

int main(void)
{
	arena = arena_new();
	seals();
	records();
	lines();
	places();
	arena_free(arena);
	return tap_done();
}
