#include "ldap/key.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/scope.h"
#include "ldap/control.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/key_parts.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "ldap/standing.h"
#include "ldap/whose.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

enum {
	USE_SECONDS = 60, /* a key's last use is written at most so often */
	USES = 256,       /* places for those that were written of late */
	USES_MAX = 32,    /* that are being written */
	SOURCE_MAX = 64,
};

/* A key whose use was written a moment ago. */
struct use {
	uint64_t key;
	int64_t until;
};

struct keys {
	struct session *own;
	const struct ldap_settings *set;
	struct memory *memory;
	struct use uses[USES];
	unsigned writing;
};

struct keys *keys_open(struct session *own, const struct ldap_settings *set,
		       struct memory *m)
{
	struct keys *k = alloc_zeroed(sizeof(*k));

	k->own = own;
	k->set = set;
	k->memory = m;
	return k;
}

void keys_close(struct keys **k)
{
	free(*k);
	*k = NULL;
}

static bool wrong(struct err *e)
{
	return err_set(e, ERR_UNAUTHENTICATED, "the key is not good");
}

struct found {
	struct arena *arena;
	const char *dn;
	struct entry entry;
	size_t count;
	struct err err;
};

static void each_found(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct found *f = ctx;
	char *dn = ldap_get_dn(ld, message);

	if (dn != NULL &&
	    entry_read(ld, message, f->arena, &f->entry, &f->err)) {
		f->dn = arena_strdup(f->arena, dn);
		f->count++;
	}
	ldap_memfree(dn);
}

static int64_t until(const struct keys *k, const struct task *t)
{
	int64_t own = clock_now() + k->set->read_seconds * 1000;

	return own < t->deadline ? own : t->deadline;
}

/* The entry with that id.  Of two neither is taken. */
static bool find(struct keys *k, const struct task *t, const char *id,
		 struct found *ret, struct err *e)
{
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = k->set->base,
			       .scope = LDAP_SCOPE_SUBTREE,
			       .filter = filter_equal(t->arena, schema_key_id,
						      id),
			       .want = map_wanted(key_map(), t->arena,
						  schema_key_hash),
			       .limit = 2,
			       .each = each_found,
			       .ctx = ret};

	*ret = (struct found){.arena = t->arena};
	if (!session_run(k->own, t->arena, &op, until(k, t), e))
		return false;
	if (ret->err.kind != ERR_NONE) {
		*e = ret->err;
		return false;
	}
	if (op.result != LDAP_SUCCESS && op.result != LDAP_SIZELIMIT_EXCEEDED &&
	    op.result != LDAP_NO_SUCH_OBJECT)
		return result_of(&op, "key", e);
	return ret->count == 1 || wrong(e);
}

static bool has_hash(const struct entry *en, const struct keytext *text,
		     const char *owner_id)
{
	const struct berval *v = entry_values(en, schema_key_hash);
	unsigned char want[DIGEST_SIZE];

	key_digest(text, owner_id, want);
	bool good = v != NULL && v->bv_val != NULL &&
		    v->bv_len == DIGEST_SIZE &&
		    digest_equal((const unsigned char *)v->bv_val, want);
	explicit_bzero(want, sizeof(want));
	return good;
}

/* What a key is for is remembered as text: a line for each word. */
static const char *note_of(struct arena *a, const struct caller *c)
{
	const struct scope *s = c->scope;
	const char *note = arena_join(a, c->login, "\n", c->key, NULL);

	for (size_t i = 0; i < s->rights.count; i++)
		note = arena_join(a, note, "\nr", s->rights.items[i], NULL);
	for (size_t i = 0; i < s->domains.count; i++)
		note = arena_join(a, note, "\nd", s->domains.items[i], NULL);
	return note;
}

static struct text_list lines_of(struct arena *a, const char *text)
{
	size_t count = 1;

	for (const char *p = text; *p != '\0'; p++)
		count += *p == '\n';
	struct text_list list = {arena_alloc(a, count * sizeof(char *)), 0};
	while (list.count < count) {
		size_t size = strcspn(text, "\n");

		list.items[list.count++] = arena_strndup(a, text, size);
		text += size + 1;
	}
	return list;
}

/* Those that begin with that letter, without it. */
static struct text_list words_of(struct arena *a, const struct text_list *lines,
				 char letter)
{
	struct text_list list = {arena_alloc(a, lines->count * sizeof(char *)),
				 0};

	for (size_t i = 2; i < lines->count; i++) {
		if (lines->items[i][0] == letter)
			list.items[list.count++] = lines->items[i] + 1;
	}
	return list;
}

static struct caller *caller_of(const struct keys *k, struct arena *a,
				const char *login, const char *id,
				const struct scope *scope)
{
	const struct caller c = {.login = login,
				 .identity = schema_login_dn(a, k->set->base,
							     login),
				 .proof = PROOF_KEY,
				 .key = id,
				 .scope = scope};

	return arena_copy(a, &c, sizeof(c));
}

static struct caller *remembered(const struct keys *k, struct arena *a,
				 const char *note)
{
	const struct text_list lines = lines_of(a, note);
	struct scope s = {.rights = words_of(a, &lines, 'r'),
			  .domains = words_of(a, &lines, 'd')};

	s.everywhere = s.domains.count == 0;
	return caller_of(k, a, lines.items[0], lines.items[1],
			 arena_copy(a, &s, sizeof(s)));
}

struct writing {
	struct keys *keys;
	struct arena *arena;
	const char *dn, *source;
};

/* Unless another loop or gateway has just done so. */
static void write_use(void *ctx)
{
	struct writing *w = ctx;
	struct arena *a = w->arena;
	char now[INSTANT_SIZE], before[INSTANT_SIZE];
	char *used[] = {NULL, NULL};
	char *source[] = {arena_strdup(a, w->source), NULL};
	LDAPMod *mods[] = {map_mod(a, LDAP_MOD_REPLACE, schema_key_used, used),
			   map_mod(a, LDAP_MOD_REPLACE, schema_key_source,
				   source),
			   NULL};
	const char *names[] = {schema_key_used}, *values[1];
	struct controls c = {.count = 0};
	struct err ignored = {0};

	instant_text(now, clock_seconds());
	instant_text(before, clock_seconds() - USE_SECONDS);
	used[0] = map_time(a, now);
	values[0] = map_time(a, before);
	control_assert_below(&c, a, names, values, 1);
	struct operation op = {.kind = OPERATION_MODIFY,
			       .dn = w->dn,
			       .mods = mods,
			       .controls = control_list(&c)};
	session_run(w->keys->own, a, &op,
		    clock_now() + w->keys->set->write_seconds * 1000, &ignored);
	w->keys->writing--;
	arena_free(a);
}

/* Nobody waits for that. */
static void note_use(struct keys *k, const char *dn, uint64_t subject,
		     const struct key *key, const char *source)
{
	struct use *u = &k->uses[subject % USES];
	char before[INSTANT_SIZE];
	int64_t now = clock_now();

	instant_text(before, clock_seconds() - USE_SECONDS);
	if ((u->key == subject && now < u->until) || source == NULL ||
	    strlen(source) > SOURCE_MAX || k->writing >= USES_MAX ||
	    (key->last_used_at != NULL &&
	     strcmp(key->last_used_at, before) > 0))
		return;
	struct arena *a = arena_new();
	struct writing *w = arena_alloc(a, sizeof(*w));
	*w = (struct writing){k, a, arena_strdup(a, dn),
			      arena_strdup(a, source)};
	if (!fiber_start(fiber_loop(), write_use, w)) {
		arena_free(a);
		return;
	}
	*u = (struct use){subject, now + USE_SECONDS * 1000};
	k->writing++;
}

/* Domains that are no names of any bound it still. */
static const struct scope *scope_of(const struct key *key,
				    const struct entry *en, struct arena *a)
{
	struct scope s = *key_scope(key, a);

	if (entry_values(en, "provostKeyDomain") != NULL)
		s.everywhere = false;
	return arena_copy(a, &s, sizeof(s));
}

/* The line that a note is made of would be another. */
static bool is_clean(const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!text_is_clean(list->items[i]))
			return false;
	}
	return true;
}

struct attempt {
	const struct task *task;
	const struct credential *credential;
	struct keytext text;
	struct memory_about about;
	struct found found;
	struct key key;
	const char *owner;
};

/* Everything there is to a key but its owner's standing. */
static bool judge(struct keys *k, struct attempt *at, struct err *e)
{
	const struct credential *c = at->credential;
	struct arena *a = at->task->arena;
	struct whose w;

	at->key = key_defaults;
	if (!map_read(key_map(), a, &at->found.entry, &at->key, e))
		return wrong(e);
	if (!whose_is(a, k->set->base, at->found.dn, &w) || w.login == NULL ||
	    w.key == NULL || w.further || strcmp(w.key, at->text.id) != 0 ||
	    !is_clean(&at->key.scopes) || !is_clean(&at->key.domains) ||
	    !key_is_good(&at->key, c->source))
		return wrong(e);
	if (c->name != NULL && strcmp(text_lower(a, c->name), w.login) != 0)
		return wrong(e);
	at->owner = w.login;
	memory_concerns(k->memory, &at->about, w.login, w.key);
	return true;
}

/* Milliseconds for which it may be remembered: not beyond its expiry. */
static int64_t good_for(const struct keys *k, const struct key *key)
{
	char then[INSTANT_SIZE];
	int64_t millis = k->set->remember_millis;

	instant_text(then, clock_seconds() + millis / 1000 + 1);
	return key->expires_at != NULL && strcmp(key->expires_at, then) <= 0
		       ? 0
		       : millis;
}

static bool look_up(struct keys *k, struct attempt *at,
		    const unsigned char digest[DIGEST_SIZE],
		    const struct caller **ret, struct err *e)
{
	const struct task *t = at->task;
	int64_t now = clock_now();
	struct standing owner;

	at->about = memory_begin(k->memory);
	if (!find(k, t, at->text.id, &at->found, e) || !judge(k, at, e) ||
	    !standing_find(k->own, k->set, t, at->owner, &owner, e))
		return false;
	if (owner.id == NULL ||
	    !has_hash(&at->found.entry, &at->text, owner.id))
		return wrong(e);
	struct caller *c =
		caller_of(k, t->arena, at->owner,
			  arena_strdup(t->arena, at->text.id),
			  scope_of(&at->key, &at->found.entry, t->arena));
	int64_t millis = good_for(k, &at->key);
	/* A bound key without a domain has no note that says so. */
	if (millis > 0 && (c->scope->everywhere || c->scope->domains.count > 0))
		memory_learn(k->memory, digest, &at->about, now + millis,
			     note_of(t->arena, c));
	note_use(k, at->found.dn, at->about.subjects[2], &at->key,
		 at->credential->source);
	*ret = c;
	return true;
}

bool keys_prove(struct keys *k, const struct task *t,
		const struct credential *c, bool fresh,
		const struct caller **ret, struct err *e)
{
	struct attempt at = {.task = t, .credential = c};
	unsigned char digest[DIGEST_SIZE];
	const char *note = NULL;

	/* Where a client names its owner, it may be a key of DinoMail. */
	if (!keytext_parse(c->secret, &at.text) &&
	    (c->name == NULL || !key_adopt(c->name, c->secret, &at.text)))
		return wrong(e);
	/* From another place, or for another name, it is not the same. */
	memory_digest(k->memory,
		      arena_join(t->arena, "key\n",
				 c->source != NULL ? c->source : "", "\n",
				 c->name != NULL ? c->name : "", NULL),
		      c->secret, digest);
	bool good = true;
	if (!fresh && memory_left(k->memory, digest, clock_now(), &note) > 0)
		*ret = remembered(k, t->arena, note);
	else
		good = look_up(k, &at, digest, ret, e);
	if (!good && e->kind == ERR_UNAUTHENTICATED)
		memory_forget(k->memory, digest);
	keytext_wipe(&at.text);
	return good;
}
