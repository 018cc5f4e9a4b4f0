#include "core/sender.h"

#include "core/address.h"
#include "util/text.h"

static bool is_in(const struct text_list *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal(list->items[i], text))
			return true;
	}
	return false;
}

static bool check_domain(const struct gateway *g, const struct task *t,
			 const char *domain, struct err *e)
{
	struct err why = {0};

	if (g->store->ops->may_create(g->store, t, domain, &why))
		return true;
	if (why.kind != ERR_NOT_FOUND && why.kind != ERR_DENIED) {
		*e = why;
		return false;
	}
	fault_field(e, t->arena, FAULT_REFERENCE,
		    (struct field)FIELD(struct user, send_as),
		    arena_printf(t->arena,
				 "there is no domain %s in which you may "
				 "create addresses",
				 domain));
	return true;
}

bool sender_check(const struct gateway *g, const struct task *t,
		  const struct user *old, const struct user *u, struct err *e)
{
	struct text_list asked = {arena_alloc(t->arena, (u->send_as.count + 1) *
								sizeof(char *)),
				  0};

	for (size_t i = 0; i < u->send_as.count; i++) {
		const char *as = u->send_as.items[i];
		const char *domain = address_domain(as);

		if ((old != NULL &&
		     is_in(&old->send_as, old->send_as.count, as)) ||
		    is_in(&asked, asked.count, domain))
			continue;
		asked.items[asked.count++] = domain;
		if (!check_domain(g, t, domain, e))
			return false;
	}
	return e->faults == NULL;
}
