/*
 * member - options that become members of what is sent, or parameters
 *
 * Rows of a command whose options begin with struct request_options:
 *
 *	MEMBER("quota-bytes", member_bytes, "quota_bytes", "BYTES", "...")
 *
 * A key with a dot is a member of an object, "reseller.max_users".
 */
#ifndef CLI_MEMBER_H
#define CLI_MEMBER_H

#include "cli/request.h"

typedef const char *member_take(const struct command_option *o, struct arena *a,
				const char *value, void *options);

/* Of the body. */
member_take member_text, member_number, member_bytes, member_flag, member_list;

/* What is in a file, which may be a secret. */
member_take member_file;

/* Changes to a list that is there. */
member_take member_add, member_remove;

/* Parameters in the path's query. */
member_take query_text, query_true, query_flag;

/* Whether that one takes a parameter. */
bool member_is_query(member_take *take);

#define MEMBER(name, take, key, value, help)                   \
	{                                                      \
		(name), {0, 0}, (value), (help), (take), (key) \
	}

/* Put a member into an object, which is made where there is none, and released
 * with the arena; takes over the value. */
void member_set(struct arena *a, json_t **object, const char *key,
		json_t *value);

/* One more text in the list that is the member. */
void member_append(struct arena *a, json_t **object, const char *key,
		   const char *word);

#endif
