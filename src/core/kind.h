/*
 * kind - the sorts of records we keep, and what holds for each
 *
 * One row a kind; use cases are written once for all of them.
 */
#ifndef CORE_KIND_H
#define CORE_KIND_H

#include "core/address.h"
#include "core/hasher.h"
#include "util/fault.h"

enum kind {
	KIND_DOMAIN,
	KIND_USER,
	KIND_ALIAS,
	KIND_PRINCIPAL,
	KIND_COUNT,
	KIND_MAIL_COUNT = KIND_PRINCIPAL, /* those before are of mail */
};

/* What of a record is about its password. */
struct passwords {
	const char **clear;     /* a new one on its way in, or NULL */
	const char **ready;     /* a ready-made hash on its way in, or NULL */
	const char **generated; /* one that we made up, shown once */
	struct stored_password *stored;
	struct field clear_field, ready_field;
};

struct kind_rules {
	const char *noun; /* as a client is told */
	const char *path; /* its collection in the native API */
	size_t size;      /* of the struct */
	struct field key; /* the identity, a FIELD_TEXT that never changes */
	const void *defaults;
	bool (*check_key)(const char *key, struct err *e);
	void (*fold)(void *record, struct arena *a);
	void (*check)(const void *record, struct arena *a, struct err *e);
	/* What is stored follows from what is shown, and the other way. */
	void (*complete)(void *record, struct arena *a);
	void (*derive)(void *record, struct arena *a);
	struct field id, created_at; /* FIELD_TEXTs of the store's */

	/* Whether what was stored can be what was sent. */
	bool (*same)(const void *stored, const void *sent);
};

const struct kind_rules *kind_rules(enum kind k);

/* The identity of a record. */
const char *kind_key(enum kind k, const void *record);

/* What the store tells it by from others that had its key. */
const char *kind_id(enum kind k, const void *record);

/* When the store made it, RFC 3339. */
const char *kind_created_at(enum kind k, const void *record);

/* Whether it is an address: users and aliases, which share their names. */
bool kind_is_address(enum kind k);

/* False: its records have none. */
bool kind_passwords(enum kind k, void *record, struct passwords *ret);

/* What somebody of that kind is known by, which is no password for him. */
struct text_list kind_words(enum kind k, const void *record, struct arena *a);

/* For the checks of each kind. */

/* An address of our own: well-formed, and short enough to be stored. */
void key_check(const char *address, enum address_use use, struct field f,
	       struct arena *a, struct err *e);
void fold_text(struct arena *a, const char **text); /* NULL stays NULL */
void quota_check(int64_t bytes, struct field f, struct arena *a, struct err *e);

/* When something stops being in force: NULL or RFC 3339 in UTC. */
void expiry_check(const char *expires_at, struct field f, struct arena *a,
		  struct err *e);

/* Each in lower case, sorted, and once, so that equal sets are equal. */
void fold_set(struct arena *a, struct text_list *list);

/* Sorted, and each of them once. */
void unique_set(struct arena *a, struct text_list *list);

/* Whether it is in force, of what the operator wants and what has happened
 * since; "enabled", "disabled" or, wanted but not in force, another word. */
const char *kind_state(bool in_force, bool wished, const char *waiting);

/* Free text for people: at most 1,024 bytes, without control characters and
 * not empty; NULL is fine. */
void prose_check(const char *text, struct field f, struct arena *a,
		 struct err *e);

#endif
