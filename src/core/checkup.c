#include "core/checkup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checkup_parts.h"
#include "core/taglist.h"
#include "util/network.h"
#include "util/text.h"

enum { DETAIL_MAX = 400, ESCAPED = 4 };

struct dns_question *checkup_name(struct checkup *c, const char *name,
				  enum dns_type type)
{
	static const struct dns_question full = {.name = "",
						 .outcome = DNS_FAILED,
						 .detail = "too many names"};

	for (size_t i = 0; i < c->count; i++) {
		if (c->questions[i].type == type &&
		    strcmp(c->questions[i].name, name) == 0)
			return &c->questions[i];
	}
	if (c->count == CHECKUP_QUESTIONS_MAX)
		return arena_copy(c->arena, &full, sizeof(full));
	c->questions[c->count] =
		(struct dns_question){.name = name,
				      .type = type,
				      .outcome = DNS_FAILED,
				      .detail = "there was no time"};
	return &c->questions[c->count++];
}

struct dns_question *checkup_label(struct checkup *c, const char *label,
				   enum dns_type type)
{
	if (label[0] == '\0')
		return checkup_name(c, c->domain, type);
	return checkup_name(c,
			    arena_join(c->arena, label, ".", c->domain, NULL),
			    type);
}

void checkup_note(struct checkup *c, const struct verdict_on *v,
		  const char *result, const char *code, const char *actor,
		  const char *fmt, ...)
{
	struct checkup_report *r = c->report;
	char detail[DETAIL_MAX];
	va_list ap;

	if (r->count == CHECKUP_RESULTS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	r->results[r->count++] =
		(struct checkup_result){.name = v->name,
					.about = v->about,
					.result = result,
					.code = code,
					.detail =
						arena_strdup(c->arena, detail),
					.actor = actor,
					.seen = v->seen,
					.wanted = v->wanted};
}

bool checkup_answered(struct checkup *c, const struct verdict_on *v,
		      const struct dns_question *q)
{
	if (q->outcome == DNS_FAILED)
		checkup_note(c, v, CHECK_UNKNOWN, "not_answered", NULL,
			     "the DNS could not be asked for %s %s: %s",
			     q->name, publish_type(q->type), q->detail);
	return q->outcome != DNS_FAILED;
}

/* Anybody may have written it: what is not printable is told as \123. */
static const char *printable(struct arena *a, const char *text, size_t size)
{
	size_t n = size < CHECKUP_SEEN_MAX ? size : CHECKUP_SEEN_MAX;
	char *ret = arena_alloc(a, n * ESCAPED + 1), *to = ret;

	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte < ' ' || byte > '~')
			to += snprintf(to, ESCAPED + 1, "\\%03u", byte);
		else
			*to++ = text[i];
	}
	*to = '\0';
	return ret;
}

static const char *seen_record(struct arena *a, enum dns_type type,
			       const struct dns_record *r)
{
	char address[NETWORK_TEXT];

	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		network_text(r->address, address);
		return arena_strdup(a, address);
	case DNS_TXT:
		return printable(a, r->text, r->size);
	case DNS_MX:
		return arena_printf(a, "%u %s", r->preference, r->name);
	case DNS_SRV:
		return arena_printf(a, "%u %u %u %s", r->preference, r->weight,
				    r->port, r->name);
	case DNS_CNAME:
	case DNS_SOA:
		return r->name;
	}
	return NULL;
}

const char *checkup_seen(struct checkup *c, const struct dns_question *q)
{
	const char *ret = NULL;

	for (size_t i = 0; i < q->count; i++) {
		const char *one =
			seen_record(c->arena, q->type, &q->records[i]);

		if (ret != NULL && strlen(ret) + strlen(one) > CHECKUP_SEEN_MAX)
			return arena_join(c->arena, ret, ", ...", NULL);
		ret = ret == NULL ? one
				  : arena_join(c->arena, ret, ", ", one, NULL);
	}
	return ret;
}

const char *checkup_wanted(struct checkup *c, const char *purpose)
{
	const char *ret = NULL;

	for (size_t i = 0; i < c->wishes.count; i++) {
		const struct wish *w = &c->wishes.items[i];

		if (strcmp(w->purpose, purpose) != 0)
			continue;
		const char *one = publish_value(c->arena, w);
		ret = ret == NULL ? one
				  : arena_join(c->arena, ret, ", ", one, NULL);
	}
	return ret;
}

size_t checkup_records(const struct dns_question *q, const char *version,
		       const struct dns_record **ret)
{
	size_t n = 0;

	*ret = NULL;
	for (size_t i = 0; i < q->count; i++) {
		const struct dns_record *r = &q->records[i];

		if (!taglist_is(r->text, r->size, version))
			continue;
		*ret = n == 0 ? r : *ret;
		n++;
	}
	return n;
}

static const struct check_row *const tables[] = {checkup_of_mail,
						 checkup_of_senders,
						 checkup_of_names};

/* What was not asked yet. */
static void ask(struct checkup *c)
{
	struct resolver *r = c->parts->resolver;

	if (c->count > c->asked)
		r->ops->ask(r, c->arena, c->questions + c->asked,
			    c->count - c->asked, c->parts->deadline);
	c->asked = c->count;
}

static void ask_round(struct checkup *c, size_t round)
{
	for (size_t i = 0; i < COUNT(tables); i++) {
		for (const struct check_row *r = tables[i]; r->name != NULL;
		     r++) {
			if (r->ask[round] != NULL)
				r->ask[round](c);
		}
	}
	ask(c);
}

void checkup_run(struct arena *a, const struct checkup_parts *p,
		 struct checkup_report *ret)
{
	struct checkup c = {.arena = a,
			    .parts = p,
			    .set = p->published->set,
			    .domain = p->published->domain->name,
			    .report = ret};

	*ret = (struct checkup_report){
		.results = arena_alloc(a, CHECKUP_RESULTS_MAX *
						  sizeof(*ret->results))};
	c.questions =
		arena_alloc(a, CHECKUP_QUESTIONS_MAX * sizeof(*c.questions));
	publish_wishes(a, p->published, &c.wishes);
	for (size_t round = 0; round < CHECKUP_ROUNDS; round++)
		ask_round(&c, round);
	for (size_t i = 0; i < COUNT(tables); i++) {
		for (const struct check_row *r = tables[i]; r->name != NULL;
		     r++)
			r->judge(&c);
	}
}

static bool any(const struct checkup_report *r, const char *result,
		const char *actor)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->results[i].result, result) == 0 &&
		    (actor == NULL || text_equal(r->results[i].actor, actor)))
			return true;
	}
	return false;
}

const char *checkup_worst(const struct checkup_report *r)
{
	static const char *const order[] = {CHECK_ERROR, CHECK_WARNING,
					    CHECK_UNKNOWN};

	for (size_t i = 0; i < COUNT(order); i++) {
		if (any(r, order[i], NULL))
			return order[i];
	}
	return CHECK_OK;
}

const char *checkup_state(const struct domain *d,
			  const struct checkup_report *r)
{
	if (!d->enabled)
		return "disabled";
	if (!d->in_force || r->checked_at == NULL)
		return "pending";
	if (any(r, CHECK_ERROR, ACTOR_YOU))
		return "action_required";
	return any(r, CHECK_ERROR, NULL) ? "failed" : "enabled";
}

static const struct checkup_result *same(const struct checkup_report *old,
					 const struct checkup_result *x)
{
	for (size_t i = 0; i < old->count; i++) {
		if (strcmp(old->results[i].name, x->name) == 0 &&
		    text_equal(old->results[i].about, x->about))
			return &old->results[i];
	}
	return NULL;
}

/* An error does not go away because nobody answers. */
void checkup_carry(struct checkup_report *r, const struct checkup_report *old)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct checkup_result *was = same(old, &r->results[i]);

		if (strcmp(r->results[i].result, CHECK_UNKNOWN) == 0 &&
		    was != NULL && strcmp(was->result, CHECK_ERROR) == 0)
			r->results[i] = *was;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct checkup_result *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order
			  : strcmp(x->about != NULL ? x->about : "",
				   y->about != NULL ? y->about : "");
}

void checkup_sort(struct checkup_report *r)
{
	qsort(r->results, r->count, sizeof(*r->results), by_name);
}

const struct checkup_result *checkup_of(const struct checkup_report *r,
					const struct wish *w)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct checkup_result *x = &r->results[i];

		if (strcmp(x->name, w->purpose) == 0 &&
		    text_equal(x->about, w->name))
			return x;
	}
	return NULL;
}
