#include "core/key.h"

#include <string.h>

#include "core/kind.h"
#include "core/scope.h"
#include "util/instant.h"
#include "util/network.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct key, member)

const struct key key_defaults = {.enabled = true};

/* Networks in the one spelling that each has; what is none stays for the check
 * to find. */
static void fold_networks(struct text_list *list, struct arena *a)
{
	for (size_t i = 0; i < list->count; i++) {
		char text[NETWORK_TEXT];
		struct network n;
		struct err none = {0};

		if (!network_parse(list->items[i], &n, &none))
			continue;
		network_text(&n, text);
		list->items[i] = arena_strdup(a, text);
	}
}

void key_fold(struct key *k, struct arena *a)
{
	fold_text(a, &k->owner);
	fold_set(a, &k->scopes);
	fold_set(a, &k->domains);
	fold_networks(&k->networks, a);
	fold_set(a, &k->networks);
}

static void scopes_judge(const struct key *k, const struct text_list *rights,
			 struct arena *a, struct err *e)
{
	if (fault_has(e, F(scopes)))
		return;
	if (k->scopes.count == 0)
		fault_field(e, a, FAULT_MISSING, F(scopes),
			    "say what the key is for; \"*\" is everything");
	if (k->scopes.count > KEY_SCOPES_MAX)
		fault_field(e, a, FAULT_RANGE, F(scopes),
			    "a key has at most 64 scopes");
	for (size_t i = 0; i < k->scopes.count; i++) {
		if (!scope_is_word(k->scopes.items[i], rights))
			fault_field(e, a, FAULT_RANGE, F(scopes),
				    arena_printf(a,
						 "scope %zu is none of those "
						 "there are",
						 i + 1));
	}
}

static void domains_judge(const struct key *k, struct arena *a, struct err *e)
{
	/* Who has made a list and found nothing for it must not get a key for
	 * everything. */
	if (k->domains.count == 0 && k->domains.items != NULL &&
	    !fault_has(e, F(domains)))
		fault_field(e, a, FAULT_RANGE, F(domains),
			    "name a domain; null is all of the owner's");
	if (k->domains.count > KEY_DOMAINS_MAX)
		fault_field(e, a, FAULT_RANGE, F(domains),
			    "a key has at most 100 domains");
	for (size_t i = 0; i < k->domains.count; i++) {
		struct err bad = {0};

		if (!domain_name_check(k->domains.items[i], &bad))
			fault_field(e, a, FAULT_FORMAT, F(domains),
				    arena_printf(a, "domain %zu: %s", i + 1,
						 bad.text));
	}
}

static void networks_judge(const struct key *k, struct arena *a, struct err *e)
{
	if (k->networks.count > KEY_NETWORKS_MAX)
		fault_field(e, a, FAULT_RANGE, F(networks),
			    "a key has at most 100 networks");
	for (size_t i = 0; i < k->networks.count; i++) {
		struct network n;
		struct err bad = {0};

		if (!network_parse(k->networks.items[i], &n, &bad))
			fault_field(e, a, FAULT_FORMAT, F(networks),
				    arena_printf(a, "network %zu: %s", i + 1,
						 bad.text));
	}
}

void key_judge(const struct key *k, const struct text_list *rights,
	       struct arena *a, struct err *e)
{
	prose_check(k->label, F(label), a, e);
	if (k->label != NULL && strlen(k->label) > KEY_LABEL_MAX)
		fault_field(e, a, FAULT_RANGE, F(label),
			    "a label has at most 200 bytes");
	scopes_judge(k, rights, a, e);
	domains_judge(k, a, e);
	networks_judge(k, a, e);
	expiry_check(k->expires_at, F(expires_at), a, e);
}

static bool holds(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

/* Whether any network of the list has all of that one. */
static bool is_inside(const char *text, const struct text_list *list)
{
	struct network one, other;
	struct err none = {0};

	if (!network_parse(text, &one, &none))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		if (network_parse(list->items[i], &other, &none) &&
		    network_holds(&other, &one))
			return true;
	}
	return false;
}

static bool domains_within(const struct key *k, const struct key *own)
{
	if (own->domains.count == 0)
		return true;
	for (size_t i = 0; i < k->domains.count; i++) {
		if (!holds(&own->domains, k->domains.items[i]))
			return false;
	}
	return k->domains.count > 0;
}

static bool networks_within(const struct key *k, const struct key *own)
{
	if (own->networks.count == 0)
		return true;
	for (size_t i = 0; i < k->networks.count; i++) {
		if (!is_inside(k->networks.items[i], &own->networks))
			return false;
	}
	return k->networks.count > 0;
}

static bool expiry_within(const struct key *k, const struct key *own)
{
	return own->expires_at == NULL ||
	       (k->expires_at != NULL &&
		strcmp(k->expires_at, own->expires_at) <= 0);
}

static bool scopes_within(const struct key *k, const struct key *own)
{
	const struct scope s = {.rights = own->scopes};

	for (size_t i = 0; i < k->scopes.count; i++) {
		if (!scope_gives(&s, k->scopes.items[i]))
			return false;
	}
	return true;
}

void key_judge_within(const struct key *k, const struct key *own,
		      struct arena *a, struct err *e)
{
	const struct {
		bool good;
		struct field field;
		const char *text;
	} parts[] = {
		{scopes_within(k, own), F(scopes),
		 "that is more than your own key is for"},
		{domains_within(k, own), F(domains),
		 "your own key is for other domains"},
		{networks_within(k, own), F(networks),
		 "your own key may be used from other networks"},
		{expiry_within(k, own), F(expires_at),
		 "your own key expires before that"},
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!parts[i].good && !fault_has(e, parts[i].field))
			fault_field(e, a, FAULT_POLICY, parts[i].field,
				    parts[i].text);
	}
}

bool key_is_good(const struct key *k, const char *source)
{
	if (!k->enabled ||
	    (k->expires_at != NULL &&
	     (!instant_check(k->expires_at) || instant_is_past(k->expires_at))))
		return false;
	return k->networks.count == 0 ||
	       (source != NULL && is_inside(source, &k->networks));
}

const struct scope *key_scope(const struct key *k, struct arena *a)
{
	const struct scope s = {.rights = k->scopes,
				.domains = k->domains,
				.everywhere = k->domains.count == 0};

	return arena_copy(a, &s, sizeof(s));
}
