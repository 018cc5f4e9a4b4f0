#include "core/domain.h"

#include <string.h>

#include "core/address.h"
#include "core/kind.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct domain, member)

const struct domain domain_defaults = {
	.kind = "local",
	.default_user_quota_bytes = NUMBER_NONE,
	.enabled = true,
};

void domain_fold(void *domain, struct arena *a)
{
	struct domain *d = domain;

	fold_text(a, &d->name);
	fold_text(a, &d->target);
	fold_text(a, &d->imap_host);
	fold_text(a, &d->pop3_host);
	fold_text(a, &d->smtp_host);
}

static void host_check(const char *host, struct field f, struct arena *a,
		       struct err *e)
{
	struct err bad = {0};

	if (host != NULL && !domain_name_check(host, &bad))
		fault_field(e, a, FAULT_FORMAT, f, arena_strdup(a, bad.text));
}

/* Only an alias domain has a target, and it needs one. */
static void target_faults(const struct domain *d, struct arena *a,
			  struct err *e)
{
	bool is_alias = text_equal(d->kind, "alias");

	if (fault_has(e, F(kind)))
		return; /* nobody knows whether it should have one */
	if (d->target != NULL && !is_alias)
		fault_field(e, a, FAULT_RANGE, F(target),
			    "only a domain of kind \"alias\" has a target");
	else if (d->target == NULL && is_alias)
		fault_field(e, a, FAULT_MISSING, F(target),
			    "an alias domain needs a target");
	else if (d->target != NULL && text_equal(d->target, d->name))
		fault_field(e, a, FAULT_RANGE, F(target),
			    "the domain leads back to itself");
	else
		host_check(d->target, F(target), a, e);
}

void domain_check(const void *domain, struct arena *a, struct err *e)
{
	const struct domain *d = domain;

	if (d->name == NULL)
		fault_field(e, a, FAULT_MISSING, F(name),
			    "a domain needs a name");
	else
		host_check(d->name, F(name), a, e);
	if (d->name != NULL && !fault_has(e, F(name)) &&
	    strlen(d->name) > DOMAIN_STORED_MAX)
		fault_field(e, a, FAULT_RANGE, F(name),
			    "the directory holds domains of at most 227 "
			    "characters");
	if (!text_equal(d->kind, "local") && !text_equal(d->kind, "alias"))
		fault_field(e, a, FAULT_RANGE, F(kind),
			    "the kind is \"local\" or \"alias\"");
	target_faults(d, a, e);
	host_check(d->imap_host, F(imap_host), a, e);
	host_check(d->pop3_host, F(pop3_host), a, e);
	host_check(d->smtp_host, F(smtp_host), a, e);
	quota_check(d->default_user_quota_bytes, F(default_user_quota_bytes), a,
		    e);
	prose_check(d->description, F(description), a, e);
	prose_check(d->display_name, F(display_name), a, e);
	prose_check(d->short_display_name, F(short_display_name), a, e);
}

bool domain_same(const void *stored, const void *sent)
{
	const struct domain *a = stored, *b = sent;

	return a->enabled == b->enabled && text_equal(a->kind, b->kind) &&
	       text_equal(a->target, b->target) &&
	       text_equal(a->description, b->description) &&
	       text_equal(a->display_name, b->display_name) &&
	       text_equal(a->short_display_name, b->short_display_name) &&
	       text_equal(a->imap_host, b->imap_host) &&
	       text_equal(a->pop3_host, b->pop3_host) &&
	       text_equal(a->smtp_host, b->smtp_host) &&
	       a->default_user_quota_bytes == b->default_user_quota_bytes;
}
