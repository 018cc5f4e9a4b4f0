/* Whether what the domain sends is believed: SPF, DKIM, DMARC. */
#include <string.h>

#include "core/checkup_parts.h"
#include "core/spf.h"
#include "core/taglist.h"
#include "util/text.h"

static void ask_spf(struct checkup *c)
{
	checkup_label(c, "", DNS_TXT);
}

static struct dns_record *spf_of(const struct dns_question *q, size_t *count)
{
	struct dns_record *first = NULL;

	*count = 0;
	for (size_t i = 0; i < q->count; i++) {
		struct dns_record *r = &q->records[i];

		if (!spf_is(r->text, r->size))
			continue;
		first = first != NULL ? first : r;
		(*count)++;
	}
	return first;
}

static bool lets_all_pass(const struct spf *s)
{
	const struct spf_term *last =
		s->count > 0 ? &s->terms[s->count - 1] : NULL;

	return last != NULL && last->kind == SPF_ALL && last->qualifier == '+';
}

/* The record is well-formed: what it says, with those that it includes. */
static void follow_spf(struct checkup *c, const struct verdict_on *v,
		       const struct spf *s)
{
	struct text_list words = checkup_words(c->arena, c->set->spf);
	struct spf_term *wanted =
		arena_alloc(c->arena, (words.count + 1) * sizeof(*wanted));
	struct spf_sight sight;

	for (size_t i = 0; i < words.count; i++)
		spf_term_read(c->arena, c->domain, words.items[i], &wanted[i]);
	spf_follow(c->parts->resolver, c->arena, s, wanted, words.count,
		   c->parts->deadline, &sight);
	if (sight.lookups > SPF_LOOKUPS_MAX)
		checkup_note(c, v, CHECK_ERROR, "spf_lookups", ACTOR_YOU,
			     "receivers would have to look up more than %d "
			     "names, and stop at that (RFC 7208 4.6.4)",
			     SPF_LOOKUPS_MAX);
	else if (sight.fault != NULL)
		checkup_note(c, v, CHECK_ERROR, "spf_include", ACTOR_YOU, "%s",
			     sight.fault);
	else if (!sight.complete)
		checkup_note(c, v, CHECK_UNKNOWN, "not_answered", NULL,
			     "what the record includes could not be read");
	else if (sight.found < words.count)
		checkup_note(c, v, CHECK_ERROR, "spf_lacks_us", ACTOR_YOU,
			     "the record does not let our servers send");
	else if (lets_all_pass(s))
		checkup_note(c, v, CHECK_WARNING, "spf_open", ACTOR_YOU,
			     "the record lets everybody send (+all)");
	else
		checkup_note(c, v, CHECK_OK, "ok", NULL,
			     "our servers may send; %u lookups of %d",
			     sight.lookups, SPF_LOOKUPS_MAX);
}

static void judge_spf(struct checkup *c)
{
	const struct dns_question *q = checkup_label(c, "", DNS_TXT);
	size_t count;
	struct dns_record *r = spf_of(q, &count);
	struct dns_question only = *q;
	struct verdict_on v = {"spf", c->domain, NULL,
			       checkup_wanted(c, "spf")};
	struct spf s;

	if (!checkup_answered(c, &v, q))
		return;
	only.records = r;
	only.count = count == 1;
	v.seen = count == 1 ? checkup_seen(c, &only) : NULL;
	if (count == 0) {
		checkup_note(c, &v,
			     c->set->spf != NULL ? CHECK_ERROR : CHECK_WARNING,
			     "spf_missing", ACTOR_YOU, "%s has no SPF record",
			     c->domain);
		return;
	}
	if (count > 1) {
		v.seen = checkup_seen(c, q);
		checkup_note(c, &v, CHECK_ERROR, "spf_several", ACTOR_YOU,
			     "%zu SPF records are as good as none (RFC 7208 "
			     "4.5)",
			     count);
		return;
	}
	spf_read(c->arena, c->domain, r->text, r->size, &s);
	if (s.fault != NULL)
		checkup_note(c, &v, CHECK_ERROR, "spf_malformed", ACTOR_YOU,
			     "the record is not well-formed: %s", s.fault);
	else
		follow_spf(c, &v, &s);
}

static void each_key(struct checkup *c,
		     void (*fn)(struct checkup *c, const struct wish *w))
{
	for (size_t i = 0; i < c->wishes.count; i++) {
		if (strcmp(c->wishes.items[i].purpose, "dkim") == 0)
			fn(c, &c->wishes.items[i]);
	}
}

static void ask_key(struct checkup *c, const struct wish *w)
{
	checkup_name(c, w->name, DNS_TXT);
}

static void ask_dkim(struct checkup *c)
{
	each_key(c, ask_key);
}

/* As signers and verifiers take it: without a type it is RSA. */
static bool is_same_key(struct checkup *c, const struct taglist *have,
			const char *record)
{
	struct taglist want;
	const char *k = taglist_value(have, "k"), *p = taglist_value(have, "p");

	taglist_read(c->arena, record, strlen(record), &want);
	const char *type = taglist_value(&want, "k");
	const char *key = taglist_value(&want, "p");
	return p != NULL && key != NULL &&
	       text_equal(k != NULL ? k : "rsa", type != NULL ? type : "rsa") &&
	       text_equal(taglist_packed(c->arena, p),
			  taglist_packed(c->arena, key));
}

/* What is wrong with a record that is there: a code, and words for it. */
static const char *key_fault(struct checkup *c, const struct dns_record *r,
			     const char *record, const char **words)
{
	struct taglist l;

	taglist_read(c->arena, r->text, r->size, &l);
	const char *v = taglist_value(&l, "v"), *p = taglist_value(&l, "p");
	if (l.fault != NULL || p == NULL ||
	    (v != NULL && !text_equal(v, "DKIM1"))) {
		*words = l.fault != NULL ? l.fault : "it is no DKIM record";
		return "dkim_malformed";
	}
	if (p[0] == '\0') {
		*words = "the key is revoked (p=)";
		return "dkim_revoked";
	}
	if (!is_same_key(c, &l, record)) {
		*words = "the key is not ours";
		return "dkim_different";
	}
	return NULL;
}

/* A key that does not sign yet, or no longer, does no harm. */
static void judge_key(struct checkup *c, const struct wish *w)
{
	const struct dns_question *q = checkup_name(c, w->name, DNS_TXT);
	struct verdict_on v = {"dkim", w->name, checkup_seen(c, q), w->text};
	bool signs = text_equal(w->key_state, "active");
	const char *result = signs ? CHECK_ERROR : CHECK_WARNING;
	const char *words = NULL, *fault;

	if (!checkup_answered(c, &v, q))
		return;
	if (q->count == 0) {
		checkup_note(c, &v, result, "dkim_missing", ACTOR_YOU,
			     "there is no record of the key, which is %s",
			     w->key_state);
		return;
	}
	if (q->count > 1) {
		checkup_note(
			c, &v, result, "dkim_several", ACTOR_YOU,
			"there are %zu TXT records; verifiers take any one",
			q->count);
		return;
	}
	fault = key_fault(c, &q->records[0], w->text, &words);
	if (fault != NULL)
		checkup_note(c, &v, result, fault, ACTOR_YOU,
			     "%s; the key is %s", words, w->key_state);
	else
		checkup_note(c, &v, CHECK_OK, "ok", NULL,
			     "the key, which is %s, is there in %zu strings",
			     w->key_state, q->records[0].strings);
}

static void judge_dkim(struct checkup *c)
{
	each_key(c, judge_key);
}

/* Where a domain says nothing, what it is a part of does. */
static const char *organization(struct checkup *c)
{
	const struct suffixes *s = c->parts->suffixes;
	const char *o = s != NULL ? s->ops->registered(s, c->domain) : NULL;

	return o != NULL && strcmp(o, c->domain) != 0
		       ? arena_join(c->arena, "_dmarc.", o, NULL)
		       : NULL;
}

static void ask_dmarc(struct checkup *c)
{
	const char *above = organization(c);

	checkup_label(c, "_dmarc", DNS_TXT);
	if (above != NULL)
		checkup_name(c, above, DNS_TXT);
}

static int strength(const char *policy)
{
	static const char *const words[] = {"none", "quarantine", "reject"};

	for (size_t i = 0; policy != NULL && i < COUNT(words); i++) {
		if (strcmp(words[i], policy) == 0)
			return (int)i;
	}
	return -1;
}

static int wanted_strength(struct checkup *c)
{
	struct taglist l;

	if (c->set->dmarc == NULL)
		return -1;
	taglist_read(c->arena, c->set->dmarc, strlen(c->set->dmarc), &l);
	return strength(taglist_value(&l, "p"));
}

static void judge_policy(struct checkup *c, const struct verdict_on *v,
			 const struct dns_record *r)
{
	struct taglist l;

	taglist_read(c->arena, r->text, r->size, &l);
	const char *p = taglist_value(&l, "p");
	if (l.fault != NULL || strength(p) < 0)
		checkup_note(c, v, CHECK_ERROR, "dmarc_malformed", ACTOR_YOU,
			     "the record is not well-formed: %s",
			     l.fault != NULL ? l.fault
					     : "p is none, quarantine or "
					       "reject");
	else if (strength(p) < wanted_strength(c))
		checkup_note(c, v, CHECK_WARNING, "dmarc_weak", ACTOR_YOU,
			     "the policy is %s", p);
	else
		checkup_note(c, v, CHECK_OK, "ok", NULL, "the policy is %s", p);
}

static void judge_dmarc(struct checkup *c)
{
	const struct dns_question *q = checkup_label(c, "_dmarc", DNS_TXT);
	const char *above = organization(c);
	const struct dns_record *r;
	size_t n = checkup_records(q, "v=DMARC1", &r);
	struct verdict_on v = {"dmarc", q->name, checkup_seen(c, q),
			       c->set->dmarc};

	if (!checkup_answered(c, &v, q))
		return;
	if (n == 0 && above != NULL) {
		q = checkup_name(c, above, DNS_TXT);
		if (!checkup_answered(c, &v, q))
			return;
		n = checkup_records(q, "v=DMARC1", &r);
		v.seen = checkup_seen(c, q);
	}
	if (n == 0)
		checkup_note(c, &v,
			     v.seen != NULL ? CHECK_ERROR : CHECK_WARNING,
			     v.seen != NULL ? "dmarc_malformed"
					    : "dmarc_missing",
			     ACTOR_YOU,
			     "there is no record that begins with "
			     "v=DMARC1");
	else if (n > 1)
		checkup_note(c, &v, CHECK_ERROR, "dmarc_several", ACTOR_YOU,
			     "%zu DMARC records are as good as none (RFC 7489 "
			     "6.6.3)",
			     n);
	else
		judge_policy(c, &v, r);
}

const struct check_row checkup_of_senders[] = {
	{"spf", {ask_spf, NULL, NULL}, judge_spf},
	{"dkim", {ask_dkim, NULL, NULL}, judge_dkim},
	{"dmarc", {ask_dmarc, NULL, NULL}, judge_dmarc},
	{NULL, {NULL, NULL, NULL}, NULL},
};
