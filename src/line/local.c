#include "line/local.h"

#include <errno.h>
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

static bool open_to(const char *path, const char *group, struct err *e)
{
	gid_t gid = (gid_t)-1;

	if (group != NULL && !find_group(group, &gid, e))
		return false;
	return (chown(path, (uid_t)-1, gid) == 0 &&
		chmod(path, group != NULL ? 0660 : 0600) == 0) ||
	       err_set(e, ERR_INVALID, "%s: %s", path, strerror(errno));
}

bool local_listen(const char *path, const char *group, int *ret, struct err *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	CLEANUP(file_close) int fd = new_socket();

	if (path[0] != '/' || strlen(path) >= sizeof(un.sun_path))
		return err_set(e, ERR_INVALID,
			       "a socket's path begins with / and has at most "
			       "%zu bytes",
			       sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, strlen(path));
	if (!clear_place(&un, e))
		return false;
	/* Nobody else gets in before its rights are set. */
	mode_t before = umask(0177);
	bool bound = bind(fd, (const struct sockaddr *)&un, sizeof(un)) == 0;
	int why = errno;
	umask(before);
	if (!bound)
		return err_set(e, ERR_INVALID, "cannot listen at %s: %s", path,
			       strerror(why));
	if (!open_to(path, group, e))
		return false;
	if (listen(fd, BACKLOG) != 0)
		return err_set(e, ERR_INVALID, "cannot listen at %s: %s", path,
			       strerror(errno));
	*ret = fd;
	fd = -1;
	return true;
}
