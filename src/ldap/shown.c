#include "ldap/shown.h"

#include <string.h>

#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/log.h"

static const char attribute[] = "provostCertificate", login[] = "uid";

/* Who has it; one of the two values at most is that of one principal. */
struct owners {
	struct arena *arena;
	const char *values[2]; /* its digest; its subject, or NULL */
	const char *logins[2]; /* who has that value */
	bool doubtful;         /* two have it */
	struct err err;
};

static void each_owner(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct owners *o = ctx;
	struct entry en;

	if (!entry_read(ld, message, o->arena, &en, &o->err))
		return;
	const struct berval *v = entry_values(&en, attribute);
	for (; v != NULL && v->bv_val != NULL; v++) {
		for (size_t i = 0; i < COUNT(o->values); i++) {
			if (o->values[i] == NULL ||
			    strlen(o->values[i]) != v->bv_len ||
			    memcmp(o->values[i], v->bv_val, v->bv_len) != 0)
				continue;
			o->doubtful = o->doubtful || o->logins[i] != NULL;
			o->logins[i] = entry_text(&en, login);
		}
	}
}

/* Whose it is; NULL: nobody's.  What names this one certificate counts more
 * than what names all with its subject. */
static bool find_owner(const struct shown *s, const struct task *t,
		       const struct credential *c, const char **ret,
		       struct err *e)
{
	static const char *const want[] = {login, attribute, NULL};
	struct arena *a = t->arena;
	int64_t until = clock_now() + s->set->read_seconds * 1000;
	struct owners o = {.arena = a, .values = {c->secret, NULL}};
	const char *parts[COUNT(o.values)];
	size_t count = 0;

	if (c->subject != NULL)
		o.values[1] = arena_join(a, "subject:", c->subject, NULL);
	for (size_t i = 0; i < COUNT(o.values) && o.values[i] != NULL; i++)
		parts[count++] = filter_equal(a, attribute, o.values[i]);
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_principals_dn(a, s->set->base),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_any(a, parts, count),
			       .want = want,
			       .each = each_owner,
			       .ctx = &o};
	if (!session_run(s->own, a, &op,
			 until < t->deadline ? until : t->deadline, e))
		return false;
	if (o.err.kind != ERR_NONE) {
		*e = o.err;
		return false;
	}
	*ret = o.doubtful            ? NULL
	       : o.logins[0] != NULL ? o.logins[0]
				     : o.logins[1];
	return op.result == LDAP_SUCCESS || result_of(&op, "certificate", e);
}

static bool refuse(const struct task *t, const struct credential *c,
		   const char *why, struct err *e)
{
	log_event(LOG_INFO, "certificate-refused", "id", t->request, "source",
		  c->source, "sha256", c->secret, "subject", c->subject,
		  "reason", why, NULL);
	return err_set(e, ERR_UNAUTHENTICATED,
		       "the certificate is not that of anybody who may log in");
}

static bool find(const struct shown *s, const struct task *t,
		 const struct credential *c, const char **ret, struct err *e)
{
	struct standing standing;

	if (!find_owner(s, t, c, ret, e))
		return false;
	if (*ret == NULL)
		return refuse(t, c, "no principal has it", e);
	if (!standing_find(s->own, s->set, t, *ret, &standing, e))
		return false;
	return standing.id != NULL ||
	       refuse(t, c, "its owner may not log in", e);
}

/* For a while, unless its owner is changed meanwhile. */
static bool recall(const struct shown *s, const struct task *t,
		   const struct credential *c, bool fresh, const char **ret,
		   struct err *e)
{
	struct memory_about about = memory_begin(s->memory);
	unsigned char digest[DIGEST_SIZE];
	int64_t now = clock_now();
	const char *note = NULL;

	memory_digest(s->memory, "certificate",
		      arena_join(t->arena, c->secret, "\n",
				 c->subject != NULL ? c->subject : "", NULL),
		      digest);
	if (!fresh && memory_left(s->memory, digest, now, &note) > 0 &&
	    note != NULL) {
		*ret = arena_strdup(t->arena, note);
		return true;
	}
	if (!find(s, t, c, ret, e)) {
		memory_forget(s->memory, digest);
		return false;
	}
	memory_concerns(s->memory, &about, *ret, NULL);
	memory_learn(s->memory, digest, &about, now + s->set->remember_millis,
		     *ret);
	return true;
}

bool shown_verify(const struct shown *s, const struct task *t,
		  const struct credential *c, bool fresh,
		  const struct caller **ret, struct err *e)
{
	struct caller *caller = arena_alloc(t->arena, sizeof(*caller));
	const char *name;

	if (!recall(s, t, c, fresh, &name, e))
		return false;
	*caller =
		(struct caller){.login = name,
				.identity = schema_login_dn(t->arena,
							    s->set->base, name),
				.proof = PROOF_CERTIFICATE};
	*ret = caller;
	return true;
}
