/*
 * cork - what goes to the directory is gathered, what comes from it is read
 * ahead
 *
 * libldap writes each request at once and reads each answer in two pieces.
 * Several searches that reach slapd in one write cost it half as much each, and
 * us a system call instead of one for each: so requests wait here until the
 * loop's turn is over, or until there are too many, and only then are written.
 * What does not fit goes through to the socket, and where the socket is full,
 * libldap hears so: a cork never holds more than CORK_ROOM bytes.
 */
#ifndef LDAP_CORK_H
#define LDAP_CORK_H

#include <ldap.h>
#include <stdbool.h>

enum { CORK_ROOM = 64 * 1024 };

struct cork;

/* Put one into an open connection that does not block.  It goes away with the
 * connection.  NULL if libldap refuses. */
struct cork *cork_insert(LDAP *ld);

/* Write what was gathered, as much as the socket takes; call it again when the
 * socket takes more.  False if the connection is lost. */
bool cork_flush(struct cork *c);

/* Whether answers were read that libldap has not seen: the socket will not tell
 * of them again. */
bool cork_has_answers(struct cork *c);

#endif
