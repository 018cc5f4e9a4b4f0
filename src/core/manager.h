/*
 * manager - who has which role in a domain
 */
#ifndef CORE_MANAGER_H
#define CORE_MANAGER_H

#include <stddef.h>

enum role { ROLE_OWNER, ROLE_ADMINISTRATOR, ROLE_VIEWER, ROLE_NONE };

struct manager {
	const char *login;
	const char *domain;   /* where; NULL if that is said already */
	const char *name;     /* NULL: not visible, or there is nobody */
	enum role role;       /* the highest of his */
	const char *identity; /* as the store has it written down */
};

struct manager_list {
	struct manager *items; /* sorted by login, or by domain */
	size_t count;
};

/* All of a domain, in one state. */
struct managers {
	struct manager_list list; /* each once */
	struct manager_list all;  /* each role, as it is stored */
	const char *etag, *guard;
};

/* "owner", "administrator", "viewer"; NULL for none. */
const char *role_word(enum role role);
enum role role_of_word(const char *word); /* ROLE_NONE: no such word */

#endif
