/*
 * options - the table of all options of provostd
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "conf.h"
#include "util/field.h"

/* The member's own name is the option's: [http] listen = ..., or
 * --http-listen=... on the command line, or by its short name. */
struct conf_option {
	const char *name; /* section.key */
	struct field field;
	bool live;         /* SIGHUP changes it; else only a restart */
	const char *value; /* by default; NULL: worked out */
	int64_t min, max;  /* of a number */
	const char *alias; /* short name on the command line */
	const char *help;
};

extern const struct conf_option options[];
extern const size_t option_count;

#endif
