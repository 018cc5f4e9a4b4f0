#include "core/domain.h"
#include "core/kind.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"

#define F(member) FIELD(struct domain, member)
#define K512                                                               \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* One member is set to something; which fault does it get? */
static const struct {
	const char *name;
	struct field field;
	const char *text;
	int64_t number;
	int fault; /* -1: none */
} cases[] = {
	{"a name", F(name), "other.example", 0, -1},
	{"no name", F(name), NULL, 0, FAULT_MISSING},
	{"a name of one label", F(name), "example", 0, FAULT_FORMAT},
	{"an empty name", F(name), "", 0, FAULT_FORMAT},
	{"kind local", F(kind), "local", 0, -1},
	{"kind backup", F(kind), "backup", 0, FAULT_RANGE},
	{"a transport for a local domain", F(transport), "smtp:[a.example]", 0,
	 FAULT_RANGE},
	{"a limit", F(max_users), NULL, 10, -1},
	{"a limit of aliases", F(max_aliases), NULL, -1, FAULT_RANGE},
	{"a quota of all", F(quota_bytes), NULL, -1, FAULT_RANGE},
	{"a target for a local domain", F(target), "other.example", 0,
	 FAULT_RANGE},
	{"no kind", F(kind), NULL, 0, FAULT_RANGE},
	{"a host", F(imap_host), "imap.example.org", 0, -1},
	{"a bad IMAP host", F(imap_host), "imap", 0, FAULT_FORMAT},
	{"a bad POP3 host", F(pop3_host), "192.0.2.1", 0, FAULT_FORMAT},
	{"a bad SMTP host", F(smtp_host), "a b.example", 0, FAULT_FORMAT},
	{"an empty host", F(smtp_host), "", 0, FAULT_FORMAT},
	{"quota 0", F(default_user_quota_bytes), NULL, 0, -1},
	{"a quota", F(default_user_quota_bytes), NULL, INT64_MAX, -1},
	{"no quota", F(default_user_quota_bytes), NULL, NUMBER_NONE, -1},
	{"quota -1", F(default_user_quota_bytes), NULL, -1, FAULT_RANGE},
	{"the least quota", F(default_user_quota_bytes), NULL, INT64_MIN + 1,
	 FAULT_RANGE},
	{"a description", F(description), "M\xc3\xbcller & Co.", 0, -1},
	{"an empty one", F(description), "", 0, FAULT_FORMAT},
	{"one with a line break", F(description), "a\nb", 0, FAULT_FORMAT},
	{"one that is not UTF-8", F(description), "\xff", 0, FAULT_FORMAT},
	{"one of 1,024 bytes", F(description), K512 K512, 0, -1},
	{"one of 1,025 bytes", F(description), K512 K512 "x", 0, FAULT_RANGE},
	{"a display name", F(display_name), "\x1b[2J", 0, FAULT_FORMAT},
	{"a short one", F(short_display_name), "", 0, FAULT_FORMAT},
};

static void one_by_one(struct arena *a)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct domain d = domain_defaults;
		struct err e = {0};
		struct field f = cases[i].field;

		d.name = "example.org";
		if (f.kind == FIELD_NUMBER)
			*(int64_t *)field_at(f, &d) = cases[i].number;
		else
			*(const char **)field_at(f, &d) = cases[i].text;
		domain_check(&d, a, &e);
		OK(fault_kind_of(&e, f) == cases[i].fault &&
			   fault_count(&e) == (cases[i].fault >= 0),
		   cases[i].name);
	}
}

/* The target of an alias domain; which fault does it get? */
static const struct {
	const char *target;
	int fault;
} targets[] = {
	{"other.example", -1},
	{NULL, FAULT_MISSING},
	{"", FAULT_FORMAT},
	{"other", FAULT_FORMAT},
	{"j@other.example", FAULT_FORMAT},
	{"example.org", FAULT_RANGE},
};

static void alias_domains(struct arena *a)
{
	const struct field target = F(target);
	struct domain d = domain_defaults;

	for (size_t i = 0; i < COUNT(targets); i++) {
		struct err e = {0};

		d.name = "example.org";
		d.kind = "alias";
		d.target = targets[i].target;
		domain_check(&d, a, &e);
		OK(fault_kind_of(&e, target) == targets[i].fault &&
			   fault_count(&e) == (targets[i].fault >= 0),
		   d.target != NULL ? d.target : "no target");
	}
	d.target = "Other.EXAMPLE";
	domain_fold(&d, a);
	IS(d.target, "other.example", "a target is folded");
	struct err e = {0};
	d.kind = "backup";
	domain_check(&d, a, &e);
	NUMBER(fault_count(&e), 1, "of a strange kind no more is said");
}

/* The transport of a relay domain; which fault does it get? */
static const struct {
	const char *transport;
	int fault;
} transports[] = {
	{"smtp:[mx.example.org]:25", -1},
	{"lmtp:unix:/run/lmtp", -1},
	{"smtp:mx.example.org", -1},
	{NULL, FAULT_MISSING},
	{"", FAULT_FORMAT},
	{"smtp", FAULT_FORMAT},
	{"smtp:", FAULT_FORMAT},
	{":mx.example.org", FAULT_FORMAT},
	{"SMTP:mx.example.org", FAULT_FORMAT},
	{"smtp:mx example", FAULT_FORMAT},
	{"smtp:mx\n", FAULT_FORMAT},
	{"smtp:" K512, FAULT_FORMAT},
};

static void relay_domains(struct arena *a)
{
	struct domain d = domain_defaults;

	d.name = "example.org";
	d.kind = "relay";
	d.verify_recipients = true;
	for (size_t i = 0; i < COUNT(transports); i++) {
		struct err e = {0};

		d.transport = transports[i].transport;
		domain_check(&d, a, &e);
		OK(fault_kind_of(&e, (struct field)F(transport)) ==
				   transports[i].fault &&
			   fault_count(&e) == (transports[i].fault >= 0),
		   d.transport != NULL ? d.transport : "no transport");
	}
	struct err e = {0};
	d.kind = "local";
	d.transport = NULL;
	domain_check(&d, a, &e);
	NUMBER(fault_kind_of(&e, (struct field)F(verify_recipients)),
	       FAULT_RANGE, "only a relay domain verifies recipients");
	d = domain_defaults;
	d.name = "example.org";
	d.kind = "alias";
	d.target = "example.net";
	d.max_users = d.max_aliases = d.quota_bytes = 1;
	e = (struct err){0};
	domain_check(&d, a, &e);
	NUMBER(fault_count(&e), 3, "an alias domain has no limits");
}

static const struct {
	bool enabled, in_force, wished; /* before */
	bool then_in_force, then_wished;
	const char *state;
} states[] = {
	{true, false, false, true, false, "enabled"},
	{true, true, false, true, false, "enabled"},
	{true, false, true, false, true, "pending"},
	{true, true, true, true, false, "enabled"},
	{false, true, false, false, false, "disabled"},
	{false, false, true, false, false, "disabled"},
};

static void completed(struct arena *a)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		struct domain d = {.enabled = states[i].enabled,
				   .in_force = states[i].in_force,
				   .wished = states[i].wished};

		domain_complete(&d, a);
		OK(d.in_force == states[i].then_in_force &&
			   d.wished == states[i].then_wished,
		   "what is stored follows from what is wanted");
		domain_derive(&d, a);
		OK(d.enabled == states[i].enabled, "and back");
		IS(d.state, states[i].state, "with the state");
	}
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct domain d = {.name = "Example.ORG",
			   .imap_host = "IMAP.Example.org",
			   .description = "Example ORG"};
	struct domain bad = {.kind = "alias",
			     .description = "",
			     .imap_host = "x",
			     .default_user_quota_bytes = -5};
	struct err e = {0};

	one_by_one(a);
	alias_domains(a);
	relay_domains(a);
	completed(a);
	domain_fold(&d, a);
	IS(d.name, "example.org", "names are folded");
	IS(d.imap_host, "imap.example.org", "and hosts");
	IS(d.description, "Example ORG", "but not prose");
	IS(d.smtp_host, NULL, "what is not there stays so");
	domain_check(&bad, a, &e);
	NUMBER(fault_count(&e), 5, "all faults are told at once");
	IS(kind_rules(KIND_DOMAIN)->path, "/v1/domains/", "where they are");
	IS(kind_key(KIND_DOMAIN, &d), "example.org", "the key is the name");
	OK(domain_defaults.enabled, "domains are enabled by default");
	return tap_done();
}
