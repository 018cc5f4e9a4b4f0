#include "ldap/map.h"
#include "tests/lib/tap.h"

struct thing {
	const char *name, *note, *secret, *made, *seen, *number;
	struct text_list parts;
	int64_t size;
	bool heavy, loud;
};

/* clang-format off */
#define F(member) FIELD(struct thing, member)
static const struct map_attr attrs[] = {
	{"cn",     F(name),   MAP_MUST | MAP_FIXED},
	{"note",   F(note),   0},
	{"secret", F(secret), MAP_WRITE_ONLY},
	{"part",   F(parts),  0},
	{"size",   F(size),   0},
	{"heavy",  F(heavy),  MAP_MUST},
	{"loud",   F(loud),   MAP_ABSENT_TRUE},
	{"number", F(number), MAP_READ_ONLY},
	{"made",   F(made),   MAP_READ_ONLY | MAP_TIME},
	{"seen",   F(seen),   MAP_READ_ONLY | MAP_TIME | MAP_VOLATILE},
	{NULL,     {0, 0},    0},
};
/* clang-format on */

static const char *const classes[] = {"top", "thing", NULL};
static const struct map map = {classes, "thing", attrs};

static struct arena *arena;

/* "name=value" lines, as an entry. */
static struct entry make(const char *const lines[])
{
	struct attribute *at = arena_alloc(arena, 16 * sizeof(*at));
	size_t n = 0;

	for (; *lines != NULL; lines++) {
		size_t size = strcspn(*lines, "=");
		const char *name = arena_strndup(arena, *lines, size);
		char *value = arena_strdup(arena, *lines + size + 1);

		if (n == 0 || strcmp(at[n - 1].name, name) != 0) {
			at[n].name = name;
			at[n].name_size = size;
			at[n++].values =
				arena_alloc(arena, 8 * sizeof(struct berval));
		}
		struct berval *v = at[n - 1].values;
		while (v->bv_val != NULL)
			v++;
		*v = (struct berval){strlen(value), value};
	}
	return (struct entry){at, n};
}

static bool reads(const char *const lines[], struct thing *t, struct err *e)
{
	struct entry en = make(lines);

	*e = (struct err){0};
	memset(t, 0x55, sizeof(*t));
	t->secret = NULL;
	return map_read(&map, arena, &en, t, e);
}

static void reading(void)
{
	static const char *const full[] =
		{"CN=thing",     "note=first",
		 "note=second",  "part=b",
		 "part=c",       "part=a",
		 "size=-12",     "HEAVY=true",
		 "loud=FALSE",   "number=n1",
		 "secret=never", "made=20261121091200Z",
		 "seen=short",   NULL};
	static const char *const least[] = {"cn=x", "heavy=FALSE", NULL};
	struct thing t;
	struct err e;

	OK(reads(full, &t, &e), "an entry");
	IS(t.name, "thing", "case of names does not matter");
	IS(t.note, "first", "of several values the first");
	NUMBER(t.parts.count, 3, "a list");
	IS(t.parts.items[0], "a", "is sorted: first");
	IS(t.parts.items[2], "c", "last");
	NUMBER(t.size, -12, "a number");
	OK(t.heavy && !t.loud, "flags");
	IS(t.secret, NULL, "secrets are not read");
	IS(t.made, "2026-11-21T09:12:00Z", "a time");
	IS(t.seen, "short", "what is no time stays as it is");
	OK(reads(least, &t, &e), "the least");
	OK(t.note == NULL && t.parts.count == 0 && t.size == NUMBER_NONE &&
		   t.loud && t.number == NULL,
	   "what is not there is set so");
}

static const struct {
	const char *name, *lines[4];
} broken[] = {
	{"nothing", {NULL}},
	{"no name", {"heavy=TRUE", NULL}},
	{"no flag", {"cn=x", NULL}},
	{"no number", {"cn=x", "heavy=TRUE", "size=x", NULL}},
	{"an empty one", {"cn=x", "heavy=TRUE", "size=", NULL}},
	{"a great one",
	 {"cn=x", "heavy=TRUE", "size=9223372036854775808", NULL}},
	{"one that means none",
	 {"cn=x", "heavy=TRUE", "size=-9223372036854775808", NULL}},
};

static LDAPMod *find(LDAPMod **mods, const char *name)
{
	for (; mods != NULL && *mods != NULL; mods++) {
		if (strcmp((*mods)->mod_type, name) == 0)
			return *mods;
	}
	return NULL;
}

static size_t count(LDAPMod **mods)
{
	size_t n = 0;

	while (mods != NULL && mods[n] != NULL)
		n++;
	return n;
}

/* The values with '|' between them. */
static const char *values(LDAPMod **mods, const char *name)
{
	const LDAPMod *mod = find(mods, name);
	const char *text = "";

	if (mod == NULL || mod->mod_values == NULL)
		return NULL;
	for (size_t i = 0; mod->mod_values[i] != NULL; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? "|" : "",
				    mod->mod_values[i]);
	return text;
}

static void adding(void)
{
	const char *parts[] = {"b", "a"};
	struct thing t = {.name = "x",
			  .secret = "s",
			  .number = "n1",
			  .made = "m",
			  .parts = {parts, 2},
			  .size = 0,
			  .loud = true};
	LDAPMod **mods = map_add(&map, arena, &t);

	NUMBER(count(mods), 7, "what an add names");
	IS(values(mods, "objectClass"), "top|thing", "its classes");
	IS(values(mods, "cn"), "x", "its name");
	IS(values(mods, "secret"), "s", "a secret");
	IS(values(mods, "part"), "b|a", "a list");
	IS(values(mods, "size"), "0", "a number, 0 too");
	IS(values(mods, "heavy"), "FALSE", "a flag");
	IS(values(mods, "loud"), "TRUE", "one that is true when absent");
	OK(find(mods, "note") == NULL && find(mods, "number") == NULL &&
		   find(mods, "made") == NULL,
	   "nothing that is not set, or the directory's own");
	t.size = NUMBER_NONE;
	t.parts.count = 0;
	mods = map_add(&map, arena, &t);
	OK(find(mods, "size") == NULL && find(mods, "part") == NULL,
	   "no number, no empty list");
}

static void changing(void)
{
	const char *parts[] = {"a", "b"};
	struct thing old = {.name = "x",
			    .note = "n",
			    .parts = {parts, 2},
			    .size = 5,
			    .seen = "1"},
		     t = old;

	OK(map_change(&map, arena, &old, &t) == NULL, "nothing differs");
	t.name = "y";
	t.seen = "2";
	t.number = "n2";
	OK(map_change(&map, arena, &old, &t) == NULL,
	   "what is fixed or the directory's own does not count");
	t.note = NULL;
	t.size = NUMBER_NONE;
	t.parts.count = 0;
	t.secret = "s";
	t.heavy = true;
	LDAPMod **mods = map_change(&map, arena, &old, &t);
	NUMBER(count(mods), 5, "five differ");
	OK(find(mods, "note") != NULL && values(mods, "note") == NULL &&
		   values(mods, "size") == NULL && values(mods, "part") == NULL,
	   "what is not set any more is removed");
	IS(values(mods, "secret"), "s", "a new secret is written");
	IS(values(mods, "heavy"), "TRUE", "a flag is replaced");
	for (size_t i = 0; mods[i] != NULL; i++)
		OK(mods[i]->mod_op == LDAP_MOD_REPLACE, mods[i]->mod_type);
	t = old;
	t.note = arena_strdup(arena, "n");
	t.parts.items = arena_copy(arena, parts, sizeof(parts));
	OK(map_change(&map, arena, &old, &t) == NULL,
	   "it is values that count, not where they are");
}

static const struct {
	const char *was[4], *is[4], *want;
} lists[] = {
	{{"a", "b"}, {"b", "c"}, "- a + c"},
	{{"a"}, {"a", "b", "c"}, "+ b|c"},
	{{"a", "b", "c"}, {"b"}, "- a|c"},
	{{"A"}, {"a"}, "- A + a"},
	{{"a"}, {NULL}, "= "},
	{{NULL}, {"a", "b"}, "= a|b"},
	{{"a", "b"}, {"b", "a"}, ""}, /* a set has no order */
};

static struct text_list list_of(const char *const texts[4])
{
	struct text_list list = {arena_copy(arena, texts, 4 * sizeof(*texts)),
				 0};

	while (list.count < 4 && list.items[list.count] != NULL)
		list.count++;
	return list;
}

/* What others wrote besides stays, and who reads the log sees what it was. */
static void by_value(void)
{
	static const char signs[] = {[LDAP_MOD_ADD] = '+',
				     [LDAP_MOD_DELETE] = '-',
				     [LDAP_MOD_REPLACE] = '='};

	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct thing old = {.parts = list_of(lists[i].was)},
				   t = {.parts = list_of(lists[i].is)};
		LDAPMod **mods = map_change(&map, arena, &old, &t);
		const char *text = "";

		for (; mods != NULL && *mods != NULL; mods++) {
			LDAPMod *one[] = {*mods, NULL};
			const char *said = values(one, "part");

			text = arena_printf(arena, "%s%s%c %s", text,
					    text[0] != '\0' ? " " : "",
					    signs[(*mods)->mod_op],
					    said != NULL ? said : "");
		}
		IS(text, lists[i].want, "a list, value by value");
	}
}

/* Each of these changes the digest, or not. */
static void digests(void)
{
	const char *ab[] = {"a", "b"}, *glued[] = {"ab"}, *one[] = {"a"};
	const struct thing t = {.name = "x",
				.note = "n",
				.parts = {ab, 2},
				.size = 5};
	const char *digest = map_digest(&map, arena, &t);
	struct thing moved[10];

	for (size_t i = 0; i < COUNT(moved); i++)
		moved[i] = t;
	moved[0].note = "m";
	moved[1].size = 6;
	moved[2].heavy = true;
	moved[3].parts = (struct text_list){glued, 1};
	moved[4].parts = (struct text_list){one, 1};
	moved[5].number = "1";
	moved[6].name = "xn";
	moved[6].note = "";
	moved[7].note = NULL;
	moved[8].loud = true;
	moved[9].made = "m";
	for (size_t i = 0; i < COUNT(moved); i++)
		OK(strcmp(map_digest(&map, arena, &moved[i]), digest) != 0,
		   "another digest");
	struct thing same = t;
	same.secret = "s";
	same.seen = "later";
	IS(map_digest(&map, arena, &same), digest,
	   "secrets and what changes by itself do not count");
	NUMBER(strlen(digest), 32, "128 bits");
	/* Clients keep tags over our updates: this value must never change
	 * without need. */
	IS(digest, "38e7c1dedd707ada05d6e4d4443eba09",
	   "a digest is the same in every version");
}

int main(void)
{
	struct thing t;
	struct err e;

	arena = arena_new();
	reading();
	for (size_t i = 0; i < COUNT(broken); i++)
		OK(!reads(broken[i].lines, &t, &e) && e.kind == ERR_INTERNAL,
		   broken[i].name);
	adding();
	changing();
	by_value();
	digests();
	const char *const *want = map_wanted(&map, arena, "csn");
	NUMBER(strcmp(want[0], "cn") == 0 && strcmp(want[8], "made") != 0 &&
		       strcmp(want[9], "csn") == 0 && want[10] == NULL,
	       true, "all but the secret are asked for, and the guard");
	arena_free(arena);
	return tap_done();
}
