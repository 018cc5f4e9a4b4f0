/*
 * edition - the options as they are for a while
 *
 * Several threads may hold one, and the last to let go frees it.  Nobody
 * changes it.
 */
#ifndef EDITION_H
#define EDITION_H

#include "conf.h"

struct edition;

struct edition *edition_new(void); /* held once */
struct edition *edition_hold(struct edition *ed);
void edition_release(struct edition **ed); /* accepts NULL */
struct arena *edition_arena(struct edition *ed);
struct conf *edition_conf(struct edition *ed);

#endif
