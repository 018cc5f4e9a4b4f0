#include "import/run.h"

#include <string.h>
#include <strings.h>

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
};

enum state { SLOT_FREE, SLOT_WAITS, SLOT_RUNS, SLOT_DONE };

struct slot {
	enum state state;
	struct arena *arena;
	struct import_record record;
	const char *key; /* as it is written there; NULL: it has none */
	enum bulk_result result;
	const char *left_out;
	struct err err;
	bool given_up; /* through no fault of the record */
	struct crew *crew;
};

struct crew {
	struct run *run;
	struct fiber *owner;
	struct slot slots[RUN_AT_ONCE];
	size_t head, count; /* those in use, the oldest first */
	unsigned running;
	bool ended, over; /* no more records; no more wanted */
	size_t reach;
	int64_t kept_at, heard_at; /* when the directory last did anything */
	struct seen *seen;         /* of what is not written */
};

static struct slot *nth(struct crew *c, size_t i)
{
	return &c->slots[(c->head + i) % RUN_AT_ONCE];
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

/* What this very input would have made before is not there to be asked. */
static bool judge_alone(struct crew *c, struct slot *s, const struct task *t,
			struct bulk_item *item, struct err *e)
{
	enum bulk_conflict how = c->run->conflict;

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

static bool attempt(struct crew *c, struct slot *s, struct origin *o,
		    struct err *e)
{
	struct run *run = c->run;
	struct task t = task_for(run, s, o);
	struct bulk_item item;

	s->result = BULK_FAILED;
	if (!run->may(run->ctx, s->record.kind, e) || !decode(run, s, &item, e))
		return false;
	bool good = follows(c, s->key) ? judge_alone(c, s, &t, &item, e)
				       : bulk_put(run->gateway, &t, &item,
						  run->conflict, &s->result, e);
	s->left_out = item.left_out;
	return good;
}

/* What would be there from now on. */
static void note(struct crew *c, const struct slot *s)
{
	if (c->seen != NULL && s->key != NULL && s->result == BULK_CREATED)
		seen_add(c->seen, s->key);
}

static void work(void *ctx)
{
	struct slot *s = ctx;
	struct crew *c = s->crew;
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
	note(c, s);
	s->state = SLOT_DONE;
	c->running--;
	if (c->owner != fiber_self())
		fiber_wake(c->owner);
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
	return names(s, "destinations", to->key) ||
	       names(s, "forward_to", to->key);
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

/* A fiber of its own; where there is none left, here. */
static void start(struct crew *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct slot *s = nth(c, i);

		if (s->state != SLOT_WAITS)
			continue;
		if (must_wait(c, i))
			return;
		s->state = SLOT_RUNS;
		c->running++;
		if (!fiber_start(fiber_loop(), work, s))
			work(s);
	}
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
		s->state = SLOT_WAITS;
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
		arena_free(s->arena);
		*s = (struct slot){0};
		c->head = (c->head + 1) % RUN_AT_ONCE;
		c->count--;
	}
	return true;
}

static bool step(struct crew *c, struct err *e)
{
	if (is_due(c) && !keep(c, e))
		return false;
	for (size_t n = 0; c->count < RUN_AT_ONCE && !c->ended; n++) {
		read_one(c);
		if (n % PASS_AT_ONCE == PASS_AT_ONCE - 1)
			fiber_sleep(1);
	}
	/* Numbers may have gaps. */
	if (c->run->reader->number > c->reach && !keep(c, e))
		return false;
	start(c);
	if (c->count > 0 && nth(c, 0)->state != SLOT_DONE)
		fiber_park(clock_now() + LOOK);
	return settle(c, e);
}

static void drain(struct crew *c)
{
	c->over = true;
	while (c->running > 0)
		fiber_park(clock_now() + LOOK);
	for (size_t i = 0; i < RUN_AT_ONCE; i++)
		arena_free(c->slots[i].arena);
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
