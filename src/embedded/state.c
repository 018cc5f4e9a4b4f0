#include "embedded/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"

/* A slapd whose gateway was killed needs a moment to follow it. */
enum { LOCK_PATIENCE = 3000 };

#define LOCK "lock"

const char *state_default(struct arena *a)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		return "/var/lib/provost";
	if (xdg != NULL && xdg[0] == '/')
		return arena_printf(a, "%s/provost", xdg);
	return arena_printf(a, "%s/.local/state/provost",
			    home != NULL ? home : ".");
}

/* Make every directory above the last one; those that root makes have to be
 * passed by the user whom it becomes. */
static bool make_parents(struct arena *a, const char *path, struct err *e)
{
	char *copy = arena_strdup(a, path);

	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		int rc = mkdir(copy, 0700);
		if ((rc != 0 && errno != EEXIST) ||
		    (rc == 0 && geteuid() == 0 && chmod(copy, 0755) != 0))
			return err_set(e, ERR_INTERNAL, "cannot make %s: %s",
				       copy, strerror(errno));
		*p = '/';
	}
	return true;
}

/* It will be given to a user and closed to all others: nobody's home or /tmp
 * by mistake. */
static bool is_ours(const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	bool empty = true, ours = false;

	if (d == NULL)
		return err_set(e, ERR_INTERNAL, "cannot read %s: %s", dir,
			       strerror(errno));
	for (struct dirent *f; (f = readdir(d)) != NULL;) {
		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		empty = false;
		ours = ours || strcmp(f->d_name, LOCK) == 0;
	}
	closedir(d);
	return empty || ours ||
	       err_set(e, ERR_INVALID,
		       "%s holds something else: the state directory must be "
		       "new or empty at first",
		       dir);
}

static const struct passwd *find_user(const char *name, struct err *e)
{
	const struct passwd *user = getpwnam(name);

	if (user != NULL && user->pw_uid != 0)
		return user;
	err_set(e, ERR_INVALID,
		"there is no system user %s; make it with: useradd --system "
		"--home-dir /nonexistent --shell /usr/sbin/nologin %s",
		name, name);
	return NULL;
}

bool state_become(const char *name, struct err *e)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return true;
	if ((user = find_user(name, e)) == NULL)
		return false;
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0 ||
	    setuid(0) == 0)
		return err_set(e, ERR_INTERNAL, "cannot become %s: %s",
			       user->pw_name, strerror(errno));
	return true;
}

static bool hand_over(const char *dir, const char *name, struct err *e)
{
	const struct passwd *user = find_user(name, e);
	struct stat st;

	if (user == NULL)
		return false;
	if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) ||
	    (st.st_uid != 0 && st.st_uid != user->pw_uid))
		return err_set(e, ERR_DENIED,
			       "%s is not a directory of root or %s", dir,
			       name);
	if (lchown(dir, user->pw_uid, user->pw_gid) != 0)
		return err_set(e, ERR_INTERNAL, "cannot give away %s: %s", dir,
			       strerror(errno));
	return state_become(name, e);
}

/* slapd reads the path in its configuration and in a URI. */
static bool check_path(const char *dir, struct err *e)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789"
				      "/._-+";
	const struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (strspn(dir, letters) != strlen(dir))
		return err_set(e, ERR_INVALID,
			       "the state directory %s must have a name of "
			       "letters, digits and . _ - + only",
			       dir);
	if (strlen(dir) + sizeof("/ldapi") > sizeof(un.sun_path))
		return err_set(e, ERR_INVALID,
			       "the state directory's name is too long: a "
			       "socket's path has at most %zu bytes",
			       sizeof(un.sun_path) - 1);
	return true;
}

static const char *socket_uri(struct arena *a, const char *dir,
			      const char *name)
{
	const char *uri = "ldapi://";

	for (; *dir != '\0'; dir += strcspn(dir + 1, "/") + 1)
		uri = arena_printf(a, "%s%%2F%.*s", uri,
				   (int)strcspn(dir + 1, "/"), dir + 1);
	return arena_printf(a, "%s%%2F%s", uri, name);
}

bool state_socket(struct arena *a, const char *dir, const char **ret,
		  struct err *e)
{
	char real[PATH_MAX];

	if (realpath(dir, real) == NULL)
		return err_set(e, ERR_INVALID, "%s: %s", dir, strerror(errno));
	if (!check_path(real, e))
		return false;
	*ret = socket_uri(a, real, "ldapi");
	return true;
}

bool state_enter(const struct embedded_settings *set, struct arena *a,
		 struct state *ret, struct err *e)
{
	bool root = geteuid() == 0;
	char real[PATH_MAX];

	if (!make_parents(a, set->state_dir, e))
		return false;
	if (mkdir(set->state_dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_INTERNAL, "cannot make %s: %s",
			       set->state_dir, strerror(errno));
	if (realpath(set->state_dir, real) == NULL)
		return err_set(e, ERR_INTERNAL, "%s: %s", set->state_dir,
			       strerror(errno));
	if (!check_path(real, e) || !is_ours(real, e) ||
	    (root && !hand_over(real, set->user, e)) ||
	    !file_make_directory(real, 0700, e))
		return false;
	ret->dir = arena_strdup(a, real);
	ret->uri = socket_uri(a, real, "ldapi");
	ret->reading_uri = socket_uri(a, real, "read");
	ret->adding_uri = socket_uri(a, real, "add");
	ret->lock = -1;
	return true;
}

bool state_lock(struct state *st, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int64_t deadline = clock_now() + LOCK_PATIENCE;
	CLEANUP(arena_release) struct arena *a = arena_new();

	/* Not O_CLOEXEC: slapd shares the lock, so that the directory stays
	 * ours until both are gone. */
	st->lock = open(state_path(st, a, LOCK), O_RDWR | O_CREAT | O_NOFOLLOW,
			0600);
	if (st->lock < 0)
		return err_set(e, ERR_INTERNAL, "cannot open %s/lock: %s",
			       st->dir, strerror(errno));
	while (flock(st->lock, LOCK_EX | LOCK_NB) != 0) {
		if (clock_now() >= deadline)
			return err_set(e, ERR_UNAVAILABLE,
				       "another provostd uses %s", st->dir);
		nanosleep(&pause, NULL);
	}
	return true;
}

const char *state_path(const struct state *st, struct arena *a,
		       const char *name)
{
	return arena_printf(a, "%s/%s", st->dir, name);
}
