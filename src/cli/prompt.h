/*
 * prompt - passwords are asked for at the terminal, and never shown
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <stdbool.h>

#include "util/arena.h"
#include "util/err.h"

/* Whether there is a terminal to ask at. */
bool prompt_can(void);

/* What the user types, without echo; the terminal is as it was afterwards, also
 * if a signal ends that.  Not where the input is redirected, but at the
 * terminal; for five minutes at most. */
bool prompt_secret(struct arena *a, const char *question, const char **ret,
		   struct err *e);

/* The same twice, until both are the same, three times at most. */
bool prompt_new_secret(struct arena *a, const char *whose, const char **ret,
		       struct err *e);

#endif
