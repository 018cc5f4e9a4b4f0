#include "core/dkim_rotation.h"

#include <string.h>

#include "tests/lib/fake_resolver.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/text.h"

enum { KEYS = 60, MINUTE = 60, HOUR = 3600 };

/* Keys in memory; only what a look at them needs. */
struct ring {
	struct dkim_ring port;
	struct dkim_key keys[KEYS];
	struct revision seen[KEYS];
	size_t count, written;
	enum err_kind failure; /* of each step; ERR_NONE: it is done */
};

static const struct dkim_terms terms = {.poll_seconds = MINUTE};
static struct fake_resolver fake;
static struct ring ring;
static struct arena *a;

static struct dkim_key *find(struct ring *r, const char *selector)
{
	size_t i = 0;

	while (strcmp(r->keys[i].selector, selector) != 0)
		i++;
	return &r->keys[i];
}

static bool get(struct dkim_ring *port, const struct task *t, enum dkim_as as,
		const char *domain, const char *selector, struct dkim_key *ret,
		struct revision *rev, struct err *e)
{
	(void)t, (void)as, (void)domain, (void)e;
	*ret = *find((struct ring *)port, selector);
	*rev = (struct revision){.guard = ""};
	return true;
}

static bool list(struct dkim_ring *port, const struct task *t, enum dkim_as as,
		 const char *domain, struct dkim_list *ret, struct err *e)
{
	struct ring *r = (struct ring *)port;

	(void)t, (void)as, (void)domain;
	*ret = (struct dkim_list){r->keys, r->seen, r->count};
	return r->failure == ERR_NONE || err_set(e, r->failure, "as asked for");
}

static bool change(struct dkim_ring *port, const struct task *t,
		   enum dkim_as as, const struct dkim_key *old,
		   struct dkim_key *k, const struct revision *seen,
		   struct revision *ret, struct err *e)
{
	struct ring *r = (struct ring *)port;
	struct dkim_key *there = find(r, old->selector);

	(void)t, (void)as, (void)seen, (void)ret, (void)e;
	*there = *k;
	there->due_at = k->due_at != NULL ? arena_strdup(a, k->due_at) : NULL;
	there->checked_at = NULL;
	r->written++;
	return true;
}

static bool due(struct dkim_ring *port, const struct task *t, const char *now,
		struct dkim_list *ret, struct err *e)
{
	struct ring *r = (struct ring *)port;

	(void)e;
	*ret = (struct dkim_list){arena_alloc(t->arena,
					      KEYS * sizeof(*ret->items)),
				  r->seen, 0};
	for (size_t i = 0; i < r->count; i++) {
		const char *when = r->keys[i].due_at;

		if (when != NULL && strcmp(when, now) <= 0)
			ret->items[ret->count++] = r->keys[i];
	}
	return true;
}

static const struct dkim_ring_ops ops = {.get = get,
					 .list = list,
					 .change = change,
					 .due = due};

static void begin(size_t count, const char *state)
{
	ring = (struct ring){.port = {&ops}, .count = count};
	for (size_t i = 0; i < count; i++) {
		struct dkim_key *k = &ring.keys[i];

		*k = dkim_defaults;
		k->selector = arena_printf(a, "s%zu", i);
		k->domain = "example.org";
		k->state = state;
		k->type = DKIM_ED25519;
		k->record = "v=DKIM1; k=ed25519; p=x";
		k->key_name = dkim_name(a, k);
		k->created_at = dkim_time(a, 0);
		k->due_at = dkim_time(a, 0);
	}
}

static bool look(const struct fake_record *records)
{
	const struct dkim dkim = {.ring = &ring.port, .terms = &terms};
	const struct gateway g = {.resolver = fake_resolver(&fake, records),
				  .dkim = &dkim};
	const struct task t = {.arena = a};
	const bool stop = false;
	struct err e = {0};

	return dkim_look(&g, &t, &stop, &e);
}

/* Many whose DNS does not answer cost the time of a few. */
static void side_by_side(void)
{
	struct fake_record records[KEYS + 1] = {{NULL, DNS_TXT, NULL}};

	begin(KEYS, DKIM_PREPARED);
	for (size_t i = 0; i < KEYS; i++)
		records[i] =
			(struct fake_record){dkim_name(a, &ring.keys[i]),
					     DNS_TXT,
					     i == KEYS / 2 ? ring.keys[i].record
							   : "!"};
	records[KEYS] = (struct fake_record){NULL, DNS_TXT, NULL};
	OK(look(records), "keys are looked at");
	NUMBER(fake.asked, KEYS, "the DNS is asked for each");
	OK(fake.rounds <= 2, "for many of them at a time");
	for (size_t i = 0; i < KEYS; i++) {
		const struct dkim_key *k = &ring.keys[i];
		bool shown = i == KEYS / 2;

		OK(text_equal(k->state,
			      shown ? DKIM_PUBLISHED : DKIM_PREPARED) &&
			   text_equal(k->dns, shown ? "published" : "unknown"),
		   "each has its own answer");
	}
	OK(look(records) && fake.asked == 0, "none is due any more");
}

/* Who needs nothing of the DNS does not ask. */
static void silence(void)
{
	static const struct fake_record none[] = {{NULL, DNS_TXT, NULL}};

	begin(3, DKIM_ACTIVE);
	ring.keys[0].type = DKIM_RSA;
	ring.keys[1].state = DKIM_PUBLISHED;
	ring.keys[2].due_at = NULL;
	OK(look(none), "a key that signs, and one that waits for somebody");
	NUMBER(fake.rounds, 0, "the DNS is not asked for them");
}

static bool is_within(const char *when, int64_t from, int64_t to)
{
	return when != NULL && strcmp(when, dkim_time(a, from)) >= 0 &&
	       strcmp(when, dkim_time(a, to)) <= 0;
}

static void postponed(void)
{
	static const struct fake_record none[] = {{NULL, DNS_TXT, NULL}};

	/* It is to have a successor, and there is no room for one. */
	begin(DKIM_KEYS_MAX, DKIM_RETIRED);
	for (size_t i = 1; i < ring.count; i++)
		ring.keys[i].due_at = NULL;
	ring.keys[0].state = DKIM_ACTIVE;
	ring.keys[0].activated_at = "2020-01-01T00:00:00Z";
	ring.keys[0].rotate_days = 1;
	OK(!look(none), "a step that fails is told");
	OK(is_within(ring.keys[0].due_at, HOUR - MINUTE, HOUR + MINUTE),
	   "and is tried again in an hour");
	OK(text_equal(ring.keys[0].state, DKIM_ACTIVE), "the key signs on");
	OK(look(none) && ring.written == 1, "and not before");
	begin(1, DKIM_ACTIVE);
	ring.failure = ERR_TIMEOUT;
	OK(!look(none), "one that may do better soon");
	OK(is_within(ring.keys[0].due_at, MINUTE / 2, 2 * MINUTE),
	   "is tried again sooner");
}

int main(void)
{
	a = arena_new();
	side_by_side();
	silence();
	postponed();
	arena_free(a);
	return tap_done();
}
