#include "ldap/sweep.h"

#include <string.h>

#include "ldap/filter.h"
#include "util/clock.h"

enum {
	KEY_SIZE = 256,      /* as of a list's */
	AT_ONCE = 2000,      /* keys that are read without further ado */
	PART_MIN = 128,      /* keys that may begin alike, at least... */
	PART_MAX = 1000,     /* ...and at most, or they are parted */
	PART_SECONDS = 1,    /* that slapd looks for them... */
	PART_READS = 3,      /* ...and reads it may take until it says so */
	RARE_MAX = 2,        /* letters that are asked for together: of more,
			      * mdb may lose the numbers of its entries, and
			      * take all there are instead */
	ALPHABET_SIZE = 128, /* what is no ASCII is in no key */
};

/* Of what keys consist, in their order; the directory admits no others. */
static const char alphabet[] = "-.0123456789=@_abcdefghijklmnopqrstuvwxyz";

/* What is known of the keys that begin as the place does, up to there. */
struct level {
	bool parted;              /* there are too many */
	bool seen[ALPHABET_SIZE]; /* some of the letters they go on with */
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
	bool large;          /* there are too many to look at all at once */
	size_t deepest;      /* where it was last found not to be too many */
	char done[KEY_SIZE]; /* what begins so, and all before, is known */
};

/* What one search found. */
struct part {
	const struct sweep *sweep;
	struct arena *arena;
	const char **keys;
	size_t count, room;
	bool broken;
	bool whole; /* that was all */
};

static void keep(struct part *p, const struct berval *dn, const char *key)
{
	if (p->count < p->room && strlen(key) < KEY_SIZE &&
	    (p->sweep->wants == NULL || p->sweep->wants(p->sweep->ctx, dn)))
		p->keys[p->count++] = arena_strdup(p->arena, key);
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
		keep(p, &dn, values[0].bv_val);
	ber_memfree(values);
	ber_free(ber, 0);
}

/* The keys that such a filter finds, if they are not too many. */
static bool ask(const struct walk *w, const char *which, struct part *p,
		struct err *e)
{
	const char *const want[] = {w->sweep->attribute, NULL};
	struct operation op = *w->sweep->op;
	struct task own = *w->task;

	own.arena = p->arena;
	p->sweep = w->sweep;
	p->keys = arena_alloc(p->arena, p->room * sizeof(*p->keys));
	if (which != NULL)
		op.filter = filter_and(p->arena, op.filter, which);
	op.want = want;
	op.limit = (int)p->room;
	op.patience = PART_SECONDS;
	op.each = each_key;
	op.ctx = p;
	p->whole =
		store_run(w->store, &own, &op,
			  w->store->set->read_seconds * PART_READS, "list", e);
	if (p->broken)
		return err_set(e, ERR_INTERNAL,
			       "the directory sent a broken entry");
	if (!p->whole && op.result != LDAP_SIZELIMIT_EXCEEDED &&
	    op.result != LDAP_TIMELIMIT_EXCEEDED)
		return false;
	err_clear(e);
	return true;
}

static struct level *level_of(struct place *at)
{
	return &at->levels[at->depth];
}

/* What goes on with an earlier letter was taken before. */
static void take(const struct walk *w, const struct part *p)
{
	const struct place *at = &w->at;

	for (size_t i = 0; i < p->count; i++) {
		if (strlen(p->keys[i]) >= at->depth &&
		    (unsigned char)p->keys[i][at->depth] >= at->from)
			list_add(w->sweep->list, p->keys[i]);
	}
}

static void note(struct level *l, const struct part *p, size_t depth)
{
	for (size_t i = 0; i < p->count; i++) {
		unsigned char c = (unsigned char)p->keys[i][depth];

		if (c < ALPHABET_SIZE)
			l->seen[c] = true;
	}
}

/* All that begins so is known. */
static void finish(struct walk *w, size_t depth)
{
	memcpy(w->done, w->at.text, depth);
	w->done[depth] = '\0';
	w->deepest = w->at.depth;
}

/* Back to what begins with one letter less; false: that was all. */
static bool climb(struct place *at)
{
	if (at->depth == 0)
		return false;
	level_of(at)->parted = false;
	at->depth--;
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

static size_t room_of(const struct walk *w)
{
	size_t part = 2 * w->sweep->limit;

	if (w->at.depth == 0 && !w->large)
		return AT_ONCE;
	return part < PART_MIN ? PART_MIN : part > PART_MAX ? PART_MAX : part;
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
	if (!ask(w, which, &p, e))
		return false;
	if (p.whole) {
		take(w, &p);
		finish(w, at->depth);
		return climb(at);
	}
	w->large = true;
	level_of(at)->parted = true;
	note(level_of(at), &p, at->depth);
	pass_over(w, at);
	return true;
}

/* An address or a domain has a dot in it. */
static bool may_end(const struct walk *w)
{
	const struct place *at = &w->at;

	return at->from == 0 && at->depth > 0 &&
	       (w->sweep->dotless || memchr(at->text, '.', at->depth) != NULL);
}

/* Letters that nothing was seen to go on with, side by side; how many. */
static size_t unseen(const struct level *l, const char *letters)
{
	size_t n = 0;

	while (n < RARE_MAX && letters[n] != '\0' &&
	       !l->seen[(unsigned char)letters[n]])
		n++;
	return n;
}

/* The keys that go on with these, of which there may be some all the same; they
 * are asked for at once. */
static const char *rare(const struct walk *w, struct arena *a,
			const char *letters, size_t count)
{
	const char **any = arena_alloc(a, (count + 1) * sizeof(*any));
	const struct place *at = &w->at;
	size_t n = 0;

	if (may_end(w))
		any[n++] = filter_equal(a, w->sweep->attribute,
					arena_strndup(a, at->text, at->depth));
	for (size_t i = 0; i < count; i++)
		any[n++] =
			filter_begins(a, w->sweep->attribute,
				      arena_printf(a, "%.*s%c", (int)at->depth,
						   at->text, letters[i]));
	return filter_any(a, any, n);
}

/* Where that takes too long, each is looked at by itself. */
static bool look_at_rare(struct walk *w, const char *letters, size_t count,
			 struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct part p = {.arena = a, .room = room_of(w)};
	struct place *at = &w->at;
	struct level *l = level_of(at);

	if (!ask(w, rare(w, a, letters, count), &p, e))
		return false;
	if (!p.whole && count == 0)
		return err_set(e, ERR_TIMEOUT, "the directory is slow");
	if (!p.whole) {
		note(l, &p, at->depth);
		/* What ends right there goes on with no letter. */
		bool none = unseen(l, letters) >= count;

		for (size_t i = 0; none && i < count; i++)
			l->seen[(unsigned char)letters[i]] = true;
		return true;
	}
	take(w, &p);
	at->from = 1;
	if (count > 0) {
		at->text[at->depth] = letters[count - 1];
		at->from = (unsigned char)(letters[count - 1] + 1);
		finish(w, at->depth + 1);
	}
	return true;
}

/* The next letters of what is too much at once; false at the end, or on
 * failure. */
static bool part(struct walk *w, struct err *e)
{
	struct place *at = &w->at;
	const char *letters = alphabet;

	while (*letters != '\0' && (unsigned char)*letters < at->from)
		letters++;
	size_t count = unseen(level_of(at), letters);
	if (count > 0 || may_end(w))
		return look_at_rare(w, letters, count, e);
	if (*letters == '\0')
		return climb(at);
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

/* What was found until now is good, and nothing more. */
static void cease(const struct walk *w)
{
	/* It is behind every letter. */
	w->sweep->ceased = arena_join(w->task->arena, w->done, "~", NULL);
}

static uint64_t hash_of(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

/* Where there are many, the next page begins about as deep as the last one
 * ended.  If not, it takes a few searches more. */
static void begin(struct walk *w, const struct sweep_memory *m)
{
	const char *after = w->sweep->after;
	struct place *at = &w->at;

	if (m->place != hash_of(w->sweep->op->dn) || m->depth == 0)
		return;
	w->large = true;
	if (after == NULL || strlen(after) >= KEY_SIZE)
		return;
	at->depth = strlen(after) < m->depth ? strlen(after) : m->depth;
	memcpy(at->text, after, at->depth);
}

/* Without knowing anything there is no page: then it goes on for as long as
 * there is for the request. */
static bool run(struct walk *w, struct err *e)
{
	while (!is_done(w)) {
		if (*w->done != '\0' && clock_now() > w->sweep->until) {
			cease(w);
			return true;
		}
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
	uint64_t place = hash_of(w->op->dn);
	struct sweep_memory *m = &s->sweeps[place % COUNT(s->sweeps)];
	struct walk walk = {.store = s, .task = t, .sweep = w};

	walk.at.levels = arena_alloc(own, KEY_SIZE * sizeof(*walk.at.levels));
	begin(&walk, m);
	w->ceased = NULL;
	if (!run(&walk, e))
		return false;
	*m = (struct sweep_memory){place, walk.large ? walk.deepest : 0};
	return true;
}
