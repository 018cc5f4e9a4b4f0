#include "import/run.h"

#include <string.h>
#include <strings.h>

#include "core/ahead.h"
#include "core/rehearsal.h"
#include "crypto/digest.h"
#include "import/seen.h"
#include "loop/fiber.h"
#include "util/clock.h"
#include "util/random.h"
#include "util/text.h"

enum {
	RECORD_MILLIS = 30000, /* for one try */
	PATIENCE = 60000,      /* milliseconds without the directory */
	PAUSE_FIRST = 50,
	PAUSE_MOST = 1000,
	KEEP_MILLIS = 1000, /* that much is gone through again after a crash */
	LOOK = 1000,        /* whoever ends wakes us */
	MARK_BYTES = 32,
	PASS_AT_ONCE = 256, /* records that are done; then others have a turn */
	ASK_AT_ONCE = 32,   /* records that are asked for together */
	ASK_MILLIS = 2000,
	ROOM = RUN_AT_ONCE + 2 * ASK_AT_ONCE,
};

/* What is read is asked for ahead, unless it is done without. */
enum state {
	SLOT_FREE,
	SLOT_READ,
	SLOT_ASKED,
	SLOT_WAITS,
	SLOT_RUNS,
	SLOT_DONE,
};

struct slot {
	enum state state;
	struct arena *arena;
	struct import_record record;
	const char *key; /* as it is written there; NULL: it has none */
	enum bulk_result result;
	const char *left_out;
	struct err err;
	bool given_up; /* through no fault of the record */
	bool leads;    /* to others, perhaps */
	struct ahead ahead;
	struct crew *crew;
};

struct crew {
	struct run *run;
	struct fiber *owner;
	struct slot slots[ROOM];
	size_t head, count; /* those in use, the oldest first */
	unsigned running;
	struct ahead_domains *domains;
	bool asking;
	bool ended, over; /* no more records; no more wanted */
	size_t reach;
	int64_t kept_at, heard_at; /* when the directory last did anything */
	struct seen *seen;         /* of what is not written */
};

static struct slot *nth(struct crew *c, size_t i)
{
	return &c->slots[(c->head + i) % ROOM];
}

/* The same may succeed in a moment. */
static bool is_passing(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE || e->kind == ERR_TIMEOUT ||
	       e->kind == ERR_LIMIT || e->kind == ERR_RATE ||
	       e->kind == ERR_UNKNOWN;
}

/* Of this record of this import, and the same whoever makes it. */
static const char *mark_of(const struct run *run, struct arena *a,
			   size_t number)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[DIGEST_SIZE];
	char *ret = arena_alloc(a, (size_t)MARK_BYTES * 2 + 1);
	struct digest *d = digest_begin(NULL, 0);

	digest_add(d, run->secret, strlen(run->secret));
	digest_add(d, &number, sizeof(number));
	digest_end(&d, bytes);
	for (size_t i = 0; i < MARK_BYTES; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	return ret;
}

static struct task task_for(const struct run *run, struct slot *s,
			    struct origin *o)
{
	struct task t = *run->task;

	t.arena = s->arena;
	t.deadline = clock_now() + RECORD_MILLIS;
	t.origin = NULL;
	t.rehearsal = NULL;
	t.ahead = &s->ahead;
	t.unread = !run->dry;
	t.bulk = true;
	if (run->dry) {
		t.rehearsal = rehearsal_new(s->arena);
	} else if (!s->record.change) {
		t.origin = o;
	}
	return t;
}

static bool decode(const struct run *run, struct slot *s,
		   struct bulk_item *item, struct err *e)
{
	const struct import_record *rec = &s->record;
	const struct codec *c = run->reader->in.codec(rec->kind);
	struct presence named;

	*item = (struct bulk_item){.kind = rec->kind,
				   .record = arena_alloc(s->arena, c->size),
				   .change = rec->change};
	bool good = codec_decode(c, s->arena, rec->members, rec->change,
				 item->record, &named, e);
	item->fields = named.fields;
	item->field_count = named.count;
	if (!good && !rec->change)
		provision_judge(run->gateway, rec->kind, item->record, s->arena,
				e);
	return good;
}

static enum bulk_conflict conflict_of(const struct run *run,
				      const struct slot *s)
{
	return s->record.implied ? BULK_SKIP : run->conflict;
}

/* What this very input would have made before is not there to be asked. */
static bool judge_alone(struct crew *c, struct slot *s, const struct task *t,
			struct bulk_item *item, struct err *e)
{
	enum bulk_conflict how = conflict_of(c->run, s);

	s->result = BULK_FAILED;
	if (!seen_made(c->seen, s->key)) {
		s->result = BULK_CREATED;
		return (!item->change ||
			err_set(e, ERR_NOT_FOUND, "there is no %s", s->key)) &&
		       bulk_judge(c->run->gateway, t, item, e);
	}
	if (item->change || how == BULK_UPDATE) {
		s->result = BULK_UPDATED;
		return bulk_judge(c->run->gateway, t, item, e);
	}
	s->result = how == BULK_SKIP ? BULK_SKIPPED : BULK_FAILED;
	return how == BULK_SKIP ||
	       err_set(e, ERR_EXISTS, "%s comes twice", s->key);
}

/* Whether what it is about would be there, or not, only because of what comes
 * before. */
static bool follows(const struct crew *c, const char *key)
{
	const char *domain = address_domain(key);

	return c->seen != NULL &&
	       (seen_made(c->seen, key) ||
		(domain != NULL && seen_made(c->seen, domain)));
}

/* The domains that all know together, for a moment. */
static void attach(struct crew *c, struct slot *s)
{
	ahead_domains_let_go(&s->ahead.domains);
	if (!ahead_domains_are_fresh(c->domains)) {
		ahead_domains_let_go(&c->domains);
		c->domains = ahead_domains_new();
	}
	s->ahead.domains = ahead_domains_keep(c->domains);
}

static bool attempt(struct crew *c, struct slot *s, struct origin *o,
		    struct err *e)
{
	struct run *run = c->run;
	struct task t = task_for(run, s, o);
	struct bulk_item item;

	attach(c, s);
	s->result = BULK_FAILED;
	if (!run->may(run->ctx, s->record.kind, e) || !decode(run, s, &item, e))
		return false;
	bool good = follows(c, s->key)
			    ? judge_alone(c, s, &t, &item, e)
			    : bulk_put(run->gateway, &t, &item,
				       conflict_of(run, s), &s->result, e);
	s->left_out = item.left_out;
	return good;
}

/* What would be there from now on. */
static void note(struct crew *c, const struct slot *s)
{
	if (c->seen != NULL && s->key != NULL && s->result == BULK_CREATED)
		seen_add(c->seen, s->key);
}

/* Try it until it is done or there is no more sense in it. */
static void bring(struct crew *c, struct slot *s)
{
	struct run *run = c->run;
	struct origin o = {.again = s->record.number <= run->reach};
	int64_t pause = PAUSE_FIRST;

	if (!run->dry)
		o.mark = mark_of(run, s->arena, s->record.number);
	random_bytes(o.bytes, sizeof(o.bytes));
	for (;;) {
		err_clear(&s->err);
		if (attempt(c, s, &o, &s->err) || !is_passing(&s->err)) {
			c->heard_at = clock_now();
			break;
		}
		if (c->over || clock_now() > c->heard_at + PATIENCE) {
			s->given_up = true;
			break;
		}
		fiber_sleep(pause);
		pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
		o.again = true;
	}
	explicit_bzero(&o, sizeof(o));
}

static bool names(const struct slot *s, const char *member, const char *key)
{
	json_t *list = json_object_get(s->record.members, member), *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item);

		if (text != NULL && strcasecmp(text, key) == 0)
			return true;
	}
	return false;
}

/* Mail for one goes to the other. */
static bool leads_to(const struct slot *s, const struct slot *to)
{
	return s->leads && (names(s, "destinations", to->key) ||
			    names(s, "forward_to", to->key));
}

/* What decides about something is there before that, as if there were one after
 * the other: domains and catch-alls have to do with all, others with those of
 * the same name and those that they lead to. */
static bool touch(const struct slot *a, const struct slot *b)
{
	return a->record.kind != b->record.kind ||
	       a->record.kind == KIND_DOMAIN || a->key[0] == '@' ||
	       b->key[0] == '@' || strcmp(a->key, b->key) == 0 ||
	       leads_to(a, b) || leads_to(b, a);
}

static bool must_wait(struct crew *c, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (nth(c, j)->state != SLOT_DONE &&
		    touch(nth(c, j), nth(c, i)))
			return true;
	}
	return false;
}

static void rouse(const struct crew *c)
{
	if (c->owner != fiber_self())
		fiber_wake(c->owner);
}

/* The next one that may begin, and begins. */
static struct slot *take(struct crew *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct slot *s = nth(c, i);

		if (s->state == SLOT_RUNS || s->state == SLOT_DONE)
			continue;
		if (s->state != SLOT_WAITS || c->over ||
		    c->running == RUN_AT_ONCE || must_wait(c, i) ||
		    (c->run->keep != NULL && s->record.number > c->reach))
			return NULL;
		s->state = SLOT_RUNS;
		c->running++;
		return s;
	}
	return NULL;
}

/* One after the other, also while whoever reads them is busy. */
static void work(void *ctx)
{
	struct slot *s = ctx;
	struct crew *c = s->crew;

	for (; s != NULL; s = take(c)) {
		bring(c, s);
		note(c, s);
		/* It may be another one now. */
		if (s->record.kind == KIND_DOMAIN)
			ahead_domains_let_go(&c->domains);
		s->state = SLOT_DONE;
		c->running--;
		rouse(c);
	}
}

/* A fiber of its own; where there is none left, here. */
static void start(struct crew *c)
{
	struct slot *s;

	while ((s = take(c)) != NULL) {
		if (!fiber_start(fiber_loop(), work, s))
			work(s);
	}
}

/* What is made anew, by a name that can be one. */
static bool is_asked_for(const struct slot *s)
{
	struct err bad = {0};

	return kind_is_address(s->record.kind) && !s->record.change &&
	       kind_rules(s->record.kind)->check_key(s->key, &bad);
}

/* Those that are next, up to a domain: what is in it is judged when it is
 * there. */
static size_t choose(struct crew *c, struct slot *ret[ASK_AT_ONCE])
{
	size_t n = 0;

	for (size_t i = 0; i < c->count && n < ASK_AT_ONCE; i++) {
		struct slot *s = nth(c, i);

		if (s->state == SLOT_READ && !is_asked_for(s))
			s->state = SLOT_WAITS;
		if (s->record.kind == KIND_DOMAIN && s->state != SLOT_DONE)
			break;
		if (s->state == SLOT_READ)
			ret[n++] = s;
	}
	return n;
}

static void ask(void *ctx)
{
	struct crew *c = ctx;
	struct slot *slots[ASK_AT_ONCE];
	const char *keys[ASK_AT_ONCE];
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = *c->run->task;
	struct text_list list = {keys, choose(c, slots)};
	int64_t now = clock_now();

	t.arena = a;
	t.deadline = now + ASK_MILLIS;
	for (size_t i = 0; i < list.count; i++) {
		slots[i]->state = SLOT_ASKED;
		keys[i] = slots[i]->key;
	}
	bool free = ahead_are_free(c->run->gateway, &t, &list);
	for (size_t i = 0; i < list.count; i++) {
		slots[i]->ahead.free = free ? slots[i]->key : NULL;
		slots[i]->ahead.asked_at = now;
		slots[i]->state = SLOT_WAITS;
	}
	c->asking = false;
	rouse(c);
}

/* Whether it is worth it: there are many, or nothing else to do. */
static bool is_time_to_ask(struct crew *c)
{
	struct slot *slots[ASK_AT_ONCE];
	size_t n = c->asking ? 0 : choose(c, slots);

	for (size_t i = 0; n > 0 && n < ASK_AT_ONCE; i++) {
		if (nth(c, i) == slots[0])
			return true;
		if (nth(c, i)->state == SLOT_WAITS)
			return false;
	}
	return n == ASK_AT_ONCE;
}

static void ask_ahead(struct crew *c)
{
	if (!is_time_to_ask(c))
		return;
	c->asking = true;
	if (!fiber_start(fiber_loop(), ask, c))
		ask(c);
}

static const char *key_of(const struct run *run, const struct slot *s)
{
	enum kind k = s->record.kind;
	const struct codec_field *f =
		k != KIND_COUNT ? run->reader->in.codec(k)->fields : NULL;
	const char *text =
		f != NULL ? json_string_value(
				    json_object_get(s->record.members, f->key))
			  : NULL;

	/* The first row of each table is the key's. */
	return text != NULL ? text_lower(s->arena, text) : NULL;
}

/* Read one more.  What there is nothing to do about is done. */
static void read_one(struct crew *c)
{
	struct run *run = c->run;
	struct slot *s = nth(c, c->count);

	*s = (struct slot){.arena = arena_new(), .crew = c};
	if (!reader_next(run->reader, s->arena, &s->record, &s->err)) {
		c->ended = true;
		arena_free(s->arena);
		s->arena = NULL;
		return;
	}
	if (s->record.number <= run->passed) {
		run->done = s->record.number;
		arena_free(s->arena);
		s->arena = NULL;
		return;
	}
	c->count++;
	s->state = SLOT_DONE;
	s->result = BULK_FAILED;
	if (s->err.kind != ERR_NONE)
		return;
	s->result = BULK_IGNORED;
	if (s->record.kind == KIND_COUNT)
		return;
	s->key = key_of(run, s);
	s->result = BULK_FAILED;
	if (s->key == NULL)
		err_code(&s->err, ERR_INVALID, "name_missing",
			 "it has no name or address");
	else
		s->state = SLOT_READ;
	s->leads = json_object_get(s->record.members, "destinations") != NULL ||
		   json_object_get(s->record.members, "forward_to") != NULL;
}

static bool keep(struct crew *c, struct err *e)
{
	struct run *run = c->run;
	size_t reach = run->reader->number + RUN_AHEAD;

	if (run->keep == NULL)
		return true;
	if (!run->keep(run->ctx, run->done, reach, e))
		return false;
	c->reach = reach;
	c->kept_at = clock_now();
	return true;
}

static bool is_due(const struct crew *c)
{
	return c->run->keep != NULL && clock_now() > c->kept_at + KEEP_MILLIS;
}

static void release(struct slot *s)
{
	ahead_domains_let_go(&s->ahead.domains);
	arena_free(s->arena);
	*s = (struct slot){0};
}

/* Tell of those that are done, up to the first that is not. */
static bool settle(struct crew *c, struct err *e)
{
	struct run *run = c->run;

	while (c->count > 0 && nth(c, 0)->state == SLOT_DONE && !c->over) {
		struct slot *s = nth(c, 0);

		if (s->given_up) {
			*e = s->err;
			return false;
		}
		const struct outcome o = {.number = s->record.number,
					  .line = s->record.line,
					  .kind = s->record.kind,
					  .key = s->key != NULL
							 ? s->key
							 : s->record.what,
					  .result = s->result,
					  .left_out = s->left_out,
					  .err = &s->err,
					  .arena = s->arena};
		run->done = s->record.number;
		c->over = !run->tell(run->ctx, &o);
		release(s);
		c->head = (c->head + 1) % ROOM;
		c->count--;
	}
	return true;
}

static bool step(struct crew *c, struct err *e)
{
	if (is_due(c) && !keep(c, e))
		return false;
	for (size_t n = 0; c->count < ROOM && !c->ended; n++) {
		read_one(c);
		if (n % PASS_AT_ONCE == PASS_AT_ONCE - 1)
			fiber_sleep(1);
	}
	/* Numbers may have gaps. */
	if (c->run->reader->number > c->reach && !keep(c, e))
		return false;
	ask_ahead(c);
	start(c);
	if (c->count > 0 && nth(c, 0)->state != SLOT_DONE)
		fiber_park(clock_now() + LOOK);
	return settle(c, e);
}

static void drain(struct crew *c)
{
	c->over = true;
	while (c->running > 0 || c->asking)
		fiber_park(clock_now() + LOOK);
	for (size_t i = 0; i < ROOM; i++)
		release(&c->slots[i]);
	ahead_domains_let_go(&c->domains);
}

bool run_all(struct run *run, struct err *e)
{
	struct crew *c = arena_alloc(run->task->arena, sizeof(*c));
	bool good = true;

	*c = (struct crew){.run = run,
			   .owner = fiber_self(),
			   .heard_at = clock_now(),
			   .seen = run->dry ? seen_new(run->task->arena)
					    : NULL};
	run->done = run->reader->number;
	while (good && !c->over && !(c->ended && c->count == 0))
		good = step(c, e);
	bool cut = c->over;
	drain(c);
	if (good && cut)
		return err_set(e, ERR_UNAVAILABLE, "nobody reads the report");
	return good && keep(c, e);
}
