#include "cli/dkim_sync.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/place.h"
#include "core/address.h"
#include "core/dkim.h"
#include "embedded/base.h"
#include "embedded/state.h"
#include "ldap/connect.h"
#include "ldap/direct.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "signer/envelope.h"
#include "util/file.h"
#include "util/text.h"

enum {
	FILE_BYTES_MAX = 64 << 20, /* of a table */
	KEY_MODE = 0640,
	TABLE_MODE = 0644,
};

struct dkim_options {
	const char *dir, *state_dir, *base, *ldap_uri, *ca_file;
	const char *password_file, *seal_key_file;
	int64_t follow; /* seconds between looks; 0: once */
};

static const char *const wanted[] = {"provostDkimDomain", "provostDkimSelector",
				     "provostDkimKeyType",
				     "provostDkimPrivateKey", NULL};

/* A key that signs, out of what ends with the search. */
struct active {
	struct active *next;
	const char *domain, *selector, *type, *name, *stored;
};

struct sync {
	struct arena *arena;
	const struct dkim_options *options;
	const struct envelope *seal;
	struct ldap_settings ldap;
	struct active **keys; /* sorted by name; whose files are there */
	struct active *first;
	size_t count, changed, left_out;
};

/* Names become names of files: what is none of ours is left alone. */
static void take_key(void *ctx, struct arena *a, const struct direct_entry *en)
{
	struct sync *s = ctx;
	const char *domain = direct_text(en, wanted[0]);
	const char *selector = direct_text(en, wanted[1]);
	const char *type = direct_text(en, wanted[2]);
	const char *stored = direct_text(en, wanted[3]);
	struct err none = {0};

	(void)a;
	if (domain == NULL || selector == NULL || type == NULL ||
	    stored == NULL || !domain_name_check(domain, &none) ||
	    !dkim_is_selector(selector))
		return;
	struct active *k = arena_alloc(s->arena, sizeof(*k));
	*k = (struct active){.next = s->first,
			     .domain = arena_strdup(s->arena, domain),
			     .selector = arena_strdup(s->arena, selector),
			     .type = arena_strdup(s->arena, type),
			     .stored = arena_strdup(s->arena, stored)};
	k->name = arena_join(s->arena, k->selector, "._domainkey.", k->domain,
			     NULL);
	s->first = k;
	s->count++;
}

static int by_name(const void *one, const void *other)
{
	return strcmp((*(struct active *const *)one)->name,
		      (*(struct active *const *)other)->name);
}

static void sort(struct sync *s)
{
	size_t n = 0;

	s->keys = arena_alloc(s->arena, (s->count + 1) * sizeof(*s->keys));
	for (struct active *k = s->first; k != NULL; k = k->next)
		s->keys[n++] = k;
	qsort(s->keys, s->count, sizeof(*s->keys), by_name);
}

static bool read_keys(struct sync *s, struct err *e)
{
	CLEANUP(direct_close)
	struct direct *d = direct_open(&s->ldap, DIRECT_BOUND, e);
	const char *const parts[] =
		{filter_equal(s->arena, "objectClass", "provostDkimKey"),
		 filter_equal(s->arena, "provostDkimState", "active"),
		 filter_present(s->arena, "provostDkimKeyName")};
	const struct direct_search search =
		{.base = dn_child(s->arena, "ou", "domains", s->ldap.base),
		 .scope = DIRECT_ALL,
		 .filter = filter_all(s->arena, parts,
				      sizeof(parts) / sizeof(*parts)),
		 .want = wanted};

	if (d == NULL || !direct_search(d, &search, take_key, s, e))
		return false;
	sort(s);
	return true;
}

static const char *path_of(struct sync *s, const char *name)
{
	return arena_join(s->arena, s->options->dir, "/", name, NULL);
}

static const char *key_path(struct sync *s, const struct active *k)
{
	return arena_join(s->arena, s->options->dir, "/", k->name, ".pem",
			  NULL);
}

/* What is there already is left alone, so that nobody reads it anew. */
static bool put(struct sync *s, const char *path, mode_t mode, const char *text,
		struct err *e)
{
	struct err none = {0};
	const char *there;

	if (file_read(s->arena, path, FILE_BYTES_MAX, &there, &none) &&
	    strcmp(there, text) == 0)
		return true;
	s->changed++;
	return file_write(path, mode, text, e);
}

static bool put_key(struct sync *s, const struct active *k, struct err *e)
{
	const char *pem;

	return envelope_open(s->arena, s->seal, k->name, k->stored, &pem, e) &&
	       put(s, key_path(s, k), KEY_MODE, pem, e);
}

/* One that cannot be written, as its name is too long for a file's or it is
 * sealed with another key, is left out: it does not stop the others.  Where
 * that is true of all something else is wrong, and what is there stays. */
static bool put_keys(struct sync *s, struct err *e)
{
	size_t found = s->count;

	s->count = 0;
	for (size_t i = 0; i < found; i++) {
		struct active *k = s->keys[i];
		struct err why = {0};

		if (put_key(s, k, &why)) {
			s->keys[s->count++] = k;
			continue;
		}
		command_complain(why.text);
		s->left_out++;
	}
	return s->count > 0 || found == 0 ||
	       err_set(e, ERR_INVALID, "none of %zu keys can be written",
		       found);
}

/* A line of a table for a key; NULL: it has none there. */
typedef const char *line_fn(struct sync *s, const struct active *k);

/* OpenDKIM has one algorithm for all, and takes one key of a domain; so do
 * rspamd's maps. */
static bool is_rsa(const struct active *k)
{
	return strcmp(k->type, DKIM_RSA) == 0;
}

static const char *key_line(struct sync *s, const struct active *k)
{
	return is_rsa(k) ? arena_join(s->arena, k->name, " ", k->domain, ":",
				      k->selector, ":", key_path(s, k), "\n",
				      NULL)
			 : NULL;
}

static const char *signing_line(struct sync *s, const struct active *k)
{
	return is_rsa(k) ? arena_join(s->arena, "*@", k->domain, " ", k->name,
				      "\n", NULL)
			 : NULL;
}

static const char *selector_line(struct sync *s, const struct active *k)
{
	return is_rsa(k) ? arena_join(s->arena, k->domain, " ", k->selector,
				      "\n", NULL)
			 : NULL;
}

static const char *path_line(struct sync *s, const struct active *k)
{
	return is_rsa(k) ? arena_join(s->arena, k->domain, " ", key_path(s, k),
				      "\n", NULL)
			 : NULL;
}

static const char *any_line(struct sync *s, const struct active *k)
{
	return arena_join(s->arena, k->domain, " ", k->selector, " ", k->type,
			  " ", key_path(s, k), "\n", NULL);
}

static bool put_table(struct sync *s, const char *name, line_fn *line,
		      struct err *e)
{
	size_t size = 0, room = 1;

	for (size_t i = 0; i < s->count; i++) {
		const char *text = line(s, s->keys[i]);

		room += text != NULL ? strlen(text) : 0;
	}
	char *all = arena_alloc(s->arena, room);
	for (size_t i = 0; i < s->count; i++) {
		const char *text = line(s, s->keys[i]);

		if (text != NULL) {
			memcpy(all + size, text, strlen(text));
			size += strlen(text);
		}
	}
	return put(s, path_of(s, name), TABLE_MODE, all, e);
}

static bool put_tables(struct sync *s, struct err *e)
{
	static const struct {
		const char *name;
		line_fn *line;
	} tables[] = {{"key.table", key_line},
		      {"signing.table", signing_line},
		      {"selectors.map", selector_line},
		      {"paths.map", path_line},
		      {"keys.map", any_line}};

	for (size_t i = 0; i < COUNT(tables); i++) {
		if (!put_table(s, tables[i].name, tables[i].line, e))
			return false;
	}
	return true;
}

/* Whether a file is that of a key of ours. */
static bool is_kept(const struct sync *s, const char *file, size_t size)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strlen(s->keys[i]->name) == size &&
		    strncmp(s->keys[i]->name, file, size) == 0)
			return true;
	}
	return false;
}

/* Once no table names them any more. */
static bool drop_keys(struct sync *s, struct err *e)
{
	static const char end[] = ".pem";
	DIR *dir = opendir(s->options->dir);
	struct dirent *entry;

	if (dir == NULL)
		return err_set(e, ERR_INVALID, "%s: %s", s->options->dir,
			       strerror(errno));
	while ((entry = readdir(dir)) != NULL) {
		size_t size = strlen(entry->d_name), tail = strlen(end);

		if (size > tail && strstr(entry->d_name, "._domainkey.") &&
		    strcmp(entry->d_name + size - tail, end) == 0 &&
		    !is_kept(s, entry->d_name, size - tail)) {
			unlink(path_of(s, entry->d_name));
			s->changed++;
		}
	}
	closedir(dir);
	return true;
}

/* At each moment every table names files that are there. */
static bool sync_once(const struct dkim_options *o,
		      const struct ldap_settings *ldap,
		      const struct envelope *seal, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct sync s = {.arena = a, .options = o, .seal = seal, .ldap = *ldap};

	if (!read_keys(&s, e) || !put_keys(&s, e) || !put_tables(&s, e) ||
	    !drop_keys(&s, e))
		return false;
	if (s.changed > 0) {
		printf("%zu keys sign, %zu files changed\n", s.count,
		       s.changed);
		fflush(stdout);
	}
	return s.left_out == 0 ||
	       err_set(e, ERR_INVALID, "%zu keys are left out", s.left_out);
}

/* A line of the state directory, unless it is given. */
static bool or_state(struct arena *a, const struct dkim_options *o,
		     const char *given, const char *name, const char **ret,
		     struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);

	*ret = given;
	return given != NULL || place_line(a, dir, name, ret, e);
}

static bool find_password(struct arena *a, const struct dkim_options *o,
			  const char **ret, struct err *e)
{
	const char *text;

	if (o->password_file == NULL)
		return or_state(a, o, NULL, "services/signer", ret, e);
	if (!file_read(a, o->password_file, 1024, &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return true;
}

static bool find(struct arena *a, const struct dkim_options *o,
		 struct ldap_settings *ret, struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);

	*ret = (struct ldap_settings){.uri = o->ldap_uri,
				      .ca_file = o->ca_file};
	if ((ret->uri == NULL && !state_socket(a, dir, &ret->uri, e)) ||
	    !or_state(a, o, o->base, "base", &ret->base, e) ||
	    !base_check(ret->base, e) ||
	    !find_password(a, o, &ret->password, e))
		return false;
	ret->bind_dn = dn_child(a, "cn", "signer",
				dn_child(a, "ou", "services", ret->base));
	/* A bind without a password succeeds, as nobody. */
	return ret->password[0] != '\0' ||
	       err_set(e, ERR_INVALID, "there is no password of cn=signer");
}

/* Again and again, whatever fails: a directory may be down for a while. */
static void follow(const struct dkim_options *o,
		   const struct ldap_settings *ldap,
		   const struct envelope *seal)
{
	for (;;) {
		struct err e = {0};

		if (!sync_once(o, ldap, seal, &e))
			command_complain(e.text);
		sleep((unsigned)o->follow);
	}
}

static int run(const struct command *c, const void *options, char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct dkim_options *o = options;
	struct envelope seal, *sealed = NULL;
	struct ldap_settings ldap;
	struct err e = {0};

	(void)c;
	if (words[0] != NULL || o->dir == NULL)
		return command_misused("it is \"dkim sync --dir DIR\"");
	if (o->follow > 86400)
		return command_complain("--follow is at most 86400 seconds");
	if (!find(a, o, &ldap, &e))
		return command_complain(e.text);
	if (o->seal_key_file != NULL) {
		sealed = &seal;
		if (!envelope_read(a, o->seal_key_file, sealed, &e))
			return command_complain(e.text);
	}
	connect_prepare();
	if (o->follow > 0)
		follow(o, &ldap, sealed);
	return sync_once(o, &ldap, sealed, &e) ? EXIT_SUCCESS
					       : command_complain(e.text);
}

/* clang-format off */
#define F(member) FIELD(struct dkim_options, member)
static const struct command_option option_rows[] = {
	OPTION("dir", F(dir), "DIR",
	 "where to"),
	OPTION("follow", F(follow), "SECONDS",
	 "again and again, that often [once]"),
	OPTION("state-dir", F(state_dir), "DIR",
	 "of provostd [/var/lib/provost as root]"),
	OPTION("base", F(base), "DN",
	 "that everything is below [as provostd made it]"),
	OPTION("ldap-uri", F(ldap_uri), "URI",
	 "of the directory [the socket of our own]"),
	OPTION("ca-file", F(ca_file), "FILE",
	 "whom to trust, with ldap://, which is StartTLS"),
	OPTION("password-file", F(password_file), "FILE",
	 "of cn=signer [in provostd's state directory]"),
	OPTION("seal-key-file", F(seal_key_file), "FILE",
	 "as of provostd, where keys are sealed [none]"),
	OPTIONS_END,
};
#undef F
/* clang-format on */

static const struct command_group group = {.rows = option_rows};

const struct command dkim_sync_command =
	{.name = "sync",
	 .summary = "Write the DKIM keys that sign for OpenDKIM and rspamd",
	 .more = "They are written into a directory, with tables of them, each "
		 "file at once; what signs no more is taken away.",
	 .groups = {&group},
	 .size = sizeof(struct dkim_options),
	 .run = run};
