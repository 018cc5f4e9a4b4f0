/*
 * wire - objects as clients of other products know them, driven by tables
 *
 * A codec carries values as they are.  Those clients send and expect them in
 * other types, or know things by URIs and numbers: here a member has a type
 * that translates, and what is wrong is said in the words they know.
 */
#ifndef API_WIRE_H
#define API_WIRE_H

#include "api/dialect.h"
#include "core/address.h"
#include "core/roster.h"
#include "core/rows.h"

/* What is said of what is wrong.  @VALUE@ is what was sent or meant, @FIELD@
 * the member's name, @LIMIT@ the most that it may be, @SIZE@ what it is; in
 * `taken` there are @NOUN@ and @KEY@, of what is there. */
struct phrases {
	const char *blank, *text, *integer, *too_great;
	const char *address, *too_long;
	const char *foreign; /* an address that is not of its @DOMAIN@ */
	const char *taken;
};

struct wire_field;

/* Objects on their way out, one after the other. */
struct showing {
	const struct call *call;
	const struct resource *of;
	const struct roster_row *row;
	const char *name, *uri; /* the last that was looked up by name */
};

struct wire_type {
	const char *name, *help; /* in schemas; NULL: not to be told of */
	/* Leaves *ret alone if there is nothing to show; NULL: never. */
	bool (*show)(struct showing *s, const void *member, json_t **ret,
		     struct err *e);
	/* Notes what is wrong, and goes on; false: that is all there is to be
	 * said.  The value is NULL if it is needed and was not sent.  NULL: it
	 * is not taken. */
	bool (*take)(const struct call *call, const struct wire_field *f,
		     json_t *value, void *member, struct err *e);
};

enum wire_flags {
	WIRE_KEY = 1 << 0,      /* by this the object is told from others */
	WIRE_PART = 1 << 1,     /* of an alias: where this row of it leads */
	WIRE_NEEDED = 1 << 2,   /* there is no object without it */
	WIRE_NOT_NULL = 1 << 3, /* null is not the same as nothing */
	WIRE_SEEN = 1 << 4,     /* looked at, and not kept */
	WIRE_NEW = 1 << 5,      /* taken with a new object alone */
	WIRE_UNIQUE = 1 << 6,   /* for schemas, as are these: */
	WIRE_BLANK = 1 << 7,    /* it may be empty */
	WIRE_NULLABLE = 1 << 8, /* it may be nothing */
};

struct wire_field {
	const char *name;
	const struct wire_type *type;
	struct field member; /* of the view */
	unsigned flags;
	const char *verbose;  /* its name for people, in schemas */
	const char *fallback; /* its default there, as JSON; or NULL */
};

struct item;

/* Objects of a kind.  The struct that rows name members of, the view, begins
 * with the record of the kind, or with a struct alias_row, and goes on with
 * what else is shown. */
struct resource {
	const char *name; /* in paths */
	enum kind kind;
	const char *noun, *key_noun; /* in errors */
	const struct wire_field *fields;
	size_t size, record; /* of the view, and of what it begins with */
	const char *const *list, *const *detail; /* methods, in schemas */
	/* Fill in what else is shown, of each; NULL: nothing is. */
	bool (*look)(const struct call *call, const struct roster_row *rows,
		     size_t count, void *views, struct err *e);
	/* Note what is wrong with all that was taken; or NULL. */
	bool (*judge)(const struct call *call, struct item *i, struct err *e);
	/* The only one that the caller has; NULL: they are in the store. */
	bool (*only)(const struct call *call, struct roster_row *ret,
		     struct err *e);
};

/* An object on its way in. */
struct item {
	const struct resource *of;
	struct roster_row was;   /* what is there; without a key: nothing */
	int64_t id;              /* the number it is to have; or NUMBER_NONE */
	bool goes;               /* it is to be deleted */
	void *view;              /* what it is to be */
	struct presence present; /* its members to write */
};

/* Behind what is in the array. */
bool wire_show(const struct call *call, const struct resource *of,
	       const struct roster_row *rows, size_t count, json_t *into,
	       struct err *e);

/* Fills in the view of ret, and what was present. */
bool wire_take(const struct call *call, json_t *object, struct item *ret,
	       struct err *e);

const struct wire_field *wire_find(const struct resource *of, const char *name);

/* Note a phrase, filled in; false.  The pairs are ended by NULL. */
bool wire_note(const struct call *call, const char *phrase,
	       const char *const pairs[], struct err *e);

/* The same of a text that is to be a number. */
bool wire_no_integer(const struct call *call, const char *text, struct err *e);

/* For the tables of types. */
bool wire_show_text(struct showing *s, const void *member, json_t **ret,
		    struct err *e); /* "" for nothing */
bool wire_show_number(struct showing *s, const void *member, json_t **ret,
		      struct err *e); /* 0 for nothing */
bool wire_show_verdict(struct showing *s, const void *member, json_t **ret,
		       struct err *e); /* true or false, or not at all */
bool wire_take_text(const struct call *call, const struct wire_field *f,
		    json_t *value, void *member, struct err *e);
bool wire_take_lower(const struct call *call, const struct wire_field *f,
		     json_t *value, void *member, struct err *e);
bool wire_take_integer(const struct call *call, const struct wire_field *f,
		       json_t *value, void *member, struct err *e);

/* Addresses: of a mailbox, of an alias, and anywhere. */
bool wire_take_own(const struct call *call, const struct wire_field *f,
		   json_t *value, void *member, struct err *e);
bool wire_take_alias(const struct call *call, const struct wire_field *f,
		     json_t *value, void *member, struct err *e);
bool wire_take_destination(const struct call *call, const struct wire_field *f,
			   json_t *value, void *member, struct err *e);

#endif
