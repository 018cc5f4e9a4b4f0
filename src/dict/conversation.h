/*
 * conversation - what a Dovecot says by the dict protocol, and our answers
 *
 * Its plugins last_login and quota_clone set values in transactions; those
 * that are committed are handed on, everything else is taken and forgotten:
 *
 *	shared/last-login/USER     seconds since 1970
 *	priv/quota/storage         bytes that the user of the transaction has
 *	priv/quota/messages        messages
 *
 * To look something up finds nothing.  Bounded and without a library: it can be
 * put to any input.
 */
#ifndef DICT_CONVERSATION_H
#define DICT_CONVERSATION_H

#include "core/address.h"
#include "core/usage.h"

enum {
	CONVERSATION_AT_ONCE = 16, /* transactions */
	CONVERSATION_ANSWER = 32,  /* bytes, with the NUL */
	CONVERSATION_VERSION = 4,  /* major one of the protocol, at most: 2.3
				    * has 3, and 2.4 one more */
};

struct transaction {
	bool open;
	int64_t id;
	char address[ADDRESS_MAX + 1]; /* whom priv/ is of */
	char login[ADDRESS_MAX + 1];   /* whom last-login is of, or "" */
	struct usage usage;
};

/* Begin with all zero but the last two members. */
struct conversation {
	bool greeted;
	char user[ADDRESS_MAX + 1]; /* of older versions: of all transactions */
	struct transaction transactions[CONVERSATION_AT_ONCE];

	/* An address of ours, in lower case. */
	void (*take)(void *ctx, const char *address, const struct usage *u);
	void *ctx;
};

/* Understand a line, which is changed; now is the time in seconds since 1970.
 * The answer is empty where none is due.  False: it makes no sense, and nothing
 * that follows would. */
bool conversation_line(struct conversation *c, char *line, int64_t now,
		       char answer[CONVERSATION_ANSWER]);

#endif
