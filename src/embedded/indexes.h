/*
 * indexes - that what is in the databases is found by the indexes they have
 *
 * slapd puts into an index what is written while it is configured.  So after an
 * upgrade that brings one, what was there before would not be found by it.
 */
#ifndef EMBEDDED_INDEXES_H
#define EMBEDDED_INDEXES_H

#include "embedded/state.h"

/* After the configuration was written and before slapd starts: what the indexes
 * in `config` are is compared with what they were, and built anew if that
 * differs or is not known.  That takes minutes where there is much. */
bool indexes_bring_up(const struct embedded_settings *set,
		      const struct state *st, const char *config,
		      struct err *e);

/* Those that are not there yet are made with these. */
bool indexes_note(const struct state *st, const char *config, struct err *e);

#endif
