/*
 * survey - questions about many entries at once, asked with the rights of the
 * caller
 *
 * For the operations of core/store.h that have the same names.
 */
#ifndef LDAP_SURVEY_H
#define LDAP_SURVEY_H

#include "core/store.h"
#include "ldap/session.h"

/* Where to ask; both outlive the question. */
struct survey {
	struct session *session;
	const struct ldap_settings *set;
	bool own; /* with the gateway's own rights instead */
};

bool survey_count(const struct survey *s, const struct task *t,
		  const char *domain, struct tally *ret, struct err *e);

bool survey_leading_to(const struct survey *s, const struct task *t,
		       const char *domain, struct text_list *ret,
		       struct err *e);

/* Who may not search below all domains finds nothing but himself. */
bool survey_look_up(const struct survey *s, const struct task *t,
		    const struct text_list *keys, const struct signpost **ret,
		    struct err *e);

#endif
