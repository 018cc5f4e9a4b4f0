#include "ldap/standing.h"

#include <string.h>

#include "core/address.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "util/clock.h"
#include "util/instant.h"

enum { PRINCIPAL_MAX = 64 };

static const char id[] = "entryUUID", yes[] = "TRUE", no[] = "FALSE";

struct sight {
	struct arena *arena;
	const char *id;
	struct err err;
};

static void each_seen(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct sight *s = ctx;
	struct entry en;

	if (entry_read(ld, message, s->arena, &en, &s->err))
		s->id = entry_text(&en, id);
}

/* The entryUUID of that entry if the filter fits, else NULL. */
static bool look(struct session *own, const struct ldap_settings *set,
		 const struct task *t, const char *dn, const char *filter,
		 const char **ret, struct err *e)
{
	static const char *const want[] = {id, NULL};
	int64_t until = clock_now() + set->read_seconds * 1000;
	struct sight s = {.arena = t->arena};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = dn,
			       .scope = LDAP_SCOPE_BASE,
			       .filter = filter,
			       .want = want,
			       .each = each_seen,
			       .ctx = &s};

	if (!session_run(own, t->arena, &op,
			 until < t->deadline ? until : t->deadline, e))
		return false;
	if (s.err.kind != ERR_NONE) {
		*e = s.err;
		return false;
	}
	*ret = s.id;
	return op.result == LDAP_SUCCESS || op.result == LDAP_NO_SUCH_OBJECT ||
	       result_of(&op, "login", e);
}

/* What the rule on logins in ldif/database.ldif asks for. */
static const char *login_filter(struct arena *a, bool is_user)
{
	const char *enabled = filter_equal(a, schema_enabled, yes);
	char now[INSTANT_SIZE];

	/* Who has expired is disabled soon: see ldap/expiry. */
	instant_text(now, clock_seconds());
	const char *closed[] = {filter_equal(a, "provostLoginEnabled", no),
				filter_to(a, schema_expires, map_time(a, now))};
	if (!is_user)
		return filter_and(a, enabled,
				  filter_equal(a, "objectClass",
					       "provostPrincipal"));
	return filter_and(a,
			  filter_and(a, enabled,
				     schema_class_filter(a, KIND_USER)),
			  filter_not(a, filter_any(a, closed, COUNT(closed))));
}

static bool is_principal(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && size <= PRINCIPAL_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == size;
}

bool standing_is_login(const char *name)
{
	struct err ignored = {0};

	return strchr(name, '@') != NULL
		       ? address_check(name, ADDRESS_OWN, &ignored)
		       : is_principal(name);
}

bool standing_find(struct session *own, const struct ldap_settings *set,
		   const struct task *t, const char *login,
		   struct standing *ret, struct err *e)
{
	struct arena *a = t->arena;
	const char *domain = address_domain(login), *open = NULL;

	*ret = (struct standing){.dn = schema_login_dn(a, set->base, login)};
	if (ret->dn == NULL ||
	    !look(own, set, t, ret->dn, login_filter(a, domain != NULL),
		  &ret->id, e))
		return ret->dn == NULL;
	if (domain == NULL || ret->id == NULL)
		return true;
	if (!look(own, set, t, schema_dn(a, set->base, KIND_DOMAIN, domain),
		  filter_equal(a, schema_enabled, yes), &open, e))
		return false;
	if (open == NULL)
		ret->id = NULL;
	return true;
}
