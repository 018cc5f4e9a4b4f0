/*
 * dict - hears from Dovecot who logged in and how full mailboxes are, and
 * writes it to the store now and then
 *
 * What was heard is kept in memory until then; a crash loses it, a stop does
 * not.  Users that are not ours are forgotten without a word.
 */
#ifndef DICT_DICT_H
#define DICT_DICT_H

#include "core/gateway.h"
#include "dict/settings.h"
#include "loop/loop.h"

struct dict;

/* How many users wait for being written, at most. */
enum { DICT_USERS_MAX = 100000 };

/* The listening socket is taken over.  On the loop's thread; gateway and
 * settings, which may change there, must outlive it.  NULL, with e set, on
 * failure. */
struct dict *dict_open(struct loop *l, int listener, const struct gateway *g,
		       const struct dict_settings *set, struct err *e);

/* Hear no more and write what was heard, while the directory can still be
 * reached. */
void dict_stop(struct dict *d);
bool dict_has_ended(const struct dict *d);

/* Must have ended.  Accepts NULL. */
void dict_free(struct dict **d);

#endif
