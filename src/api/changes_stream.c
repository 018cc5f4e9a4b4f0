#include <stdio.h>
#include <string.h>

#include "api/changes.h"
#include "http/outlet.h"
#include "http/settings.h"
#include "http/streams.h"
#include "util/clock.h"
#include "util/log.h"
#include "json/text.h"

enum {
	STREAM_MILLIS = 600000, /* what a credential gives by its time only is
				 * found out about by proving it again */
	SIGHT_LIVE = 60000,     /* milliseconds; what changes it is heard of */
	SIGHT_BEHIND = 1000,    /* who is far behind does not hear of it yet */
	WRITE_LONG = 500,       /* so much may have happened meanwhile */
	LOOK_MILLIS = 5000,     /* for the directory */
	LOOK_AT_ONCE = 50,      /* changes */
	TRY_AGAIN = 1000,       /* when it could not be asked */
	PLACE_SIZE = 64,
};

/* How a client is told to come again, milliseconds. */
static const char greeting[] = ": changes\nretry: 1000\n";

struct stream {
	struct call call; /* a copy */
	struct change_filter filter;
	struct stream_place *seat;
	struct arena *seen_in; /* the arena of: */
	struct sight *sight;   /* NULL: it has to be found anew */
	int64_t seen_at;
	bool behind;
	uint64_t heard;
	int64_t end_at, beat_at;
	char place[PLACE_SIZE]; /* up to which the client was told */
	long long events;
	const char *why; /* it ends; NULL: it does not */
};

static void set_place(struct stream *st, const char *place)
{
	size_t size = strlen(place);

	if (size < PLACE_SIZE)
		memcpy(st->place, place, size + 1);
}

static bool say(struct stream *st, struct outlet *o, const char *text)
{
	st->beat_at = clock_now() + OUTLET_BEAT;
	return outlet_write(o, text, strlen(text));
}

/* How far it has come, also where nothing was for this client: a block without
 * data is no event, but its id counts (HTML, 9.2.6). */
static void beat(struct stream *st, struct arena *a, struct outlet *o,
		 const char *before)
{
	say(st, o,
	    arena_join(a, before, "id: ", change_cursor(a, st->place), "\n\n",
		       NULL));
}

static bool find_sight(struct stream *st, struct err *e)
{
	struct feed *f = st->call.gateway->feed;
	int64_t age = clock_now() - st->seen_at;

	if (st->sight != NULL && age < (st->behind ? SIGHT_BEHIND : SIGHT_LIVE))
		return true;
	arena_free(st->seen_in);
	st->seen_in = arena_new();
	st->sight = NULL;
	struct task t = st->call.task;
	t.arena = st->seen_in;
	t.deadline = clock_now() + LOOK_MILLIS;
	st->seen_at = clock_now();
	return f->ops->sight(f, &t, &st->sight, e);
}

/* One event, in memory of its own: while a client does not read, what others
 * took would be held.  Who had to wait for long looks again who may see what.
 */
static bool tell(struct stream *st, struct outlet *o, const struct change *c)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	json_t *data = change_show(a, c);
	int64_t began = clock_now();
	bool good = say(st, o,
			arena_join(a, "id: ", change_cursor(a, c->place),
				   "\nevent: ", change_name(a, c), "\ndata: ",
				   json_text_print(a, data, JSON_COMPACT),
				   "\n\n", NULL));

	if (!good)
		return false;
	st->events++;
	set_place(st, c->place);
	if (clock_now() - began < WRITE_LONG)
		return true;
	st->sight = NULL;
	return false;
}

/* True if there was something to look at. */
static bool read_on(struct stream *st, struct arena *a, struct outlet *o,
		    struct err *e)
{
	struct feed *f = st->call.gateway->feed;
	struct task t = st->call.task;
	struct change_page page;

	t.arena = a;
	t.deadline = clock_now() + LOOK_MILLIS;
	if (!find_sight(st, e) ||
	    !f->ops->read(f, &t, st->sight, st->place, LOOK_AT_ONCE, &page, e))
		return false;
	st->behind = page.more && !page.stale;
	if (page.stale)
		st->sight = NULL;
	for (size_t i = 0; i < page.count; i++) {
		if (change_is_wanted(&st->filter, &page.items[i]) &&
		    !tell(st, o, &page.items[i]))
			return true;
	}
	bool moved = strcmp(page.reached, st->place) != 0;
	set_place(st, page.reached);
	return moved || page.more;
}

static const char *reason(const struct stream *st, const struct outlet *o,
			  uint64_t *heard)
{
	struct login *l = st->call.gateway->login;

	return !outlet_is_open(o)                                ? "closed"
	       : clock_now() >= st->end_at                       ? "time"
	       : !l->ops->stands(l, st->call.task.caller, heard) ? "rights"
								 : NULL;
}

/* Nobody is told why: who comes again is. */
static void fail(struct stream *st, struct outlet *o, const struct err *e)
{
	if (e->kind == ERR_GONE || e->kind == ERR_DENIED)
		st->why = e->code != NULL ? e->code : "refused";
	else
		outlet_wait(o, clock_now() + TRY_AGAIN);
}

static void step(struct stream *st, struct outlet *o)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct feed *f = st->call.gateway->feed;
	struct err e = {0};

	st->why = reason(st, o, &st->heard);
	if (st->why != NULL)
		return;
	bool some = read_on(st, a, o, &e);
	if (e.kind != ERR_NONE)
		fail(st, o, &e);
	else if (!some)
		f->ops->await(f, st->place,
			      st->beat_at < st->end_at ? st->beat_at
						       : st->end_at);
	if (clock_now() >= st->beat_at)
		beat(st, a, o, ":\n");
}

static void log_end(const struct stream *st)
{
	char events[24];

	if (snprintf(events, sizeof(events), "%lld", st->events) < 0)
		return;
	log_event(LOG_INFO, "stream-ended", "id", st->call.req->id, "caller",
		  st->call.task.caller->login, "why", st->why, "events", events,
		  NULL);
}

static void run(void *ctx, struct outlet *o)
{
	struct stream *st = ctx;
	struct feed *f = st->call.gateway->feed;

	f->ops->join(f);
	beat(st, st->call.task.arena, o, greeting);
	while (st->why == NULL)
		step(st, o);
	f->ops->leave(f);
	log_end(st);
	streams_leave(st->call.service->streams, &st->seat);
	arena_free(st->seen_in);
}

bool change_stream(const struct call *call, struct response *res,
		   const struct change_filter *f, const char *place,
		   struct err *e)
{
	const struct http_settings *set = call->service->http;
	const struct task *t = &call->task;
	struct feed *feed = call->gateway->feed;
	struct stream *st = arena_alloc(t->arena, sizeof(*st));
	struct sight *now;

	if ((place == NULL && !feed->ops->end(feed, t, &place, e)) ||
	    !feed->ops->sight(feed, t, &now, e))
		return false;
	*st = (struct stream){.call = *call,
			      .filter = *f,
			      .heard = t->caller->heard,
			      .end_at = clock_now() + STREAM_MILLIS};
	set_place(st, place);
	if (!streams_enter(call->service->streams, set->streams,
			   set->streams_each, call->req->source_network,
			   t->caller->login, &st->seat, e)) {
		if (e->kind == ERR_RATE)
			response_header(res, "Retry-After", "15");
		return false;
	}
	res->type = "text/event-stream";
	res->stream = run;
	res->stream_ctx = st;
	/* nginx would keep events until there are many. */
	response_header(res, "X-Accel-Buffering", "no");
	return true;
}
