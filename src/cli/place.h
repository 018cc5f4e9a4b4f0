/*
 * place - where a provostd on this machine has its things
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "util/arena.h"
#include "util/err.h"

/* The first line of a file in its state directory. */
bool place_line(struct arena *a, const char *dir, const char *name,
		const char **ret, struct err *e);

/* Become who owns it, for the directory knows the gateway by its system user,
 * and find the directory's socket. */
bool place_enter(struct arena *a, const char *dir, const char **uri,
		 struct err *e);

#endif
