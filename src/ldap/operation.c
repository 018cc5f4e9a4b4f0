#include "ldap/operation.h"

#include <errno.h>
#include <sys/time.h>

#include "util/alloc.h"
#include "util/clock.h"

char **operation_names(const char *const *list)
{
	union {
		const char *const *is;
		char **taken;
	} u = {.is = list};

	return u.taken;
}

static int submit(LDAP *ld, const struct operation *op, int64_t deadline,
		  int *msgid)
{
	int64_t left = deadline - clock_now();
	/* slapd ends a search that nobody waits for any more by itself; libldap
	 * refuses 0. */
	struct timeval limit = {.tv_sec = left > 0 ? left / 1000 + 1 : 1};
	struct berval cred;

	if (op->patience != 0 && op->patience < limit.tv_sec)
		limit.tv_sec = op->patience;
	switch (op->kind) {
	case OPERATION_SEARCH:
		return ldap_search_ext(ld, op->dn, op->scope, op->filter,
				       operation_names(op->want), 0,
				       op->controls, NULL, &limit, op->limit,
				       msgid);
	case OPERATION_ADD:
		return ldap_add_ext(ld, op->dn, op->mods, op->controls, NULL,
				    msgid);
	case OPERATION_MODIFY:
		return ldap_modify_ext(ld, op->dn, op->mods, op->controls, NULL,
				       msgid);
	case OPERATION_DELETE:
		return ldap_delete_ext(ld, op->dn, op->controls, NULL, msgid);
	case OPERATION_RENAME:
		return ldap_rename(ld, op->dn, op->name, op->parent,
				   op->parent == NULL || op->renames,
				   op->controls, NULL, msgid);
	case OPERATION_BIND:
		break;
	}
	ber_str2bv(op->password, 0, 0, &cred);
	return ldap_sasl_bind(ld, op->dn, LDAP_SASL_SIMPLE, &cred, NULL, NULL,
			      msgid);
}

/* Without memory libldap sends half a request, a search without its filter, and
 * tells nobody: only errno shows it. */
int operation_send(LDAP *ld, const struct operation *op, int64_t deadline,
		   int *msgid)
{
	errno = 0;
	int rc = submit(ld, op, deadline, msgid);
	if (errno == ENOMEM)
		alloc_die();
	return rc;
}

bool operation_reads(enum operation_kind k)
{
	return k == OPERATION_SEARCH || k == OPERATION_BIND;
}
