#include "core/spf.h"

#include "core/taglist.h"
#include "tests/lib/fake_resolver.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

enum { LONG = 1000000, QUICK = 500 };

static struct arena *a;

static const char *fault(const char *text)
{
	struct spf s;

	spf_read(a, "example.org", text, strlen(text), &s);
	return s.fault;
}

static void syntax(void)
{
	static const char *const good[] = {
		"v=spf1",
		"v=spf1 -all",
		"v=spf1  a mx  ~all ",
		"v=spf1 A:x.org/24 mx/24//64 a//64 ip4:192.0.2.0/24 "
		"ip6:2001:db8::/32 ?all",
		"v=spf1 include:_spf.example.net exists:%{i}.x.org ptr "
		"redirect=y.org exp=why.%{d} unknown=x",
	};
	static const char *const bad[] = {
		"v=spf1 mx: -all",       "v=spf1 ip4:192.0.2.0/33",
		"v=spf1 all/24",         "v=spf1 include",
		"v=spf1 include:",       "v=spf1 bla",
		"v=spf1 ip4:2001:db8::", "v=spf1 a/33",
		"v=spf1 a//129",         "v=spf1 -redirect=x.org",
		"v=spf1 +exp=x",         "v=spf1 \xff",
	};

	for (size_t i = 0; i < COUNT(good); i++)
		IS(fault(good[i]), NULL, good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		OK(fault(bad[i]) != NULL, bad[i]);
	OK(spf_is("v=spf1 x", 8) && spf_is("v=spf1", 6) &&
		   !spf_is("v=spf10", 7) && !spf_is("v=spf", 5),
	   "which records are of SPF");
	struct spf s;
	const char *text = "v=spf1 mx -all a a a";
	spf_read(a, "example.org", text, strlen(text), &s);
	NUMBER(s.count, 2, "all is the last term");
	IS(s.terms[0].domain, "example.org", "mx is of the domain itself");
}

static const struct fake_record zone[] = {
	{"_spf.example.net", DNS_TXT, "v=spf1 include:deep.example.net ~all"},
	{"_spf.example.net", DNS_TXT, "another text"},
	{"deep.example.net", DNS_TXT, "v=spf1 ip4:192.0.2.0/24 mx:m.org"},
	{"loop.example.net", DNS_TXT, "v=spf1 include:loop.example.net"},
	{"two.example.net", DNS_TXT, "v=spf1 a"},
	{"two.example.net", DNS_TXT, "v=spf1 mx"},
	{"down.example.net", DNS_TXT, "!"},
	{"wide.example.net", DNS_TXT,
	 "v=spf1 include:loop.example.net include:loop.example.net "
	 "include:loop.example.net include:loop.example.net"},
	{NULL, DNS_TXT, NULL},
};

static struct spf_sight follow(const char *text, const char *wanted)
{
	struct fake_resolver f;
	struct spf_term term;
	struct spf_sight sight;
	struct spf s;

	spf_read(a, "example.org", text, strlen(text), &s);
	OK(spf_term_read(a, "example.org", wanted, &term), wanted);
	spf_follow(fake_resolver(&f, zone), a, &s, &term, 1, INT64_MAX, &sight);
	OK(f.asked <= SPF_LOOKUPS_MAX, "not more names than receivers look up");
	return sight;
}

static void tree(void)
{
	struct spf_sight s =
		follow("v=spf1 include:_spf.example.net -all", "ip4:192.0.2.7");

	OK(s.found == 1 && s.lookups == 3 && s.fault == NULL && s.complete,
	   "an address, two records away");
	s = follow("v=spf1 -include:_spf.example.net", "ip4:192.0.2.7");
	NUMBER(s.found, 0, "what is refused is not let pass");
	s = follow("v=spf1 ?mx", "mx");
	NUMBER(s.found, 0, "nor what is neutral");
	s = follow("v=spf1 -all include:_spf.example.net",
		   "include:_spf.example.net");
	NUMBER(s.found, 0, "nor what stands behind all");
	s = follow("v=spf1 redirect=_spf.example.net", "mx:m.org");
	NUMBER(s.found, 1, "a redirection");
	s = follow("v=spf1 include:loop.example.net", "a");
	OK(s.lookups > SPF_LOOKUPS_MAX, "a circle ends");
	s = follow("v=spf1 include:wide.example.net a mx ptr a mx", "a");
	OK(s.lookups > SPF_LOOKUPS_MAX, "so does what branches");
	s = follow("v=spf1 include:two.example.net", "a");
	OK(s.fault != NULL && strstr(s.fault, "several") != NULL,
	   "one that has two records");
	s = follow("v=spf1 include:none.example.net", "a");
	OK(s.fault != NULL, "one that has none");
	s = follow("v=spf1 include:down.example.net mx", "mx");
	OK(!s.complete && s.found == 1, "one that nobody knows of");
}

static void read_tags(const char *text, struct taglist *ret)
{
	taglist_read(a, text, strlen(text), ret);
}

static void tags(void)
{
	struct taglist l;

	read_tags(" v = DMARC1 ;p=none; rua=mailto:a@b ;", &l);
	OK(l.fault == NULL && l.count == 3, "three tags");
	IS(taglist_value(&l, "v"), "DMARC1", "without blanks");
	IS(taglist_value(&l, "x"), NULL, "what is not there");
	read_tags("p=", &l);
	IS(taglist_value(&l, "p"), "", "an empty value");
	static const char *const bad[] = {"x",     "a=1;;b=2", "a=1;a=2", "=1",
					  "a b=1", "a=\001",   "a=\xff"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		read_tags(bad[i], &l);
		OK(l.fault != NULL, bad[i]);
	}
	OK(taglist_is("v=DMARC1", 8, "v=DMARC1") &&
		   taglist_is("v = DMARC1;", 11, "v=DMARC1") &&
		   !taglist_is("v=DMARC10", 9, "v=DMARC1") &&
		   !taglist_is("v=DMAR", 6, "v=DMARC1"),
	   "which version");
	IS(taglist_packed(a, "a b\tc"), "abc", "blanks in base64");
}

/* What another program took seconds for has 26 semicolons. */
static void is_linear(void)
{
	char *text = arena_alloc(a, LONG + 1);
	int64_t begun = clock_now();
	struct taglist l;
	struct spf s;

	memset(text, ';', LONG);
	taglist_read(a, text, LONG, &l);
	memset(text, ' ', LONG);
	taglist_read(a, text, LONG, &l);
	memset(text, 'a', LONG);
	taglist_read(a, text, LONG, &l);
	memcpy(text, "v=spf1 ", 7);
	spf_read(a, "example.org", text, LONG, &s);
	memset(text + 7, ' ', LONG - 7);
	spf_read(a, "example.org", text, LONG, &s);
	OK(clock_now() - begun < QUICK, "a million bytes are read at once");
}

int main(void)
{
	a = arena_new();
	syntax();
	tree();
	tags();
	is_linear();
	arena_free(a);
	return tap_done();
}
