/*
 * fault - what is wrong with the input, field by field
 *
 * Checks note every fault they find instead of stopping at the first.  They
 * name a field by its place in the record, so that each dialect can call it by
 * its own key and say it in its own words.
 */
#ifndef UTIL_FAULT_H
#define UTIL_FAULT_H

#include "util/arena.h"
#include "util/err.h"
#include "util/field.h"

enum fault_kind {
	FAULT_MISSING,
	FAULT_UNKNOWN,
	FAULT_READ_ONLY,
	FAULT_TYPE,
	FAULT_FORMAT,
	FAULT_RANGE,
	FAULT_REFERENCE, /* names something that is not there */
	FAULT_POLICY,    /* not good enough for those who run this */
	FAULT_TEST,      /* not what the client expects there */
};

struct fault {
	struct fault *next;
	enum fault_kind kind;
	struct field field; /* the member, unless key is set */
	const char *key;    /* what the client wrote, if we have no member */
	bool placed;        /* key is a JSON Pointer into what he wrote */
	const char *code;   /* instead of the kind's, or NULL */
	const char *text;   /* in our own words */
};

/* All make e an ERR_INVALID and keep text, which must live as long as a.  A
 * member that was found at fault already is not noted as missing, too. */
void fault_field(struct err *e, struct arena *a, enum fault_kind kind,
		 struct field field, const char *text);
void fault_key(struct err *e, struct arena *a, enum fault_kind kind,
	       const char *key, const char *text);

void fault_at(struct err *e, struct arena *a, enum fault_kind kind,
	      const char *pointer, const char *text);

/* What is wrong there has a word of its own, for programs. */
void fault_coded(struct err *e, struct arena *a, const char *pointer,
		 const char *code, const char *text);

/* True if the member at this place was found at fault already. */
bool fault_has(const struct err *e, struct field field);

#endif
