#include "ldap/entry.h"

#include <string.h>
#include <strings.h>

#include "util/field.h"

enum { ATTRIBUTES_MAX = 32 }; /* in one entry; we ask for half as many */

static struct berval *copy_values(struct arena *a, const struct berval *from)
{
	size_t n = 0;

	while (from != NULL && from[n].bv_val != NULL)
		n++;
	struct berval *to = arena_alloc(a, (n + 1) * sizeof(*to));
	for (size_t i = 0; i < n; i++) {
		to[i].bv_len = from[i].bv_len;
		to[i].bv_val = arena_strndup(a, from[i].bv_val, from[i].bv_len);
	}
	return to;
}

/* The attributes that are left in ber. */
static bool read_attributes(BerElement *ber, struct arena *a, struct entry *ret,
			    struct err *e)
{
	struct attribute *at = arena_alloc(a, ATTRIBUTES_MAX * sizeof(*at));
	ber_len_t left = 0;

	*ret = (struct entry){.attributes = at};
	while (ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == 0 &&
	       left > 0) {
		struct berval name, *values = NULL;
		ber_len_t each = sizeof(*values), offset = 0;

		/* Name and values stay where they are, in the message. */
		if (ret->count == ATTRIBUTES_MAX ||
		    ber_scanf(ber, "{mM}", &name, &values, &each, offset) ==
			    LBER_ERROR) {
			ber_memfree(values);
			return err_set(e, ERR_INTERNAL,
				       "the directory sent a broken entry");
		}
		at[ret->count].name =
			arena_strndup(a, name.bv_val, name.bv_len);
		at[ret->count].name_size = name.bv_len;
		at[ret->count++].values = copy_values(a, values);
		ber_memfree(values);
	}
	return true;
}

static void release(BerElement **ber)
{
	ber_free(*ber, 0); /* the buffer is the message's */
}

bool entry_read(LDAP *ld, LDAPMessage *message, struct arena *a,
		struct entry *ret, struct err *e)
{
	CLEANUP(release) BerElement *ber = NULL;
	struct berval dn;

	if (ldap_get_dn_ber(ld, message, &ber, &dn) != LDAP_SUCCESS)
		return err_set(e, ERR_INTERNAL,
			       "the directory sent a broken entry");
	return read_attributes(ber, a, ret, e);
}

bool entry_read_control(const struct berval *value, struct arena *a,
			struct entry *ret, struct err *e)
{
	struct berval copy = *value, dn;
	/* liblber crashes on a value of no bytes. */
	BerElement *ber = value->bv_len > 0 ? ber_init(&copy) : NULL;

	if (ber == NULL)
		return err_set(e, ERR_INTERNAL,
			       "the directory sent a broken control");
	bool good = ber_scanf(ber, "{m{", &dn) != LBER_ERROR &&
		    read_attributes(ber, a, ret, e);
	if (!good && e->kind == ERR_NONE)
		err_set(e, ERR_INTERNAL, "the directory sent a broken control");
	ber_free(ber, 1);
	return good;
}

const struct berval *entry_values(const struct entry *en, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < en->count; i++) {
		const struct attribute *at = &en->attributes[i];

		if (at->name_size == size && strcasecmp(at->name, name) == 0 &&
		    at->values[0].bv_val != NULL)
			return at->values;
	}
	return NULL;
}

const char *entry_text(const struct entry *en, const char *name)
{
	const struct berval *v = entry_values(en, name);

	return v != NULL ? v[0].bv_val : NULL;
}

bool entry_is_a(const struct entry *en, const char *class)
{
	const struct berval *v = entry_values(en, "objectClass");

	for (; v != NULL && v->bv_val != NULL; v++) {
		if (strcasecmp(v->bv_val, class) == 0)
			return true;
	}
	return false;
}
