#include "ldap/rehearse.h"

#include <string.h>
#include <strings.h>

#include "ldap/change_record.h"
#include "ldap/dn.h"
#include "ldap/known.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "util/field.h"

/* They follow the password, fall under the same rules, and have the form that
 * we gave them; slapd need not know them. */
static const char *const followers[] = {"provostScramSha256",
					"provostScramSha1", "provostCramMd5"};

static bool has_control(LDAPControl *const *list, const char *oid)
{
	for (; list != NULL && *list != NULL; list++) {
		if (strcmp((*list)->ldctl_oid, oid) == 0)
			return true;
	}
	return false;
}

bool rehearse_is_due(const struct task *t, const struct operation *op)
{
	return rehearsal_is(t) && !operation_reads(op->kind) &&
	       !has_control(op->controls, LDAP_CONTROL_NOOP);
}

/* Without what asks for the entry as it is afterwards. */
static LDAPControl **with_no_op(struct arena *a, LDAPControl **list)
{
	struct controls *c = arena_alloc(a, sizeof(*c));
	size_t n = 0, kept = 0;

	c->count = 0;
	control_no_op(c);
	while (list != NULL && list[n] != NULL)
		n++;
	LDAPControl **all = arena_alloc(a, (n + 2) * sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i]->ldctl_oid, LDAP_CONTROL_POST_READ) != 0)
			all[kept++] = list[i];
	}
	all[kept++] = control_list(c)[0];
	all[kept] = NULL;
	return all;
}

static bool follows(const char *name)
{
	for (size_t i = 0; i < COUNT(followers); i++) {
		if (strcasecmp(followers[i], name) == 0)
			return true;
	}
	return false;
}

static LDAPMod **without_followers(struct arena *a, LDAPMod **mods)
{
	size_t n = 0, kept = 0;

	while (mods[n] != NULL)
		n++;
	LDAPMod **some = arena_alloc(a, (n + 1) * sizeof(LDAPMod *));
	for (size_t i = 0; i < n; i++) {
		if (!follows(mods[i]->mod_type))
			some[kept++] = mods[i];
	}
	some[kept] = NULL;
	return some;
}

static bool ask(struct ldap_store *s, const struct task *t,
		struct operation *op, int64_t deadline, const char *what,
		struct err *e)
{
	struct operation trial = *op;

	trial.controls = with_no_op(t->arena, op->controls);
	if (op->kind == OPERATION_ADD || op->kind == OPERATION_MODIFY) {
		trial.mods = without_followers(t->arena, op->mods);
		if (!known_check(s, t, trial.mods, e))
			return false;
	}
	bool heard = session_run(s->session, t->arena, &trial, deadline, e);
	op->result = trial.result;
	if (heard && trial.result == LDAP_X_NO_OPERATION)
		return true;
	if (heard && trial.result == LDAP_SUCCESS)
		return err_set(e, ERR_INTERNAL,
			       "the directory did not heed the no-op control");
	if (heard)
		result_of(&trial, what, e);
	return store_nothing_done(e);
}

bool rehearse(struct ldap_store *s, const struct task *t, struct operation *op,
	      int64_t deadline, const char *what, struct err *e)
{
	bool own = !has_control(op->controls, LDAP_CONTROL_PROXY_AUTHZ);
	const char *journal = schema_journal_dn(t->arena, s->set->base);

	op->reply = NULL;
	if (!own && !rehearsal_is_ahead(t) && !ask(s, t, op, deadline, what, e))
		return false;
	op->result = LDAP_SUCCESS;
	if (!own || !dn_is_below(op->dn, journal))
		rehearsal_note(t, change_record(t->arena, op), own);
	return true;
}
