/*
 * local - a listening socket in the file system, for programs of this machine
 */
#ifndef LINE_LOCAL_H
#define LINE_LOCAL_H

#include "util/err.h"

/* Bind and listen at that path; a socket that nobody listens at any more is
 * replaced, anything else is left alone.  Members of the group, which has a
 * name or number, may connect; NULL: nobody but our own user.  *ret is the
 * descriptor, which does not block. */
bool local_listen(const char *path, const char *group, int *ret, struct err *e);

#endif
