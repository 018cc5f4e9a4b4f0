/*
 * survey_mem - the operations of core/store.h that are about many records, on
 * top of those that are about one; for store_mem
 */
#ifndef TESTS_SURVEY_MEM_H
#define TESTS_SURVEY_MEM_H

#include "core/store.h"

bool survey_mem_expire(struct store *port, const struct task *t,
		       const char *from, const char *to, bool *more,
		       struct err *e);
bool survey_mem_count(struct store *s, const struct task *t, const char *domain,
		      struct tally *ret, struct err *e);
bool survey_mem_leading_to(struct store *s, const struct task *t,
			   const char *domain, struct text_list *ret,
			   struct err *e);
bool survey_mem_look_up(struct store *s, const struct task *t,
			const struct text_list *keys,
			const struct signpost **ret, struct err *e);

/* Let a user's mail be sent on, in every store, as with LDAP tools; texts and
 * list must live as long. */
void survey_mem_forward(const char *address, const struct text_list *to,
			bool send_only);

#endif
