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
	{"kind relay", F(kind), "relay", 0, FAULT_RANGE},
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
	d.kind = "relay";
	domain_check(&d, a, &e);
	NUMBER(fault_count(&e), 1, "of a strange kind no more is said");
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
