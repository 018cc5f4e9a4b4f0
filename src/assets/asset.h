/*
 * asset - text files that the programs carry within themselves
 *
 * Directory schema and layout, and templates of configuration.  Names are
 * paths as in the source tree, those under src/cli/ without it.
 */
#ifndef ASSETS_ASSET_H
#define ASSETS_ASSET_H

struct asset {
	const char *name, *text;
};

/* Ended by one without a name. */
extern const struct asset assets[];

/* Ends the process if there is none of that name. */
const char *asset_text(const char *name);

#endif
