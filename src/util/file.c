#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/field.h"

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool failed(struct err *e, const char *what, const char *path)
{
	return err_set(e, ERR_INTERNAL, "%s %s: %s", what, path,
		       strerror(errno));
}

bool file_read(struct arena *a, const char *path, size_t limit,
	       const char **ret, struct err *e)
{
	/* A FIFO in its place must not keep us waiting. */
	CLEANUP(file_close)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &st) != 0)
		return failed(e, "cannot open", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is not a file", path);
	char *text = arena_alloc(a, limit + 2);
	while (got != 0 && used <= limit) {
		got = read(fd, text + used, limit + 1 - used);
		if (got < 0 && errno != EINTR)
			return failed(e, "cannot read", path);
		used += got > 0 ? (size_t)got : 0;
	}
	if (used > limit)
		return err_set(e, ERR_INVALID, "%s is longer than %zu bytes",
			       path, limit);
	if (memchr(text, '\0', used) != NULL)
		return err_set(e, ERR_INVALID, "%s has a NUL byte in it", path);
	*ret = text;
	return true;
}

bool file_read_secret(struct arena *a, const char *path, size_t limit,
		      const char **ret, struct err *e)
{
	struct stat st;

	if (!file_read(a, path, limit, ret, e))
		return false;
	return (stat(path, &st) == 0 && (st.st_mode & S_IRWXO) == 0) ||
	       err_set(e, ERR_INVALID,
		       "%s can be read by everybody: take that away (chmod "
		       "o= %s)",
		       path, path);
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, text, size);

		if (put < 0 && errno != EINTR)
			return false;
		text += put > 0 ? put : 0;
		size -= put > 0 ? (size_t)put : 0;
	}
	return fsync(fd) == 0;
}

/* A rename survives a power cut only when its directory is written, too. */
static bool sync_parent(struct arena *a, const char *path)
{
	char *parent = arena_strdup(a, path), *slash = strrchr(parent, '/');

	if (slash == NULL)
		return true;
	slash[slash == parent] = '\0';
	CLEANUP(file_close)
	int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0;
}

bool file_rename(const char *from, const char *to)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	return rename(from, to) == 0 && sync_parent(a, to);
}

bool file_write(const char *path, mode_t mode, const char *text, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *beside = arena_printf(a, "%s.new", path);

	if (unlink(beside) != 0 && errno != ENOENT)
		return failed(e, "cannot remove", beside);
	CLEANUP(file_close)
	int fd = open(beside,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	if (fd < 0)
		return failed(e, "cannot create", beside);
	if (fchmod(fd, mode) != 0 || !write_all(fd, text, strlen(text)) ||
	    !file_rename(beside, path)) {
		failed(e, "cannot write", path);
		unlink(beside);
		return false;
	}
	return true;
}

bool file_make_directory(const char *path, mode_t mode, struct err *e)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0 ||
		       failed(e, "cannot set the mode of", path);
	if (errno != EEXIST || stat(path, &st) != 0)
		return failed(e, "cannot make directory", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is not a directory", path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_DENIED, "%s belongs to another user",
			       path);
	return chmod(path, mode) == 0 ||
	       failed(e, "cannot set the mode of", path);
}

static int remove_one(const char *path, const struct stat *st, int what,
		      struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

bool file_remove_tree(const char *path, struct err *e)
{
	enum { DESCRIPTORS = 16 };

	if (nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0 &&
	    errno != ENOENT)
		return failed(e, "cannot remove", path);
	return true;
}
