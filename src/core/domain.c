#include "core/domain.h"

#include <string.h>

#include "core/address.h"
#include "core/kind.h"
#include "core/principal.h"
#include "util/text.h"

enum { TRANSPORT_MAX = 255 };

#define F(member) (struct field) FIELD(struct domain, member)

const char *const domain_reserved[DOMAIN_RESERVED] = {"abuse", "postmaster"};

const struct domain domain_defaults = {
	.kind = "local",
	.default_user_quota_bytes = NUMBER_NONE,
	.quota_bytes = NUMBER_NONE,
	.max_users = NUMBER_NONE,
	.max_aliases = NUMBER_NONE,
	.enabled = true,
};

void domain_fold(void *domain, struct arena *a)
{
	struct domain *d = domain;

	fold_text(a, &d->name);
	fold_text(a, &d->target);
	fold_text(a, &d->sponsor);
	fold_text(a, &d->imap_host);
	fold_text(a, &d->pop3_host);
	fold_text(a, &d->smtp_host);
	fold_set(a, &d->reserved_to);
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

/* "service:nexthop", of which transport(5) tells more. */
static bool is_transport(const char *text)
{
	static const char service[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strspn(text, service);

	if (n == 0 || text[n] != ':' || text[n + 1] == '\0' ||
	    strlen(text) > TRANSPORT_MAX)
		return false;
	for (const char *p = text + n + 1; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return true;
}

static void relay_faults(const struct domain *d, struct arena *a, struct err *e)
{
	bool is_relay = text_equal(d->kind, "relay");

	if (fault_has(e, F(kind)))
		return;
	if (d->transport != NULL && !is_relay)
		fault_field(e, a, FAULT_RANGE, F(transport),
			    "only a domain of kind \"relay\" has a transport");
	else if (d->transport == NULL && is_relay)
		fault_field(e, a, FAULT_MISSING, F(transport),
			    "a relay domain needs a transport, such as "
			    "smtp:[mx.example.org]:25");
	else if (d->transport != NULL && !is_transport(d->transport))
		fault_field(e, a, FAULT_FORMAT, F(transport),
			    "a transport is written service:nexthop, such as "
			    "smtp:[mx.example.org]:25, in at most 255 "
			    "characters without blanks");
	if (d->verify_recipients && !is_relay)
		fault_field(e, a, FAULT_RANGE, F(verify_recipients),
			    "only a domain of kind \"relay\" verifies its "
			    "recipients");
}

static void limit_check(const struct domain *d, int64_t limit, struct field f,
			struct arena *a, struct err *e)
{
	if (limit < 0 && limit != NUMBER_NONE)
		fault_field(e, a, FAULT_RANGE, f, "a limit is 0 or more");
	else if (limit > 0 && text_equal(d->kind, "alias"))
		fault_field(e, a, FAULT_RANGE, f,
			    "an alias domain has no users and aliases");
}

static void reserved_faults(const struct domain *d, struct arena *a,
			    struct err *e)
{
	const struct text_list *to = &d->reserved_to;

	if (to->count > 0 && text_equal(d->kind, "alias"))
		fault_field(e, a, FAULT_RANGE, F(reserved_to),
			    "an alias domain has no addresses of its own");
	if (to->count > DOMAIN_RESERVED_TO_MAX)
		fault_field(e, a, FAULT_RANGE, F(reserved_to),
			    "there are at most 20");
	if (to->count > 0 && d->max_aliases > 0 &&
	    d->max_aliases < DOMAIN_RESERVED)
		fault_field(e, a, FAULT_RANGE, F(max_aliases),
			    "the reserved names are two aliases");
	for (size_t i = 0; i < to->count; i++) {
		struct err bad = {0};

		if (!address_check(to->items[i], ADDRESS_DESTINATION, &bad))
			fault_field(e, a, FAULT_FORMAT, F(reserved_to),
				    arena_printf(a, "number %zu: %s", i + 1,
						 bad.text));
		else if (text_equal(address_domain(to->items[i]), d->name))
			fault_field(e, a, FAULT_RANGE, F(reserved_to),
				    "nobody is in the domain yet");
	}
}

void domain_check(const void *domain, struct arena *a, struct err *e)
{
	const struct domain *d = domain;
	struct err bad = {0};

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
	if (!text_equal(d->kind, "local") && !text_equal(d->kind, "alias") &&
	    !text_equal(d->kind, "relay"))
		fault_field(e, a, FAULT_RANGE, F(kind),
			    "the kind is \"local\", \"alias\" or "
			    "\"relay\"");
	target_faults(d, a, e);
	relay_faults(d, a, e);
	reserved_faults(d, a, e);
	host_check(d->imap_host, F(imap_host), a, e);
	host_check(d->pop3_host, F(pop3_host), a, e);
	host_check(d->smtp_host, F(smtp_host), a, e);
	quota_check(d->default_user_quota_bytes, F(default_user_quota_bytes), a,
		    e);
	if (d->sponsor != NULL && !principal_login_check(d->sponsor, &bad))
		fault_field(e, a, FAULT_FORMAT, F(sponsor),
			    arena_strdup(a, bad.text));
	limit_check(d, d->quota_bytes, F(quota_bytes), a, e);
	limit_check(d, d->max_users, F(max_users), a, e);
	limit_check(d, d->max_aliases, F(max_aliases), a, e);
	prose_check(d->description, F(description), a, e);
	prose_check(d->display_name, F(display_name), a, e);
	prose_check(d->short_display_name, F(short_display_name), a, e);
}

/* What nobody has proved his control of yet stays pending. */
void domain_complete(void *domain, struct arena *a)
{
	struct domain *d = domain;

	(void)a;
	d->in_force = d->enabled && (d->in_force || !d->wished);
	d->wished = d->enabled && !d->in_force;
}

void domain_derive(void *domain, struct arena *a)
{
	struct domain *d = domain;

	(void)a;
	d->enabled = d->in_force || d->wished;
	d->state = kind_state(d->in_force, d->wished, "pending");
}

bool domain_same(const void *stored, const void *sent)
{
	const struct domain *a = stored, *b = sent;

	return a->enabled == b->enabled && text_equal(a->kind, b->kind) &&
	       text_equal(a->target, b->target) &&
	       text_equal(a->transport, b->transport) &&
	       a->verify_recipients == b->verify_recipients &&
	       text_equal(a->sponsor, b->sponsor) &&
	       a->quota_bytes == b->quota_bytes &&
	       a->max_users == b->max_users &&
	       a->max_aliases == b->max_aliases &&
	       text_equal(a->description, b->description) &&
	       text_equal(a->display_name, b->display_name) &&
	       text_equal(a->short_display_name, b->short_display_name) &&
	       text_equal(a->imap_host, b->imap_host) &&
	       text_equal(a->pop3_host, b->pop3_host) &&
	       text_equal(a->smtp_host, b->smtp_host) &&
	       a->default_user_quota_bytes == b->default_user_quota_bytes;
}
