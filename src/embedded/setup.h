/*
 * setup - slapd's configuration and the first entries, from what we ship
 */
#ifndef EMBEDDED_SETUP_H
#define EMBEDDED_SETUP_H

#include "embedded/state.h"

/* Write the configuration anew, so that an upgrade brings its schema and access
 * rules with it; and, when there is no database yet, one with the first
 * entries and fresh passwords.  A crash at any point does no harm: the next
 * call begins again. */
bool setup_directory(const struct embedded_settings *set,
		     const struct state *st, struct err *e);

#endif
