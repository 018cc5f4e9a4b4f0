/*
 * audit - the trail of changes as JSON
 */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "core/audit.h"

/* The member of the record as /v1 names it; NULL: there is none. */
const char *audit_member(const struct audit_record *r,
			 const struct audit_change *c);

#endif
