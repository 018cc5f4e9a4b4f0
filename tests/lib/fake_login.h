/*
 * fake_login - core/login.h with a list of names and passwords, for tests
 */
#ifndef TESTS_FAKE_LOGIN_H
#define TESTS_FAKE_LOGIN_H

#include "core/login.h"

struct fake_account {
	const char *name, *password;
};

struct fake_login {
	struct login port;
	const struct fake_account *accounts; /* ended by one without a name */
	unsigned asked, fresh; /* how many times, and how many of them so */
	unsigned forgiven;
	bool busy; /* ERR_LIMIT */
	bool down; /* not ready */
};

/* Identities are the names themselves. */
struct fake_login fake_login_make(const struct fake_account accounts[]);

#endif
