#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/file.h"

static struct arena *arena;
static const char *dir;

static const char *in_dir(const char *name)
{
	return arena_printf(arena, "%s/%s", dir, name);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_mode : 0;
}

static void put(const char *path, const char *bytes, size_t size)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
		abort();
}

static bool reads(const char *path, size_t limit, const char *want)
{
	struct err e = {0};
	const char *got = NULL;

	return file_read(arena, path, limit, &got, &e) &&
	       strcmp(got, want) == 0;
}

static void reading(void)
{
	const char *path = in_dir("read"), *got = NULL;
	struct err e = {0};

	put(path, "12345", 5);
	OK(reads(path, 5, "12345"), "a file of exactly the limit");
	OK(reads(path, 500, "12345"), "a file below the limit");
	OK(!file_read(arena, path, 4, &got, &e), "a file above the limit");
	NUMBER(e.kind, ERR_INVALID, "is refused");
	OK(got == NULL, "the result is left alone");
	put(path, "1\0002", 3);
	OK(!file_read(arena, path, 9, &got, &e), "a NUL byte is refused");
	put(path, "", 0);
	OK(reads(path, 9, ""), "an empty file");
	OK(reads(path, 0, ""), "an empty file, limit 0");
	OK(!file_read(arena, in_dir("none"), 9, &got, &e), "no file");
	OK(strstr(e.text, in_dir("none")) != NULL, "the error names it");
	OK(!file_read(arena, dir, 9, &got, &e), "a directory is no file");
}

static const struct {
	mode_t mode, mask;
} modes[] = {{0600, 022}, {0640, 077}, {0644, 0777}, {0666, 022}, {0400, 0}};

static void writing(void)
{
	const char *path = in_dir("write"), *other = in_dir("other");
	struct err e = {0};

	for (size_t i = 0; i < COUNT(modes); i++) {
		mode_t before = umask(modes[i].mask);

		OK(file_write(path, modes[i].mode, "text\n", &e) &&
			   mode_of(path) == (S_IFREG | modes[i].mode),
		   "the mode is exactly the one asked for");
		umask(before);
	}
	OK(reads(path, 99, "text\n"), "the text is there");
	OK(file_write(path, 0600, "new", &e) && reads(path, 99, "new"),
	   "a file is replaced");
	OK(access(in_dir("write.new"), F_OK) != 0, "nothing is left beside");

	put(other, "precious", 8);
	unlink(path);
	if (symlink(other, path) != 0)
		abort();
	OK(file_write(path, 0600, "mine", &e) && S_ISREG(mode_of(path)),
	   "a link is replaced");
	OK(reads(other, 99, "precious"), "and not followed");

	if (symlink(other, in_dir("write.new")) != 0)
		abort();
	OK(file_write(path, 0600, "again", &e) && reads(path, 99, "again"),
	   "a link where we write beside is no trap");
	OK(reads(other, 99, "precious"), "it is not followed");
	put(in_dir("write.new"), "left by a crash", 15);
	OK(file_write(path, 0600, "third", &e) && reads(path, 99, "third"),
	   "what a crash left is no obstacle");
	OK(!file_write(in_dir("no/where"), 0600, "x", &e),
	   "no directory, no file");
	OK(!file_write(dir, 0600, "x", &e), "a directory is not replaced");
	OK(access(arena_printf(arena, "%s.new", dir), F_OK) != 0,
	   "nothing is left beside after a failure");
}

static void directories(void)
{
	const char *path = in_dir("d"), *link = in_dir("link");
	struct err e = {0};
	mode_t before = umask(077);

	OK(file_make_directory(path, 0750, &e) &&
		   mode_of(path) == (S_IFDIR | 0750),
	   "a directory is made with its mode");
	umask(before);
	OK(file_make_directory(path, 0700, &e), "it may be there already");
	OK(!file_make_directory(in_dir("write"), 0700, &e), "a file may not");
	OK(!file_make_directory(in_dir("no/where"), 0700, &e),
	   "its parent has to be there");

	put(in_dir("d/file"), "x", 1);
	OK(file_make_directory(in_dir("d/e"), 0700, &e), "one in it");
	put(in_dir("d/e/file"), "x", 1);
	if (symlink(in_dir("other"), in_dir("d/e/link")) != 0 ||
	    symlink(in_dir("kept"), link) != 0 ||
	    mkdir(in_dir("kept"), 0700) != 0)
		abort();
	put(in_dir("kept/file"), "x", 1);
	OK(file_remove_tree(path, &e) && access(path, F_OK) != 0,
	   "a tree is removed");
	OK(reads(in_dir("other"), 99, "precious"), "but not what links led to");
	OK(file_remove_tree(path, &e), "none is fine");
	OK(file_remove_tree(link, &e) && reads(in_dir("kept/file"), 9, "x"),
	   "a link to a tree is no tree");
}

static void ownership(void)
{
	const char *path = in_dir("foreign");
	struct err e = {0};

	if (geteuid() != 0) {
		puts("# not root: nobody else's directory to try");
		return;
	}
	if (mkdir(path, 0700) != 0 || chown(path, 65534, 65534) != 0)
		abort();
	OK(!file_make_directory(path, 0700, &e) && e.kind == ERR_DENIED,
	   "a directory of somebody else is not ours");
}

int main(void)
{
	char template[] = "/tmp/provost-test-XXXXXX";
	struct err e = {0};
	int fd = dup(0);

	arena = arena_new();
	dir = mkdtemp(template);
	if (dir == NULL)
		return 1;
	reading();
	writing();
	directories();
	ownership();
	file_close(&fd);
	NUMBER(fd, -1, "a closed descriptor is forgotten");
	file_close(&fd);
	OK(file_remove_tree(dir, &e), "all is tidied up");
	arena_free(arena);
	return tap_done();
}
