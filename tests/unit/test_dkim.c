#include "core/dkim.h"

#include <string.h>

#include "signer/envelope.h"
#include "tests/lib/tap.h"

static const char ours[] = "v=DKIM1; k=rsa; p=MIIB+/aa==";

static const struct {
	const char *text;
	enum dkim_dns seen;
	const char *what;
} records[] = {
	{ours, DKIM_DNS_SHOWN, "our record"},
	{"k=rsa;p=MIIB+/aa==", DKIM_DNS_SHOWN, "without what may be left out"},
	{"p=MIIB+/aa==", DKIM_DNS_SHOWN, "RSA goes without saying"},
	{" v = DKIM1 ;\tp = MIIB +/aa ==; t=s; n=x;", DKIM_DNS_SHOWN, "blanks"},
	{"v=DKIM1; k=ed25519; p=MIIB+/aa==", DKIM_DNS_DIFFERENT,
	 "another type"},
	{"v=DKIM1; p=", DKIM_DNS_DIFFERENT, "one that is revoked"},
	{"v=DKIM2; p=MIIB+/aa==", DKIM_DNS_DIFFERENT, "another version"},
	{"v=DKIM1; p=MIIB+/aa", DKIM_DNS_DIFFERENT, "cut off"},
	{"v=spf1 -all", DKIM_DNS_DIFFERENT, "something else"},
	{"", DKIM_DNS_DIFFERENT, "nothing in it"},
	{";;;=;p;p=x;=", DKIM_DNS_DIFFERENT, "rubbish"},
};

static void compare(struct arena *a)
{
	for (size_t i = 0; i < COUNT(records); i++) {
		const char *texts[] = {records[i].text};
		const struct text_list list = {texts, 1};

		OK(dkim_compare(ours, &list) == records[i].seen,
		   records[i].what);
	}
	const char *two[] = {ours, ours};
	const struct text_list both = {two, 2}, none = {two, 0};
	OK(dkim_compare(ours, &both) == DKIM_DNS_DIFFERENT, "two records");
	OK(dkim_compare(ours, &none) == DKIM_DNS_ABSENT, "none");
	char *long_one = arena_alloc(a, 100001);
	memset(long_one, 'p', 100000);
	const char *one[] = {long_one};
	const struct text_list large = {one, 1};
	OK(dkim_compare(ours, &large) == DKIM_DNS_DIFFERENT, "a long one");
}

static void selectors(void)
{
	static const char *const good[] = {"a", "2026a", "a-b", "a.b-c.d"},
				 *const bad[] = {"",    ".",   "a.",   ".a",
						 "-a",  "a-",  "a..b", "A",
						 "a_b", "a b", "a;b",  "a.-b"};
	char name[DKIM_SELECTOR_MAX + 2];

	for (size_t i = 0; i < COUNT(good); i++)
		OK(dkim_is_selector(good[i]), good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		OK(!dkim_is_selector(bad[i]), bad[i]);
	memset(name, 'a', sizeof(name));
	name[DKIM_SELECTOR_MAX + 1] = '\0';
	OK(!dkim_is_selector(name), "too long");
	name[DKIM_SELECTOR_MAX] = '\0';
	OK(dkim_is_selector(name), "as long as may be");
}

/* A name in the DNS has 253 bytes, at most. */
static void names(struct arena *a)
{
	static const struct {
		size_t selector, domain; /* bytes; no selector: by the date */
		bool good;
	} rows[] = {{63, 178, true}, {63, 179, false}, {1, 240, true},
		    {1, 241, false}, {0, 232, true},   {0, 233, false},
		    {64, 20, false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char domain[256] = "", selector[256] = "";
		struct dkim_key k = dkim_defaults;
		struct err e = {0};

		memset(domain, 'd', rows[i].domain);
		memset(selector, 's', rows[i].selector);
		k.domain = domain;
		k.selector = rows[i].selector > 0 ? selector : NULL;
		dkim_judge_new(&k, a, &e);
		OK((e.faults == NULL) == rows[i].good,
		   rows[i].good ? "a name that the DNS can have"
				: "one that is too long");
	}
}

/* Where strings end, to the byte. */
static void splits(struct arena *a)
{
	for (size_t size = 250; size <= 520; size += 5) {
		char *text = arena_alloc(a, size + 1);
		struct dkim_key k = dkim_defaults;

		memset(text, 'x', size);
		k.domain = "example.org";
		k.selector = "s";
		k.type = DKIM_RSA;
		k.record = text;
		dkim_complete(&k, a);
		size_t all = 0;
		for (size_t i = 0; i < k.txt.count; i++)
			all += strlen(k.txt.items[i]);
		OK(all == size && k.txt.count == (size + 254) / 255,
		   "a record is cut into strings of 255 bytes");
	}
}

static void envelopes(struct arena *a)
{
	static const struct envelope one = {"a key"}, other = {"another"};
	const char *sealed = envelope_close(a, &one, "s._domainkey.d", "pem");
	const char *text = NULL;
	struct err e = {0};

	OK(strstr(sealed, "pem") == NULL, "a sealed key cannot be read");
	OK(envelope_open(a, &one, "s._domainkey.d", sealed, &text, &e) &&
		   strcmp(text, "pem") == 0,
	   "but by who has the key of the seal");
	OK(!envelope_open(a, &other, "s._domainkey.d", sealed, &text, &e) &&
		   !envelope_open(a, NULL, "s._domainkey.d", sealed, &text, &e),
	   "not with another, or none");
	OK(!envelope_open(a, &one, "t._domainkey.d", sealed, &text, &e),
	   "nor as that of another name");
	OK(envelope_open(a, NULL, "s", envelope_close(a, NULL, "s", "pem"),
			 &text, &e) &&
		   strcmp(text, "pem") == 0,
	   "without a seal it is as it is");
}

int main(void)
{
	struct arena *a = arena_new();

	compare(a);
	selectors();
	names(a);
	splits(a);
	envelopes(a);
	arena_free(a);
	return tap_done();
}
