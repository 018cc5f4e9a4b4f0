#include "line/local.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/field.h"
#include "util/file.h"
#include "util/text.h"

enum { BACKLOG = 128 };

static bool find_group(const char *name, gid_t *ret, struct err *e)
{
	const struct group *g = getgrnam(name);
	int64_t number;

	if (g == NULL && !text_number(name, 0, UINT32_MAX - 1, &number))
		return err_set(e, ERR_INVALID, "there is no group %s", name);
	*ret = g != NULL ? g->gr_gid : (gid_t)number;
	return true;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* What a process left behind that is no more goes; what somebody uses, or what
 * is no socket, stays. */
static bool clear_place(const struct sockaddr_un *un, struct err *e)
{
	CLEANUP(file_close) int fd = new_socket();
	struct stat st;

	if (lstat(un->sun_path, &st) != 0)
		return true; /* bind() says what is wrong with the rest */
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is there, and no socket",
			       un->sun_path);
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0 ||
	    errno != ECONNREFUSED)
		return err_set(e, ERR_EXISTS, "somebody listens at %s",
			       un->sun_path);
	return unlink(un->sun_path) == 0 ||
	       err_set(e, ERR_INVALID, "%s: %s", un->sun_path, strerror(errno));
}

/* Where the kernel took another group for it than ours: in a directory that
 * hands its own on, or if we are not root.  Only the socket itself, whatever
 * has been put into its place. */
static bool give_to(const char *path, gid_t gid, struct err *e)
{
	CLEANUP(file_close)
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return err_set(e, ERR_INVALID, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return err_set(e, ERR_INVALID, "%s: it was replaced", path);
	return st.st_gid == gid ||
	       fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) == 0 ||
	       err_set(e, ERR_INVALID, "%s: %s", path, strerror(errno));
}

/* It comes into being with its rights and, if we are root, its group: root
 * changes nothing by a path in a directory of others.  Nobody gets in before
 * listen() anyway. */
static bool bind_for(int fd, const struct sockaddr_un *un, gid_t gid,
		     bool shared, struct err *e)
{
	const gid_t own = getegid();
	bool is_root = geteuid() == 0;

	if (is_root && shared && setegid(gid) != 0)
		return err_set(e, ERR_INVALID, "%s: %s", un->sun_path,
			       strerror(errno));
	mode_t before = umask(shared ? 0117 : 0177);
	bool bound = bind(fd, (const struct sockaddr *)un, sizeof(*un)) == 0;
	int why = errno;
	umask(before);
	if (is_root && shared && setegid(own) != 0)
		return err_set(e, ERR_INTERNAL, "cannot be group %ld again: %s",
			       (long)own, strerror(errno));
	if (!bound)
		return err_set(e, ERR_INVALID, "cannot listen at %s: %s",
			       un->sun_path, strerror(why));
	return !shared || give_to(un->sun_path, gid, e);
}

bool local_listen(const char *path, const char *group, int *ret, struct err *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	CLEANUP(file_close) int fd = new_socket();
	gid_t gid = 0;

	if (path[0] != '/' || strlen(path) >= sizeof(un.sun_path))
		return err_set(e, ERR_INVALID,
			       "a socket's path begins with / and has at most "
			       "%zu bytes",
			       sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, strlen(path));
	if ((group != NULL && !find_group(group, &gid, e)) ||
	    !clear_place(&un, e) || !bind_for(fd, &un, gid, group != NULL, e))
		return false;
	if (listen(fd, BACKLOG) != 0)
		return err_set(e, ERR_INVALID, "cannot listen at %s: %s", path,
			       strerror(errno));
	*ret = fd;
	fd = -1;
	return true;
}
