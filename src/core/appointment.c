#include "core/appointment.h"

#include "core/patch.h"
#include "core/principal.h"
#include "core/provision.h"
#include "core/user.h"
#include "util/text.h"

bool appointments(const struct gateway *g, const struct task *t,
		  const char *domain, struct managers *ret, struct err *e)
{
	return provision_key(t->arena, KIND_DOMAIN, &domain, e) &&
	       g->store->ops->managers(g->store, t, domain, ret, e);
}

/* The same words whether there is nobody, or nobody the caller may see. */
static bool unknown(struct err *e, const char *login)
{
	err_clear(e);
	return err_code(e, ERR_INVALID, "unknown_login",
			"there is nobody called %s to whom you could give a "
			"role",
			login);
}

/* Whether he is disabled makes no difference: the role waits for him. */
static bool is_visible(const struct gateway *g, const struct task *t,
		       const char *login, const char **name, struct err *e)
{
	struct err bad = {0};
	enum kind k =
		address_domain(login) != NULL ? KIND_USER : KIND_PRINCIPAL;
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision rev;

	if (!kind_rules(k)->check_key(login, &bad))
		return unknown(e, login);
	if (!g->store->ops->get(g->store, t, k, login, there, &rev, e))
		return e->kind == ERR_NOT_FOUND && unknown(e, login);
	*name = k == KIND_USER ? ((const struct user *)there)->name
			       : ((const struct principal *)there)->name;
	return true;
}

static const struct manager *find(const struct managers *m, const char *login)
{
	for (size_t i = 0; i < m->list.count; i++) {
		if (text_equal(m->list.items[i].login, login))
			return &m->list.items[i];
	}
	return NULL;
}

/* Who may not write is told so, even when there is nothing to write. */
static bool write_role(const struct gateway *g, const struct task *t,
		       const struct appointment *a, const struct managers *seen,
		       const struct manager *has, struct err *e)
{
	struct store *s = g->store;

	if (has != NULL && has->role == a->role &&
	    !s->ops->may_create(s, t, a->domain, e))
		return false;
	return provision_unclaimed(g, t, a->domain, e) &&
	       s->ops->appoint(s, t, a->domain, seen, a->login, a->role, e);
}

static bool appoint_once(const struct gateway *g, const struct task *t,
			 struct appointment *a, struct manager *ret,
			 const char **etag, struct err *e)
{
	struct managers seen;
	struct revision rev = {0};
	const char *name = NULL;

	if (!g->store->ops->managers(g->store, t, a->domain, &seen, e))
		return false;
	rev.etag = seen.etag;
	if (!provision_matches(a->if_match, &rev, e))
		return false;
	const struct manager *has = find(&seen, a->login);
	if (a->role == ROLE_NONE && has == NULL)
		return err_set(e, ERR_NOT_FOUND, "%s has no role in %s",
			       a->login, a->domain);
	if (has != NULL && a->must_be_new)
		return patch_too_late(&rev, "he has a role there already", e);
	if (has != NULL && a->must_match && a->if_match == NULL)
		return patch_unconditional(e);
	a->created = has == NULL;
	if ((a->role != ROLE_NONE && !is_visible(g, t, a->login, &name, e)) ||
	    !write_role(g, t, a, &seen, has, e))
		return false;
	*ret = (struct manager){.login = a->login, .role = a->role};
	*etag = NULL;
	if (rehearsal_is(t)) {
		ret->name = has != NULL ? has->name : name;
		rehearsal_show(t, has, a->role != ROLE_NONE ? ret : NULL,
			       sizeof(*ret));
		return true;
	}
	struct managers after;
	struct err ignored = {0};
	/* He may have taken his own: then he sees nothing any more. */
	if (!g->store->ops->managers(g->store, t, a->domain, &after, &ignored))
		return true;
	*etag = after.etag;
	has = find(&after, a->login);
	if (has != NULL)
		*ret = *has;
	return true;
}

bool appoint(const struct gateway *g, const struct task *t,
	     struct appointment *a, struct manager *ret, const char **etag,
	     struct err *e)
{
	const char *shown;

	a->login = text_lower(t->arena, a->login);
	if (!provision_key(t->arena, KIND_DOMAIN, &a->domain, e))
		return false;
	shown = arena_join(t->arena, "the roles of ", a->domain, NULL);
	for (int try = 1;; try++) {
		err_clear(e);
		if (appoint_once(g, t, a, ret, etag, e))
			return true;
		if (!provision_overtaken(e))
			return provision_denied(e, "change", shown);
		if (try == PROVISION_TRIES)
			return provision_given_up(e, "change", shown);
	}
}
