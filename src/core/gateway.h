/*
 * gateway - the ports a use case works with; each loop has its own set
 */
#ifndef CORE_GATEWAY_H
#define CORE_GATEWAY_H

#include "core/hasher.h"
#include "core/login.h"
#include "core/store.h"

struct gateway {
	struct store *store;
	struct hasher *hasher;
	struct login *login;
};

#endif
