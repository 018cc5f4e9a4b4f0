#include "doctor/probe.h"

#include <regex.h>
#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "util/text.h"

enum { SECRETS_MAX = 11, SEEN_ENOUGH = 1 };

/* What a service may not see, whoever the entry is of. */
static const struct {
	enum service service;
	const char *secrets[SECRETS_MAX];
} walls[] = {
	{SERVICE_POSTFIX,
	 {"userPassword", "provostCredential", "pwdHistory", "provostKeyHash",
	  "provostDkimPrivateKey", "provostRecoveryAddress",
	  "provostQuotaBytes", "provostMailboxId"}},
	{SERVICE_DOVECOT,
	 {"pwdHistory", "provostKeyHash", "provostDkimPrivateKey",
	  "provostRecoveryAddress", "provostDestination"}},
	{SERVICE_SSO,
	 {"userPassword", "provostCredential", "pwdHistory", "provostKeyHash",
	  "provostDkimPrivateKey", "provostRecoveryAddress",
	  "provostDestination", "provostMailboxId"}},
	{SERVICE_SIGNER,
	 {"userPassword", "provostCredential", "pwdHistory", "provostKeyHash",
	  "provostRecoveryAddress", "provostMailboxId", "provostDestination"}},
};

/* Dovecot may be allowed to. */
static const char *const hashes[] = {"userPassword", "provostCredential"};

struct sighting {
	struct arena *arena;
	const char *dn, *attribute;
	const char *except; /* the DN that is no find */
};

static void each_seen(void *ctx, struct arena *a, const struct direct_entry *en)
{
	struct sighting *s = ctx;

	(void)a;
	if (s->dn != NULL || (s->except != NULL && dn_equal(s->except, en->dn)))
		return;
	s->dn = arena_strdup(s->arena, en->dn);
	s->attribute = en->count > 0
			       ? arena_strdup(s->arena, en->attributes[0].name)
			       : "the entry";
}

/* Whoever may not begin at the top may further down. */
static const char *const places[] = {"domains", "principals", NULL};

/* Everything that passes the filter, from all places where one might begin.
 * Not being let in at all is what should be. */
static bool look(struct direct *d, struct arena *a, const char *base,
		 const struct direct_search *how, struct sighting *ret,
		 struct err *e)
{
	ret->arena = a;
	for (size_t i = 0; i < COUNT(places) && ret->dn == NULL; i++) {
		struct direct_search s = *how;

		s.scope = DIRECT_ALL;
		s.base = places[i] != NULL ? dn_child(a, "ou", places[i], base)
					   : base;
		err_clear(e);
		if (!direct_search(d, &s, each_seen, ret, e) &&
		    e->kind != ERR_NOT_FOUND && e->kind != ERR_DENIED)
			return false;
	}
	err_clear(e);
	return true;
}

static size_t count_of(const char *const names[SECRETS_MAX])
{
	size_t n = 0;

	while (n < SECRETS_MAX && names[n] != NULL)
		n++;
	return n;
}

static const char *domain_dn(const struct probe *p, struct arena *a,
			     const char *name)
{
	return dn_child(a, "provostDomainName", name,
			dn_child(a, "ou", "domains", p->base));
}

static const char *address_dn(const struct probe *p, struct arena *a,
			      const struct held_address *h)
{
	const char *name = address_domain(h->address);

	return dn_child(a, "mail", h->address,
			domain_dn(p, a, name != NULL ? name : ""));
}

/* A search for everybody's secrets would have slapd ask its access rules about
 * each attribute of each entry.  They are the same for most: some of each kind
 * do. */
struct picked {
	struct arena *arena;
	struct direct_search searches[DIRECT_AT_ONCE];
	size_t count;
};

static void pick(struct picked *to, const struct direct_search *how,
		 const char *dn)
{
	if (to->count == DIRECT_AT_ONCE)
		return;
	to->searches[to->count] = *how;
	to->searches[to->count].base = dn;
	to->searches[to->count++].scope = DIRECT_ENTRY;
}

/* Evenly over all, a quarter of them domains. */
static void pick_some(const struct probe *p, const struct direct_search *how,
		      struct picked *to)
{
	int64_t i = 0, most = DIRECT_AT_ONCE / 4;
	int64_t step = p->census->domain_count / most + 1;

	for (const struct held_domain *d = p->census->domains; d != NULL;
	     d = d->next) {
		if (i++ % step == 0)
			pick(to, how, domain_dn(p, to->arena, d->name));
	}
	most = DIRECT_AT_ONCE - (int64_t)to->count;
	step = (p->census->user_count + p->census->alias_count) / most + 1;
	i = 0;
	for (const struct held_address *h = p->census->addresses; h != NULL;
	     h = h->next) {
		if (i++ % step == 0)
			pick(to, how, address_dn(p, to->arena, h));
	}
}

/* What is asked for and comes is seen. */
static void judge_picked(const struct direct_answer *answer,
			 const char *const want[], struct sighting *ret)
{
	if (answer->count == 0 || ret->dn != NULL)
		return;
	for (; *want != NULL; want++) {
		if (direct_values(&answer->entries[0], *want) == NULL)
			continue;
		ret->dn = answer->entries[0].dn;
		ret->attribute = *want;
		return;
	}
}

static bool look_at_some(const struct probe *p, struct direct *d,
			 struct arena *a, const struct direct_search *how,
			 struct sighting *ret, struct err *e)
{
	struct direct_answer answers[DIRECT_AT_ONCE];
	struct picked picked = {.arena = a};

	pick_some(p, how, &picked);
	if (!direct_ask(d, a, picked.searches, picked.count, answers, e))
		return false;
	for (size_t i = 0; i < picked.count; i++)
		judge_picked(&answers[i], how->want, ret);
	return true;
}

/* Principals are few: all of them are looked at. */
static bool look_at_principals(const struct probe *p, struct direct *d,
			       struct arena *a, const struct direct_search *how,
			       struct sighting *ret, struct err *e)
{
	struct direct_search s = *how;

	s.base = dn_child(a, "ou", "principals", p->base);
	s.scope = DIRECT_ALL;
	ret->arena = a;
	if (!direct_search(d, &s, each_seen, ret, e) &&
	    e->kind != ERR_NOT_FOUND && e->kind != ERR_DENIED)
		return false;
	err_clear(e);
	return true;
}

static bool probe_names(const struct probe *p, struct arena *a,
			enum service who, const char *const names[],
			size_t count, struct err *e)
{
	const char *parts[SECRETS_MAX + 1], *want[SECRETS_MAX + 1] = {NULL};
	struct direct *d = p->sight->services[who];
	struct sighting seen = {.dn = NULL};

	for (size_t i = 0; i < count; i++) {
		parts[i] = filter_present(a, names[i]);
		want[i] = names[i];
	}
	parts[count] = filter_present(a, "objectClass");
	struct direct_search some = {.filter = filter_any(a, parts, count + 1),
				     .want = want};
	struct direct_search all = {.filter = filter_any(a, parts, count),
				    .want = want,
				    .limit = SEEN_ENOUGH};
	if (d == NULL)
		return true;
	if (!look_at_some(p, d, a, &some, &seen, e) ||
	    (seen.dn == NULL && !look_at_principals(p, d, a, &all, &seen, e)))
		return false;
	if (seen.dn != NULL)
		report_find(p->report, FIND_READABLE, seen.dn,
			    "cn=%s reads %s of it", service_name(who),
			    seen.attribute);
	return true;
}

/* Nothing at all is for who has not said who he is. */
static void probe_nobody(const struct probe *p, struct arena *a)
{
	const struct direct_search s = {.base = p->base,
					.scope = DIRECT_ALL,
					.filter = filter_present(a,
								 "objectClass"),
					.limit = SEEN_ENOUGH};
	struct sighting seen = {.arena = a};
	struct err refused = {0};

	if (p->sight->nobody == NULL)
		return;
	/* Refused in whatever way: that is what we hope for. */
	look(p->sight->nobody, a, p->base, &s, &seen, &refused);
	if (seen.dn != NULL)
		report_find(p->report, FIND_READABLE, seen.dn,
			    "anybody reads it without a password");
}

static bool has_role(const struct census *c, const char *dn)
{
	for (const struct held_role *r = c->roles; r != NULL; r = r->next) {
		if (dn_equal(r->dn, dn))
			return true;
	}
	return false;
}

/* Somebody who is in force and nothing but a user. */
static const char *plain_user(const struct probe *p, struct arena *a)
{
	for (const struct held_address *h = p->census->addresses; h != NULL;
	     h = h->next) {
		if (!h->user || !census_in_force(h))
			continue;
		const char *dn = address_dn(p, a, h);
		if (!has_role(p->census, dn))
			return dn;
	}
	return NULL;
}

/* As him, by proxied authorization.  He sees himself, below himself, and
 * whatever everybody is shown of the tree. */
static void probe_user(const struct probe *p, struct arena *a)
{
	static const char *const want[] = {"mail", "provostDomainName", NULL};
	const char *dn = plain_user(p, a);
	const char *const by[] = {filter_present(a, "mail"),
				  filter_present(a, "provostDomainName")};
	const struct direct_search s = {.filter = filter_any(a, by, COUNT(by)),
					.want = want,
					.as = dn,
					.limit = 2 * SEEN_ENOUGH};
	struct sighting seen = {.except = dn};
	struct err refused = {0};

	if (p->sight->gateway == NULL || dn == NULL)
		return;
	look(p->sight->gateway, a, p->base, &s, &seen, &refused);
	if (seen.dn != NULL)
		report_find(p->report, FIND_READABLE, seen.dn,
			    "%s, who has no role, reads it", dn);
}

bool probe_access(const struct probe *p, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(walls); i++) {
		if (!probe_names(p, a, walls[i].service, walls[i].secrets,
				 count_of(walls[i].secrets), e))
			return false;
	}
	if (!p->dovecot_reads_passwords &&
	    !probe_names(p, a, SERVICE_DOVECOT, hashes, COUNT(hashes), e))
		return false;
	probe_nobody(p, a);
	probe_user(p, a);
	return true;
}

struct inspection {
	const struct probe *probe;
	regex_t forms;
};

static void each_password(void *ctx, struct arena *a,
			  const struct direct_entry *en)
{
	const struct inspection *in = ctx;
	const struct probe *p = in->probe;
	const char *mail = direct_text(en, "mail");
	const struct text_list *hash = direct_values(en, "userPassword");

	(void)a;
	if (mail == NULL || !analysis_wants(p->analysis, address_domain(mail)))
		return;
	if (hash == NULL) {
		/* Of who may not log in, Dovecot does not see it. */
		const struct held_address *h = census_address(p->census, mail);

		if (h != NULL && census_in_force(h) && h->login_enabled)
			report_find(p->report, FIND_NO_PASSWORD, mail,
				    "he is enabled and has no password");
		return;
	}
	for (size_t i = 0; i < hash->count; i++) {
		if (hash->items[i][0] == '{' &&
		    regexec(&in->forms, hash->items[i], 0, NULL, 0) == 0)
			continue;
		report_find(p->report, FIND_PASSWORD_FORM, mail,
			    hash->items[i][0] == '{'
				    ? "a stored password is of a form that is "
				      "not admitted"
				    : "a stored password has no scheme: it is "
				      "taken for clear text");
		return;
	}
}

/* Dovecot sees the passwords of those alone who may log in. */
bool probe_passwords(const struct probe *p, struct err *e)
{
	static const char *const want[] = {"mail", "userPassword", NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct inspection in = {.probe = p};
	struct direct *d = p->sight->services[SERVICE_DOVECOT];
	const struct direct_search s =
		{.base = dn_child(a, "ou", "domains", p->base),
		 .scope = DIRECT_ALL,
		 .filter =
			 filter_and(a,
				    filter_equal(a, "objectClass",
						 "provostUser"),
				    filter_equal(a, "provostEnabled", "TRUE")),
		 .want = want};

	if (!p->dovecot_reads_passwords || d == NULL) {
		report_unseen(p->report,
			      "stored passwords: nobody may read them");
		return true;
	}
	if (regcomp(&in.forms, p->forms, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(e, ERR_INTERNAL,
			       "the expression for passwords is broken");
	bool good = direct_search(d, &s, each_password, &in, e);
	regfree(&in.forms);
	return good;
}
