#include "ldap/known.h"

#include <string.h>
#include <strings.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "loop/fiber.h"
#include "util/field.h"

#define NOWHERE "attributes.invalid"

/* Values that say nothing: names below "invalid" are nobody's (RFC 2606), and
 * nothing expires then. */
/* clang-format off */
static const struct sample {
	const char *name, *value;
} samples[] = {
	{"cn",                       "attributes"},
	{"description",              "every attribute that a dry run may meet"},
	{"mail",                     "attributes@" NOWHERE},
	{"uid",                      "attributes"},
	{"sn",                       "attributes"},
	{"givenName",                "attributes"},
	{"provostDomainName",        NOWHERE},
	{"provostDomainKind",        "local"},
	{"provostTargetDomain",      NOWHERE},
	{"provostTransport",         "error:attributes"},
	{"provostVerifyRecipients",  "FALSE"},
	{"provostEnabled",           "FALSE"},
	{"provostEnabledWish",       "FALSE"},
	{"provostDisplayName",       "attributes"},
	{"provostShortDisplayName",  "attributes"},
	{"provostImapHost",          NOWHERE},
	{"provostPop3Host",          NOWHERE},
	{"provostSmtpHost",          NOWHERE},
	{"provostDefaultQuotaBytes", "0"},
	{"provostQuotaBytes",        "0"},
	{"provostQuotaMessages",     "0"},
	{"provostMaxUsers",          "0"},
	{"provostMaxAliases",        "0"},
	{"provostMaxDomains",        "0"},
	{"provostMaxDeputies",       "0"},
	{"provostLocalPart",         "attributes"},
	{"provostFormerAddress",     "attributes@" NOWHERE},
	{"provostMailboxId",         "attributes"},
	{"provostLoginEnabled",      "FALSE"},
	{"provostDestination",       "attributes@" NOWHERE},
	{"provostSender",            "attributes@" NOWHERE},
	{"provostSendOnly",          "FALSE"},
	{"provostSenderAllowed",     "FALSE"},
	{"provostRecoveryAddress",   "attributes@" NOWHERE},
	{"provostExpires",           "99991231235959Z"},
	{"provostPrincipalKind",     "person"},
	{"provostReseller",          "FALSE"},
	{"provostCertificate",       "0000000000000000000000000000000000000000000000000000000000000000"},
	{"provostKeyId",             "attributes"},
	{"provostKeyLabel",          "attributes"},
	{"provostKeyScope",          "none"},
	{"provostKeyDomain",         NOWHERE},
	{"provostKeyNetwork",        "192.0.2.0/24"},
	{"provostDkimSelector",      "attributes"},
	{"provostDkimDomain",        NOWHERE},
	{"provostDkimState",         "retired"},
	{"provostDkimKeyType",       "rsa"},
	{"provostDkimKeyBits",       "0"},
	{"provostDkimStaged",        "FALSE"},
	{"provostDkimRotateDays",    "0"},
	{"provostDkimDue",           "99991231235959Z"},
	{"provostDkimDns",           "unknown"},
	{"provostDkimDnsChecked",    "99991231235959Z"},
	{"provostDkimPublished",     "99991231235959Z"},
	{"provostDkimActivated",     "99991231235959Z"},
	{"provostDkimRetired",       "99991231235959Z"},
	{"provostWebhookId",         "attributes"},
	{"provostWebhookOwner",      "00000000-0000-4000-8000-000000000000"},
	{"provostWebhookUrl",        "https://attributes.invalid/"},
	{"provostWebhookEvent",      "none"},
	{"provostWebhookDomain",     NOWHERE},
	{"provostWebhookRotated",    "99991231235959Z"},
};
/* clang-format on */

/* These name an entry: the same one. */
static const char *const names[] = {"provostSponsor", "provostOwner",
				    "provostAdministrator", "provostViewer",
				    "member"};

static const char changed[] = "pwdChangedTime", the_password[] = "userPassword",
		  class[] = "objectClass";

const char *known_sample(const char *name)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		if (strcasecmp(samples[i].name, name) == 0)
			return samples[i].value;
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcasecmp(names[i], name) == 0)
			return "";
	}
	return NULL;
}

static const char *own_dn(const struct ldap_store *s, struct arena *a)
{
	return dn_child(a, "cn", known_sample("cn"),
			schema_journal_dn(a, s->set->base));
}

enum { NAMES_MAX = 128, AWAIT_TRIES = 20, AWAIT_MILLIS = 50 };

/* The attributes that the entry has, and whether it is there. */
struct sight {
	struct arena *arena;
	const char *names[NAMES_MAX];
	size_t count;
	bool there;
};

static void each_seen(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct sight *s = ctx;
	BerElement *at = NULL;
	char *name = ldap_first_attribute(ld, message, &at);

	s->there = true;
	for (; name != NULL; name = ldap_next_attribute(ld, message, at)) {
		if (s->count < NAMES_MAX)
			s->names[s->count++] = arena_strdup(s->arena, name);
		ldap_memfree(name);
	}
	ber_free(at, 0);
}

static bool has(const struct sight *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcasecmp(s->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool look(struct ldap_store *s, const struct task *t, struct arena *a,
		 struct sight *ret, struct err *e)
{
	static const char *const want[] = {"*", changed, schema_policy, NULL};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = own_dn(s, a),
			       .scope = LDAP_SCOPE_BASE,
			       .want = want,
			       .each = each_seen,
			       .ctx = ret};

	*ret = (struct sight){.arena = a};
	if (!store_run(s, t, &op, s->set->read_seconds, "attributes", e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static void want(struct arena *a, const struct sight *seen, LDAPMod **mods,
		 size_t *n, const char *name, const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	if (has(seen, name))
		return;
	values[0] = arena_strdup(a, value);
	mods[(*n)++] = map_mod(a, LDAP_MOD_ADD, name, values);
}

/* Whose password it has, who made the directory has given it. */
bool known_prepare(struct store *port, const struct task *t, struct err *e)
{
	struct ldap_store *s = store_self(port);
	struct arena *a = t->arena;
	LDAPMod *mods[COUNT(samples) + COUNT(names) + 3];
	char *classes[] = {arena_strdup(a, "organizationalRole"),
			   arena_strdup(a, "extensibleObject"), NULL};
	struct sight seen;
	size_t n = 0;

	if (!look(s, t, a, &seen, e))
		return false;
	struct operation op = {.kind = seen.there ? OPERATION_MODIFY
						  : OPERATION_ADD,
			       .dn = own_dn(s, a),
			       .mods = mods};
	if (!seen.there)
		mods[n++] = map_mod(a, LDAP_MOD_ADD, class, classes);
	for (size_t i = 0; i < COUNT(samples); i++)
		want(a, &seen, mods, &n, samples[i].name, samples[i].value);
	for (size_t i = 0; i < COUNT(names); i++)
		want(a, &seen, mods, &n, names[i], op.dn);
	want(a, &seen, mods, &n, schema_policy,
	     schema_policy_dn(a, s->set->base));
	mods[n] = NULL;
	return n == 0 ||
	       store_run(s, t, &op, s->set->write_seconds, "attributes", e);
}

static void each_there(void *ctx, LDAP *ld, LDAPMessage *message)
{
	bool *there = ctx;

	(void)ld, (void)message;
	*there = true;
}

/* A password brings the time with it: whose entry has that was stored with
 * both. */
static bool knows_passwords(struct ldap_store *s, const struct task *t,
			    const struct sight *seen, bool *ret, struct err *e)
{
	static const char *const nothing[] = {LDAP_NO_ATTRS, NULL};
	struct arena *a = t->arena;
	const char *const below[] = {schema_principals_dn(a, s->set->base),
				     schema_domains_dn(a, s->set->base)};

	*ret = has(seen, changed);
	for (size_t i = 0; i < COUNT(below) && !*ret; i++) {
		struct operation op = {.kind = OPERATION_SEARCH,
				       .dn = below[i],
				       .scope = LDAP_SCOPE_SUBTREE,
				       .filter = filter_present(a, changed),
				       .want = nothing,
				       .limit = 1,
				       .each = each_there,
				       .ctx = ret};

		if (!store_run(s, t, &op, s->set->read_seconds, "passwords",
			       e) &&
		    op.result != LDAP_SIZELIMIT_EXCEEDED &&
		    e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	return true;
}

static bool is_known(struct ldap_store *s, const struct task *t,
		     const struct sight *seen, const char *name, bool *ret,
		     struct err *e)
{
	if (strcasecmp(name, the_password) == 0)
		return knows_passwords(s, t, seen, ret, e);
	*ret = strcasecmp(name, class) == 0 || has(seen, name);
	return true;
}

/* A moment after the start the gateway may not have got to it. */
static bool await_entry(struct ldap_store *s, const struct task *t,
			struct err *e)
{
	struct arena *a = t->rehearsal->arena;
	struct sight *seen = arena_alloc(a, sizeof(*seen));

	for (int try = 0; try < AWAIT_TRIES; try++) {
		if (!look(s, t, a, seen, e))
			return false;
		if (seen->count > COUNT(samples))
			break;
		fiber_sleep(AWAIT_MILLIS);
	}
	t->rehearsal->known = seen;
	return true;
}

bool known_check(struct ldap_store *s, const struct task *t, LDAPMod **mods,
		 struct err *e)
{
	struct rehearsal *r = t->rehearsal;
	bool known;

	if (r->known == NULL && !await_entry(s, t, e))
		return false;
	for (; *mods != NULL; mods++) {
		if ((*mods)->mod_values == NULL)
			continue; /* it goes */
		if (!is_known(s, t, r->known, (*mods)->mod_type, &known, e))
			return false;
		if (!known)
			return err_code(e, ERR_UNAVAILABLE,
					"dry_run_unprepared",
					"the directory is not yet prepared for "
					"a dry run with %s",
					(*mods)->mod_type);
	}
	return true;
}
