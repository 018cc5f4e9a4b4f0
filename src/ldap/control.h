/*
 * control - what may be asked of the directory beside the operation itself
 */
#ifndef LDAP_CONTROL_H
#define LDAP_CONTROL_H

#include <ldap.h>

#include "util/arena.h"

enum { CONTROLS_MAX = 4 };

/* To be filled by the functions below; begin with {.count = 0}. */
struct controls {
	LDAPControl items[CONTROLS_MAX];
	LDAPControl *list[CONTROLS_MAX + 1];
	size_t count;
};

/* As an operation takes them; valid as long as c, at its place. */
LDAPControl **control_list(struct controls *c);

/* Act with the rights of that DN (RFC 4370); "" is nobody. */
void control_proxy(struct controls *c, struct arena *a, const char *dn);

/* Only if the entry has that value (RFC 4528): else result 122. */
void control_assert(struct controls *c, struct arena *a, const char *attr,
		    const char *value);

/* Only if none of these attributes has a value as great as that beside it, or
 * greater; at least one. */
void control_assert_below(struct controls *c, struct arena *a,
			  const char *const names[], const char *const values[],
			  size_t count);

/* A part of an assertion; `how` is LDAP_FILTER_EQUALITY, _GE or _LE. */
struct assertion {
	ber_tag_t how;
	const char *attr, *value;
};

/* Only if the entry has all of them. */
void control_assert_all(struct controls *c, struct arena *a,
			const struct assertion *parts, size_t count);

/* The same for a move.  The rules of the directory search meanwhile, and slapd
 * puts the assertion to what each search begins at, too: so a mere container
 * passes. */
void control_assert_moving(struct controls *c, struct arena *a,
			   const char *attr, const char *value);

/* Check everything and write nothing: result LDAP_X_NO_OPERATION. */
void control_no_op(struct controls *c);

/* Send these attributes of the entry as it is afterwards (RFC 4527). */
void control_post_read(struct controls *c, struct arena *a,
		       const char *const attributes[]);

/* The session tracking control (draft-wahl-ldap-session), and the name of our
 * words in it. */
#define CONTROL_CONTEXT "1.3.6.1.4.1.21008.108.63.1"
#define CONTROL_CONTEXT_FORMAT \
	"2.25.141614563517026167447208273370186237191.3.1"

/* What the directory's log keeps of a request. */
struct context {
	const char *source, *login, *words;
};

/* A list of controls, or NULL, and that context after them. */
LDAPControl **control_with_context(LDAPControl **list, struct arena *a,
				   const struct context *from);

/* What a reply says of the entry afterwards, or NULL. */
const struct berval *control_post_read_value(LDAPControl **reply);

#endif
