/*
 * Lists out of directories with random names, page by page, against the same
 * names sorted.  The directory is an array: store_run() and what is read of an
 * entry are here, and not those of the store and of libldap.
 */
#include "ldap/sweep.h"

#include <stdlib.h>

#include "ldap/filter.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

enum {
	NAMES_MAX = 3000,
	NAMES_FEW = 300,
	NAME_SIZE = 120,
	DIRECTORIES = 30,
	CROWDS = 6,
	CROWD_FIRST = 443, /* of the next one a name came twice */
	PATIENT = 50,      /* entries that slapd looks at in time */
	PAGES_MAX = 12,    /* of one walk */
};

static char names[NAMES_MAX][NAME_SIZE], sorted[NAMES_MAX][NAME_SIZE];
static size_t count, wanted_count;
static unsigned short seed[3];
static const char *current; /* what an entry is read of */
static struct ldap_store store;
static struct ldap_settings settings = {.read_seconds = 1};

static size_t dice(size_t sides)
{
	return (size_t)nrand48(seed) % sides;
}

/* No index tells which are wanted. */
static bool is_wanted(const char *name)
{
	return (name[0] + name[strlen(name) - 3]) % 3 == 0;
}

/* The parts of a filter that are used here; *text goes on behind it. */
static bool fits(const char **text, const char *name);

static bool fits_parts(const char **text, const char *name, bool all)
{
	bool fit = all;

	for ((*text)++; **text == '(';)
		fit = all ? fits(text, name) & fit : fits(text, name) | fit;
	(*text)++;
	return fit;
}

static bool fits_value(const char **text, const char *name)
{
	const char *end = strchr(*text, ')'), *value = strchr(*text, '=') + 1;
	size_t size = (size_t)(end - value);
	bool about_name = strncmp(*text, "mail=", 5) == 0;
	bool about_wish = strncmp(*text, "wish=", 5) == 0;

	*text = end + 1;
	if (about_wish)
		return is_wanted(name);
	if (!about_name)
		return true;
	if (value[size - 1] == '*')
		return strncmp(name, value, size - 1) == 0;
	return strlen(name) == size && memcmp(name, value, size) == 0;
}

static bool fits(const char **text, const char *name)
{
	bool fit;

	(*text)++;
	switch (**text) {
	case '&':
		return fits_parts(text, name, true);
	case '|':
		return fits_parts(text, name, false);
	case '!':
		(*text)++;
		fit = !fits(text, name);
		(*text)++;
		return fit;
	default:
		return fits_value(text, name);
	}
}

bool store_run(struct ldap_store *s, const struct task *t, struct operation *op,
	       int64_t seconds, const char *what, struct err *e)
{
	bool picky = strstr(op->filter, "(wish=") != NULL;
	const char *found[NAMES_MAX];
	size_t n = 0;

	(void)s, (void)t, (void)seconds, (void)what;
	op->result = LDAP_SUCCESS;
	for (size_t i = 0; i < count; i++) {
		const char *text = op->filter;

		if (fits(&text, names[i]))
			found[n++] = names[i];
	}
	if (picky && n > PATIENT)
		op->result = LDAP_TIMELIMIT_EXCEEDED;
	for (size_t i = 0; i < n && op->result == LDAP_SUCCESS; i++) {
		if (i == (size_t)op->limit) {
			op->result = LDAP_SIZELIMIT_EXCEEDED;
			break;
		}
		current = found[i];
		op->each(op->ctx, NULL, NULL);
	}
	return op->result == LDAP_SUCCESS ||
	       err_set(e, ERR_INTERNAL, "as slapd says it");
}

int ldap_get_dn_ber(LDAP *ld, LDAPMessage *message, BerElement **ber,
		    BerValue *dn)
{
	(void)ld, (void)message;
	*ber = NULL;
	*dn = (BerValue){0};
	return LDAP_SUCCESS;
}

int ldap_get_attribute_ber(LDAP *ld, LDAPMessage *message, BerElement *ber,
			   BerValue *name, BerVarray *values)
{
	static char text[NAME_SIZE];

	(void)ld, (void)message, (void)ber;
	snprintf(text, sizeof(text), "%s", current);
	*name = (BerValue){0};
	*values = ber_memcalloc(2, sizeof(**values));
	(*values)[0] = (BerValue){strlen(text), text};
	return LDAP_SUCCESS;
}

static const void *make(void *ctx, LDAP *ld, LDAPMessage *message,
			const char **key)
{
	(void)ctx, (void)ld, (void)message;
	*key = current;
	return current;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool is_there(const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void enter(const char *name)
{
	if (count < NAMES_MAX && strlen(name) < NAME_SIZE && !is_there(name))
		memcpy(names[count++], name, strlen(name) + 1);
}

/* One that begins as another does. */
static void enter_like(void)
{
	static const char letters[] = "aabcz09-_=";
	char name[NAME_SIZE] = "";
	size_t length = 0;

	if (count > 0 && dice(8) != 0) {
		const char *other = names[dice(count)];

		length = dice(strlen(other) - 1);
		memcpy(name, other, length);
	}
	for (size_t more = 1 + dice(dice(4) == 0 ? 30 : 3); more > 0; more--)
		name[length++ % (NAME_SIZE / 2)] =
			letters[dice(sizeof(letters) - 1)];
	memcpy(name + strnlen(name, NAME_SIZE / 2), ".x", 3);
	enter(name);
}

static void enter_numbered(void)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "newsletter-of-%s%04zu@a.example",
		 dice(9) == 0   ? "zebra-"
		 : dice(3) == 0 ? "customers-number-00"
				: "customers-number-1",
		 dice(2000));
	enter(name);
}

static void fill(size_t directory)
{
	size_t most = 20 + dice(NAMES_FEW - 20);

	count = 0;
	memset(store.sweeps, 0, sizeof(store.sweeps));
	while (count < most) {
		if (directory % 2 == 0 || dice(20) == 0)
			enter_like();
		else
			enter_numbered();
	}
}

static void enter_series(const char *begin, size_t size)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < size; i++) {
		snprintf(name, sizeof(name), "%s%zu@a.example", begin, i);
		enter(name);
	}
}

static void shuffle(void)
{
	char name[NAME_SIZE];

	for (size_t i = count; i > 1; i--) {
		size_t other = dice(i);

		memcpy(name, names[i - 1], sizeof(name));
		memcpy(names[i - 1], names[other], sizeof(name));
		memcpy(names[other], name, sizeof(name));
	}
}

/* About as many as a page holds begin alike for long, a few leave them late and
 * a few early, and they are lost among many others. */
static void crowd(void)
{
	char begin[3] = "";

	count = 0;
	memset(store.sweeps, 0, sizeof(store.sweeps));
	while (count < NAMES_MAX - 300) {
		begin[0] = (char)('a' + dice(26));
		begin[1] = (char)('a' + dice(26));
		enter_series(begin, 1 + dice(8));
	}
	enter_series("newsletter-of-customers-number-00", 51 + dice(49));
	enter_series("newsletter-of-customers-number-1", 1 + dice(10));
	enter_series("newsletter-of-zebra-", 1 + dice(5));
	shuffle();
}

static void sort(bool picky)
{
	wanted_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!picky || is_wanted(names[i]))
			memcpy(sorted[wanted_count++], names[i], NAME_SIZE);
	}
	qsort(sorted, wanted_count, NAME_SIZE, by_text);
}

struct pages {
	struct arena *arena;
	bool picky, records, hurried;
	size_t limit;
};

static bool find(const struct pages *p, const char *after, struct list *l,
		 const char **ceased)
{
	const char *class = "(objectClass=*)", *wish = "(wish=TRUE)";
	struct task t = {.arena = p->arena};
	struct err e = {0};
	struct operation op = {.dn = "dc=x", .filter = p->picky ? wish : class};
	struct sweep w = {.op = &op,
			  .beside = op.filter,
			  .all = p->picky ? class : NULL,
			  .attribute = "mail",
			  .make = p->records ? make : NULL,
			  .list = l,
			  .after = after,
			  .limit = p->limit,
			  .until = p->hurried ? 0 : clock_now() + 60000};
	bool good = sweep(&store, &t, &w, &e);

	*ceased = w.ceased;
	return good;
}

/* The page is what follows, in order, once; *after becomes where it ends, NULL
 * at the end of all. */
static bool turn(const struct pages *p, const char **after, size_t *at)
{
	struct list *l = list_new(p->arena, p->limit, *after);
	const char *ceased;
	size_t n;
	bool more;

	if (!find(p, *after, l, &ceased) || (ceased != NULL && !p->hurried))
		return false;
	const char **keys = list_keys(l, &n, &more);
	for (size_t i = 0; i < n; i++) {
		const char *record = list_record(l, keys[i]);

		if (ceased != NULL && strcmp(keys[i], ceased) > 0) {
			n = i;
			more = false;
			break;
		}
		if (*at == wanted_count || strcmp(keys[i], sorted[*at]) != 0 ||
		    (record != NULL && strcmp(record, keys[i]) != 0))
			return false;
		++*at;
	}
	const char *last = more || ceased == NULL ? NULL : ceased;
	if (more)
		last = keys[n - 1];
	bool on = last == NULL || *after == NULL || strcmp(last, *after) > 0;
	*after = last;
	return on && (ceased != NULL || n == p->limit || *at == wanted_count);
}

static bool walk(const struct pages *p, const char *after)
{
	size_t at = 0, turns = 0;

	sort(p->picky);
	while (after != NULL && at < wanted_count &&
	       strcmp(sorted[at], after) <= 0)
		at++;
	do {
		if (!turn(p, &after, &at))
			return false;
	} while (after != NULL && ++turns < PAGES_MAX);
	return after != NULL || at == wanted_count;
}

/* As cursors are: a key, a part of one, or where a page was given up. */
static const char *anywhere(struct arena *a)
{
	const char *name = names[dice(count)];

	switch (dice(4)) {
	case 0:
		return name;
	case 1:
		return arena_strndup(a, name, 1 + dice(strlen(name)));
	case 2:
		return arena_printf(a, "%.*s~", (int)(1 + dice(strlen(name))),
				    name);
	default:
		return NULL;
	}
}

static bool directory(size_t number, bool hurried)
{
	static const size_t limits[] = {1, 7, 20, 50, 100, 100};
	bool good = true;

	seed[0] = (unsigned short)number;
	seed[1] = hurried;
	seed[2] = 2;
	if (number < DIRECTORIES)
		fill(number);
	else
		crowd();
	for (size_t i = 0; i < 4 && good; i++) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct pages p = {.arena = a,
				  .picky = dice(4) == 0,
				  .records = dice(2) == 0,
				  .hurried = hurried,
				  .limit = limits[dice(COUNT(limits))]};

		good = walk(&p, i == 0 ? NULL : anywhere(a));
	}
	return good;
}

static void look_into(size_t number)
{
	char what[80];

	for (int hurried = 0; hurried < 2; hurried++) {
		snprintf(what, sizeof(what), "directory %zu, %s", number,
			 hurried ? "each page in no time" : "with time");
		OK(directory(number, hurried), what);
	}
}

int main(void)
{
	store.set = &settings;
	for (size_t i = 0; i < DIRECTORIES; i++)
		look_into(i);
	for (size_t i = 0; i < CROWDS; i++)
		look_into(CROWD_FIRST + i);
	return tap_done();
}
