#include "core/webhook.h"

#include <string.h>

#include "core/kind.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/random.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct webhook, member)

enum { HOUR = 3600 };

const struct webhook webhook_defaults = {.enabled = true};

static const char secure[] = "https://", insecure[] = "http://";

void webhook_fold(struct webhook *w, struct arena *a)
{
	fold_set(a, &w->events);
	fold_set(a, &w->domains);
}

/* Printable, of a host, without user and password in front of it, and without
 * what libcurl might read in another way. */
static bool names_host(const char *rest)
{
	size_t host = strcspn(rest, "/?");

	if (host == 0 || rest[0] == ':' || memchr(rest, '@', host) != NULL)
		return false;
	for (; *rest != '\0'; rest++) {
		if (*rest <= ' ' || *rest > '~' ||
		    strchr("\\#\"<>^`{|}", *rest))
			return false;
	}
	return true;
}

bool webhook_is_url(const char *url, bool plain)
{
	if (strlen(url) > WEBHOOK_URL_MAX)
		return false;
	if (strncmp(url, secure, strlen(secure)) == 0)
		return names_host(url + strlen(secure));
	return plain && strncmp(url, insecure, strlen(insecure)) == 0 &&
	       names_host(url + strlen(insecure));
}

/* "user", or "user.created". */
static bool is_event(const char *word)
{
	size_t size = strcspn(word, ".");
	bool known = word[size] == '\0', subject = false;

	for (size_t i = 0; word[size] == '.' && i < CHANGE_WHATS; i++)
		known = known || strcmp(word + size + 1, change_whats[i]) == 0;
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		subject =
			subject || (strlen(subject_names[i]) == size &&
				    strncmp(subject_names[i], word, size) == 0);
	return known && subject;
}

static void events_judge(const struct webhook *w, struct arena *a,
			 struct err *e)
{
	if (w->events.count > WEBHOOK_EVENTS_MAX)
		fault_field(e, a, FAULT_RANGE, F(events),
			    "at most 64 events are named");
	for (size_t i = 0; i < w->events.count; i++) {
		if (!is_event(w->events.items[i]))
			fault_field(
				e, a, FAULT_RANGE, F(events),
				arena_printf(a,
					     "event %zu is no kind of event "
					     "as \"user\", and no event as "
					     "\"user.created\"",
					     i + 1));
	}
}

static void domains_judge(const struct webhook *w, struct arena *a,
			  struct err *e)
{
	/* Who has made a list and found nothing for it must not hear of
	 * everything. */
	if (w->domains.count == 0 && w->domains.items != NULL &&
	    !fault_has(e, F(domains)))
		fault_field(e, a, FAULT_RANGE, F(domains),
			    "name a domain; null is all that you see");
	if (w->domains.count > WEBHOOK_DOMAINS_MAX)
		fault_field(e, a, FAULT_RANGE, F(domains),
			    "at most 100 domains are named");
	for (size_t i = 0; i < w->domains.count; i++) {
		struct err bad = {0};

		if (!domain_name_check(w->domains.items[i], &bad))
			fault_field(e, a, FAULT_FORMAT, F(domains),
				    arena_printf(a, "domain %zu: %s", i + 1,
						 bad.text));
	}
}

void webhook_judge(const struct webhook *w, bool plain, struct arena *a,
		   struct err *e)
{
	if (w->url == NULL && !fault_has(e, F(url)))
		fault_field(e, a, FAULT_MISSING, F(url),
			    "say where to post events");
	if (w->url != NULL && !webhook_is_url(w->url, plain))
		fault_field(e, a, FAULT_FORMAT, F(url),
			    plain ? "an address as https://host/path of at "
				    "most 1000 bytes, without a password"
				  : "an https:// address of at most 1000 "
				    "bytes, without a password");
	prose_check(w->description, F(description), a, e);
	if (w->description != NULL && strlen(w->description) > WEBHOOK_TEXT_MAX)
		fault_field(e, a, FAULT_RANGE, F(description),
			    "a description has at most 200 bytes");
	events_judge(w, a, e);
	domains_judge(w, a, e);
}

void webhook_judge_within(const struct webhook *w, const struct scope *s,
			  struct arena *a, struct err *e)
{
	bool within = !scope_is_bound(s) || w->domains.count > 0;

	for (size_t i = 0; i < w->domains.count; i++)
		within = within && scope_covers(s, w->domains.items[i]);
	if (!within && !fault_has(e, F(domains)))
		fault_field(e, a, FAULT_POLICY, F(domains),
			    "your key is for other domains");
	if (!scope_allows(s, "changes:read"))
		fault_field(e, a, FAULT_POLICY, F(url),
			    "your key may not read changes");
}

static bool names_event(const struct text_list *list, const struct change *c)
{
	const char *subject = subject_names[c->subject],
		   *what = change_whats[c->what];

	for (size_t i = 0; i < list->count; i++) {
		const char *word = list->items[i];
		size_t size = strcspn(word, ".");
		/* Nobody knows any more which of these it was. */
		bool any = c->subject == SUBJECT_ADDRESS &&
			   (strncmp(word, "user", size) == 0 ||
			    strncmp(word, "alias", size) == 0);

		if ((any || (strlen(subject) == size &&
			     strncmp(word, subject, size) == 0)) &&
		    (word[size] == '\0' || strcmp(word + size + 1, what) == 0))
			return true;
	}
	return list->count == 0;
}

static bool names_domain(const struct text_list *list, const struct change *c)
{
	for (size_t i = 0; i < list->count; i++) {
		if (text_equal(list->items[i], c->at.domain) ||
		    text_equal(list->items[i], c->to.domain))
			return true;
	}
	return list->count == 0;
}

bool webhook_wants(const struct webhook *w, const struct change *c)
{
	return names_event(&w->events, c) && names_domain(&w->domains, c);
}

const struct scope *webhook_scope(const struct webhook *w, struct arena *a)
{
	static const char *reading[] = {"*:read"};
	const struct scope s = {.rights = {reading, 1},
				.domains = w->domains,
				.everywhere = w->domains.count == 0};

	return arena_copy(a, &s, sizeof(s));
}

void webhook_describe(struct webhook *w, const struct webhook_state *st)
{
	w->failing_since = st->failing_since;
	w->failure = st->failure;
	w->next_attempt_at = w->enabled && !st->given_up ? st->next_at : NULL;
	w->delivered_at = st->delivered_at;
	w->old_secret_until = st->secrets[1].until;
	w->status = !w->enabled                 ? "disabled"
		    : st->given_up              ? "given_up"
		    : st->failing_since != NULL ? "failing"
						: "active";
}

void webhook_rotate(struct webhook_state *st, struct arena *a, int64_t hours)
{
	unsigned char bytes[WEBHOOK_KEY];
	char until[INSTANT_SIZE];

	instant_text(until, clock_seconds() + hours * HOUR);
	st->secrets[1] = st->secrets[0];
	if (st->secrets[1].text != NULL)
		st->secrets[1].until = arena_strdup(a, until);
	random_bytes(bytes, sizeof(bytes));
	st->secrets[0] = (struct webhook_secret){
		.text = arena_join(a, "whsec_",
				   base64_encode(a, bytes, sizeof(bytes)),
				   NULL)};
	explicit_bzero(bytes, sizeof(bytes));
}
