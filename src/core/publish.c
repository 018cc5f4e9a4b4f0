#include "core/publish.h"

#include <string.h>

#include "core/address.h"
#include "core/spf.h"
#include "util/text.h"

enum {
	WISHES_MAX = 128,
	FIRST_MX = 10, /* preference, and the step to the next */
	PORT_IMAPS = 993,
	PORT_POP3S = 995,
	PORT_SUBMISSIONS = 465,
	PORT_SUBMISSION = 587,
};

struct text_list checkup_words(struct arena *a, const char *setting)
{
	struct text_list l = {arena_alloc(a,
					  CHECKUP_NAMES_MAX * sizeof(*l.items)),
			      0};

	for (const char *p = setting != NULL ? setting : ""; *p != '\0';) {
		size_t n = strcspn(p, " ,\t");

		if (n > 0 && l.count < CHECKUP_NAMES_MAX)
			l.items[l.count++] =
				text_lower(a, arena_strndup(a, p, n));
		p += n + (p[n] != '\0');
	}
	return l;
}

static bool names_are_good(struct arena *a, const char *option,
			   const char *setting, struct err *e)
{
	struct text_list words = checkup_words(a, setting);

	for (size_t i = 0; i < words.count; i++) {
		if (!domain_name_check(words.items[i], e))
			return err_wrap(e, "%s", option);
	}
	return setting == NULL || words.count > 0 ||
	       err_set(e, ERR_INVALID, "%s names nothing", option);
}

static bool terms_are_good(struct arena *a, const char *setting, struct err *e)
{
	struct text_list words = checkup_words(a, setting);
	struct spf_term term;

	for (size_t i = 0; i < words.count; i++) {
		if (!spf_term_read(a, "example.org", words.items[i], &term) ||
		    term.qualifier != '+')
			return err_set(e, ERR_INVALID,
				       "checks.spf: %s is no term that lets "
				       "mail pass",
				       words.items[i]);
	}
	return true;
}

/* What a policy names may begin with a wildcard for one label. */
static bool patterns_are_good(struct arena *a, const char *setting,
			      struct err *e)
{
	static const char any[] = "*.";
	struct text_list words = checkup_words(a, setting);

	for (size_t i = 0; i < words.count; i++) {
		const char *name = words.items[i];

		if (strncmp(name, any, strlen(any)) == 0)
			name += strlen(any);
		if (!domain_name_check(name, e))
			return err_wrap(e, "checks.mta_sts_mx");
	}
	return setting == NULL || words.count > 0 ||
	       err_set(e, ERR_INVALID, "checks.mta_sts_mx names nothing");
}

static bool mode_is_good(const char *mode, struct err *e)
{
	return text_equal(mode, "enforce") || text_equal(mode, "testing") ||
	       text_equal(mode, "none") ||
	       err_set(e, ERR_INVALID,
		       "checks.mta_sts_mode is enforce, testing or none");
}

static bool text_is_good(const char *option, const char *setting,
			 const char *begins, struct err *e)
{
	return setting == NULL ||
	       strncmp(setting, begins, strlen(begins)) == 0 ||
	       err_set(e, ERR_INVALID, "%s begins with \"%s\"", option, begins);
}

bool checkup_settings_check(struct arena *a, const struct checkup_settings *set,
			    struct err *e)
{
	const struct {
		const char *option, *setting;
	} names[] = {
		{"checks.mx", set->mx},
		{"checks.mta_sts_host", set->mta_sts_host},
		{"checks.autoconfig_host", set->autoconfig_host},
		{"checks.imap_host", set->imap_host},
		{"checks.pop3_host", set->pop3_host},
		{"checks.smtp_host", set->smtp_host},
		{"checks.blocklists", set->blocklists},
	};
	struct network_list networks;

	for (size_t i = 0; i < COUNT(names); i++) {
		if (!names_are_good(a, names[i].option, names[i].setting, e))
			return false;
	}
	if (!text_equal(set->proof, "yes") && !text_equal(set->proof, "no"))
		return err_set(e, ERR_INVALID, "checks.proof is yes or no");
	return terms_are_good(a, set->spf, e) &&
	       patterns_are_good(a, set->mta_sts_mx, e) &&
	       mode_is_good(set->mta_sts_mode, e) &&
	       text_is_good("checks.dmarc", set->dmarc, "v=DMARC1;", e) &&
	       text_is_good("checks.tls_rpt", set->tls_rpt, "mailto:", e) &&
	       (network_list_parse(a, set->mx_networks, &networks, e) ||
		err_wrap(e, "checks.mx_networks"));
}

struct wishing {
	struct arena *arena;
	const struct publication *p;
	struct wishes *ret;
};

static struct wish *add(struct wishing *w, const char *purpose,
			enum dns_type type, const char *label)
{
	static struct wish spare; /* never needed: there is room for all */
	const char *domain = w->p->domain->name;

	if (w->ret->count == WISHES_MAX)
		return &spare;
	struct wish *ret = &w->ret->items[w->ret->count++];
	*ret = (struct wish){.purpose = purpose,
			     .type = type,
			     .name = label[0] != '\0'
					     ? arena_join(w->arena, label, ".",
							  domain, NULL)
					     : domain};
	return ret;
}

static void wish_text(struct wishing *w, const char *purpose, const char *label,
		      const char *text)
{
	add(w, purpose, DNS_TXT, label)->text = text;
}

static void wish_alias(struct wishing *w, const char *purpose,
		       const char *label, const char *target)
{
	if (target != NULL)
		add(w, purpose, DNS_CNAME, label)->target = target;
}

static void wish_service(struct wishing *w, const char *label, unsigned port,
			 const char *own, const char *site)
{
	const char *host = own != NULL ? own : site;

	if (host == NULL)
		return;
	struct wish *s = add(w, "srv", DNS_SRV, label);
	s->target = text_lower(w->arena, host);
	s->weight = 1;
	s->port = port;
}

static void wish_mx(struct wishing *w)
{
	struct text_list mx = checkup_words(w->arena, w->p->set->mx);

	for (size_t i = 0; i < mx.count; i++) {
		struct wish *m = add(w, "mx", DNS_MX, "");

		m->target = mx.items[i];
		m->preference = FIRST_MX * (unsigned)(i + 1);
	}
}

static void wish_keys(struct wishing *w)
{
	for (size_t i = 0; i < w->p->key_count; i++) {
		const struct published_key *k = &w->p->keys[i];

		if (k->record == NULL)
			continue;
		struct wish *d = add(w, "dkim", DNS_TXT,
				     arena_join(w->arena, k->selector,
						"._domainkey", NULL));
		d->text = k->record;
		d->key_state = k->state;
	}
}

const char *publish_policy(struct arena *a, const struct checkup_settings *set)
{
	const char *names = set->mta_sts_mx != NULL ? set->mta_sts_mx : set->mx;
	struct text_list mx = checkup_words(a, names);
	const char *text;

	if (set->mta_sts_host == NULL || mx.count == 0)
		return NULL;
	text = arena_join(a, "version: STSv1\r\nmode: ", set->mta_sts_mode,
			  "\r\n", NULL);
	for (size_t i = 0; i < mx.count; i++)
		text = arena_join(a, text, "mx: ", mx.items[i], "\r\n", NULL);
	return arena_printf(a, "%smax_age: %lld\r\n", text,
			    (long long)set->mta_sts_max_age);
}

/* Changes with the policy. */
static const char *policy_id(struct arena *a, const char *policy)
{
	return arena_join(a, "v=STSv1; id=", text_print(a, policy), NULL);
}

static void wish_policies(struct wishing *w)
{
	const struct checkup_settings *set = w->p->set;
	const char *policy = publish_policy(w->arena, set);

	if (set->dmarc != NULL)
		wish_text(w, "dmarc", "_dmarc", set->dmarc);
	if (policy != NULL)
		wish_text(w, "mta_sts", "_mta-sts",
			  policy_id(w->arena, policy));
	wish_alias(w, "mta_sts", "mta-sts", set->mta_sts_host);
	if (set->tls_rpt != NULL)
		wish_text(w, "tls_rpt", "_smtp._tls",
			  arena_join(w->arena, "v=TLSRPTv1; rua=", set->tls_rpt,
				     NULL));
}

void publish_wishes(struct arena *a, const struct publication *p,
		    struct wishes *ret)
{
	struct wishing w = {a, p, ret};
	const struct checkup_settings *set = p->set;
	const struct domain *d = p->domain;

	*ret = (struct wishes){arena_alloc(a, WISHES_MAX * sizeof(*ret->items)),
			       0};
	if (p->challenge != NULL)
		wish_text(&w, "proof", PUBLISH_CHALLENGE, p->challenge);
	wish_mx(&w);
	if (set->spf != NULL)
		wish_text(&w, "spf", "",
			  arena_join(a, "v=spf1 ", set->spf, " -all", NULL));
	wish_keys(&w);
	wish_policies(&w);
	wish_alias(&w, "autoconfig", "autoconfig", set->autoconfig_host);
	wish_alias(&w, "autodiscover", "autodiscover", set->autoconfig_host);
	wish_service(&w, "_imaps._tcp", PORT_IMAPS, d->imap_host,
		     set->imap_host);
	wish_service(&w, "_pop3s._tcp", PORT_POP3S, d->pop3_host,
		     set->pop3_host);
	wish_service(&w, "_submissions._tcp", PORT_SUBMISSIONS, d->smtp_host,
		     set->smtp_host);
	wish_service(&w, "_submission._tcp", PORT_SUBMISSION, d->smtp_host,
		     set->smtp_host);
}

const char *publish_type(enum dns_type type)
{
	static const char *const words[] = {
		[DNS_A] = "A",     [DNS_AAAA] = "AAAA", [DNS_CNAME] = "CNAME",
		[DNS_MX] = "MX",   [DNS_TXT] = "TXT",   [DNS_SRV] = "SRV",
		[DNS_SOA] = "SOA",
	};

	return words[type];
}

const char *publish_value(struct arena *a, const struct wish *w)
{
	switch (w->type) {
	case DNS_TXT:
		return w->text;
	case DNS_MX:
		return arena_printf(a, "%u %s", w->preference, w->target);
	case DNS_SRV:
		return arena_printf(a, "%u %u %u %s", w->preference, w->weight,
				    w->port, w->target);
	case DNS_A:
	case DNS_AAAA:
	case DNS_CNAME:
	case DNS_SOA:
		return w->target;
	}
	return NULL;
}

/* The entry's id is no secret, and neither is what stands in the DNS: another
 * entry of that name has another. */
const char *publish_challenge(struct arena *a, const struct domain *d)
{
	return arena_join(a, "provost-challenge=", d->id, NULL);
}
