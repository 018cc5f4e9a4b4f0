#include "ldap/direct.h"

#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ldap/connect.h"
#include "ldap/control.h"
#include "ldap/entry.h"
#include "ldap/operation.h"
#include "ldap/result.h"
#include "util/alloc.h"
#include "util/clock.h"

struct direct {
	LDAP *ld;
};

static const char *const no_attributes[] = {LDAP_NO_ATTRS, NULL};

static bool bind_as(LDAP *ld, const struct ldap_settings *set, struct err *e)
{
	const struct timeval limit = {.tv_sec = DIRECT_SILENCE};
	const char *mechanism =
		set->bind_dn != NULL ? LDAP_SASL_SIMPLE : "EXTERNAL";
	char nothing[] = "";
	struct berval cred = {0, nothing}; /* sent, and empty */

	if (set->bind_dn != NULL)
		ber_str2bv(set->password, 0, 0, &cred);
	ldap_set_option(ld, LDAP_OPT_TIMEOUT, &limit);
	int rc = ldap_sasl_bind_s(ld, set->bind_dn, mechanism, &cred, NULL,
				  NULL, NULL);
	return rc == LDAP_SUCCESS ||
	       result_failed(e, rc,
			     set->bind_dn != NULL ? set->bind_dn : "bind");
}

struct direct *direct_open(const struct ldap_settings *set, enum direct_as as,
			   struct err *e)
{
	/* It answers somebody who has not bound, too, if only that he must. */
	LDAP *ld = connect_directory(set, CONNECT_NOBODY, e);

	if (ld == NULL)
		return NULL;
	if (as == DIRECT_BOUND && !bind_as(ld, set, e)) {
		ldap_unbind_ext(ld, NULL, NULL);
		return NULL;
	}
	struct direct *d = alloc_zeroed(sizeof(*d));
	d->ld = ld;
	return d;
}

void direct_close(struct direct **d)
{
	if (*d == NULL)
		return;
	ldap_unbind_ext((*d)->ld, NULL, NULL);
	free(*d);
	*d = NULL;
}

static bool send_search(struct direct *d, struct arena *a,
			const struct direct_search *s, int *id, struct err *e)
{
	static const int scopes[] = {[DIRECT_ENTRY] = LDAP_SCOPE_BASE,
				     [DIRECT_CHILDREN] = LDAP_SCOPE_ONELEVEL,
				     [DIRECT_ALL] = LDAP_SCOPE_SUBTREE};
	struct controls c = {.count = 0};

	if (s->as != NULL)
		control_proxy(&c, a, s->as);
	int rc = ldap_search_ext(d->ld, s->base, scopes[s->scope], s->filter,
				 operation_names(s->want != NULL
							 ? s->want
							 : no_attributes),
				 0, control_list(&c), NULL, NULL, s->limit, id);
	return rc == LDAP_SUCCESS || result_failed(e, rc, s->base);
}

/* The next message of that search, or of any. */
static LDAPMessage *receive(struct direct *d, int id, struct err *e)
{
	struct timeval limit = {.tv_sec = DIRECT_SILENCE};
	LDAPMessage *message = NULL;
	int rc = ldap_result(d->ld, id, LDAP_MSG_ONE, &limit, &message);

	if (rc > 0)
		return message;
	ldap_msgfree(message);
	err_set(e, rc == 0 ? ERR_TIMEOUT : ERR_UNAVAILABLE,
		rc == 0 ? "the directory says nothing"
			: "the connection to the directory is gone");
	return NULL;
}

static void message_free(LDAPMessage **message)
{
	ldap_msgfree(*message);
}

static struct text_list list_of(struct arena *a, const struct berval *values)
{
	struct text_list list = {.count = 0};
	size_t n = 0;

	while (values[n].bv_val != NULL)
		n++;
	list.items = arena_alloc(a, (n + 1) * sizeof(*list.items));
	for (; list.count < n; list.count++)
		list.items[list.count] = values[list.count].bv_val;
	return list;
}

static bool read_entry(struct direct *d, LDAPMessage *message, struct arena *a,
		       struct direct_entry *ret, struct err *e)
{
	char *dn = ldap_get_dn(d->ld, message);
	struct entry en;

	if (dn == NULL || !entry_read(d->ld, message, a, &en, e)) {
		ldap_memfree(dn);
		return err_set(e, ERR_INTERNAL,
			       "the directory sent a broken entry");
	}
	struct direct_attribute *at =
		arena_alloc(a, (en.count + 1) * sizeof(*at));
	for (size_t i = 0; i < en.count; i++) {
		at[i].name = en.attributes[i].name;
		at[i].raw = en.attributes[i].values;
		at[i].values = list_of(a, en.attributes[i].values);
	}
	*ret = (struct direct_entry){arena_strdup(a, dn), at, en.count};
	ldap_memfree(dn);
	return true;
}

static bool result_good(struct direct *d, LDAPMessage *message,
			const struct direct_search *s, struct err *e)
{
	int code = LDAP_OTHER;
	int rc = ldap_parse_result(d->ld, message, &code, NULL, NULL, NULL,
				   NULL, 0);

	if (rc != LDAP_SUCCESS)
		return result_failed(e, rc, s->base);
	return code == LDAP_SUCCESS ||
	       (code == LDAP_SIZELIMIT_EXCEEDED && s->limit > 0) ||
	       result_failed(e, code, s->base);
}

static bool pass_on(struct direct *d, LDAPMessage *message, direct_each *each,
		    void *ctx, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct direct_entry en;

	if (!read_entry(d, message, a, &en, e))
		return false;
	each(ctx, a, &en);
	return true;
}

bool direct_search(struct direct *d, const struct direct_search *s,
		   direct_each *each, void *ctx, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	int64_t deadline = clock_now() + DIRECT_TOTAL * INT64_C(1000);
	int id = -1;

	if (!send_search(d, a, s, &id, e))
		return false;
	while (clock_now() < deadline) {
		CLEANUP(message_free) LDAPMessage *m = receive(d, id, e);

		if (m == NULL)
			return false;
		if (ldap_msgtype(m) == LDAP_RES_SEARCH_RESULT)
			return result_good(d, m, s, e);
		if (ldap_msgtype(m) == LDAP_RES_SEARCH_ENTRY &&
		    !pass_on(d, m, each, ctx, e))
			return false;
	}
	ldap_abandon_ext(d->ld, id, NULL, NULL);
	return err_set(e, ERR_TIMEOUT, "the search took longer than %d s",
		       DIRECT_TOTAL);
}

static void add_entry(struct direct_answer *to, struct arena *a,
		      const struct direct_entry *en)
{
	struct direct_entry *all =
		arena_alloc(a, (to->count + 1) * sizeof(*all));

	if (to->count > 0)
		memcpy(all, to->entries, to->count * sizeof(*all));
	all[to->count++] = *en;
	to->entries = all;
}

/* Which question a message is about. */
static size_t question_of(const int ids[], size_t count, int id)
{
	size_t i = 0;

	while (i < count && ids[i] != id)
		i++;
	return i;
}

bool direct_ask(struct direct *d, struct arena *a,
		const struct direct_search searches[], size_t count,
		struct direct_answer answers[], struct err *e)
{
	int ids[DIRECT_AT_ONCE];
	struct direct_entry en;

	for (size_t i = 0; i < count; i++) {
		answers[i] = (struct direct_answer){.count = 0};
		if (!send_search(d, a, &searches[i], &ids[i], e))
			return false;
	}
	for (size_t open = count, i; open > 0;) {
		CLEANUP(message_free)
		LDAPMessage *m = receive(d, LDAP_RES_ANY, e);

		if (m == NULL)
			return false;
		if ((i = question_of(ids, count, ldap_msgid(m))) == count)
			continue;
		if (ldap_msgtype(m) == LDAP_RES_SEARCH_RESULT) {
			result_good(d, m, &searches[i], &answers[i].err);
			open--;
		} else if (ldap_msgtype(m) == LDAP_RES_SEARCH_ENTRY &&
			   read_entry(d, m, a, &en, &answers[i].err)) {
			add_entry(&answers[i], a, &en);
		}
	}
	return true;
}

const struct text_list *direct_values(const struct direct_entry *en,
				      const char *name)
{
	for (size_t i = 0; i < en->count; i++) {
		if (strcasecmp(en->attributes[i].name, name) == 0 &&
		    en->attributes[i].values.count > 0)
			return &en->attributes[i].values;
	}
	return NULL;
}

const char *direct_text(const struct direct_entry *en, const char *name)
{
	const struct text_list *v = direct_values(en, name);

	return v != NULL ? v->items[0] : NULL;
}
