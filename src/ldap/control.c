#include "ldap/control.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"

static void add(struct controls *c, const char *oid, struct berval value)
{
	/* libldap takes the OID without const, and only reads it. */
	union {
		const char *is;
		char *taken;
	} text = {.is = oid};

	if (c->count == CONTROLS_MAX)
		abort();
	c->items[c->count] = (LDAPControl){.ldctl_oid = text.taken,
					   .ldctl_value = value,
					   .ldctl_iscritical = 1};
	c->count++;
}

/* Move what was encoded into the arena. */
static struct berval finish(BerElement *ber, struct arena *a)
{
	struct berval encoded, copy;

	if (ber == NULL || ber_flatten2(ber, &encoded, 0) != 0)
		alloc_die();
	copy.bv_len = encoded.bv_len;
	copy.bv_val = arena_copy(a, encoded.bv_val, encoded.bv_len);
	ber_free(ber, 1);
	return copy;
}

void control_proxy(struct controls *c, struct arena *a, const char *dn)
{
	struct berval value;

	ber_str2bv(arena_join(a, "dn:", dn, NULL), 0, 0, &value);
	add(c, LDAP_CONTROL_PROXY_AUTHZ, value);
}

void control_assert(struct controls *c, struct arena *a, const char *attr,
		    const char *value)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	if (ber == NULL ||
	    ber_printf(ber, "t{ss}", LDAP_FILTER_EQUALITY, attr, value) < 0)
		alloc_die();
	add(c, LDAP_CONTROL_ASSERT, finish(ber, a));
}

void control_assert_below(struct controls *c, struct arena *a,
			  const char *const names[], const char *const values[],
			  size_t count)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	bool good = ber != NULL && ber_printf(ber, "t{", LDAP_FILTER_AND) >= 0;

	for (size_t i = 0; good && i < count; i++)
		good = ber_printf(ber, "t{t{ss}}", LDAP_FILTER_NOT,
				  LDAP_FILTER_GE, names[i], values[i]) >= 0;
	if (!good || ber_printf(ber, "}") < 0)
		alloc_die();
	add(c, LDAP_CONTROL_ASSERT, finish(ber, a));
}

void control_assert_all(struct controls *c, struct arena *a,
			const struct assertion *parts, size_t count)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	bool good = ber != NULL && ber_printf(ber, "t{", LDAP_FILTER_AND) >= 0;

	for (size_t i = 0; good && i < count; i++)
		good = ber_printf(ber, "t{ss}", parts[i].how, parts[i].attr,
				  parts[i].value) >= 0;
	if (!good || ber_printf(ber, "}") < 0)
		alloc_die();
	add(c, LDAP_CONTROL_ASSERT, finish(ber, a));
}

void control_assert_moving(struct controls *c, struct arena *a,
			   const char *attr, const char *value)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);

	if (ber == NULL ||
	    ber_printf(ber, "t{t{ss}t{ss}}", LDAP_FILTER_OR,
		       LDAP_FILTER_EQUALITY, attr, value, LDAP_FILTER_EQUALITY,
		       "objectClass", "organizationalUnit") < 0)
		alloc_die();
	add(c, LDAP_CONTROL_ASSERT, finish(ber, a));
}

void control_no_op(struct controls *c)
{
	add(c, LDAP_CONTROL_NOOP, (struct berval){0});
}

static void add_read(struct controls *c, const char *oid, struct arena *a,
		     const char *const attributes[])
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	bool good = ber != NULL && ber_printf(ber, "{") >= 0;

	for (; good && *attributes != NULL; attributes++)
		good = ber_printf(ber, "s", *attributes) >= 0;
	if (!good || ber_printf(ber, "}") < 0)
		alloc_die();
	add(c, oid, finish(ber, a));
}

void control_post_read(struct controls *c, struct arena *a,
		       const char *const attributes[])
{
	add_read(c, LDAP_CONTROL_POST_READ, a, attributes);
}

LDAPControl **control_with_context(LDAPControl **list, struct arena *a,
				   const struct context *from)
{
	static char oid[] = CONTROL_CONTEXT;
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	LDAPControl *mine = arena_alloc(a, sizeof(*mine));
	size_t count = 0;

	if (ber == NULL || ber_printf(ber, "{ssss}", from->source, from->login,
				      CONTROL_CONTEXT_FORMAT, from->words) < 0)
		alloc_die();
	/* A directory that does not know it does the operation all the same. */
	*mine = (LDAPControl){.ldctl_oid = oid, .ldctl_value = finish(ber, a)};
	while (list != NULL && list[count] != NULL)
		count++;
	LDAPControl **all = arena_alloc(a, (count + 2) * sizeof(*all));
	for (size_t i = 0; i < count; i++)
		all[i] = list[i];
	all[count] = mine;
	return all;
}

LDAPControl **control_list(struct controls *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->list[i] = &c->items[i];
	c->list[c->count] = NULL;
	return c->list;
}

static const struct berval *value_of(LDAPControl **reply, const char *oid)
{
	for (; reply != NULL && *reply != NULL; reply++) {
		if (strcmp((*reply)->ldctl_oid, oid) == 0)
			return &(*reply)->ldctl_value;
	}
	return NULL;
}

const struct berval *control_post_read_value(LDAPControl **reply)
{
	return value_of(reply, LDAP_CONTROL_POST_READ);
}
