/*
 * import_keys - `provost import --keys`: what DinoMail's clients log in with
 *
 * Their owners have to be there already.
 */
#ifndef CLI_IMPORT_KEYS_H
#define CLI_IMPORT_KEYS_H

#include "cli/input.h"
#include "cli/talk.h"

enum outcome import_keys(struct talk *t, const struct input *in);

#endif
