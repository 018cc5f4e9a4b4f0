#include "doctor/server.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "assets/asset.h"
#include "ldap/filter.h"
#include "util/file.h"
#include "util/text.h"

enum { CONFIG_MAX = 1 << 20, WORD_MAX = 128, SIDS_MAX = 16 };

#define DATABASE "olcDatabase={1}mdb"

static const char *const settings[] = {"olcDbIndex", "olcOverlay"};

/* Of all databases: how much of a beginning, and of what is in the middle, is
 * in an index. */
static const char *const sizes[] = {"olcIndexSubstrIfMinLen",
				    "olcIndexSubstrIfMaxLen",
				    "olcIndexSubstrAnyLen"};

/* The value of a line "name: value"; NULL if it is another one. */
static const char *value_of(const char *line, const char *name)
{
	size_t size = strlen(name);

	if (strncasecmp(line, name, size) != 0 ||
	    strncmp(line + size, ": ", 2) != 0)
		return NULL;
	line += size + 2;
	/* slapd numbers what has an order. */
	return *line == '{' ? line + strcspn(line, "}\n") + 1 : line;
}

/* The next word of a list like "mail,uid"; false at its end. */
static bool next_word(const char **list, char ret[WORD_MAX])
{
	size_t size = strcspn(*list, ", \n");

	if (size == 0 || size >= WORD_MAX)
		return false;
	memcpy(ret, *list, size);
	ret[size] = '\0';
	*list += size + (((*list)[size] == ',') ? 1 : 0);
	return true;
}

static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text != '\0' ? text + 1 : text;
}

/* Whether a list has a word in it; *list is then behind its end.  "sub" is all
 * that begins so. */
static bool has_word(const char **list, const char *wanted)
{
	char word[WORD_MAX];
	bool found = false;

	while (next_word(list, word))
		found = found || strcasecmp(word, wanted) == 0 ||
			(strcmp(word, "sub") == 0 &&
			 strncmp(wanted, "sub", 3) == 0);
	*list += strspn(*list, " ");
	return found;
}

/* What is indexed without saying how is so as a line of its own says. */
static bool has_kind(const char *kinds, const char *text, const char *name,
		     const char *kind)
{
	if (*kinds != '\0' && *kinds != '\n')
		return has_word(&kinds, kind);
	for (; *text != '\0'; text = next_line(text)) {
		const char *value = value_of(text, name);

		if (value != NULL && has_word(&value, "default") &&
		    has_word(&value, kind))
			return true;
	}
	return false;
}

/* `kind` is that of an index, or "". */
static bool is_set(const char *text, const char *name, const char *wanted,
		   const char *kind)
{
	for (const char *at = text; *at != '\0'; at = next_line(at)) {
		const char *value = value_of(at, name);

		if (value != NULL && has_word(&value, wanted) &&
		    (*kind == '\0' || has_kind(value, text, name, kind)))
			return true;
	}
	return false;
}

/* What is said of a word, kind by kind, or by itself. */
static void compare_word(const char *word, const char *kinds, const char *name,
			 const char *found, server_lack *lack, void *ctx)
{
	char kind[WORD_MAX], what[2 * WORD_MAX];
	bool any = false;

	while (next_word(&kinds, kind)) {
		any = true;
		snprintf(what, sizeof(what), "%s %s", word, kind);
		if (!is_set(found, name, word, kind))
			lack(ctx, what);
	}
	if (!any && !is_set(found, name, word, ""))
		lack(ctx, word);
}

static const char *behind_list(const char *list)
{
	list += strcspn(list, " \n");
	return list + strspn(list, " ");
}

void server_compare(const char *shipped, const char *name, const char *found,
		    server_lack *lack, void *ctx)
{
	char word[WORD_MAX];
	bool ours = false;

	for (; *shipped != '\0'; shipped = next_line(shipped)) {
		const char *value = value_of(shipped, name);
		const char *dn = value_of(shipped, "dn");

		/* The log has a database of its own. */
		if (dn != NULL) {
			const char *at = strstr(dn, DATABASE);

			ours = at != NULL && at < next_line(dn);
		}
		const char *kinds = value != NULL ? behind_list(value) : NULL;

		while (ours && value != NULL && next_word(&value, word))
			compare_word(word, kinds, name, found, lack, ctx);
	}
}

/* What slapd has folded, in one line again. */
static const char *unfold(struct arena *a, const char *text)
{
	char *start = arena_strdup(a, text), *to = start;

	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == '\n' && p[1] == ' ')
			p++;
		else
			*to++ = *p;
	}
	*to = '\0';
	return start;
}

/* The database's own file, and those of its overlays. */
static bool read_database(struct arena *a, const char *config, const char **ret,
			  struct err *e)
{
	const char *folder = arena_printf(a, "%s/cn=config/" DATABASE, config);
	const char *text;

	if (!file_read(a, arena_printf(a, "%s.ldif", folder), CONFIG_MAX, ret,
		       e))
		return false;
	DIR *d = opendir(folder);
	for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
		struct err none = {0};

		if (f->d_name[0] != '.' &&
		    file_read(a, arena_printf(a, "%s/%s", folder, f->d_name),
			      CONFIG_MAX, &text, &none))
			*ret = arena_join(a, *ret, "\n", text, NULL);
	}
	if (d != NULL)
		closedir(d);
	*ret = unfold(a, *ret);
	return true;
}

struct lacking {
	struct report *report;
	enum finding finding;
	const char *what;
};

static void tell_lack(void *ctx, const char *what)
{
	const struct lacking *l = ctx;

	report_find(l->report, l->finding, DATABASE ",cn=config", "%s %s",
		    l->what, what);
}

/* Lists take longer without them. */
static bool compare_sizes(const struct server *s, struct arena *a,
			  struct err *e)
{
	const char *shipped = asset_text("ldif/server.ldif"), *found;
	char word[WORD_MAX];

	if (!file_read(a, arena_printf(a, "%s/cn=config.ldif", s->config),
		       CONFIG_MAX, &found, e))
		return false;
	found = unfold(a, found);
	for (; *shipped != '\0'; shipped = next_line(shipped)) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			const char *value = value_of(shipped, sizes[i]);

			if (value != NULL && next_word(&value, word) &&
			    !is_set(found, sizes[i], word, ""))
				report_find(s->report, FIND_INDEX_MISSING,
					    "cn=config",
					    "indexes are made without %s: %s",
					    sizes[i], word);
		}
	}
	return true;
}

bool server_configuration(const struct server *s, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *shipped = asset_text("ldif/database.ldif"), *found;
	struct lacking index = {s->report, FIND_INDEX_MISSING,
				"there is no index on"};
	struct lacking overlay = {s->report, FIND_OVERLAY_MISSING,
				  "there is no overlay"};

	if (s->config == NULL) {
		report_unseen(s->report,
			      "indexes and overlays: the configuration of "
			      "slapd is not on this machine");
		return true;
	}
	if (!read_database(a, s->config, &found, e) || !compare_sizes(s, a, e))
		return false;
	server_compare(shipped, settings[0], found, tell_lack, &index);
	server_compare(shipped, settings[1], found, tell_lack, &overlay);
	return true;
}

/* slapd says its version in its own text; running it to ask would be more. */
static const char *version_of(struct arena *a, const char *program)
{
	static const char mark[] = "$OpenLDAP: slapd ";
	CLEANUP(file_close) int fd = open(program, O_RDONLY | O_CLOEXEC);
	const char *found = NULL, *at;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size <= 0)
		return NULL;
	size_t size = (size_t)st.st_size;
	char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return NULL;
	at = memmem(text, size, mark, sizeof(mark) - 1);
	if (at != NULL) {
		at += sizeof(mark) - 1;
		found = arena_strndup(a, at,
				      strnlen(at, size - (size_t)(at - text)));
		found = arena_strndup(a, found, strcspn(found, " ("));
	}
	munmap(text, size);
	return found;
}

bool server_is_old(const char *version)
{
	static const long sound[] = {2, 5, 14};

	for (size_t i = 0; i < COUNT(sound); i++) {
		char *end;
		long n = strtol(version, &end, 10);

		if (n != sound[i])
			return n < sound[i];
		version = *end == '.' ? end + 1 : end;
	}
	return false;
}

static bool is_loopback(const char *uri)
{
	static const char *const near[] = {"ldapi://", "ldap://127.",
					   "ldap://localhost", "ldap://[::1]"};

	for (size_t i = 0; i < COUNT(near); i++) {
		if (strncasecmp(uri, near[i], strlen(near[i])) == 0)
			return true;
	}
	return false;
}

void server_exposure(const struct server *s)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *version =
		s->program != NULL ? version_of(a, s->program) : NULL;

	if (version == NULL)
		report_unseen(s->report, "the version of slapd: 2.5.14 or "
					 "newer has to be behind any address "
					 "that others reach");
	else if (s->listens != NULL && !is_loopback(s->listens) &&
		 server_is_old(version))
		report_find(s->report, FIND_SLAPD_EXPOSED, s->listens,
			    "slapd %s can be crashed by anybody who may bind",
			    version);
}

struct writers {
	char sids[SIDS_MAX][4];
	size_t count;
};

/* 20260412103000.123456Z#000000#001#000000: the third part is the server. */
static void add_writer(struct writers *w, const char *csn)
{
	const char *sid = strchr(csn, '#');

	if (sid == NULL || (sid = strchr(sid + 1, '#')) == NULL ||
	    strlen(sid) < 4)
		return;
	for (size_t i = 0; i < w->count; i++) {
		if (strncmp(w->sids[i], sid + 1, 3) == 0)
			return;
	}
	if (w->count < SIDS_MAX)
		memcpy(w->sids[w->count++], sid + 1, 3);
}

static void each_root(void *ctx, struct arena *a, const struct direct_entry *en)
{
	const struct text_list *csns = direct_values(en, "contextCSN");

	(void)a;
	for (size_t i = 0; csns != NULL && i < csns->count; i++)
		add_writer(ctx, csns->items[i]);
}

bool server_writers(const struct server *s, struct err *e)
{
	static const char *const want[] = {"contextCSN", NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct direct_search search =
		{.base = s->base,
		 .scope = DIRECT_ENTRY,
		 .filter = filter_present(a, "objectClass"),
		 .want = want,
		 .as = s->sight->as};
	struct writers w = {.count = 0};

	if (!direct_search(s->sight->all, &search, each_root, &w, e) &&
	    e->kind != ERR_NOT_FOUND && e->kind != ERR_DENIED)
		return false;
	err_clear(e);
	if (w.count > 1)
		report_find(s->report, FIND_SEVERAL_WRITERS, s->base,
			    "%zu servers have taken writes, such as %s and %s",
			    w.count, w.sids[0], w.sids[1]);
	return true;
}
