#include "dns/resolver.h"

#include <stdlib.h>

#include "dns/servers.h"
#include "dns/wire.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/meter.h"
#include "util/random.h"
#include "util/text.h"

enum {
	TRIES = 2,
	FOREIGN_MAX = 8, /* until nothing but TCP will do */
	HELPERS = 16,    /* fibers for one caller */
	LOOK = 100,      /* milliseconds */
};

static const char resolv_conf[] = "/etc/resolv.conf";

struct dns_resolver {
	struct resolver port;
	struct loop *loop;
	const struct dns_settings *set;
	int64_t under_way; /* queries */
	bool stop;
};

/* Questions of one caller, and who works on them. */
struct round {
	struct dns_resolver *resolver;
	struct arena *arena;
	struct dns_servers servers;
	struct dns_question *questions;
	size_t count, next;
	unsigned helpers;
	struct fiber *owner;
	int64_t until;
};

static struct dns_resolver *self(struct resolver *port)
{
	return (struct dns_resolver *)port;
}

static void fail(struct arena *a, struct dns_question *q, const char *why)
{
	q->outcome = DNS_FAILED;
	q->secure = false;
	q->records = NULL;
	q->count = 0;
	q->detail = arena_strdup(a, why);
}

static struct wire wire_for(struct round *r, int64_t until)
{
	return (struct wire){.loop = r->resolver->loop,
			     .stop = &r->resolver->stop,
			     .until = until,
			     .fd = -1};
}

static enum packet_kind judge(struct round *r, const struct packet *asked,
			      const struct packet *got, struct dns_question *q)
{
	return packet_read(r->arena, asked, got,
			   text_equal(r->resolver->set->validating, "yes"), q);
}

/* False: nothing came of it; try elsewhere. */
static bool over_tcp(struct round *r, const struct dns_server *s,
		     const struct packet *asked, int64_t until,
		     struct dns_question *q, struct err *e)
{
	CLEANUP(wire_close) struct wire w = wire_for(r, until);
	struct packet got;

	meter_add(METER_DNS_STREAMS, 0, 0, 1);
	if (!wire_open(&w, s, true, e) || !wire_write(&w, r->arena, asked, e) ||
	    !wire_read(&w, r->arena, &got, e))
		return false;
	enum packet_kind kind = judge(r, asked, &got, q);
	return kind == PACKET_ANSWER ||
	       err_set(e, ERR_UNAVAILABLE, "%s",
		       kind == PACKET_USELESS ? q->detail
					      : "the answer over TCP is none");
}

/* What is not an answer to our question is as if it had not come: somebody may
 * be guessing.  PACKET_FOREIGN: he was often. */
static bool over_udp(struct round *r, const struct dns_server *s,
		     const struct packet *asked, int64_t until,
		     struct dns_question *q, enum packet_kind *ret,
		     struct err *e)
{
	CLEANUP(wire_close) struct wire w = wire_for(r, until);
	struct packet got;

	if (!wire_open(&w, s, false, e) || !wire_send(&w, asked, e))
		return false;
	*ret = PACKET_FOREIGN;
	for (int n = 0; n < FOREIGN_MAX && *ret == PACKET_FOREIGN; n++) {
		if (!wire_receive(&w, r->arena, &got, e))
			return false;
		*ret = judge(r, asked, &got, q);
		if (*ret == PACKET_FOREIGN)
			meter_add(METER_DNS_FOREIGN, 0, 0, 1);
	}
	return true;
}

static bool try_server(struct round *r, const struct dns_server *s,
		       int64_t until, int64_t end, struct dns_question *q,
		       struct err *e)
{
	enum packet_kind kind;
	struct packet asked;
	uint16_t id;

	random_bytes(&id, sizeof(id));
	if (!packet_make(r->arena, q, id, &asked))
		return err_set(e, ERR_INVALID, "that is no name of the DNS");
	if (!over_udp(r, s, &asked, until, q, &kind, e))
		return false;
	if (kind == PACKET_USELESS)
		return err_set(e, ERR_UNAVAILABLE, "%s", q->detail);
	return kind == PACKET_ANSWER || over_tcp(r, s, &asked, end, q, e);
}

static void put(struct round *r, struct dns_question *q)
{
	int64_t now = clock_now(), end = now + DNS_QUERY_MILLIS;
	struct err e = {0};

	if (end > r->until)
		end = r->until;
	for (unsigned i = 0; i < TRIES && now < end; i++) {
		int64_t until = i + 1 < TRIES ? now + (end - now) / 2 : end;

		err_clear(&e);
		if (try_server(r, &r->servers.items[i % r->servers.count],
			       until, end, q, &e))
			return;
		now = clock_now();
	}
	fail(r->arena, q, e.kind != ERR_NONE ? e.text : "there was no time");
}

static void answer(struct round *r, struct dns_question *q)
{
	int64_t begun = clock_micros();

	put(r, q);
	meter_add(METER_DNS, (unsigned)q->outcome, 0, 1);
	meter_time(METER_DNS_TIME, 0, clock_micros() - begun);
}

/* At most so many queries of all callers together. */
static bool enter(struct round *r)
{
	struct dns_resolver *d = r->resolver;

	while (!d->stop && d->under_way >= d->set->queries &&
	       clock_now() < r->until)
		fiber_sleep(LOOK / HELPERS);
	if (d->stop || d->under_way >= d->set->queries)
		return false;
	d->under_way++;
	return true;
}

static void work(struct round *r)
{
	while (r->next < r->count) {
		struct dns_question *q = &r->questions[r->next++];

		if (!enter(r)) {
			fail(r->arena, q, "there are too many queries");
			continue;
		}
		answer(r, q);
		r->resolver->under_way--;
	}
}

static void help(void *ctx)
{
	struct round *r = ctx;

	work(r);
	r->helpers--;
	fiber_wake(r->owner);
}

static void ask(struct resolver *port, struct arena *a,
		struct dns_question *questions, size_t count, int64_t until)
{
	struct dns_resolver *d = self(port);
	struct round r = {.resolver = d,
			  .arena = a,
			  .questions = questions,
			  .count = count,
			  .owner = fiber_self(),
			  .until = until};
	struct err ignored = {0};

	/* They were checked with the options. */
	if (d->set->resolvers == NULL ||
	    !dns_servers_parse(a, d->set->resolvers, &r.servers, &ignored))
		dns_servers_read(a, resolv_conf, &r.servers);
	for (size_t i = 1; i < HELPERS && i < count; i++) {
		r.helpers++;
		if (!fiber_start(d->loop, help, &r)) {
			r.helpers--;
			break; /* then there are fewer of us */
		}
	}
	work(&r);
	while (r.helpers > 0)
		fiber_park(clock_now() + LOOK);
}

static bool validates(struct resolver *port)
{
	return text_equal(self(port)->set->validating, "yes");
}

struct resolver *dns_resolver_open(struct loop *l,
				   const struct dns_settings *set)
{
	static const struct resolver_ops ops = {.ask = ask,
						.validates = validates};
	struct dns_resolver *d = alloc_zeroed(sizeof(*d));

	d->port.ops = &ops;
	d->loop = l;
	d->set = set;
	return &d->port;
}

void dns_resolver_stop(struct resolver *port)
{
	self(port)->stop = true;
}

void dns_resolver_close(struct resolver **port)
{
	free(*port);
	*port = NULL;
}
