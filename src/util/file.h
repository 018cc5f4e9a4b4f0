/*
 * file - whole small files, written so that a crash leaves old or new
 */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/arena.h"
#include "util/err.h"

/* For CLEANUP(); negative descriptors are left alone. */
void file_close(int *fd);

/* At most limit bytes; a longer file is an error.  The result ends in NUL and
 * contains no other. */
bool file_read(struct arena *a, const char *path, size_t limit,
	       const char **ret, struct err *e);

/* The same of what not everybody may know: who may read it has to be named. */
bool file_read_secret(struct arena *a, const char *path, size_t limit,
		      const char **ret, struct err *e);

/* Write beside path, fsync, rename over it.  The mode is exactly this one,
 * from the first byte on; umask plays no part.  A link at path is replaced,
 * not followed. */
bool file_write(const char *path, mode_t mode, const char *text, struct err *e);

/* Move into place, so that it is there after a power cut; errno on failure. */
bool file_rename(const char *from, const char *to);

/* Make a directory; it is fine if we own one of that name already, which then
 * gets that mode. */
bool file_make_directory(const char *path, mode_t mode, struct err *e);

/* Remove a directory and what is in it; it is fine if there is none. */
bool file_remove_tree(const char *path, struct err *e);

#endif
