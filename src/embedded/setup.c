#include "embedded/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assets/asset.h"
#include "embedded/base.h"
#include "embedded/child.h"
#include "embedded/indexes.h"
#include "util/file.h"
#include "util/log.h"
#include "util/random.h"
#include "util/text.h"

enum {
	TOOL_SECONDS = 60,    /* for each run of slapd's tools */
	PASSWORD_LENGTH = 26, /* 130 bits */
	PAIRS_MAX = 32,
};

static const char *const services[] = {"postfix", "dovecot", "signer", "sso"};

/* Threads of slapd: more than our login connections, and few enough that
 * searches do not wake too many. */
static const char *threads(struct arena *a)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return arena_printf(a, "%ld", cpus > 2 ? cpus * 2 : 4);
}

static bool dovecot_reads(const struct embedded_settings *set)
{
	return strcmp(set->dovecot_reads_passwords, "yes") == 0;
}

static const char *fill_config(const struct embedded_settings *set,
			       const struct state *st, struct arena *a,
			       const char *database)
{
	/* clang-format off */
	const char *const pairs[] = {
		"STATE", st->dir,
		"READING", st->reading_uri,
		"ADDING", st->adding_uri,
		"BASE", set->base,
		"UID", arena_printf(a, "%u", geteuid()),
		"GID", arena_printf(a, "%u", getegid()),
		"THREADS", threads(a),
		"MODULES", set->modules,
		"SCHEMAS", set->schemas,
		"DATABASE", database,
		"ACCESSLOG", state_path(st, a, "accesslog"),
		"PASSWORD_FORMS", set->password_forms,
		"PASSWORD_MODULES", set->password_modules,
		"DOVECOT_PASSWORDS", dovecot_reads(set) ? "read" : "none",
		"AUDIT_DAYS", arena_printf(a, "%lld", (long long)set->audit_days),
		NULL,
	};
	/* clang-format on */
	const char *template =
		arena_printf(a, "%s\n%s\n%s", asset_text("ldif/server.ldif"),
			     asset_text("schema/provost.ldif"),
			     asset_text("ldif/database.ldif"));

	return text_fill(a, template, pairs);
}

/* slapd's own tools read our files: slapd -T add. */
static bool slapd_add(const struct embedded_settings *set, const char *config,
		      const char *const which[2], const char *file,
		      struct err *e)
{
	const char *const argv[] = {set->program, "-Tadd", which[0],
				    which[1],     "-F",    config,
				    "-l",         file,    NULL};

	return child_run(argv, TOOL_SECONDS, e);
}

/* Built aside and moved into place, so that there is always one or none. */
static bool write_config(const struct embedded_settings *set,
			 const struct state *st, struct arena *a,
			 const char *database, struct err *e)
{
	static const char *const config_database[] = {"-n", "0"};
	const char *new = state_path(st, a, "slapd.d.new"),
		   *final = state_path(st, a, "slapd.d"),
		   *ldif = state_path(st, a, "config.ldif");

	if (!file_remove_tree(new, e) || !file_make_directory(new, 0700, e) ||
	    !file_make_directory(state_path(st, a, "accesslog"), 0700, e) ||
	    !file_write(ldif, 0600, fill_config(set, st, a, database), e) ||
	    !slapd_add(set, new, config_database, ldif, e) ||
	    !file_remove_tree(final, e))
		return err_wrap(e, "slapd's configuration");
	if (!file_rename(new, final))
		return err_set(e, ERR_INTERNAL, "cannot move %s: %s", new,
			       strerror(errno));
	return unlink(ldif) == 0 ||
	       err_set(e, ERR_INTERNAL, "%s: %s", ldif, strerror(errno));
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* A new password into a file of its own; its hash for the directory. */
static bool make_password(const struct embedded_settings *set, struct arena *a,
			  const char *path, const char **hash, struct err *e)
{
	const char *clear = random_word(a, PASSWORD_LENGTH);

	/* Without a newline, so that ldapmodify -y can take the file. */
	return file_write(path, 0600, clear, e) && set->hash(a, clear, hash, e);
}

static bool fill_base(const struct embedded_settings *set,
		      const struct state *st, struct arena *a, const char **ret,
		      struct err *e)
{
	static const char *const names[] = {"POSTFIX_HASH", "DOVECOT_HASH",
					    "SIGNER_HASH", "SSO_HASH"};
	const char *pairs[PAIRS_MAX] = {"BASE", set->base, "BASE_ENTRY",
					base_entry(a, set->base), "ADMIN_HASH"};
	size_t n = 5;

	if (!file_make_directory(state_path(st, a, "services"), 0700, e) ||
	    !make_password(set, a, state_path(st, a, "admin-password"),
			   &pairs[n++], e))
		return false;
	for (size_t i = 0; i < COUNT(services); i++) {
		const char *file = arena_printf(a, "services/%s", services[i]);

		pairs[n++] = names[i];
		if (!make_password(set, a, state_path(st, a, file), &pairs[n++],
				   e))
			return false;
	}
	*ret = text_fill(a, asset_text("ldif/base.ldif"), pairs);
	return true;
}

static bool load_base(const struct embedded_settings *set,
		      const struct state *st, struct arena *a, struct err *e)
{
	const char *const which[] = {"-b", set->base};
	const char *ldif = state_path(st, a, "base.ldif"), *text;

	return fill_base(set, st, a, &text, e) &&
	       file_write(ldif, 0600, text, e) &&
	       slapd_add(set, state_path(st, a, "slapd.d"), which, ldif, e) &&
	       (unlink(ldif) == 0 ||
		err_set(e, ERR_INTERNAL, "%s: %s", ldif, strerror(errno)));
}

/* The database is made aside, too: only a complete one gets the name. */
static bool first_start(const struct embedded_settings *set,
			const struct state *st, struct arena *a, struct err *e)
{
	const char *new = state_path(st, a, "db.new"),
		   *final = state_path(st, a, "db");

	log_event(LOG_NOTICE, "first-start", "state_dir", st->dir, "base",
		  set->base, NULL);
	if (!file_remove_tree(new, e) || !file_make_directory(new, 0700, e) ||
	    !write_config(set, st, a, new, e) || !load_base(set, st, a, e) ||
	    !file_write(state_path(st, a, "base"), 0600,
			arena_printf(a, "%s\n", set->base), e) ||
	    !indexes_note(st, fill_config(set, st, a, final), e))
		return false;
	if (!file_rename(new, final))
		return err_set(e, ERR_INTERNAL, "cannot move %s: %s", new,
			       strerror(errno));
	return true;
}

/* A database is of one base for ever. */
static bool same_base(const struct embedded_settings *set,
		      const struct state *st, struct arena *a, struct err *e)
{
	const char *was;

	if (!file_read(a, state_path(st, a, "base"), 1024, &was, e))
		return false;
	was = arena_strndup(a, was, strcspn(was, "\n"));
	return strcmp(was, set->base) == 0 ||
	       err_set(e, ERR_INVALID,
		       "the directory in %s was made with the base %s", st->dir,
		       was);
}

/* A line in a file of that name, for "provost config"; no file without one. */
static bool tell(const struct state *st, struct arena *a, const char *name,
		 const char *line, struct err *e)
{
	const char *path = state_path(st, a, name);

	if (line != NULL)
		return file_write(path, 0644, arena_printf(a, "%s\n", line), e);
	return unlink(path) == 0 || errno == ENOENT ||
	       err_set(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
}

bool setup_directory(const struct embedded_settings *set,
		     const struct state *st, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *database = state_path(st, a, "db");

	if (exists(database) && !exists(state_path(st, a, "db/data.mdb")))
		return err_set(e, ERR_INVALID,
			       "%s is empty: bring back what was in it, or "
			       "remove it to begin anew",
			       database);
	if (!base_check(set->base, e) ||
	    (!exists(database) && !first_start(set, st, a, e)) ||
	    !same_base(set, st, a, e) ||
	    !write_config(set, st, a, database, e) ||
	    !indexes_bring_up(set, st, fill_config(set, st, a, database), e))
		return false;
	return tell(st, a, "ldap-uri", set->ldap_listen, e) &&
	       tell(st, a, "audit-keep-days",
		    arena_printf(a, "%lld", (long long)set->audit_days), e) &&
	       tell(st, a, "passwd-accept", set->password_accept, e) &&
	       tell(st, a, "dovecot-reads-passwords",
		    dovecot_reads(set) ? "yes" : NULL, e);
}
