/* Where mail for the domain goes: MX, their addresses, and block lists. */
#include <string.h>

#include "core/checkup_parts.h"
#include "util/network.h"
#include "util/text.h"

enum {
	MX_MAX = 10,
	LISTED_MAX = 8, /* addresses */
	MAPPED = 12,    /* bytes before an IPv4 address, in one of IPv6 */
	LOOPBACK = 127,
};

static struct dns_question *mx_of(struct checkup *c)
{
	return checkup_label(c, "", DNS_MX);
}

static bool is_ours(struct checkup *c, const char *name)
{
	struct text_list mx = checkup_words(c->arena, c->set->mx);

	for (size_t i = 0; i < mx.count; i++) {
		if (strcmp(mx.items[i], name) == 0)
			return true;
	}
	return false;
}

static bool has(const struct dns_question *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++) {
		if (strcmp(q->records[i].name, name) == 0)
			return true;
	}
	return false;
}

static void ask_mx(struct checkup *c)
{
	mx_of(c);
}

/* How many of ours are named, of how many. */
static size_t count_ours(struct checkup *c, const struct dns_question *q,
			 size_t *ret)
{
	struct text_list mx = checkup_words(c->arena, c->set->mx);
	size_t n = 0;

	for (size_t i = 0; i < mx.count; i++)
		n += has(q, mx.items[i]);
	*ret = mx.count;
	return n;
}

static void judge_found_mx(struct checkup *c, const struct verdict_on *v,
			   const struct dns_question *q)
{
	size_t wanted, ours = count_ours(c, q, &wanted), others = 0;

	for (size_t i = 0; i < q->count; i++)
		others += !is_ours(c, q->records[i].name);
	if (q->count == 1 && q->records[0].name[0] == '\0')
		checkup_note(c, v, CHECK_ERROR, "mx_null", ACTOR_YOU,
			     "%s says that it takes no mail at all", c->domain);
	else if (wanted == 0)
		checkup_note(
			c, v, CHECK_OK, "ok", NULL,
			"there are mail servers; which are ours nobody has "
			"said");
	else if (ours == 0)
		checkup_note(c, v, CHECK_ERROR, "mx_wrong", ACTOR_YOU,
			     "mail for %s goes to other servers than ours",
			     c->domain);
	else if (others > 0)
		checkup_note(c, v, CHECK_WARNING, "mx_others", ACTOR_YOU,
			     "some mail for %s goes to other servers than ours",
			     c->domain);
	else if (ours < wanted)
		checkup_note(c, v, CHECK_WARNING, "mx_incomplete", ACTOR_YOU,
			     "%zu of our %zu mail servers are named", ours,
			     wanted);
	else
		checkup_note(c, v, CHECK_OK, "ok", NULL,
			     "mail comes to our servers");
}

static void judge_mx(struct checkup *c)
{
	const struct dns_question *q = mx_of(c);
	struct verdict_on v = {"mx", c->domain, checkup_seen(c, q),
			       checkup_wanted(c, "mx")};

	if (!checkup_answered(c, &v, q))
		return;
	if (q->outcome == DNS_NO_NAME)
		checkup_note(c, &v, CHECK_ERROR, "no_domain", ACTOR_YOU,
			     "the DNS knows no domain %s", c->domain);
	else if (q->count == 0)
		checkup_note(c, &v, CHECK_ERROR, "mx_missing", ACTOR_YOU,
			     "%s names no mail servers", c->domain);
	else
		judge_found_mx(c, &v, q);
}

/* The name of the i-th server whose addresses matter; NULL: there are no more.
 * Where ours are known, the others are none of our business. */
static const char *server(struct checkup *c, size_t i)
{
	const struct dns_question *q = mx_of(c);
	bool known = c->set->mx != NULL;

	for (size_t k = 0; k < q->count && k < MX_MAX; k++) {
		const char *name = q->records[k].name;

		if (name[0] != '\0' && (!known || is_ours(c, name)) && i-- == 0)
			return name;
	}
	return NULL;
}

static void ask_addresses(struct checkup *c)
{
	const char *name;

	for (size_t i = 0; (name = server(c, i)) != NULL; i++) {
		checkup_name(c, name, DNS_A);
		checkup_name(c, name, DNS_AAAA);
	}
}

/* Addresses that nobody outside can reach. */
static bool is_private(const struct network *address)
{
	static const char text[] =
		"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 "
		"172.16.0.0/12 192.168.0.0/16 224.0.0.0/3 ::/127 fc00::/7 "
		"fe80::/10 ff00::/8";
	struct arena *a = arena_new();
	struct network_list l;
	struct err e = {0};
	bool ret = network_list_parse(a, text, &l, &e) &&
		   network_list_holds(&l, address);

	arena_free(a);
	return ret;
}

/* What is wrong with the addresses of a server: a code, or NULL. */
static const char *fault_of(struct checkup *c, const struct dns_question *q)
{
	struct network_list networks = {NULL, 0};
	struct err e = {0};

	network_list_parse(c->arena, c->set->mx_networks, &networks, &e);
	for (size_t i = 0; i < q->count; i++) {
		if (is_private(q->records[i].address) &&
		    !network_list_holds(&networks, q->records[i].address))
			return "mx_address_private";
		if (networks.count > 0 &&
		    !network_list_holds(&networks, q->records[i].address))
			return "mx_network";
	}
	return NULL;
}

static void judge_server(struct checkup *c, const char *name)
{
	const struct dns_question *four = checkup_name(c, name, DNS_A),
				  *six = checkup_name(c, name, DNS_AAAA);
	const char *a = checkup_seen(c, four), *b = checkup_seen(c, six);
	struct verdict_on v = {"mx_address", name,
			       a != NULL && b != NULL
				       ? arena_join(c->arena, a, ", ", b, NULL)
			       : a != NULL ? a
					   : b,
			       c->set->mx_networks};
	const char *actor = is_ours(c, name) ? ACTOR_OPERATOR : ACTOR_YOU;

	if (!checkup_answered(c, &v, four) || !checkup_answered(c, &v, six))
		return;
	const char *fault = fault_of(c, four);
	fault = fault != NULL ? fault : fault_of(c, six);
	if (a == NULL && b == NULL)
		checkup_note(c, &v, CHECK_ERROR, "mx_no_address", actor,
			     "the mail server %s has no address", name);
	else if (fault != NULL)
		checkup_note(c, &v, CHECK_ERROR, fault, actor,
			     "the mail server %s has an address that %s", name,
			     strcmp(fault, "mx_network") == 0
				     ? "is in none of our networks"
				     : "nobody outside can reach");
	else if (four->aliased || six->aliased)
		checkup_note(c, &v, CHECK_WARNING, "mx_alias", actor,
			     "the mail server %s is an alias (RFC 2181 10.3)",
			     name);
	else
		checkup_note(c, &v, CHECK_OK, "ok", NULL,
			     "the mail server has addresses");
}

static void judge_addresses(struct checkup *c)
{
	const char *name;

	for (size_t i = 0; (name = server(c, i)) != NULL; i++)
		judge_server(c, name);
}

/* The question for an address in a list (RFC 5782); NULL: it is not IPv4. */
static struct dns_question *listing(struct checkup *c, const struct network *n,
				    const char *zone)
{
	const unsigned char *b = n->bytes + MAPPED;

	return checkup_name(c,
			    arena_printf(c->arena, "%u.%u.%u.%u.%s", b[3], b[2],
					 b[1], b[0], zone),
			    DNS_A);
}

/* For each IPv4 address of a server, and each list.  The addresses were
 * answered before. */
static void each_listing(struct checkup *c,
			 void (*fn)(struct checkup *c, const char *name,
				    const struct network *n, const char *zone))
{
	struct text_list zones = checkup_words(c->arena, c->set->blocklists);
	size_t left = LISTED_MAX * CHECKUP_NAMES_MAX;
	const char *name;

	for (size_t i = 0; zones.count > 0 && (name = server(c, i)) != NULL;
	     i++) {
		const struct dns_question *q = checkup_name(c, name, DNS_A);

		for (size_t k = 0; k < q->count * zones.count && left > 0;
		     k++, left--)
			fn(c, name, q->records[k / zones.count].address,
			   zones.items[k % zones.count]);
	}
}

static void judge_listing(struct checkup *c, const char *name,
			  const struct network *n, const char *zone)
{
	const struct dns_question *q = listing(c, n, zone);
	struct verdict_on v = {"blocklist", q->name, checkup_seen(c, q), NULL};
	char address[NETWORK_TEXT];

	network_text(n, address);
	if (!checkup_answered(c, &v, q))
		return;
	const unsigned char *b =
		q->count > 0 ? q->records[0].address->bytes + MAPPED : NULL;
	/* 127.255.255.x is what lists say to who may not ask. */
	if (b != NULL && (b[0] != LOOPBACK || b[1] == 0xff))
		checkup_note(c, &v, CHECK_UNKNOWN, "blocklist_refuses", NULL,
			     "%s does not answer us", zone);
	else if (b != NULL)
		checkup_note(c, &v, CHECK_WARNING, "blocklist_listed",
			     ACTOR_OPERATOR, "%s, of %s, is listed in %s",
			     address, name, zone);
	else
		checkup_note(c, &v, CHECK_OK, "ok", NULL, "%s is not listed",
			     address);
}

static void ask_listing(struct checkup *c, const char *name,
			const struct network *n, const char *zone)
{
	(void)name;
	listing(c, n, zone);
}

static void ask_listings(struct checkup *c)
{
	each_listing(c, ask_listing);
}

static void judge_listings(struct checkup *c)
{
	each_listing(c, judge_listing);
}

const struct check_row checkup_of_mail[] = {
	{"mx", {ask_mx, NULL, NULL}, judge_mx},
	{"mx_address", {NULL, ask_addresses, NULL}, judge_addresses},
	{"blocklist", {NULL, NULL, ask_listings}, judge_listings},
	{NULL, {NULL, NULL, NULL}, NULL},
};
