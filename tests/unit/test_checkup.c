#include "core/checkup.h"

#include "core/zone.h"
#include "tests/lib/fake_resolver.h"
#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/text.h"

enum { RECORDS = 40, LONG_KEY = 400 };

static struct arena *a;
static struct checkup_settings settings;
static struct published_key key = {"s1", "active", "v=DKIM1; k=rsa; p=AbCd"};
static struct domain domain;
static struct fake_resolver fake;
static struct checkup_report report;

/* As it should be. */
static const struct fake_record good[] = {
	{"example.org", DNS_MX, "10 mx1.example.net"},
	{"example.org", DNS_MX, "20 mx2.example.net"},
	{"example.org", DNS_TXT, "v=spf1 include:_spf.example.net -all"},
	{"example.org", DNS_SOA, "ns"},
	{"_spf.example.net", DNS_TXT, "v=spf1 mx -all"},
	{"mx1.example.net", DNS_A, "192.0.2.1"},
	{"mx2.example.net", DNS_AAAA, "2001:db8::1"},
	{"s1._domainkey.example.org", DNS_TXT, "v=DKIM1; k=rsa;| p=Ab|Cd"},
	{"_dmarc.example.org", DNS_TXT, "v=DMARC1; p=reject"},
	{"_mta-sts.example.org", DNS_TXT, "v=STSv1; id=1"},
	{"mta-sts.example.org", DNS_CNAME, "sts.example.net"},
	{"_smtp._tls.example.org", DNS_TXT, "v=TLSRPTv1; rua=mailto:a@b.c"},
	{"autoconfig.example.org", DNS_A, "192.0.2.9"},
	{"ac.example.net", DNS_A, "192.0.2.9"},
	{"autodiscover.example.org", DNS_CNAME, "ac.example.net"},
	{"_imaps._tcp.example.org", DNS_SRV, "0 1 993 imap.example.net"},
	{NULL, DNS_A, NULL},
};

static void begin(void)
{
	settings = (struct checkup_settings){
		.mx = "mx1.example.net mx2.example.net",
		.mx_networks = "192.0.2.0/24 2001:db8::/32",
		.spf = "include:_spf.example.net",
		.dmarc = "v=DMARC1; p=quarantine",
		.tls_rpt = "mailto:a@b.c",
		.mta_sts_host = "sts.example.net",
		.mta_sts_mode = "testing",
		.autoconfig_host = "ac.example.net",
		.imap_host = "imap.example.net",
		.proof = "no"};
	domain = domain_defaults;
	domain.name = "example.org";
	domain.id = "1-2-3";
	domain.in_force = true;
	key.state = "active";
}

static void run(const struct fake_record *records, bool validating,
		const char *challenge)
{
	struct publication pub = {&settings, &domain, &key, 1, challenge};
	struct checkup_parts p = {.resolver = fake_resolver(&fake, records),
				  .published = &pub,
				  .validating = validating,
				  .deadline = INT64_MAX};

	fake.secure = validating;
	checkup_run(a, &p, &report);
	report.checked_at = "2026-01-01T00:00:00Z";
}

/* The good zone with other records for a name and type; NULL: none. */
static const struct fake_record *with(const char *name, enum dns_type type,
				      const char *one, const char *two)
{
	struct fake_record *r = arena_alloc(a, RECORDS * sizeof(*r));
	size_t n = 0;

	for (size_t i = 0; good[i].name != NULL; i++) {
		if (good[i].type != type || strcmp(good[i].name, name) != 0)
			r[n++] = good[i];
	}
	if (one != NULL)
		r[n++] = (struct fake_record){name, type, one};
	if (two != NULL)
		r[n++] = (struct fake_record){name, type, two};
	return r;
}

static const struct checkup_result *result_of(const char *check)
{
	for (size_t i = 0; i < report.count; i++) {
		if (strcmp(report.results[i].name, check) == 0 &&
		    strcmp(report.results[i].code, "ok") != 0)
			return &report.results[i];
	}
	return NULL;
}

static void all_is_well(void)
{
	begin();
	run(good, true, NULL);
	IS(checkup_worst(&report), "ok", "all is well");
	NUMBER(report.count, 13, "of each check a result");
	IS(checkup_state(&domain, &report), "enabled", "the domain is enabled");
	OK(fake.rounds <= 4, "questions are asked side by side");
	domain.in_force = false;
	IS(checkup_state(&domain, &report), "pending",
	   "it is not in force yet");
	domain.enabled = false;
	IS(checkup_state(&domain, &report), "disabled", "nobody wants it");
	domain.enabled = domain.in_force = true;
	report.checked_at = NULL;
	IS(checkup_state(&domain, &report), "pending", "it was never checked");
}

/* clang-format off */
static const struct {
	const char *name;
	enum dns_type type;
	const char *one, *two, *check, *code, *result, *actor, *state;
} cases[] = {
#define YOU "you", "action_required"
#define OPERATOR "operator", "failed"
#define FINE "you", "enabled"
#define NOBODY NULL, "enabled"
	{"example.org", DNS_MX, NULL, NULL, "mx", "mx_missing", "error", YOU},
	{"example.org", DNS_MX, "0 .", NULL, "mx", "mx_null", "error", YOU},
	{"example.org", DNS_MX, "1 x.y", NULL, "mx", "mx_wrong", "error", YOU},
	{"example.org", DNS_MX, "1 mx1.example.net", "2 x.y", "mx", "mx_others", "warning", FINE},
	{"example.org", DNS_MX, "1 mx1.example.net", NULL, "mx", "mx_incomplete", "warning", FINE},
	{"example.org", DNS_MX, "!", NULL, "mx", "not_answered", "unknown", NOBODY},
	{"mx1.example.net", DNS_A, NULL, NULL, "mx_address", "mx_no_address", "error", OPERATOR},
	{"mx1.example.net", DNS_A, "198.51.100.1", NULL, "mx_address", "mx_network", "error", OPERATOR},
	{"mx1.example.net", DNS_A, "127.0.0.1", NULL, "mx_address", "mx_address_private", "error", OPERATOR},
	{"mx2.example.net", DNS_AAAA, "fe80::1", NULL, "mx_address", "mx_address_private", "error", OPERATOR},
	{"example.org", DNS_TXT, NULL, NULL, "spf", "spf_missing", "error", YOU},
	{"example.org", DNS_TXT, "v=spf1 mx", "v=spf1 a", "spf", "spf_several", "error", YOU},
	{"example.org", DNS_TXT, "v=spf1 mx -all", NULL, "spf", "spf_lacks_us", "error", YOU},
	{"example.org", DNS_TXT, "v=spf1 mx:", NULL, "spf", "spf_malformed", "error", YOU},
	{"example.org", DNS_TXT, "v=spf1 include:_spf.example.net +all", NULL, "spf", "spf_open", "warning", FINE},
	{"example.org", DNS_TXT, "v=spf1 include:_spf.example.net include:n.x", NULL, "spf", "spf_include", "error", YOU},
	{"example.org", DNS_TXT, "v=spf1 include:_spf.example.net a a a a a a a a a a", NULL, "spf", "spf_lookups", "error", YOU},
	{"_spf.example.net", DNS_TXT, "!", NULL, "spf", "not_answered", "unknown", NOBODY},
	{"s1._domainkey.example.org", DNS_TXT, NULL, NULL, "dkim", "dkim_missing", "error", YOU},
	{"s1._domainkey.example.org", DNS_TXT, "v=DKIM1; p=", NULL, "dkim", "dkim_revoked", "error", YOU},
	{"s1._domainkey.example.org", DNS_TXT, "p=abcd", NULL, "dkim", "dkim_different", "error", YOU},
	{"s1._domainkey.example.org", DNS_TXT, "k=ed25519; p=AbCd", NULL, "dkim", "dkim_different", "error", YOU},
	{"s1._domainkey.example.org", DNS_TXT, "v=DKIM2; p=AbCd", NULL, "dkim", "dkim_malformed", "error", YOU},
	{"s1._domainkey.example.org", DNS_TXT, "hello", NULL, "dkim", "dkim_malformed", "error", YOU},
	{"s1._domainkey.example.org", DNS_TXT, "p=AbCd", "p=x", "dkim", "dkim_several", "error", YOU},
	{"_dmarc.example.org", DNS_TXT, NULL, NULL, "dmarc", "dmarc_missing", "warning", FINE},
	{"_dmarc.example.org", DNS_TXT, "v=DMARC1; p=none", NULL, "dmarc", "dmarc_weak", "warning", FINE},
	{"_dmarc.example.org", DNS_TXT, "v=DMARC1; p=x", NULL, "dmarc", "dmarc_malformed", "error", YOU},
	{"_dmarc.example.org", DNS_TXT, "p=none", NULL, "dmarc", "dmarc_malformed", "error", YOU},
	{"_dmarc.example.org", DNS_TXT, "v=DMARC1; p=none", "v=DMARC1", "dmarc", "dmarc_several", "error", YOU},
	{"_mta-sts.example.org", DNS_TXT, NULL, NULL, "mta_sts", "record_missing", "warning", FINE},
	{"_mta-sts.example.org", DNS_TXT, "v=STSv1", NULL, "mta_sts", "record_malformed", "error", YOU},
	{"mta-sts.example.org", DNS_CNAME, "x.y", NULL, "mta_sts", "name_elsewhere", "warning", FINE},
	{"_smtp._tls.example.org", DNS_TXT, "v=TLSRPTv1; rua=a", "v=TLSRPTv1; rua=b", "tls_rpt", "record_several", "error", YOU},
	{"autoconfig.example.org", DNS_A, NULL, NULL, "autoconfig", "name_missing", "warning", FINE},
	{"autodiscover.example.org", DNS_CNAME, "x.y", NULL, "autodiscover", "name_elsewhere", "warning", FINE},
	{"_imaps._tcp.example.org", DNS_SRV, "0 1 143 imap.example.net", NULL, "srv", "srv_wrong", "warning", FINE},
	{"_imaps._tcp.example.org", DNS_SRV, NULL, NULL, "srv", "srv_missing", "warning", FINE},
};
/* clang-format on */

static void one_is_not(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin();
		run(with(cases[i].name, cases[i].type, cases[i].one,
			 cases[i].two),
		    false, NULL);
		const struct checkup_result *r = result_of(cases[i].check);
		IS(r != NULL ? r->code : NULL, cases[i].code, cases[i].code);
		IS(r != NULL ? r->result : NULL, cases[i].result, "the result");
		IS(r != NULL ? r->actor : NULL, cases[i].actor, "who acts");
		IS(checkup_state(&domain, &report), cases[i].state,
		   "the state");
	}
}

static void keys_that_do_not_sign(void)
{
	begin();
	key.state = "prepared";
	run(with("s1._domainkey.example.org", DNS_TXT, NULL, NULL), false,
	    NULL);
	IS(result_of("dkim")->result, "warning",
	   "a key that does not sign need not be there");
}

static const struct fake_record listed[] = {
	{"example.org", DNS_MX, "10 mx1.example.net"},
	{"mx1.example.net", DNS_A, "192.0.2.1"},
	{"1.2.0.192.bl.example", DNS_A, "127.0.0.2"},
	{"1.2.0.192.no.example", DNS_A, "127.255.255.254"},
	{NULL, DNS_A, NULL},
};

static void block_lists(void)
{
	begin();
	settings.blocklists = "bl.example no.example good.example";
	run(listed, false, NULL);
	size_t n = 0;
	for (size_t i = 0; i < report.count; i++)
		n += strcmp(report.results[i].name, "blocklist") == 0;
	NUMBER(n, 3, "each list is asked");
	IS(result_of("blocklist")->code, "blocklist_listed", "one has it");
	IS(result_of("blocklist")->actor, "operator", "whose server it is");
}

static void proof(void)
{
	begin();
	domain.in_force = false;
	domain.wished = true;
	const char *challenge = publish_challenge(a, &domain);
	IS(challenge, "provost-challenge=1-2-3", "the challenge");
	run(good, false, challenge);
	OK(!report.proved, "it is not there");
	IS(result_of("proof")->code, "proof_missing", "and that is told");
	run(with("_provost-challenge.example.org", DNS_TXT,
		 "provost-challenge=1-2-4", challenge),
	    false, challenge);
	OK(report.proved, "it is there, beside another");
	run(with("_provost-challenge.example.org", DNS_TXT,
		 "provost-challenge=1-2-34", NULL),
	    false, challenge);
	OK(!report.proved, "one that begins with it is another");
}

/* What was wrong stays so until somebody has seen that it is not. */
static void silence(void)
{
	struct checkup_report before;

	begin();
	run(with("example.org", DNS_MX, "1 x.y", NULL), false, NULL);
	before = report;
	run(with("example.org", DNS_MX, "!", NULL), false, NULL);
	checkup_carry(&report, &before);
	IS(checkup_state(&domain, &report), "action_required",
	   "an error does not go away when nobody answers");
	before = report;
	run(good, false, NULL);
	checkup_carry(&report, &before);
	IS(checkup_state(&domain, &report), "enabled", "but when it is gone");
}

static void zones(void)
{
	char long_key[LONG_KEY + 1];
	struct wish w = {.name = "x.example.org", .type = DNS_TXT};

	w.text = "a;b\"c\\d\n\xc3\xa9";
	IS(zone_line(a, &w),
	   "x.example.org.\t3600\tIN\tTXT\t"
	   "\"a;b\\\"c\\\\d\\010\\195\\169\"\n",
	   "nothing in a text can end it");
	memset(long_key, 'k', LONG_KEY);
	long_key[LONG_KEY] = '\0';
	struct text_list l = zone_strings(a, long_key);
	OK(l.count == 2 && strlen(l.items[0]) == ZONE_STRING_MAX &&
		   strlen(l.items[1]) == LONG_KEY - ZONE_STRING_MAX,
	   "a long one is cut");
	NUMBER(zone_strings(a, "").count, 1, "an empty one is one string");
	w = (struct wish){.name = "y",
			  .type = DNS_SRV,
			  .target = "z.org",
			  .weight = 1,
			  .port = 993};
	IS(zone_line(a, &w), "y.\t3600\tIN\tSRV\t0 1 993 z.org.\n", "SRV");
}

static void options(void)
{
	struct err e = {0};

	begin();
	OK(checkup_settings_check(a, &settings, &e), "options that work");
	settings.spf = "-all";
	OK(!checkup_settings_check(a, &settings, &e), "a term that refuses");
	begin();
	settings.mx = "not a name!";
	OK(!checkup_settings_check(a, &settings, &e), "what is no name");
	begin();
	settings.mx_networks = "192.0.2.1/24";
	OK(!checkup_settings_check(a, &settings, &e), "what is no network");
	begin();
	settings.dmarc = "p=none";
	OK(!checkup_settings_check(a, &settings, &e), "what is not of DMARC");
}

int main(void)
{
	a = arena_new();
	all_is_well();
	one_is_not();
	keys_that_do_not_sign();
	block_lists();
	proof();
	silence();
	zones();
	options();
	arena_free(a);
	return tap_done();
}
