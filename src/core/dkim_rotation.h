/*
 * dkim_rotation - what becomes of DKIM keys by itself
 *
 * A key says when it is to be looked at.  One that is prepared is published as
 * soon as the DNS shows it; one that is staged signs a while later, and what
 * it takes the place of is retired; that is kept for a time of grace, loses its
 * private part, and goes when its record has gone.  A key that has signed for
 * long enough gets a successor.
 *
 * Each step is one write that somebody else may have done, or may do again.  A
 * step that fails moves the key's time on, so that it keeps no other waiting.
 */
#ifndef CORE_DKIM_ROTATION_H
#define CORE_DKIM_ROTATION_H

#include "core/dkim_keys.h"

enum { DKIM_LOOK_MILLIS = 1000 };

/* Go on with every key whose time has come; *stop ends it between two. */
bool dkim_look(const struct gateway *g, const struct task *t, const bool *stop,
	       struct err *e);

#endif
