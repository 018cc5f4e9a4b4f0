#include <lber.h>
#include <stdlib.h>

#include "ldap/entry.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static struct arena *arena;

/* As in the reply to a control: SEQUENCE { dn, SEQUENCE OF attributes }. */
static struct berval encode(void)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval flat, copy;

	if (ber == NULL ||
	    ber_printf(ber, "{s{{s[ss]}{s[s]}{s[]}}}", "cn=x", "mail", "a@b.c",
		       "", "description", "text", "empty") < 0 ||
	    ber_flatten2(ber, &flat, 0) != 0)
		abort();
	copy.bv_len = flat.bv_len;
	copy.bv_val = arena_copy(arena, flat.bv_val, flat.bv_len);
	ber_free(ber, 1);
	return copy;
}

static void whole(struct berval value)
{
	struct entry en;
	struct err e = {0};

	OK(entry_read_control(&value, arena, &en, &e), "an entry is read");
	NUMBER(en.count, 3, "with all its attributes");
	IS(entry_text(&en, "MAIL"), "a@b.c", "by name, in any letters");
	NUMBER(entry_values(&en, "mail")[1].bv_len, 0, "an empty value");
	OK(entry_values(&en, "mail")[2].bv_val == NULL, "and no more");
	IS(entry_text(&en, "description"), "text", "the next one");
	OK(entry_values(&en, "empty") == NULL,
	   "without values it is not there");
	OK(entry_text(&en, "mai") == NULL, "nor is part of a name");
}

/* Cut off or bent anywhere it is refused or read, but nothing else happens. */
static void broken(struct berval value)
{
	unsigned refused = 0;

	for (ber_len_t size = 1; size < value.bv_len; size++) {
		struct berval cut = {size,
				     arena_copy(arena, value.bv_val, size + 1)};
		struct entry en;
		struct err e = {0};

		refused += !entry_read_control(&cut, arena, &en, &e) &&
			   e.kind == ERR_INTERNAL;
	}
	NUMBER(refused, value.bv_len - 1,
	       "every entry that is cut off is refused");
	for (ber_len_t i = 0; i < value.bv_len * 255; i++) {
		struct berval bent = {value.bv_len,
				      arena_copy(arena, value.bv_val,
						 value.bv_len)};
		struct entry en;
		struct err e = {0};

		bent.bv_val[i / 255] ^= (char)(i % 255 + 1);
		if (!entry_read_control(&bent, arena, &en, &e) &&
		    e.kind == ERR_NONE)
			OK(false, "a refusal says why");
	}
	OK(true, "with any byte bent nothing happens");
}

/* The value of a control may be empty. */
static void nothing(void)
{
	struct berval none = {0, arena_strdup(arena, "")};
	struct entry en;
	struct err e = {0};

	OK(!entry_read_control(&none, arena, &en, &e), "nothing is no entry");
}

int main(void)
{
	struct berval value;

	arena = arena_new();
	value = encode();
	whole(value);
	broken(value);
	fflush(stdout);
	nothing();
	arena_free(arena);
	return tap_done();
}
