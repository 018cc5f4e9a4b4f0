#include "ldap/schema.h"

#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/principal.h"
#include "core/signpost.h"
#include "core/user.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "util/text.h"

const char schema_guard[] = "entryCSN";
const char schema_local_part[] = "provostLocalPart";
const char schema_login[] = "uid";
const char schema_key_id[] = "provostKeyId";
const char schema_former[] = "provostFormerAddress";
const char schema_quota[] = "provostQuotaBytes";
const char schema_enabled[] = "provostEnabled";
const char schema_wish[] = "provostEnabledWish";
const char schema_mailbox_id[] = "provostMailboxId";
const char schema_name[] = "cn";
const char schema_domain_kind[] = "provostDomainKind";
const char schema_usage_of[] = "provostUsageOf";
const char schema_created[] = "createTimestamp";
const char schema_last_login[] = "provostLastLogin";
const char schema_measured[] = "provostMeasured";
const char schema_usage_name[] = "usage";
const char schema_expires[] = "provostExpires";
const char schema_optional[] = "description";

/* The directory's own attributes are the same for every kind. */
/* clang-format off */
#define OPERATIONAL                                                            \
	{"entryUUID",                 F(id),          MAP_READ_ONLY},          \
	{"createTimestamp",           F(created_at),  MAP_READ_ONLY | MAP_TIME}, \
	{"modifyTimestamp",           F(updated_at),                           \
	 MAP_READ_ONLY | MAP_TIME | MAP_VOLATILE},                             \
	{NULL,                        {0, 0},         0}

/* One row per attribute: to carry another one, add it to the struct, to
 * schema/provost.schema and here. */
#define F(member) FIELD(struct domain, member)
static const struct map_attr domain_attrs[] = {
	{"provostDomainName",         F(name),               MAP_MUST | MAP_FIXED},
	{"provostDomainKind",         F(kind),               MAP_MUST},
	{"provostTargetDomain",       F(target),             0},
	{"provostTransport",          F(transport),          0},
	{"provostVerifyRecipients",   F(verify_recipients),  MAP_IF_TRUE},
	{"provostEnabled",            F(in_force),           MAP_MUST},
	{"provostEnabledWish",        F(wished),             MAP_IF_TRUE},
	{"description",               F(description),        0},
	{"provostDisplayName",        F(display_name),       0},
	{"provostShortDisplayName",   F(short_display_name), 0},
	{"provostImapHost",           F(imap_host),          0},
	{"provostPop3Host",           F(pop3_host),          0},
	{"provostSmtpHost",           F(smtp_host),          0},
	{"provostDefaultQuotaBytes",  F(default_user_quota_bytes), 0},
	{"provostQuotaBytes",         F(quota_bytes),        0},
	{"provostMaxUsers",           F(max_users),          0},
	{"provostMaxAliases",         F(max_aliases),        0},
	{"provostSponsor",            F(sponsor_identity),   0},
	{"provostSponsor",            F(sponsor),            MAP_READ_ONLY | MAP_LOGIN},
	{"provostProofTime",          F(proved_at),          MAP_READ_ONLY | MAP_TIME | MAP_VOLATILE},
	{"provostOwner",              F(owner_identity),     MAP_WRITE_ONLY | MAP_FIXED},
	OPERATIONAL,
};
static const struct map_attr domain_budget[] = {
	{"provostDomainName",         F(name),               MAP_MUST},
	{"provostDomainKind",         F(kind),               0},
	{"provostQuotaBytes",         F(quota_bytes),        0},
	{"provostMaxUsers",           F(max_users),          0},
	{"provostMaxAliases",         F(max_aliases),        0},
	{NULL,                        {0, 0},                0},
};
#undef F

#define F(member) FIELD(struct domain, member)
static const struct map_attr limit_attrs[] = {
	{"entryUUID",                 F(id),                 MAP_READ_ONLY},
	{"provostQuotaBytes",         F(quota_bytes),        0},
	{"provostMaxUsers",           F(max_users),          0},
	{"provostMaxAliases",         F(max_aliases),        0},
	{NULL,                        {0, 0},                0},
};
#undef F

#define F(member) FIELD(struct user, member)
static const struct map_attr user_attrs[] = {
	{"mail",                      F(address),       MAP_MUST | MAP_FIXED},
	{"uid",                       F(address),       MAP_WRITE_ONLY | MAP_FIXED},
	{"provostLocalPart",          F(local_part),    MAP_MUST | MAP_FIXED},
	{"provostMailboxId",          F(mailbox_id),    MAP_FIXED | MAP_VOLATILE},
	{"cn",                        F(name),          MAP_MUST},
	{"sn",                        F(family_name),   MAP_MUST},
	{"givenName",                 F(given_name),    0},
	{"provostEnabled",            F(in_force),      MAP_MUST},
	{"provostEnabledWish",        F(wished),        MAP_IF_TRUE},
	{"provostLoginEnabled",       F(login_enabled), MAP_ABSENT_TRUE},
	{"provostQuotaBytes",         F(quota_bytes),   0},
	{"provostQuotaMessages",      F(quota_messages), 0},
	{"provostDestination",        F(destinations),  0},
	{"provostSender",             F(send_as),       0},
	{"provostSendOnly",           F(send_only),     MAP_IF_TRUE},
	{"provostRecoveryAddress",    F(recovery_address), 0},
	{"provostExpires",            F(expires_at),    MAP_TIME},
	{"userPassword",              F(stored.hash),   MAP_WRITE_ONLY},
	{"provostScramSha256",        F(stored.scram_sha_256),
	 MAP_WRITE_ONLY | MAP_FOLLOWS},
	{"provostScramSha1",          F(stored.scram_sha_1),
	 MAP_WRITE_ONLY | MAP_FOLLOWS},
	{"provostCramMd5",            F(stored.cram_md5),
	 MAP_WRITE_ONLY | MAP_FOLLOWS},
	OPERATIONAL,
};
#undef F

#define F(member) FIELD(struct user, member)
static const struct map_attr usage_attrs[] = {
	{"cn",                        F(name),          MAP_WRITE_ONLY},
	{"provostUsageOf",            F(mailbox_id),    MAP_WRITE_ONLY},
	{"provostLastLogin",          F(last_login_at), MAP_TIME},
	{"provostUsedBytes",          F(quota_used_bytes),    0},
	{"provostUsedMessages",       F(quota_used_messages), 0},
	{"provostMeasured",           F(quota_measured_at),   MAP_TIME},
	{NULL,                        {0, 0},           0},
};
#undef F

#define F(member) FIELD(struct alias, member)
static const struct map_attr alias_attrs[] = {
	{"mail",                      F(address),       MAP_MUST | MAP_FIXED},
	{"provostLocalPart",          F(local_part),    MAP_FIXED},
	{"provostDestination",        F(destinations),  MAP_MUST},
	{"provostEnabled",            F(in_force),      MAP_MUST},
	{"provostEnabledWish",        F(wished),        MAP_IF_TRUE},
	{"provostSenderAllowed",      F(send_as_allowed), MAP_IF_TRUE},
	{"provostExpires",            F(expires_at),    MAP_TIME},
	{"description",               F(description),   0},
	OPERATIONAL,
};
#undef F

#define F(member) FIELD(struct principal, member)
#define BUDGETS                                                                \
	{"provostReseller",           F(reseller),      MAP_IF_TRUE},          \
	{"provostMaxDomains",         F(max_domains),   0},                    \
	{"provostMaxUsers",           F(max_users),     0},                    \
	{"provostMaxAliases",         F(max_aliases),   0},                    \
	{"provostMaxDeputies",        F(max_deputies),  0},                    \
	{"provostQuotaBytes",         F(quota_bytes),   0}
static const struct map_attr principal_attrs[] = {
	{"uid",                       F(login),         MAP_MUST | MAP_FIXED},
	{"cn",                        F(name),          MAP_MUST},
	{"sn",                        F(family_name),   MAP_MUST},
	{"provostPrincipalKind",      F(kind),          0},
	{"provostEnabled",            F(enabled),       MAP_MUST},
	{"member",                    F(super_administrator),
	 MAP_READ_ONLY | MAP_ELSEWHERE},
	BUDGETS,
	{"provostSponsor",            F(sponsor_identity), 0},
	{"provostSponsor",            F(sponsor),       MAP_READ_ONLY | MAP_LOGIN},
	{"provostRecoveryAddress",    F(recovery_address), 0},
	{"provostCertificate",        F(certificates),  MAP_BYTES},
	{"userPassword",              F(stored.hash),   MAP_WRITE_ONLY},
	OPERATIONAL,
};
static const struct map_attr principal_budget_attrs[] = {
	{"uid",                       F(login),         MAP_MUST},
	BUDGETS,
	{NULL,                        {0, 0},           0},
};
#undef F

#define F(member) FIELD(struct signpost, member)
static const struct map_attr domain_post[] = {
	{"provostDomainName",         F(key),           MAP_MUST},
	{"provostDomainKind",         F(domain_kind),   MAP_MUST},
	{"provostEnabled",            F(enabled),       MAP_MUST},
	{"provostTargetDomain",       F(target),        0},
	{NULL,                        {0, 0},           0},
};
static const struct map_attr user_post[] = {
	{"mail",                      F(key),           MAP_MUST},
	{"provostEnabled",            F(enabled),       MAP_MUST},
	{"provostDestination",        F(destinations),  MAP_AS_KEPT},
	{"provostQuotaBytes",         F(quota_bytes),   0},
	{"provostLoginEnabled",       F(login_enabled), MAP_ABSENT_TRUE},
	{"provostSendOnly",           F(send_only),     0},
	{NULL,                        {0, 0},           0},
};
static const struct map_attr alias_post[] = {
	{"mail",                      F(key),           MAP_MUST},
	{"provostEnabled",            F(enabled),       MAP_MUST},
	{"provostDestination",        F(destinations),  MAP_AS_KEPT},
	{NULL,                        {0, 0},           0},
};
#undef F
/* clang-format on */

static const char *const domain_classes[] = {"provostDomain", NULL};
static const char *const user_classes[] = {"inetOrgPerson", "provostUser",
					   NULL};
static const char *const alias_classes[] = {"provostAlias", NULL};
static const char *const principal_classes[] = {"inetOrgPerson",
						"provostPrincipal", NULL};

static const struct schema schemas[KIND_COUNT] = {
	[KIND_DOMAIN] = {{domain_classes, "provostDomain", domain_attrs},
			 "provostDomainName"},
	[KIND_USER] = {{user_classes, "provostUser", user_attrs}, "mail"},
	[KIND_ALIAS] = {{alias_classes, "provostAlias", alias_attrs}, "mail"},
	[KIND_PRINCIPAL] = {{principal_classes, "provostPrincipal",
			     principal_attrs},
			    "uid"},
};

static const struct map posts[KIND_MAIL_COUNT] = {
	[KIND_DOMAIN] = {domain_classes, "provostDomain", domain_post},
	[KIND_USER] = {user_classes, "provostUser", user_post},
	[KIND_ALIAS] = {alias_classes, "provostAlias", alias_post},
};

static const char *const usage_classes[] = {"provostUsage", NULL};
static const struct map usage = {usage_classes, "provostUsage", usage_attrs};

const struct map *schema_usage(void)
{
	return &usage;
}

const char *schema_usage_dn(struct arena *a, const char *user)
{
	return dn_child(a, "cn", schema_usage_name, user);
}

static const struct map limits = {domain_classes, "provostDomain", limit_attrs};

const struct map *schema_limits(void)
{
	return &limits;
}

const struct map *schema_signpost(enum kind k)
{
	return &posts[k];
}

const struct schema *schema_of(enum kind k)
{
	return &schemas[k];
}

const char *schema_domains_dn(struct arena *a, const char *base)
{
	return dn_child(a, "ou", "domains", base);
}

const char *schema_principals_dn(struct arena *a, const char *base)
{
	return dn_child(a, "ou", "principals", base);
}

static const char *domain_dn(struct arena *a, const char *base,
			     const char *name)
{
	return dn_child(a, schemas[KIND_DOMAIN].key, name,
			schema_domains_dn(a, base));
}

const char *schema_dn(struct arena *a, const char *base, enum kind k,
		      const char *key)
{
	const char *domain = address_domain(key);

	if (k == KIND_DOMAIN)
		return domain_dn(a, base, key);
	if (k == KIND_PRINCIPAL)
		return dn_child(a, schemas[k].key, key,
				schema_principals_dn(a, base));
	if (domain == NULL)
		return NULL;
	return dn_child(a, schemas[k].key, key, domain_dn(a, base, domain));
}

const char *schema_journal_dn(struct arena *a, const char *base)
{
	return dn_child(a, "ou", "journal", base);
}

const char *schema_plan_dn(struct arena *a, const char *base, const char *id)
{
	return dn_child(a, "provostJournalId", id, schema_journal_dn(a, base));
}

const char *schema_numbers_dn(struct arena *a, const char *base)
{
	return dn_child(a, "cn", "numbers", schema_journal_dn(a, base));
}

const char *schema_service_dn(struct arena *a, const char *base,
			      const char *name)
{
	return dn_child(a, "cn", name, dn_child(a, "ou", "services", base));
}

const char *schema_tally_dn(struct arena *a, const char *base,
			    const char *domain)
{
	return dn_child(a, "cn", domain, schema_journal_dn(a, base));
}

const char *schema_retired_dn(struct arena *a, const char *base)
{
	return dn_child(a, "ou", "retired", base);
}

const char *schema_held_dn(struct arena *a, const char *base,
			   const char *address)
{
	return dn_child(a, schemas[KIND_USER].key, address,
			schema_retired_dn(a, base));
}

const char *schema_login_dn(struct arena *a, const char *base, const char *name)
{
	if (strchr(name, '@') != NULL)
		return schema_dn(a, base, KIND_USER, name);
	return schema_dn(a, base, KIND_PRINCIPAL, name);
}

/* Users and principals log in; nobody knows what else a tool may have written.
 */
const char *schema_login_of(struct arena *a, const char *base, const char *dn)
{
	const char *login = dn_value(a, dn);

	if (login == NULL)
		return NULL;
	login = text_lower(a, login);
	return dn_equal(dn, schema_login_dn(a, base, login)) ? login : NULL;
}

const char schema_policy[] = "pwdPolicySubentry";

const char *schema_policy_dn(struct arena *a, const char *base)
{
	return dn_child(a, "cn", "services",
			dn_child(a, "ou", "policies", base));
}

static const char sponsor[] = "provostSponsor";

const char *schema_sponsor_filter(struct arena *a, const char *dn)
{
	return filter_equal(a, sponsor, dn);
}

/* Names above it are few: each is asked for. */
const char *schema_overlap_filter(struct arena *a, const char *domain)
{
	const char *key = schemas[KIND_DOMAIN].key;
	const char **parts =
		arena_alloc(a, (strlen(domain) + 2) * sizeof(*parts));
	size_t n = 0;

	parts[n++] = filter_below(a, key, domain);
	for (const char *p = strchr(domain, '.'); p != NULL;
	     p = strchr(p + 1, '.'))
		parts[n++] = filter_equal(a, key, p + 1);
	return filter_any(a, parts, n);
}

static const struct map domain_sum = {domain_classes, "provostDomain",
				      domain_budget};
static const struct map principal_sum = {principal_classes, "provostPrincipal",
					 principal_budget_attrs};

const struct map *schema_budget(enum kind k)
{
	return k == KIND_DOMAIN ? &domain_sum : &principal_sum;
}

const char *schema_role(enum role role)
{
	static const char *const names[] = {[ROLE_OWNER] = "provostOwner",
					    [ROLE_ADMINISTRATOR] =
						    "provostAdministrator",
					    [ROLE_VIEWER] = "provostViewer"};

	return names[role];
}

const char *schema_administrators_dn(struct arena *a, const char *base)
{
	return dn_child(a, "cn", "administrators",
			dn_child(a, "ou", "roles", base));
}

const char *schema_hash_readers_dn(struct arena *a, const char *base)
{
	return dn_child(a, "cn", "hash-readers",
			dn_child(a, "ou", "roles", base));
}

const char *schema_member_filter(struct arena *a, const char *dn)
{
	return filter_equal(a, "member", dn);
}

const char *schema_role_filter(struct arena *a, const char *dn)
{
	const char *const roles[] = {schema_trail_filter(a, dn),
				     filter_equal(a, "provostViewer", dn)};

	return filter_any(a, roles, COUNT(roles));
}

const char *schema_trail_filter(struct arena *a, const char *dn)
{
	const char *const roles[] = {filter_equal(a, "provostOwner", dn),
				     filter_equal(a, "provostAdministrator",
						  dn),
				     schema_sponsor_filter(a, dn)};

	return filter_any(a, roles, COUNT(roles));
}

const char *schema_class_filter(struct arena *a, enum kind k)
{
	return filter_equal(a, "objectClass", schemas[k].map.class);
}

const char *schema_expired_filter(struct arena *a, const char *from,
				  const char *to)
{
	const char *when = filter_and(a, filter_from(a, schema_expires, from),
				      filter_to(a, schema_expires, to));

	return filter_and(a, when, filter_equal(a, schema_enabled, "TRUE"));
}

const char *schema_target_filter(struct arena *a, const char *domain)
{
	const char *is_alias = filter_equal(a, "provostDomainKind", "alias");

	return filter_and(a, filter_equal(a, "provostTargetDomain", domain),
			  is_alias);
}
