#include "embedded/indexes.h"

#include <string.h>
#include <sys/stat.h>

#include "embedded/child.h"
#include "util/file.h"
#include "util/log.h"
#include "util/text.h"

enum {
	INDEX_SECONDS = 4 * 3600, /* there may be millions of entries */
	LIST_MAX = 65536,
};

/* The databases, by their number in slapd's configuration. */
static const struct {
	const char *number, *begin, *file, *data;
} databases[] = {
	{"1", "dn: olcDatabase={1}mdb,cn=config\n", "indexes", "db/data.mdb"},
	{"2", "dn: olcDatabase={2}mdb,cn=config\n", "accesslog-indexes",
	 "accesslog/data.mdb"},
};

/* The lines that say so, as they are there. */
static const char *list(struct arena *a, const char *config, const char *begin)
{
	static const char name[] = "olcDbIndex:";
	const char *p = strstr(config, begin), *ret = "";

	while (p != NULL && *p != '\0' && *p != '\n') {
		size_t size = strcspn(p, "\n");

		if (strncmp(p, name, strlen(name)) == 0)
			ret = arena_printf(a, "%s%.*s\n", ret, (int)size, p);
		p += size + (p[size] == '\n');
	}
	return ret;
}

static bool build(const struct embedded_settings *set, const struct state *st,
		  struct arena *a, const char *number, const char *file,
		  struct err *e)
{
	/* Emptied first: what was in one that went and comes again is old. */
	const char *const argv[] = {set->program,
				    "-Tindex",
				    "-t",
				    "-n",
				    number,
				    "-F",
				    state_path(st, a, "slapd.d"),
				    NULL};

	log_event(LOG_NOTICE, "indexes-building", "database", file, "reason",
		  "they are not those the database was made with; nothing is "
		  "served until they are built",
		  NULL);
	if (!child_run(argv, INDEX_SECONDS, e))
		return err_wrap(e, "building indexes");
	log_event(LOG_NOTICE, "indexes-built", "database", file, NULL);
	return true;
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool indexes_bring_up(const struct embedded_settings *set,
		      const struct state *st, const char *config, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(databases); i++) {
		const char *is = list(a, config, databases[i].begin), *was = "";
		const char *path = state_path(st, a, databases[i].file);

		if (is_there(path) && !file_read(a, path, LIST_MAX, &was, e))
			return false;
		if (strcmp(is, was) != 0 &&
		    (!build(set, st, a, databases[i].number, databases[i].file,
			    e) ||
		     !file_write(path, 0600, is, e)))
			return false;
	}
	return true;
}

bool indexes_note(const struct state *st, const char *config, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(databases); i++) {
		if (is_there(state_path(st, a, databases[i].data)))
			continue;
		if (!file_write(state_path(st, a, databases[i].file), 0600,
				list(a, config, databases[i].begin), e))
			return false;
	}
	return true;
}
