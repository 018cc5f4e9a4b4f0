#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "embedded/state.h"
#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/file.h"

/* Root becomes somebody else for good, so each case has a process of its own;
 * it tells by its exit status. */
enum { FINE, REFUSED, WRONG };

static struct arena *arena;
static const char *dir;

static const char *in_dir(const char *name)
{
	return arena_printf(arena, "%s/%s", dir, name);
}

static int enter(const char *path, const char *user)
{
	const struct embedded_settings set = {.state_dir = path, .user = user};
	struct state st = {.dir = NULL};
	struct stat info;
	struct err e = {0};

	if (!state_enter(&set, arena, &st, &e)) {
		printf("# %s\n", e.text);
		return e.kind != ERR_NONE && st.dir == NULL ? REFUSED : WRONG;
	}
	if (geteuid() == 0 || stat(st.dir, &info) != 0 ||
	    (info.st_mode & 07777) != 0700 || info.st_uid != geteuid() ||
	    st.dir[0] != '/' || strncmp(st.uri, "ldapi://%2F", 11) != 0 ||
	    strchr(st.uri + 8, '/') != NULL)
		return WRONG;
	return state_lock(&st, &e) &&
			       access(state_path(&st, arena, "lock"), W_OK) == 0
		       ? FINE
		       : WRONG;
}

static int tried(const char *path, const char *user)
{
	int status = 0;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		int how = enter(path, user);

		fflush(stdout);
		_exit(how);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *name; /* below our directory */
	int how;
} cases[] = {
	{"new", FINE},
	{"new", FINE}, /* again */
	{"some/way/down", FINE},
	{"slash/", FINE},
	{"open", FINE}, /* is there, and everybody may look */
	{"dotted/../other", FINE},
	{"A-Z_09+.", FINE},
	{"with blank", REFUSED},
	{"with\"quote", REFUSED},
	{"with%2fescape", REFUSED},
	{"with\nline", REFUSED},
	{"\xc3\xa9", REFUSED},
	{"with@name", REFUSED},
	{LONG LONG, REFUSED},
	{"file", REFUSED},
	{"file/below", REFUSED},
	{"full", REFUSED}, /* holds something else */
};

static void entering(const char *user)
{
	struct err e = {0};

	file_write(in_dir("file"), 0600, "x", &e);
	file_make_directory(in_dir("full"), 0700, &e);
	file_write(in_dir("full/mail"), 0600, "x", &e);
	file_make_directory(in_dir("open"), 0755, &e);
	for (size_t i = 0; i < COUNT(cases); i++)
		NUMBER(tried(in_dir(cases[i].name), user), cases[i].how,
		       cases[i].name);
	if (geteuid() != 0)
		return;
	NUMBER(tried(in_dir("x"), "no-such-user"), REFUSED, "nobody's");
	NUMBER(tried(in_dir("y"), "root"), REFUSED, "root does not stay root");
	file_make_directory(in_dir("foreign"), 0700, &e);
	if (chown(in_dir("foreign"), 12345, 12345) != 0)
		abort();
	NUMBER(tried(in_dir("foreign"), user), REFUSED, "somebody else's");
}

/* While one holds it, nobody else gets it. */
static void locking(void)
{
	struct state one = {.dir = dir, .lock = -1}, other = one;
	struct err e = {0};

	OK(state_lock(&one, &e), "locked");
	OK(!state_lock(&other, &e), "once");
	NUMBER(e.kind, ERR_UNAVAILABLE, "the other is told to come later");
	close(other.lock);
	close(one.lock);
	OK(state_lock(&other, &e), "free again");
	close(other.lock);
	unlink(in_dir("lock"));
	if (symlink(in_dir("file"), in_dir("lock")) != 0)
		abort();
	OK(!state_lock(&one, &e), "a link is no lock");
}

static const struct {
	const char *xdg, *home, *want;
} places[] = {
	{"/x", "/h", "/x/provost"},
	{"x", "/h", "/h/.local/state/provost"},
	{NULL, "/h", "/h/.local/state/provost"},
	{NULL, NULL, "./.local/state/provost"},
};

static void put(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void defaults(void)
{
	bool root = geteuid() == 0;

	for (size_t i = 0; i < COUNT(places); i++) {
		put("XDG_STATE_HOME", places[i].xdg);
		put("HOME", places[i].home);
		IS(state_default(arena),
		   root ? "/var/lib/provost" : places[i].want,
		   "where it is by default");
	}
}

int main(void)
{
	char template[] = "/tmp/provost-test-XXXXXX";
	struct err e = {0};

	arena = arena_new();
	dir = mkdtemp(template);
	if (dir == NULL || chmod(dir, 0755) != 0)
		return 1;
	entering("nobody");
	locking();
	defaults();
	OK(file_remove_tree(dir, &e), "all is tidied up");
	arena_free(arena);
	return tap_done();
}
