#include "core/client_setup.h"

#include <string.h>

#include "core/address.h"
#include "core/checkbook.h"
#include "core/provision.h"
#include "core/publish.h"
#include "util/text.h"

enum {
	PORT_IMAPS = 993,
	PORT_IMAP = 143,
	PORT_POP3S = 995,
	PORT_POP3 = 110,
	PORT_SUBMISSIONS = 465,
	PORT_SUBMISSION = 587,
};

static void add(struct client_setup *c, const char *protocol, const char *host,
		unsigned port, bool starttls)
{
	c->services[c->count++] =
		(struct mail_service){protocol, host, port, starttls};
}

static const char *first(const char *own, const char *site, const char *other)
{
	return own != NULL ? own : site != NULL ? site : other;
}

static const char *host_of(struct arena *a, const char *own, const char *site,
			   const char *other)
{
	const char *host = first(own, site, other);

	return host != NULL ? text_lower(a, host) : NULL;
}

/* Who writes with LDAP tools may write what no client could show. */
static const char *shown(const char *name, const char *other)
{
	return name != NULL && text_is_clean(name) ? name : other;
}

void client_setup_of(struct arena *a, const struct checkup_settings *site,
		     const struct domain *d, struct client_setup *ret)
{
	const char *imap = host_of(a, d->imap_host, site->imap_host,
				   arena_join(a, "imap.", d->name, NULL));
	const char *pop3 = host_of(a, d->pop3_host, site->pop3_host, NULL);
	const char *smtp = host_of(a, d->smtp_host, site->smtp_host,
				   arena_join(a, "smtp.", d->name, NULL));

	*ret = (struct client_setup){.domain = d->name};
	ret->name = shown(d->display_name, d->name);
	ret->short_name = shown(d->short_display_name, ret->name);
	add(ret, "imap", imap, PORT_IMAPS, false);
	add(ret, "imap", imap, PORT_IMAP, true);
	if (pop3 != NULL) {
		add(ret, "pop3", pop3, PORT_POP3S, false);
		add(ret, "pop3", pop3, PORT_POP3, true);
	}
	add(ret, "smtp", smtp, PORT_SUBMISSIONS, false);
	add(ret, "smtp", smtp, PORT_SUBMISSION, true);
}

/* One answer, whatever the reason. */
static bool unknown(struct err *e)
{
	err_clear(e);
	return err_set(e, ERR_NOT_FOUND, "no mail for such a domain is here");
}

static bool find(const struct gateway *g, const struct task *t,
		 const char *name, struct domain *ret, struct err *e)
{
	if (g->checkbook == NULL || g->checks == NULL)
		return err_set(e, ERR_UNAVAILABLE, "nothing is told here");
	if (!domain_name_check(name, e))
		return unknown(e);
	if (!g->checkbook->ops->subject(g->checkbook, t, name, ret, e))
		return e->kind == ERR_NOT_FOUND ? unknown(e) : false;
	return ret->in_force || unknown(e);
}

bool client_setup_public(const struct gateway *g, const struct task *t,
			 const char *domain, struct client_setup *ret,
			 struct err *e)
{
	struct domain d;

	if (!find(g, t, domain, &d, e))
		return false;
	if (text_equal(d.kind, "relay") && d.imap_host == NULL)
		return unknown(e);
	client_setup_of(t->arena, g->checks, &d, ret);
	return true;
}

bool client_setup_read(const struct gateway *g, const struct task *t,
		       const char *domain, struct client_setup *ret,
		       struct err *e)
{
	struct revision rev;
	struct domain d;

	if (g->checks == NULL)
		return err_set(e, ERR_UNAVAILABLE, "nothing is told here");
	if (!provision_read(g, t, KIND_DOMAIN, domain, &d, &rev, e))
		return false;
	client_setup_of(t->arena, g->checks, &d, ret);
	return true;
}

bool client_setup_policy(const struct gateway *g, const struct task *t,
			 const char *domain, const char **ret, struct err *e)
{
	struct domain d;

	if (!find(g, t, domain, &d, e))
		return false;
	*ret = publish_policy(t->arena, g->checks);
	return *ret != NULL || unknown(e);
}
