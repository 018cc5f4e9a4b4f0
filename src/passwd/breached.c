#include "passwd/breached.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha1.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/field.h"
#include "util/file.h"

enum {
	HEX_SIZE = 2 * SHA1_DIGEST_SIZE,
	LINE_MAX = 80, /* 40 of the hash, a colon, a count, CR and LF */
};

/* A list that is open. */
struct list {
	int fd;
	off_t size;
	const char *path;
};

static bool fail(const struct list *l, const char *why, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "breached passwords, %s: %s",
		       l->path, why);
}

static bool open_list(const char *path, struct list *ret, struct err *e)
{
	struct stat st;

	*ret = (struct list){.fd = open(path,
					O_RDONLY | O_CLOEXEC | O_NONBLOCK),
			     .path = path};
	if (ret->fd < 0 || fstat(ret->fd, &st) != 0)
		return fail(ret, strerror(errno), e);
	ret->size = st.st_size;
	return S_ISREG(st.st_mode) || fail(ret, "it is not a file", e);
}

/* The hash at the beginning of a line, ended by NUL. */
static bool take_hash(const char *line, size_t size, char ret[HEX_SIZE + 1])
{
	static const char digits[] = "0123456789ABCDEFabcdef";

	if (size < HEX_SIZE)
		return false;
	memcpy(ret, line, HEX_SIZE);
	ret[HEX_SIZE] = '\0';
	return strspn(ret, digits) == HEX_SIZE &&
	       (size == HEX_SIZE || strchr(":\r\n", line[HEX_SIZE]) != NULL);
}

/* The first line that begins at `from` or behind it; *start is where it does,
 * or the file's size when there is none. */
static bool read_line(const struct list *l, off_t from, off_t *start,
		      char ret[HEX_SIZE + 1], struct err *e)
{
	off_t before = from > 0 ? from - 1 : 0; /* where a line may end */
	char block[2 * LINE_MAX];
	ssize_t got = pread(l->fd, block, sizeof(block), before);

	if (got < 0)
		return fail(l, strerror(errno), e);
	const char *line = block, *end = block + got;
	if (from > 0) {
		line = memchr(block, '\n', (size_t)got);
		if (line == NULL && before + got < l->size)
			return fail(l, "it has a line that is too long", e);
		line = line != NULL ? line + 1 : end;
	}
	*start = line < end ? before + (line - block) : l->size;
	return line == end || take_hash(line, (size_t)(end - line), ret) ||
	       fail(l, "it has a line that is no SHA-1 hash", e);
}

/* Of the lines that begin in [low, high) one may be the one; each turn leaves
 * fewer. */
static bool search(const struct list *l, const char *wanted, bool *ret,
		   struct err *e)
{
	off_t low = 0, high = l->size;

	*ret = false;
	while (low < high) {
		off_t middle = low + (high - low) / 2, start;
		char hash[HEX_SIZE + 1];

		if (!read_line(l, middle, &start, hash, e))
			return false;
		if (start >= high) {
			high = middle; /* none begins behind it */
			continue;
		}
		int order = strcasecmp(wanted, hash);
		if (order == 0) {
			*ret = true;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = start + 1;
	}
	return true;
}

static void digest(const char *clear, char ret[HEX_SIZE + 1])
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t hash[SHA1_DIGEST_SIZE];
	struct sha1_ctx ctx;

	sha1_init(&ctx);
	sha1_update(&ctx, strlen(clear), (const uint8_t *)clear);
	sha1_digest(&ctx, sizeof(hash), hash);
	for (size_t i = 0; i < sizeof(hash); i++) {
		ret[2 * i] = hex[hash[i] >> 4];
		ret[2 * i + 1] = hex[hash[i] & 15];
	}
	ret[HEX_SIZE] = '\0';
	explicit_bzero(&ctx, sizeof(ctx));
	explicit_bzero(hash, sizeof(hash));
}

bool breached_look(const char *path, const char *clear, bool *ret,
		   struct err *e)
{
	CLEANUP(file_close) int fd = -1;
	char wanted[HEX_SIZE + 1];
	struct list l;

	bool opened = open_list(path, &l, e);
	fd = l.fd;
	if (!opened)
		return false;
	digest(clear, wanted);
	bool good = search(&l, wanted, ret, e);
	explicit_bzero(wanted, sizeof(wanted));
	return good;
}

bool breached_check(const char *path, struct err *e)
{
	char hash[HEX_SIZE + 1];
	CLEANUP(file_close) int fd = -1;
	struct list l;
	off_t start;

	bool opened = open_list(path, &l, e);
	fd = l.fd;
	return opened && read_line(&l, 0, &start, hash, e) &&
	       (start < l.size || fail(&l, "it is empty", e));
}
