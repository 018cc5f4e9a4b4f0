/*
 * lookup - the searches that the shipped files of Postfix and Dovecot make
 *
 * They are read from the files that `provost config` writes, so that what the
 * doctor tries is what the mail servers ask.  ldap_table(5) and Dovecot's
 * manual say how a key gets into a filter.
 */
#ifndef DOCTOR_LOOKUP_H
#define DOCTOR_LOOKUP_H

#include "ldap/direct.h"

struct lookup {
	const char *name; /* of the file */
	const char *base, *filter, *format;
	enum direct_scope scope;
	struct text_list results;  /* attributes; none of Dovecot's */
	const char *terminal;      /* if an entry has it, nothing else counts */
	const char *const *wanted; /* what to ask for */
};

/* setting: "query_filter", "pass_filter" or "user_filter".  False: there is no
 * such file, or it is of a form that we do not know. */
bool lookup_read(struct arena *a, const char *file, const char *setting,
		 const char *base, struct lookup *ret, struct err *e);

/* The filter for a key; NULL: a key like this is not asked for. */
const char *lookup_filter(struct arena *a, const struct lookup *l,
			  const char *key);

/* What Postfix is answered. */
struct text_list lookup_result(struct arena *a, const struct lookup *l,
			       const char *key,
			       const struct direct_answer *answer);

#endif
