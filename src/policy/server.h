/*
 * server - answers Postfix's questions on one loop
 *
 * Each connection has a fiber, and asks as often as it likes, one question
 * after the other.  Every wait has a deadline; whoever breaks the protocol is
 * cut off, upon which Postfix does what its default action says.
 */
#ifndef POLICY_SERVER_H
#define POLICY_SERVER_H

#include <stdatomic.h>

#include "core/gateway.h"
#include "loop/loop.h"
#include "policy/settings.h"

/* What the servers of all loops share: begin with all zero. */
struct policy_door {
	atomic_uint connections;
};

struct policy_parts {
	struct loop *loop;
	const struct policy_settings *settings; /* may change between turns */
	struct policy_door *door;
	const struct gateway *gateway; /* with the rights of Postfix */
	const int *listeners;          /* taken over; negative: none */
	unsigned count;                /* at most POLICY_PLACES_MAX */
};

struct policy_server;

/* On the loop's own thread.  What cannot be watched is told in the log. */
struct policy_server *policy_server_open(const struct policy_parts *parts);

/* Accept nobody any more, and let those go who ask nothing. */
void policy_server_quiesce(struct policy_server *s);

/* And those who do. */
void policy_server_cut_off(struct policy_server *s);
bool policy_server_is_idle(const struct policy_server *s);

/* It must be idle.  Accepts NULL. */
void policy_server_close(struct policy_server **s);

#endif
