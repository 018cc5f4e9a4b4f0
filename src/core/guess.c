#include "core/guess.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/alloc.h"
#include "util/hash.h"
#include "util/ledger.h"
#include "util/log.h"
#include "util/network.h"

/* Who may come first in which table.  Those that a stranger can fill at will
 * hold nothing that anybody else would miss. */
enum {
	LOGINS = 65536,   /* that exist and somebody has guessed at */
	KNOWN = 32768,    /* sources of these that have succeeded */
	PAIRS = 65536,    /* of these and of strange sources */
	WRONG = 32768,    /* passwords of these */
	NOBODIES = 65536, /* logins that do not exist, with all of that */
	SOURCES = 32768,

	FREE_REPEATS = 5, /* of a wrong password, until it waits */
	/* Twice as long each time: each is a bind, and a record of it. */
	REPEAT_MILLIS = 100,
	REPEAT_SHIFT_MAX = 10,
	REPEAT_MAX_MILLIS = 60000,
	DELAY_SHIFT_MAX = 16,
	TOLD_MILLIS = 30000, /* longer delays are worth a word */
	LOG_MILLIS = 1000,
};

static const int64_t second = 1000, hour = 3600 * 1000,
		     known_millis = INT64_C(14) * 24 * 3600 * 1000;

struct guess {
	struct ledger *logins, *known, *pairs, *wrong, *nobodies, *sources;
	_Atomic int64_t told; /* when something was logged */
	atomic_uint untold;   /* what was not, since */
};

/* A login's account.  What is of another age is of the time before somebody was
 * forgiven. */
enum { BUDGET, AGE, IN_A_ROW, LOCKED };

/* That of a login and a source, strange or known. */
enum { FAILURES, UNTIL, AGE_SEEN };
enum { KNOWN_BUDGET, KNOWN_UNTIL, KNOWN_AGE, RIGHT_LAST };

/* That of a wrong password: how often, from when on again, under way. */
enum { TIMES, AGAIN, UNDER_WAY, AGE_TRIED };

struct guess *guess_new(void)
{
	struct guess *g = alloc_zeroed(sizeof(*g));

	g->logins = ledger_new(LOGINS);
	g->known = ledger_new(KNOWN);
	g->pairs = ledger_new(PAIRS);
	g->wrong = ledger_new(WRONG);
	g->nobodies = ledger_new(NOBODIES);
	g->sources = ledger_new(SOURCES);
	atomic_init(&g->told, -LOG_MILLIS);
	atomic_init(&g->untold, 0);
	return g;
}

void guess_free(struct guess **guess)
{
	struct guess *g = *guess;

	*guess = NULL;
	if (g == NULL)
		return;
	ledger_free(&g->logins);
	ledger_free(&g->known);
	ledger_free(&g->pairs);
	ledger_free(&g->wrong);
	ledger_free(&g->nobodies);
	ledger_free(&g->sources);
	free(g);
}

/* So many an hour: half of them at once, the others one by one.  The account
 * is the time at which everything would be given back.  In no hour are there
 * more. */
static int64_t at_once(int64_t an_hour)
{
	return (an_hour + 1) / 2;
}

static int64_t interval(int64_t an_hour)
{
	int64_t later = an_hour - at_once(an_hour);

	return hour / (later > 0 ? later : 1);
}

static int64_t spent(int64_t account, int64_t an_hour, int64_t now)
{
	int64_t each = interval(an_hour);

	return account > now ? (account - now + each - 1) / each : 0;
}

static bool has_left(int64_t account, int64_t an_hour, int64_t now)
{
	return spent(account, an_hour, now) < at_once(an_hour);
}

static bool take(int64_t *account, int64_t an_hour, int64_t now)
{
	if (!has_left(*account, an_hour, now))
		return false;
	*account = (*account > now ? *account : now) + interval(an_hour);
	return true;
}

/* When there will be one again. */
static int64_t waits_until(int64_t account, int64_t an_hour, int64_t now)
{
	return has_left(account, an_hour, now)
		       ? 0
		       : account - (at_once(an_hour) - 1) * interval(an_hour);
}

/* Bounded: who guesses must not be able to fill the log.  What was typed is
 * not in it, but for logins that exist. */
static void tell(struct guess *g, const struct attempt *at, const char *what,
		 int64_t now)
{
	int64_t before = atomic_load(&g->told);
	char untold[16];

	if (now < before + LOG_MILLIS ||
	    !atomic_compare_exchange_strong(&g->told, &before, now)) {
		atomic_fetch_add(&g->untold, 1);
		return;
	}
	snprintf(untold, sizeof(untold), "%u", atomic_exchange(&g->untold, 0));
	log_event(LOG_WARNING, "guessing", "what", what, "login",
		  at->entry != NULL ? at->login : "-", "source", at->source,
		  "untold", untold, NULL);
}

/* A customer's whole network is one source. */
static const char *source_of(struct arena *a, const char *address)
{
	struct network n;
	char text[NETWORK_TEXT];

	if (address == NULL || !network_address(address, &n))
		return "?";
	n = network_source(&n);
	network_text(&n, text);
	return arena_strdup(a, text);
}

static struct ledger *logins_of(struct guess *g, const struct attempt *at)
{
	return at->entry != NULL ? g->logins : g->nobodies;
}

static struct ledger *pairs_of(struct guess *g, const struct attempt *at)
{
	return at->entry != NULL ? g->pairs : g->nobodies;
}

static struct ledger *wrong_of(struct guess *g, const struct attempt *at)
{
	return at->entry != NULL ? g->wrong : g->nobodies;
}

static void name_accounts(struct attempt *at)
{
	struct arena *a = at->arena;

	at->source = source_of(a, at->source);
	at->key = arena_printf(a, "login %s",
			       at->entry != NULL ? at->entry : at->login);
	at->pair = arena_printf(a, "from %s %s", at->source, at->key);
	at->repeat = arena_printf(a, "again %s %s", at->pair, at->secret);
}

/* The age of the login, and that it is not locked. */
static bool is_open(struct guess *g, const struct attempt *at, int64_t *age,
		    int64_t now)
{
	struct ledger *l = logins_of(g, at);
	struct account *ac = ledger_open(l, at->key, now);
	bool open = ac->numbers[LOCKED] <= now;

	*age = ac->numbers[AGE];
	ledger_close(l, ac);
	return open;
}

/* Whether it is a guess that was made already; whether it may be made again.
 * What was wrong may be the new password of another age. */
static bool repeat_begins(struct guess *g, struct attempt *at, bool *under_way,
			  int64_t now)
{
	int64_t age = 0;

	if (at->entry != NULL)
		is_open(g, at, &age, now);
	struct ledger *l = wrong_of(g, at);
	struct account *ac = ledger_open(l, at->repeat, now);
	int64_t *n = ac->numbers;
	if (n[AGE_TRIED] != age)
		n[TIMES] = n[AGAIN] = 0;
	n[AGE_TRIED] = age;
	bool again = n[TIMES] > 0 && n[AGAIN] > now;
	*under_way = n[UNDER_WAY] > 0;
	at->repeats = *under_way || n[TIMES] > 0;
	if (!again)
		n[UNDER_WAY]++;
	ledger_close(l, ac);
	return !again;
}

static int64_t repeat_after(int64_t times)
{
	int64_t shift = times - FREE_REPEATS - 1;

	if (shift < 0)
		return 0;
	if (shift > REPEAT_SHIFT_MAX)
		return REPEAT_MAX_MILLIS;
	int64_t wait = (int64_t)REPEAT_MILLIS << shift;
	return wait < REPEAT_MAX_MILLIS ? wait : REPEAT_MAX_MILLIS;
}

static void repeat_ends(struct guess *g, const struct attempt *at,
			enum guess_outcome how, int64_t now)
{
	struct ledger *l = wrong_of(g, at);
	struct account *ac = ledger_open(l, at->repeat, now);
	int64_t *n = ac->numbers;

	n[UNDER_WAY] -= n[UNDER_WAY] > 0;
	if (how == GUESS_RIGHT)
		n[TIMES] = n[AGAIN] = 0;
	if (how == GUESS_WRONG)
		n[AGAIN] = now + repeat_after(++n[TIMES]);
	ledger_close(l, ac);
}

/* A known source goes by its own budget. */
static bool known_begins(struct guess *g, const struct guess_settings *set,
			 struct attempt *at, int64_t age, int64_t now)
{
	struct account *ac = ledger_find(g->known, at->pair, now);
	bool good = false;

	if (ac == NULL)
		return false;
	at->known = at->entry != NULL && ac->numbers[KNOWN_UNTIL] > now &&
		    ac->numbers[KNOWN_AGE] == age;
	if (at->known)
		good = (uint64_t)ac->numbers[RIGHT_LAST] ==
			       hash_text(at->repeat) ||
		       at->repeats ||
		       take(&ac->numbers[KNOWN_BUDGET], set->known_hour, now);
	ledger_close(g->known, ac);
	return good;
}

static int64_t delay_after(const struct guess_settings *set, int64_t failures)
{
	int64_t shift = failures - set->failures;
	int64_t delay = shift < 0                 ? 0
			: shift < DELAY_SHIFT_MAX ? second << shift
						  : second << DELAY_SHIFT_MAX;

	return delay < set->delay_seconds * second
		       ? delay
		       : set->delay_seconds * second;
}

/* A strange one waits twice as long each time. */
static bool strange_begins(struct guess *g, const struct guess_settings *set,
			   const struct attempt *at, int64_t age, int64_t now)
{
	struct ledger *l = pairs_of(g, at);
	struct account *ac = ledger_open(l, at->pair, now);
	int64_t *n = ac->numbers;
	bool good = n[AGE_SEEN] != age || n[UNTIL] <= now;

	if (n[AGE_SEEN] != age || n[UNTIL] < now - hour)
		n[FAILURES] = n[UNTIL] = 0;
	n[AGE_SEEN] = age;
	if (good && !at->repeats)
		n[UNTIL] = now + delay_after(set, ++n[FAILURES]);
	bool slow = good && n[UNTIL] - now >= TOLD_MILLIS;
	ledger_close(l, ac);
	if (slow)
		tell(g, at, "delayed", now);
	return good;
}

/* One of the hour's budget of a login or a source. */
static bool draw(struct ledger *l, const char *name, int64_t an_hour,
		 int64_t now)
{
	struct account *ac = ledger_open(l, name, now);
	bool good = take(&ac->numbers[BUDGET], an_hour, now);

	ledger_close(l, ac);
	return good;
}

static void give_back(struct ledger *l, const char *name, int64_t an_hour,
		      int64_t now)
{
	struct account *ac = ledger_open(l, name, now);

	ac->numbers[BUDGET] -= interval(an_hour);
	ledger_close(l, ac);
}

/* As if the attempt had not been made. */
static void strange_undone(struct guess *g, const struct attempt *at,
			   int64_t now)
{
	struct ledger *l = pairs_of(g, at);
	struct account *ac = ledger_open(l, at->pair, now);
	int64_t *n = ac->numbers;

	n[FAILURES] -= n[FAILURES] > 0;
	n[UNTIL] = now;
	ledger_close(l, ac);
}

static void known_undone(struct guess *g, const struct guess_settings *set,
			 const struct attempt *at, int64_t now)
{
	struct account *ac = ledger_find(g->known, at->pair, now);

	if (ac == NULL)
		return;
	if ((uint64_t)ac->numbers[RIGHT_LAST] != hash_text(at->repeat))
		ac->numbers[KNOWN_BUDGET] -= interval(set->known_hour);
	ledger_close(g->known, ac);
}

static bool budgets_begin(struct guess *g, const struct guess_settings *set,
			  const struct attempt *at, int64_t now)
{
	struct ledger *l = logins_of(g, at);

	if (!draw(l, at->key, set->login_hour, now)) {
		tell(g, at, "login", now);
		return false;
	}
	if (draw(g->sources, at->source, set->source_hour, now))
		return true;
	give_back(l, at->key, set->login_hour, now);
	tell(g, at, "source", now);
	return false;
}

static bool begins(struct guess *g, const struct guess_settings *set,
		   struct attempt *at, bool under_way, int64_t now)
{
	int64_t age;

	if (!is_open(g, at, &age, now))
		return false;
	bool good = known_begins(g, set, at, age, now);
	if (at->known || under_way)
		return good || under_way;
	if (!strange_begins(g, set, at, age, now))
		return false;
	if (at->repeats || budgets_begin(g, set, at, now))
		return true;
	strange_undone(g, at, now);
	return false;
}

bool guess_begin(struct guess *g, const struct guess_settings *set,
		 struct attempt *at, int64_t now)
{
	bool under_way;

	name_accounts(at);
	if (!repeat_begins(g, at, &under_way, now))
		return false;
	if (begins(g, set, at, under_way, now))
		return true;
	repeat_ends(g, at, GUESS_UNHEARD, now);
	return false;
}

/* From here that login has succeeded. */
static void become_known(struct guess *g, const struct attempt *at, int64_t now)
{
	int64_t age;

	is_open(g, at, &age, now);
	struct account *ac = ledger_open(g->known, at->pair, now);
	int64_t *n = ac->numbers;
	if (n[KNOWN_UNTIL] <= now || n[KNOWN_AGE] != age)
		n[KNOWN_BUDGET] = 0;
	n[KNOWN_UNTIL] = now + known_millis;
	n[KNOWN_AGE] = age;
	n[RIGHT_LAST] = (int64_t)hash_text(at->repeat);
	ledger_close(g->known, ac);
}

/* It was no guess. */
static void undo(struct guess *g, const struct guess_settings *set,
		 const struct attempt *at, int64_t now)
{
	if (at->repeats)
		return;
	if (at->known) {
		known_undone(g, set, at, now);
		return;
	}
	strange_undone(g, at, now);
	give_back(logins_of(g, at), at->key, set->login_hour, now);
	give_back(g->sources, at->source, set->source_hour, now);
}

static void begin_row_anew(struct guess *g, const struct attempt *at,
			   int64_t now)
{
	struct account *ac = ledger_open(g->logins, at->key, now);

	ac->numbers[IN_A_ROW] = 0;
	ledger_close(g->logins, ac);
}

static bool one_more_in_a_row(struct guess *g, const struct guess_settings *set,
			      const struct attempt *at, int64_t now)
{
	struct ledger *l = logins_of(g, at);
	struct account *ac = ledger_open(l, at->key, now);
	bool many = ++ac->numbers[IN_A_ROW] >= set->lock_failures &&
		    set->lock_failures > 0;

	ledger_close(l, ac);
	return many;
}

bool guess_end(struct guess *g, const struct guess_settings *set,
	       struct attempt *at, enum guess_outcome how, int64_t now)
{
	repeat_ends(g, at, how, now);
	if (how == GUESS_WRONG)
		return !at->repeats && one_more_in_a_row(g, set, at, now);
	undo(g, set, at, now);
	if (how == GUESS_RIGHT) {
		become_known(g, at, now);
		begin_row_anew(g, at, now);
	}
	return false;
}

void guess_lock(struct guess *g, const struct guess_settings *set,
		const struct attempt *at, int64_t now)
{
	struct ledger *l = logins_of(g, at);
	struct account *ac = ledger_open(l, at->key, now);

	ac->numbers[LOCKED] = now + set->lock_seconds * second;
	ac->numbers[IN_A_ROW] = 0;
	ledger_close(l, ac);
	tell(g, at, "locked", now);
}

void guess_missed(struct guess *g, const struct guess_settings *set,
		  const struct attempt *at, int64_t now)
{
	struct attempt own = *at;
	bool ignored;

	own.entry = NULL;
	name_accounts(&own);
	if (!repeat_begins(g, &own, &ignored, now))
		return;
	repeat_ends(g, &own, GUESS_WRONG, now);
	if (!own.repeats &&
	    !draw(g->sources, own.source, set->source_hour, now))
		tell(g, &own, "source", now);
}

static const char *key_of(char *to, size_t size, const char *entry)
{
	snprintf(to, size, "login %s", entry);
	return to;
}

void guess_forgive(struct guess *g, const char *entry, int64_t now)
{
	char key[128];
	struct account *ac =
		ledger_open(g->logins, key_of(key, sizeof(key), entry), now);

	ac->numbers[BUDGET] = ac->numbers[IN_A_ROW] = ac->numbers[LOCKED] = 0;
	ac->numbers[AGE]++;
	ledger_close(g->logins, ac);
}

struct guess_state guess_look(struct guess *g, const struct guess_settings *set,
			      const char *entry, int64_t now)
{
	char key[128];
	struct account *ac =
		ledger_open(g->logins, key_of(key, sizeof(key), entry), now);
	const int64_t *n = ac->numbers;
	const struct guess_state state =
		{.failures = spent(n[BUDGET], set->login_hour, now),
		 .delayed = waits_until(n[BUDGET], set->login_hour, now),
		 .locked = n[LOCKED] > now ? n[LOCKED] : 0};

	ledger_close(g->logins, ac);
	return state;
}
