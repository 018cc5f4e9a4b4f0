#include "ldap/sweep.h"

#include <string.h>

#include "ldap/filter.h"
#include "util/clock.h"
#include "util/hash.h"

enum {
	KEY_SIZE = 256,    /* as of a list's */
	AT_ONCE = 2000,    /* keys that are read without further ado */
	AT_ONCE_MIN = 128, /* records, at least */
	KEYS_MIN = 128,    /* keys that may begin alike, at least... */
	KEYS_MAX = 1000,   /* ...and at most, or they are parted */
	PART_MIN = 32,     /* the same where their records are wanted */
	PART_MAX = 256,
	SCAN_FOR =
		60000, /* milliseconds that what was slow is taken to be so */
	FEW = 3, /* keys whose records are not worth a search of their own */
	PART_SECONDS = 1, /* that slapd looks for them... */
	PART_READS = 3,   /* ...and reads it may take until it says so */
	RARE_MAX = 64,    /* letters that are asked for together, or... */
	RARE_MIN = 2,     /* ...where that was slow: of more, mdb may lose
			   * the numbers of its entries, and take all there
			   * are instead */
	STRIDE_MAX = 8,   /* beginnings that are asked for together */
	DEEP = 14,        /* letters from which on the index tells beginnings
			   * apart no more, or soon */
};

/* Of what keys consist, in their order; the directory admits no others. */
static const char alphabet[] = "-.0123456789=@_abcdefghijklmnopqrstuvwxyz";

/* What is known of the keys that begin as the place does, up to there. */
struct level {
	bool parted;   /* there are too many */
	bool only;     /* those that go on another way are known */
	uint64_t seen; /* some of the letters they go on with, as bits */
};

/* Where we are: keys that begin so, and go on with no letter before `from`. */
struct place {
	char text[KEY_SIZE + 1];
	size_t depth;
	unsigned char from; /* 0: or end there */
	struct level *levels;
};

struct walk {
	struct ldap_store *store;
	const struct task *task;
	struct sweep *sweep;
	struct place at;
	bool large;     /* there are too many to look at all at once */
	size_t deepest; /* where it was last found not to be too many */
	size_t sure;    /* from there on records are asked for, else first
			 * whether it is too many */
	size_t rare;    /* letters that are asked for together... */
	size_t stride;  /* ...at most so many of which were seen */
	size_t step;    /* letters that it is gone back by */
	bool scan;      /* what is wanted is looked for among all that
			 * begin so */
	int64_t scan_until;
	char done[KEY_SIZE]; /* what begins so, and all before, is known */
};

struct found {
	const char *key;
	const void *record; /* or NULL */
};

/* What one search found. */
struct part {
	const struct sweep *sweep;
	struct arena *arena;
	struct found *found;
	size_t count, room;
	size_t weight; /* what was looked at for it */
	bool broken;
	bool whole; /* that was all */
	bool slow;  /* nobody knows, it takes too long */
};

static void keep(struct part *p, const struct berval *dn, const char *key,
		 const void *record)
{
	if (p->count < p->room && strlen(key) < KEY_SIZE &&
	    (p->sweep->wants == NULL || p->sweep->wants(p->sweep->ctx, dn)))
		p->found[p->count++] = (struct found){key, record};
}

static void each_key(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct berval dn, *values = NULL, name;
	BerElement *ber = NULL;
	struct part *p = ctx;

	if (ldap_get_dn_ber(ld, message, &ber, &dn) != LDAP_SUCCESS ||
	    ldap_get_attribute_ber(ld, message, ber, &name, &values) !=
		    LDAP_SUCCESS)
		p->broken = true;
	else if (values != NULL && values[0].bv_val != NULL)
		keep(p, &dn, arena_strdup(p->arena, values[0].bv_val), NULL);
	ber_memfree(values);
	ber_free(ber, 0);
}

static void each_record(void *ctx, LDAP *ld, LDAPMessage *message)
{
	BerElement *ber = NULL;
	const char *key = NULL;
	struct part *p = ctx;
	struct berval dn;
	const void *record = p->sweep->make(p->sweep->maker, ld, message, &key);

	if (key == NULL ||
	    ldap_get_dn_ber(ld, message, &ber, &dn) != LDAP_SUCCESS)
		p->broken = true;
	else
		keep(p, &dn, key, record);
	ber_free(ber, 0);
}

/* What such a filter finds, if it is not too many. */
static bool search(const struct walk *w, const char *which, const char *beside,
		   bool records, struct part *p, struct err *e)
{
	const char *const keys[] = {w->sweep->attribute, NULL};
	struct operation op = *w->sweep->op;
	struct task own = *w->task;

	own.arena = p->arena;
	p->sweep = w->sweep;
	p->count = 0;
	p->found = arena_alloc(p->arena, p->room * sizeof(*p->found));
	if (which != NULL)
		op.filter = filter_and(p->arena, which, beside);
	op.want = records ? w->sweep->want : keys;
	op.limit = (int)p->room;
	op.patience = PART_SECONDS;
	op.each = records ? each_record : each_key;
	op.ctx = p;
	p->whole =
		store_run(w->store, &own, &op,
			  w->store->set->read_seconds * PART_READS, "list", e);
	p->slow = op.result == LDAP_TIMELIMIT_EXCEEDED;
	if (p->broken)
		return err_set(e, ERR_INTERNAL,
			       "the directory sent a broken entry");
	if (!p->whole && !p->slow && op.result != LDAP_SIZELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	return true;
}

/* Where no index helps, it is the number of entries that are looked at which
 * has to be small, not that of those that are wanted. */
static bool scan(const struct walk *w, const char *which, struct part *p,
		 struct err *e)
{
	const struct sweep *sw = w->sweep;

	p->room = KEYS_MAX;
	p->whole = p->slow = false;
	if (which == NULL)
		return true;
	if (!search(w, which, sw->all, false, p, e))
		return false;
	p->weight = p->count;
	return !p->whole || p->count == 0 ||
	       search(w, which, sw->beside, sw->make != NULL, p, e);
}

/* Of too many only the keys are looked at, which is cheaper. */
static bool ask(const struct walk *w, const char *which, bool sure,
		struct part *p, struct err *e)
{
	const char *beside = w->sweep->beside;
	bool records = w->sweep->make != NULL;

	if (w->scan)
		return scan(w, which, p, e);
	if (!search(w, which, beside, records && sure, p, e))
		return false;
	p->weight = p->count;
	return !records || sure || !p->whole || p->count <= FEW ||
	       search(w, which, beside, true, p, e);
}

/* What took too long is looked for in another way, where there is one. */
static bool is_slow(struct walk *w, const struct part *p)
{
	if (!p->slow || w->scan || w->sweep->all == NULL)
		return false;
	w->scan = true;
	w->scan_until = clock_now() + SCAN_FOR;
	w->stride = 0;
	return true;
}

static struct level *level_of(struct place *at)
{
	return &at->levels[at->depth];
}

/* What is known, or goes on with an earlier letter, was taken before. */
static void take(const struct walk *w, const struct part *p)
{
	const struct place *at = &w->at;
	size_t done = strlen(w->done);

	for (size_t i = 0; i < p->count; i++) {
		const struct found *f = &p->found[i];

		if (strlen(f->key) >= at->depth &&
		    (unsigned char)f->key[at->depth] >= at->from &&
		    (done == 0 || strncmp(f->key, w->done, done) > 0))
			list_put(w->sweep->list, f->key, f->record);
	}
}

static uint64_t bit_of(char letter)
{
	const char *at = letter != '\0' ? strchr(alphabet, letter) : NULL;

	return at != NULL ? 1ULL << (at - alphabet) : 0;
}

static void note(struct level *l, const struct part *p, size_t depth)
{
	for (size_t i = 0; i < p->count; i++)
		l->seen |= bit_of(p->found[i].key[depth]);
}

/* All that begins so is known. */
static void finish(struct walk *w, size_t depth)
{
	memcpy(w->done, w->at.text, depth);
	w->done[depth] = '\0';
}

/* Back to what begins with fewer letters; false: that was all. */
static bool climb(struct walk *w)
{
	struct place *at = &w->at;

	do {
		if (at->depth == 0)
			return false;
		level_of(at)->parted = false;
		at->depth--;
		if (level_of(at)->only)
			finish(w, at->depth);
	} while (level_of(at)->only);
	at->from = (unsigned char)(at->text[at->depth] + 1);
	return true;
}

static void descend(struct place *at, char letter)
{
	at->text[at->depth++] = letter;
	at->from = 0;
	*level_of(at) = (struct level){0};
}

/* On the way to where the page begins, what is before is passed over. */
static void pass_over(const struct walk *w, struct place *at)
{
	const char *after = w->sweep->after;

	if (at->from == 0 && after != NULL &&
	    strncmp(after, at->text, at->depth) == 0)
		at->from = (unsigned char)after[at->depth];
}

static size_t within(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* Whoever wants records pays for each that is not on the page; keys are cheap.
 */
static size_t room_of(const struct walk *w)
{
	size_t limit = w->sweep->limit;
	bool first = w->at.depth == 0 && !w->large;

	if (w->sweep->make == NULL)
		return first ? AT_ONCE : within(2 * limit, KEYS_MIN, KEYS_MAX);
	return first ? within(limit + limit / 2, AT_ONCE_MIN, AT_ONCE)
		     : within(limit / 2, PART_MIN, PART_MAX);
}

/* Where there were few, more beginnings are asked for together. */
static void stretch(struct walk *w, const struct part *p)
{
	if (w->stride == 0 || p->weight > p->room / 2)
		w->stride = 1;
	else if (p->weight <= p->room * 3 / 8 && w->stride < STRIDE_MAX)
		w->stride *= 2;
}

/* A page may begin where there is less than where the last one ended: there
 * the same would be found again and again with one letter less. */
static bool step_back(struct walk *w, const struct part *p)
{
	struct place *at = &w->at;
	size_t from = at->depth;

	if (p->weight > p->room / 4)
		w->step = 1;
	while (from - at->depth < w->step && at->depth > 0 &&
	       !at->levels[at->depth - 1].parted &&
	       !at->levels[at->depth - 1].only)
		at->depth--;
	w->step *= 2;
	if (from == at->depth)
		return climb(w);
	/* Of what is more than a letter shorter there may be some before. */
	at->from =
		(unsigned char)(at->text[at->depth] + (from - at->depth == 1));
	return true;
}

/* How many letters all of them begin with. */
static size_t alike(const struct part *p, const char *key, size_t most)
{
	for (size_t i = 0; i < p->count; i++) {
		size_t n = 0;

		while (n < most && p->found[i].key[n] == key[n])
			n++;
		most = n;
	}
	return most;
}

/* All that begin with so many letters of a key, but for those that have more in
 * common with it. */
static bool ask_others(const struct walk *w, const char *key, size_t from,
		       size_t to, struct part *p, struct err *e)
{
	const char *attribute = w->sweep->attribute;
	struct arena *a = p->arena;
	const char *all = arena_strndup(a, key, from);
	const char *known = arena_strndup(a, key, to);

	return ask(w,
		   filter_and(a, filter_begins(a, attribute, all),
			      filter_not(a,
					 filter_begins(a, attribute, known))),
		   false, p, e);
}

/* Where addresses begin alike for long, letter after letter would be asked
 * whether some go on another way.  Instead all of these are looked for at once,
 * and it is gone on behind what the others have in common. */
static bool leap(struct walk *w, const struct part *seen, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct place *at = &w->at;
	const char *key = seen->count > 0 ? seen->found[0].key : "";
	size_t to = alike(seen, key, strlen(key));
	struct part p = {.arena = a, .room = seen->room};

	while (to > at->depth + 1) {
		if (!ask_others(w, key, at->depth, to, &p, e))
			return false;
		if (p.slow)
			return true;
		if (p.whole) {
			take(w, &p);
			while (at->depth < to) {
				level_of(at)->only = true;
				descend(at, key[at->depth]);
			}
			return true;
		}
		to = alike(&p, key, to);
	}
	return true;
}

/* Of what begins with so many letters as the index tells apart, nothing is
 * known but what is before the place. */
static bool is_deep(const struct place *at)
{
	const struct level *above = &at->levels[at->depth - 1];
	bool only = false;

	for (size_t i = DEEP; i < at->depth; i++)
		only = only || at->levels[i].only;
	return at->depth > DEEP + 1 && !only &&
	       (above->seen & (above->seen - 1)) == 0;
}

/* The same on the way back from where the page began. */
static bool leap_back(struct walk *w, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct part p = {.arena = a, .room = room_of(w)};
	struct place *at = &w->at;

	at->text[at->depth] = '\0';
	if (!ask_others(w, at->text, DEEP, at->depth, &p, e))
		return false;
	for (size_t i = 0; p.whole && i < p.count; i++) {
		if (strcmp(p.found[i].key, at->text) > 0)
			list_put(w->sweep->list, p.found[i].key,
				 p.found[i].record);
	}
	if (p.whole) {
		at->depth = DEEP;
		finish(w, DEEP);
	}
	return climb(w);
}

/* All that begins as the place does; false at the end, or on failure. */
static bool look(struct walk *w, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct part p = {.arena = a, .room = room_of(w)};
	struct place *at = &w->at;
	const char *which = NULL;

	if (at->depth > 0)
		which = filter_begins(a, w->sweep->attribute,
				      arena_strndup(a, at->text, at->depth));
	if (!ask(w, which, at->depth >= w->sure, &p, e))
		return false;
	if (is_slow(w, &p))
		return true;
	if (p.whole) {
		take(w, &p);
		finish(w, at->depth);
		w->deepest = w->sure = at->depth;
		stretch(w, &p);
		return step_back(w, &p);
	}
	w->step = 1;
	w->large = true;
	w->stride = 0;
	if (at->depth >= w->sure)
		w->sure = KEY_SIZE;
	level_of(at)->parted = true;
	note(level_of(at), &p, at->depth);
	pass_over(w, at);
	return at->depth < DEEP || at->from > 0 || leap(w, &p, e);
}

/* An address or a domain has a dot in it. */
static bool may_end(const struct walk *w)
{
	const struct place *at = &w->at;

	return at->from == 0 && at->depth > 0 &&
	       (w->sweep->dotless || memchr(at->text, '.', at->depth) != NULL);
}

static bool is_seen(const struct walk *w, char letter)
{
	return w->at.levels[w->at.depth].seen & bit_of(letter);
}

/* Letters side by side of which no more were seen to be gone on with than are
 * asked for together; how many. */
static size_t group(const struct walk *w, const char *letters, size_t *seen)
{
	size_t n = 0;

	for (*seen = 0; n < w->rare && letters[n] != '\0'; n++) {
		if (is_seen(w, letters[n]) && (*seen)++ == w->stride)
			break;
	}
	*seen = *seen < w->stride ? *seen : w->stride;
	return n;
}

static const char *going_on(const struct walk *w, struct arena *a, char letter)
{
	const struct place *at = &w->at;

	return filter_begins(a, w->sweep->attribute,
			     arena_printf(a, "%.*s%c", (int)at->depth, at->text,
					  letter));
}

/* The keys that go on with these letters.  slapd tries one after the other for
 * each entry: so what there is comes first. */
static const char *any_of(const struct walk *w, struct arena *a,
			  const char *letters, size_t count)
{
	const char **any = arena_alloc(a, (count + 1) * sizeof(*any));
	const struct place *at = &w->at;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_seen(w, letters[i]))
			any[n++] = going_on(w, a, letters[i]);
	}
	if (may_end(w))
		any[n++] = filter_equal(a, w->sweep->attribute,
					arena_strndup(a, at->text, at->depth));
	for (size_t i = 0; i < count; i++) {
		if (!is_seen(w, letters[i]))
			any[n++] = going_on(w, a, letters[i]);
	}
	return filter_any(a, any, n);
}

/* It is too much at once: fewer are asked for, and in the end each is looked at
 * by itself. */
static void narrow(struct walk *w, const struct part *p, const char *letters,
		   size_t count, size_t seen)
{
	struct level *l = level_of(&w->at);
	uint64_t before = l->seen;

	if (p->slow && count > RARE_MIN) {
		w->rare = RARE_MIN;
		return;
	}
	note(l, p, w->at.depth);
	w->stride = 0;
	if (seen == 1)
		w->sure = KEY_SIZE;
	/* What ends right there goes on with no letter. */
	for (size_t i = 0; seen == 0 && l->seen == before && i < count; i++)
		l->seen |= bit_of(letters[i]);
}

static bool look_at_group(struct walk *w, const char *letters, size_t count,
			  size_t seen, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct part p = {.arena = a, .room = room_of(w)};
	struct place *at = &w->at;

	if (!ask(w, any_of(w, a, letters, count),
		 seen > 0 && at->depth + 1 >= w->sure, &p, e))
		return false;
	if (is_slow(w, &p))
		return true;
	if (!p.whole && count == 0)
		return err_set(e, ERR_TIMEOUT, "the directory is slow");
	if (!p.whole) {
		narrow(w, &p, letters, count, seen);
		return true;
	}
	take(w, &p);
	at->from = 1;
	if (count > 0) {
		at->text[at->depth] = letters[count - 1];
		at->from = (unsigned char)(letters[count - 1] + 1);
		finish(w, at->depth + 1);
	}
	if (seen > 0) {
		stretch(w, &p);
		w->sure = at->depth + 1;
	}
	return true;
}

/* The next letters of what is too much at once; false at the end, or on
 * failure. */
static bool part(struct walk *w, struct err *e)
{
	struct place *at = &w->at;
	const char *letters = alphabet;
	size_t seen;

	while (*letters != '\0' && (unsigned char)*letters < at->from)
		letters++;
	size_t count = group(w, letters, &seen);
	if (count > seen || count > 1 || may_end(w))
		return look_at_group(w, letters, count, seen, e);
	if (*letters == '\0') {
		w->stride = 0; /* there are more on the way up */
		return is_deep(at) ? leap_back(w, e) : climb(w);
	}
	if (at->depth + 2 >= KEY_SIZE)
		return err_set(e, ERR_TIMEOUT, "the directory is slow");
	descend(at, *letters);
	return true;
}

/* The least that a key can be which is not yet known. */
static bool is_done(struct walk *w)
{
	struct place *at = &w->at;

	at->text[at->depth] = (char)at->from;
	at->text[at->depth + 1] = '\0';
	return list_is_done(w->sweep->list, at->text);
}

/* What was found until now is good, and nothing more.  False: that would be
 * where the page began, and so would be the next one for ever. */
static bool cease(const struct walk *w)
{
	/* It is behind every letter. */
	const char *end = arena_join(w->task->arena, w->done, "~", NULL);
	const char *after = w->sweep->after;

	if (*w->done == '\0' || (after != NULL && strcmp(end, after) <= 0))
		return false;
	w->sweep->ceased = end;
	return true;
}

/* What was found on the way to where the last page ended may be found again.
 * If not, it takes a few searches more. */
static void recall(struct walk *w, const struct sweep_memory *m)
{
	struct place *at = &w->at;
	size_t most = m->depth < SWEEP_LEVELS ? m->depth : SWEEP_LEVELS;

	for (size_t i = 0; i < most && (i < at->depth || i == 0); i++) {
		at->levels[i].parted = m->seen[i] != 0;
		at->levels[i].seen = m->seen[i];
		if (i >= at->depth || at->text[i] != m->text[i])
			break;
	}
}

/* Where there are many, the next page begins about as deep as the last one
 * ended, too. */
static void begin(struct walk *w, const struct sweep_memory *m, uint64_t place)
{
	const char *after = w->sweep->after;
	struct place *at = &w->at;

	w->rare = RARE_MAX;
	w->step = 1;
	if (m->place != place)
		return;
	w->scan_until = m->scan_until;
	w->scan = w->scan_until > clock_now() && w->sweep->all != NULL;
	if (m->depth == 0)
		return;
	w->large = true;
	w->sure = m->depth;
	w->rare = m->rare;
	if (after != NULL && strlen(after) < KEY_SIZE) {
		at->depth = strlen(after) < m->depth ? strlen(after) : m->depth;
		memcpy(at->text, after, at->depth);
	}
	recall(w, m);
}

static void remember(const struct walk *w, struct sweep_memory *m,
		     uint64_t place)
{
	const struct place *at = &w->at;

	*m = (struct sweep_memory){.place = place,
				   .depth = w->large ? w->deepest : 0,
				   .rare = w->rare,
				   .scan_until = w->scan_until};
	for (size_t i = 0; i <= at->depth && i < SWEEP_LEVELS; i++) {
		m->text[i] = i < at->depth ? at->text[i] : '\0';
		m->seen[i] = at->levels[i].seen;
	}
}

/* Without anything new there is no page: then it takes what time there is. */
static bool run(struct walk *w, struct err *e)
{
	while (!is_done(w)) {
		if (clock_now() > w->sweep->until && cease(w))
			return true;
		if (!(level_of(&w->at)->parted ? part(w, e) : look(w, e)))
			return e->kind == ERR_NONE;
	}
	return true;
}

bool sweep(struct ldap_store *s, const struct task *t, struct sweep *w,
	   struct err *e)
{
	/* A caller may sweep a thousand domains for one page. */
	CLEANUP(arena_release) struct arena *own = arena_new();
	uint64_t place = hash_text(w->op->dn) ^ hash_text(w->op->filter);
	struct sweep_memory *m = &s->sweeps[place % COUNT(s->sweeps)];
	struct walk walk = {.store = s, .task = t, .sweep = w};

	walk.at.levels = arena_alloc(own, KEY_SIZE * sizeof(*walk.at.levels));
	begin(&walk, m, place);
	w->ceased = NULL;
	if (!run(&walk, e))
		return false;
	remember(&walk, m, place);
	return true;
}
