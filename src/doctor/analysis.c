#include "doctor/analysis.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/address.h"
#include "util/text.h"

enum {
	DAY = 24 * 3600,
	EXPIRY_GRACE = 900, /* seconds; the gateway looks every 10 */
};

bool analysis_wants(const struct analysis *an, const char *domain)
{
	return an->only == NULL ||
	       (domain != NULL && strcasecmp(an->only, domain) == 0);
}

static int64_t digits(const char *text, size_t count)
{
	int64_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

int64_t analysis_time(const char *text)
{
	struct tm tm = {0};
	int64_t parts[6];

	/* slapd keeps all times in this form, with a fraction at most. */
	if (strlen(text) < sizeof("YYYYMMDDHHMMSSZ") - 1)
		return 0;
	for (size_t i = 0; i < 6; i++) {
		size_t at = i == 0 ? 0 : 2 + 2 * i;

		parts[i] = digits(text + at, i == 0 ? 4 : 2);
		if (parts[i] < 0)
			return 0;
	}
	tm.tm_year = (int)parts[0] - 1900;
	tm.tm_mon = (int)parts[1] - 1;
	tm.tm_mday = (int)parts[2];
	tm.tm_hour = (int)parts[3];
	tm.tm_min = (int)parts[4];
	tm.tm_sec = (int)parts[5];
	return timegm(&tm);
}

static void day_text(char ret[16], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(ret, 16, "%F", &tm) == 0)
		*ret = '\0';
}

void analyse_expiry(const struct analysis *an, const char *entry, bool enabled,
		    int64_t expires)
{
	char day[16];

	if (expires == 0 || !enabled)
		return;
	day_text(day, expires);
	if (expires + EXPIRY_GRACE < an->now)
		report_find(an->report, FIND_EXPIRED_IN_FORCE, entry,
			    "it expired on %s, and is still enabled", day);
	else if (expires < an->now + an->days * DAY)
		report_find(an->report, FIND_EXPIRES, entry, "it expires on %s",
			    day);
}

static void check_target(const struct analysis *an, const struct held_domain *d)
{
	const struct held_domain *to =
		d->target != NULL ? census_domain(an->census, d->target) : NULL;

	if (d->target == NULL)
		report_find(an->report, FIND_TARGET_MISSING, d->name,
			    "the alias domain names no target");
	else if (to == NULL)
		report_find(an->report, FIND_TARGET_MISSING, d->name,
			    "its target %s does not exist", d->target);
	else if (!text_equal(to->kind, "local"))
		report_find(an->report, FIND_TARGET_KIND, d->name,
			    "its target %s is of kind %s", to->name, to->kind);
	else if (!to->enabled)
		report_find(an->report, FIND_TARGET_DISABLED, d->name,
			    "its target %s is disabled", to->name);
}

static void check_limits(const struct analysis *an, const struct held_domain *d)
{
	if (d->max_users > 0 && d->users > d->max_users)
		report_find(an->report, FIND_TOO_MANY_USERS, d->name,
			    "%lld users, of at most %lld", (long long)d->users,
			    (long long)d->max_users);
	if (d->max_aliases > 0 && d->aliases > d->max_aliases)
		report_find(an->report, FIND_TOO_MANY_ALIASES, d->name,
			    "%lld aliases, of at most %lld",
			    (long long)d->aliases, (long long)d->max_aliases);
	if (d->quota_bytes <= 0)
		return;
	if (d->unlimited > 0)
		report_find(an->report, FIND_QUOTA_EXCEEDED, d->name,
			    "%lld of its users have no quota, the domain has "
			    "one",
			    (long long)d->unlimited);
	else if (d->quota_sum > d->quota_bytes)
		report_find(an->report, FIND_QUOTA_EXCEEDED, d->name,
			    "its users have quotas of %lld bytes together, "
			    "the domain has %lld",
			    (long long)d->quota_sum, (long long)d->quota_bytes);
}

void analyse_domains(const struct analysis *an)
{
	for (const struct held_domain *d = an->census->domains; d != NULL;
	     d = d->next) {
		if (!analysis_wants(an, d->name))
			continue;
		if (d->enabled && text_equal(d->kind, "alias"))
			check_target(an, d);
		if (d->enabled && text_equal(d->kind, "relay") &&
		    d->transport == NULL)
			report_find(an->report, FIND_RELAY_WITHOUT_TRANSPORT,
				    d->name, "no transport is named");
		check_limits(an, d);
	}
}

/* One of many is a warning; when all lead nowhere the mail is lost. */
static void tell_destination(const struct analysis *an,
			     const struct held_address *h, const char *to,
			     enum reach reach)
{
	if (reach == REACH_NOBODY)
		report_find(an->report, FIND_DESTINATION_MISSING, h->address,
			    "there is no %s", to);
	else if (reach == REACH_DISABLED)
		report_find(an->report, FIND_DESTINATION_DISABLED, h->address,
			    "%s takes no mail", to);
}

static void tell_nowhere(const struct analysis *an,
			 const struct held_address *h)
{
	enum finding f = h->user                ? FIND_FORWARD_TO_NOWHERE
			 : h->address[0] == '@' ? FIND_CATCH_ALL_TO_NOWHERE
						: FIND_ALIAS_TO_NOWHERE;
	const char *first = h->destinations.items[0];

	if (h->destinations.count == 1)
		report_find(an->report, f, h->address, "%s takes no mail",
			    first);
	else
		report_find(an->report, f, h->address,
			    "none of its %zu destinations takes mail, such as "
			    "%s",
			    h->destinations.count, first);
}

static enum reach reach_of(const struct analysis *an,
			   const struct held_address *h, const char *to)
{
	/* His own address among the destinations keeps a copy. */
	if (h->user && strcasecmp(to, h->address) == 0)
		return REACH_GOOD;
	/* Postfix does not follow an alias to itself. */
	if (!h->user && census_taker(an->census, to) == h)
		return REACH_NOBODY;
	return census_reach(an->census, to);
}

static void check_destinations(const struct analysis *an,
			       const struct held_address *h)
{
	size_t bad = 0;

	for (size_t i = 0; i < h->destinations.count; i++)
		bad += reach_of(an, h, h->destinations.items[i]) != REACH_GOOD;
	if (bad > 0 && bad == h->destinations.count) {
		tell_nowhere(an, h);
		return;
	}
	for (size_t i = 0; bad > 0 && i < h->destinations.count; i++) {
		const char *to = h->destinations.items[i];

		tell_destination(an, h, to, reach_of(an, h, to));
	}
}

/* Itself, or what it stands for. */
static const char *stands_for(const struct held_domain *d)
{
	return text_equal(d->kind, "alias") && d->target != NULL ? d->target
								 : d->name;
}

/* What an administrator of two domains gave stays when he has lost one. */
static void check_sender(const struct analysis *an,
			 const struct held_address *h, const char *sender)
{
	const char *name = address_domain(sender);
	const struct held_domain *d =
		name != NULL ? census_domain(an->census, name) : NULL;

	if (d == NULL)
		report_find(an->report, FIND_SENDER_FOREIGN, h->address,
			    "he may send as %s, whose domain is not ours",
			    sender);
	else if (h->domain != NULL &&
		 strcasecmp(stands_for(d), stands_for(h->domain)) != 0)
		report_find(an->report, FIND_SENDER_ELSEWHERE, h->address,
			    "of the domain %s, he may send as %s of the "
			    "domain %s",
			    h->domain->name, sender, d->name);
}

static void check_senders(const struct analysis *an,
			  const struct held_address *h)
{
	for (size_t i = 0; i < h->senders.count; i++)
		check_sender(an, h, h->senders.items[i]);
}

void analyse_addresses(const struct analysis *an)
{
	for (const struct held_address *h = an->census->addresses; h != NULL;
	     h = h->next) {
		if (!analysis_wants(an, address_domain(h->address)))
			continue;
		if (h->twice)
			report_find(an->report, FIND_ADDRESS_TWICE, h->address,
				    "there is more than one entry with this "
				    "address");
		check_senders(an, h);
		analyse_expiry(an, h->address, h->enabled, h->expires);
		if (!census_in_force(h))
			continue;
		check_destinations(an, h);
		if (h->user && h->send_only)
			report_find(an->report, FIND_SEND_ONLY, h->address,
				    "he takes no mail");
	}
}
