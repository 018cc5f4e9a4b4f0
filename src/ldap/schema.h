/*
 * schema - our records as directory entries, and where they are
 *
 * The contract is docs/directory.md; classes and attributes are defined in
 * schema/provost.schema.
 */
#ifndef LDAP_SCHEMA_H
#define LDAP_SCHEMA_H

#include "core/kind.h"
#include "core/manager.h"
#include "ldap/map.h"

struct schema {
	struct map map;
	const char *key; /* the attribute that names the entry */
};

const struct schema *schema_of(enum kind k);

/* How a struct signpost is read off an entry of that kind, one of mail. */
const struct map *schema_signpost(enum kind k);

/* The limits of a domain, and its id. */
const struct map *schema_limits(void);

extern const char schema_guard[]; /* changes with every write */
extern const char schema_local_part[];
extern const char schema_login[];
extern const char schema_key_id[];
extern const char schema_former[];
extern const char schema_quota[];
extern const char schema_enabled[], schema_wish[], schema_expires[];
extern const char schema_mailbox_id[];
extern const char schema_name[]; /* a user's */
extern const char schema_domain_kind[];
extern const char schema_usage_of[];
extern const char schema_created[];
extern const char schema_last_login[];
extern const char schema_measured[];
extern const char schema_optional[]; /* every kind may do without it */

/* NULL if no entry could have such a key. */
const char *schema_dn(struct arena *a, const char *base, enum kind k,
		      const char *key);

/* What was measured of a user: members of struct user, in an entry below his,
 * which has a name of its own. */
const struct map *schema_usage(void);
extern const char schema_usage_name[];
const char *schema_usage_dn(struct arena *a, const char *user);

/* What everything of this kind is below: of one domain, or of all. */
const char *schema_domains_dn(struct arena *a, const char *base);

/* Where plans are, and one of them. */
const char *schema_journal_dn(struct arena *a, const char *base);
const char *schema_plan_dn(struct arena *a, const char *base, const char *id);

/* The counter that numbers are drawn from. */
const char *schema_numbers_dn(struct arena *a, const char *base);

/* One of the services. */
const char *schema_service_dn(struct arena *a, const char *base,
			      const char *name);

/* What a domain with limits has used of them. */
const char *schema_tally_dn(struct arena *a, const char *base,
			    const char *domain);

/* Who logs in by that name: an address, or a principal's name. */
const char *schema_login_dn(struct arena *a, const char *base,
			    const char *name);

/* Back, in lower case; NULL: nobody logs in by that. */
const char *schema_login_of(struct arena *a, const char *base, const char *dn);

/* Where principals are, and the policy by which they are never locked out. */
const char *schema_principals_dn(struct arena *a, const char *base);
const char *schema_policy_dn(struct arena *a, const char *base);
extern const char schema_policy[];

/* What comes out of his budgets, and which domains are above or below one. */
const char *schema_sponsor_filter(struct arena *a, const char *dn);
const char *schema_overlap_filter(struct arena *a, const char *domain);

/* What of a domain and of a principal a sum of budgets is made of. */
const struct map *schema_budget(enum kind k);

/* The attribute that names who has a role. */
const char *schema_role(enum role role);

/* The group of super administrators, and the filter for one of them. */
const char *schema_administrators_dn(struct arena *a, const char *base);
const char *schema_hash_readers_dn(struct arena *a, const char *base);
const char *schema_member_filter(struct arena *a, const char *dn);

/* The domains that he is an owner, administrator, viewer or the sponsor of. */
const char *schema_role_filter(struct arena *a, const char *dn);

/* Of these the domains of which he is told who changed what: a viewer is not.
 */
const char *schema_trail_filter(struct arena *a, const char *dn);

/* Where addresses are held. */
const char *schema_retired_dn(struct arena *a, const char *base);
const char *schema_held_dn(struct arena *a, const char *base,
			   const char *address);

const char *schema_class_filter(struct arena *a, enum kind k);

/* What is in force although its time came between those. */
const char *schema_expired_filter(struct arena *a, const char *from,
				  const char *to);

/* The alias domains that lead to that one. */
const char *schema_target_filter(struct arena *a, const char *domain);

#endif
