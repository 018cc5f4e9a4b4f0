/* Other names of the domain: policies on TLS, what mail clients look for,
 * DNSSEC, and the proof of who has it. */
#include <string.h>

#include "core/checkup_parts.h"
#include "core/taglist.h"
#include "util/network.h"
#include "util/text.h"

static void each_wish(struct checkup *c, const char *purpose,
		      void (*fn)(struct checkup *c, const struct wish *w))
{
	for (size_t i = 0; i < c->wishes.count; i++) {
		if (strcmp(c->wishes.items[i].purpose, purpose) == 0)
			fn(c, &c->wishes.items[i]);
	}
}

/* Whatever type it has; of an alias also the addresses, which may be there in
 * its place, and those of where it leads. */
static void ask_wish(struct checkup *c, const struct wish *w)
{
	checkup_name(c, w->name, w->type);
	if (w->type != DNS_CNAME)
		return;
	checkup_name(c, w->name, DNS_A);
	checkup_name(c, w->name, DNS_AAAA);
	checkup_name(c, w->target, DNS_A);
	checkup_name(c, w->target, DNS_AAAA);
}

/* A policy that is a list of tags, of which one has to be there. */
static void judge_policy(struct checkup *c, const struct wish *w,
			 const char *version, const char *tag)
{
	const struct dns_question *q = checkup_name(c, w->name, DNS_TXT);
	const struct dns_record *r;
	size_t n = checkup_records(q, version, &r);
	struct verdict_on v = {w->purpose, w->name, checkup_seen(c, q),
			       w->text};
	struct taglist l = {.count = 0};

	if (!checkup_answered(c, &v, q))
		return;
	if (n == 1)
		taglist_read(c->arena, r->text, r->size, &l);
	if (n == 0)
		checkup_note(c, &v, CHECK_WARNING, "record_missing", ACTOR_YOU,
			     "there is no record that begins with %s", version);
	else if (n > 1)
		checkup_note(c, &v, CHECK_ERROR, "record_several", ACTOR_YOU,
			     "%zu records are as good as none", n);
	else if (l.fault != NULL || taglist_value(&l, tag) == NULL ||
		 taglist_value(&l, tag)[0] == '\0')
		checkup_note(c, &v, CHECK_ERROR, "record_malformed", ACTOR_YOU,
			     "the record is not well-formed: %s",
			     l.fault != NULL ? l.fault
					     : arena_join(c->arena, "it lacks ",
							  tag, NULL));
	else
		checkup_note(c, &v, CHECK_OK, "ok", NULL,
			     "the record is there");
}

static bool share(const struct dns_question *a, const struct dns_question *b)
{
	for (size_t i = 0; i < a->count * b->count; i++) {
		const struct network *x = a->records[i / b->count].address,
				     *y = b->records[i % b->count].address;

		if (network_holds(x, y))
			return true;
	}
	return false;
}

/* An alias, or the same addresses. */
static void judge_alias(struct checkup *c, const struct wish *w)
{
	const struct dns_question *q = checkup_name(c, w->name, DNS_CNAME),
				  *a = checkup_name(c, w->name, DNS_A),
				  *b = checkup_name(c, w->name, DNS_AAAA);
	const char *seen = checkup_seen(c, q);
	struct verdict_on v = {w->purpose, w->name, seen, w->target};

	if (!checkup_answered(c, &v, q) || !checkup_answered(c, &v, a) ||
	    !checkup_answered(c, &v, b))
		return;
	if (seen == NULL)
		v.seen = a->count > 0 ? checkup_seen(c, a) : checkup_seen(c, b);
	if (v.seen == NULL)
		checkup_note(c, &v, CHECK_WARNING, "name_missing", ACTOR_YOU,
			     "there is no %s", w->name);
	else if (text_equal(seen, w->target) ||
		 share(a, checkup_name(c, w->target, DNS_A)) ||
		 share(b, checkup_name(c, w->target, DNS_AAAA)))
		checkup_note(c, &v, CHECK_OK, "ok", NULL,
			     "the name leads to us");
	else
		checkup_note(c, &v, CHECK_WARNING, "name_elsewhere", ACTOR_YOU,
			     "%s leads elsewhere", w->name);
}

static void judge_sts_record(struct checkup *c, const struct wish *w)
{
	if (w->type == DNS_CNAME)
		judge_alias(c, w);
	else
		judge_policy(c, w, "v=STSv1", "id");
}

static void judge_tls_record(struct checkup *c, const struct wish *w)
{
	judge_policy(c, w, "v=TLSRPTv1", "rua");
}

static bool has_service(const struct dns_question *q, const struct wish *w)
{
	for (size_t i = 0; i < q->count; i++) {
		if (q->records[i].port == w->port &&
		    strcmp(q->records[i].name, w->target) == 0)
			return true;
	}
	return false;
}

static void judge_service(struct checkup *c, const struct wish *w)
{
	const struct dns_question *q = checkup_name(c, w->name, DNS_SRV);
	struct verdict_on v = {"srv", w->name, checkup_seen(c, q),
			       publish_value(c->arena, w)};

	if (!checkup_answered(c, &v, q))
		return;
	if (has_service(q, w))
		checkup_note(c, &v, CHECK_OK, "ok", NULL,
			     "the service is named");
	else
		checkup_note(c, &v, CHECK_WARNING,
			     q->count == 0 ? "srv_missing" : "srv_wrong",
			     ACTOR_YOU,
			     "%s does not name our server (RFC 6186)", w->name);
}

static void ask_sts(struct checkup *c)
{
	each_wish(c, "mta_sts", ask_wish);
}

static void judge_sts(struct checkup *c)
{
	each_wish(c, "mta_sts", judge_sts_record);
}

static void ask_tls(struct checkup *c)
{
	each_wish(c, "tls_rpt", ask_wish);
}

static void judge_tls(struct checkup *c)
{
	each_wish(c, "tls_rpt", judge_tls_record);
}

static void ask_clients(struct checkup *c)
{
	each_wish(c, "autoconfig", ask_wish);
	each_wish(c, "autodiscover", ask_wish);
}

static void judge_clients(struct checkup *c)
{
	each_wish(c, "autoconfig", judge_alias);
	each_wish(c, "autodiscover", judge_alias);
}

static void ask_services(struct checkup *c)
{
	each_wish(c, "srv", ask_wish);
}

static void judge_services(struct checkup *c)
{
	each_wish(c, "srv", judge_service);
}

static void ask_dnssec(struct checkup *c)
{
	if (c->parts->validating)
		checkup_label(c, "", DNS_SOA);
}

/* Who cannot be believed is not asked. */
static void judge_dnssec(struct checkup *c)
{
	struct verdict_on v = {"dnssec", c->domain, NULL, NULL};

	if (!c->parts->validating)
		return;
	const struct dns_question *q = checkup_label(c, "", DNS_SOA);
	if (!checkup_answered(c, &v, q))
		return;
	if (q->secure)
		checkup_note(c, &v, CHECK_OK, "ok", NULL, "the zone is signed");
	else
		checkup_note(
			c, &v, CHECK_WARNING, "dnssec_unsigned", ACTOR_YOU,
			"the zone is not signed: who can forge answers can "
			"have the mail");
}

static void ask_proof(struct checkup *c)
{
	each_wish(c, "proof", ask_wish);
}

static void judge_challenge(struct checkup *c, const struct wish *w)
{
	const struct dns_question *q = checkup_name(c, w->name, DNS_TXT);
	struct verdict_on v = {"proof", w->name, checkup_seen(c, q), w->text};

	if (!checkup_answered(c, &v, q))
		return;
	for (size_t i = 0; i < q->count; i++)
		c->report->proved = c->report->proved ||
				    (q->records[i].size == strlen(w->text) &&
				     memcmp(q->records[i].text, w->text,
					    q->records[i].size) == 0);
	if (c->report->proved)
		checkup_note(c, &v, CHECK_OK, "ok", NULL,
			     "control of the domain is proved");
	else
		checkup_note(c, &v, CHECK_ERROR, "proof_missing", ACTOR_YOU,
			     "control of the domain is not proved yet");
}

static void judge_proof(struct checkup *c)
{
	each_wish(c, "proof", judge_challenge);
}

const struct check_row checkup_of_names[] = {
	{"mta_sts", {ask_sts, NULL, NULL}, judge_sts},
	{"tls_rpt", {ask_tls, NULL, NULL}, judge_tls},
	{"autoconfig", {ask_clients, NULL, NULL}, judge_clients},
	{"srv", {ask_services, NULL, NULL}, judge_services},
	{"dnssec", {ask_dnssec, NULL, NULL}, judge_dnssec},
	{"proof", {ask_proof, NULL, NULL}, judge_proof},
	{NULL, {NULL, NULL, NULL}, NULL},
};
