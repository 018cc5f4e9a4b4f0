#include "doctor/census.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "util/alloc.h"
#include "util/text.h"

enum { ROOM_FIRST = 1024, NAME_MAX_SIZE = 512 };

struct census *census_new(void)
{
	struct census *c = alloc_zeroed(sizeof(*c));

	c->arena = arena_new();
	c->delimiter = '+';
	c->name_room = c->address_room = ROOM_FIRST;
	c->by_name = alloc_zeroed(ROOM_FIRST * sizeof(struct held_domain *));
	c->by_address =
		alloc_zeroed(ROOM_FIRST * sizeof(struct held_address *));
	return c;
}

void census_free(struct census **c)
{
	if (*c == NULL)
		return;
	free((*c)->by_name);
	free((*c)->by_address);
	arena_free((*c)->arena);
	free(*c);
	*c = NULL;
}

/* FNV-1a of the lower case. */
static size_t hash(const char *text)
{
	uint64_t h = 14695981039346656037U;

	for (; *text != '\0'; text++) {
		unsigned char ch = (unsigned char)*text;

		h ^= ch >= 'A' && ch <= 'Z' ? ch | 0x20U : ch;
		h *= 1099511628211U;
	}
	return (size_t)(h ^ h >> 32);
}

static void grow_domains(struct census *c)
{
	size_t room = c->name_room * 2;
	struct held_domain **all =
		alloc_zeroed(room * sizeof(struct held_domain *));

	for (struct held_domain *d = c->domains; d != NULL; d = d->next) {
		struct held_domain **at = &all[hash(d->name) & (room - 1)];

		d->bucket = *at;
		*at = d;
	}
	free(c->by_name);
	c->by_name = all;
	c->name_room = room;
}

static void grow_addresses(struct census *c)
{
	size_t room = c->address_room * 2;
	struct held_address **all =
		alloc_zeroed(room * sizeof(struct held_address *));

	for (struct held_address *h = c->addresses; h != NULL; h = h->next) {
		struct held_address **at = &all[hash(h->address) & (room - 1)];

		h->bucket = *at;
		*at = h;
	}
	free(c->by_address);
	c->by_address = all;
	c->address_room = room;
}

struct held_domain *census_add_domain(struct census *c, const char *name)
{
	struct held_domain *d = arena_alloc(c->arena, sizeof(*d));

	if ((size_t)c->domain_count == c->name_room)
		grow_domains(c);
	d->name = text_lower(c->arena, name);
	struct held_domain **at = &c->by_name[hash(name) & (c->name_room - 1)];
	d->bucket = *at;
	*at = d;
	if (c->last_domain != NULL)
		c->last_domain->next = d;
	else
		c->domains = d;
	c->last_domain = d;
	c->domain_count++;
	return d;
}

struct held_address *census_add_address(struct census *c, const char *address,
					bool user)
{
	struct held_address *h = arena_alloc(c->arena, sizeof(*h));

	if ((size_t)(c->user_count + c->alias_count) == c->address_room)
		grow_addresses(c);
	h->address = text_lower(c->arena, address);
	h->user = user;
	h->twice = census_address(c, address) != NULL;
	struct held_address **at =
		&c->by_address[hash(address) & (c->address_room - 1)];
	h->bucket = *at;
	*at = h;
	if (c->last_address != NULL)
		c->last_address->next = h;
	else
		c->addresses = h;
	c->last_address = h;
	++*(user ? &c->user_count : &c->alias_count);
	return h;
}

void census_add_role(struct census *c, const char *entry, const char *role,
		     const char *dn)
{
	struct held_role *r = arena_alloc(c->arena, sizeof(*r));

	*r = (struct held_role){c->roles, arena_strdup(c->arena, entry), role,
				arena_strdup(c->arena, dn)};
	c->roles = r;
}

struct held_domain *census_domain(const struct census *c, const char *name)
{
	struct held_domain *d = c->by_name[hash(name) & (c->name_room - 1)];

	while (d != NULL && strcasecmp(d->name, name) != 0)
		d = d->bucket;
	return d;
}

struct held_address *census_address(const struct census *c, const char *address)
{
	struct held_address *h =
		c->by_address[hash(address) & (c->address_room - 1)];

	while (h != NULL && strcasecmp(h->address, address) != 0)
		h = h->bucket;
	return h;
}

static void count(struct held_domain *d, const struct held_address *h)
{
	++*(h->user ? &d->users : &d->aliases);
	if (!h->user)
		return;
	if (h->quota <= 0)
		d->unlimited++;
	else if (__builtin_add_overflow(d->quota_sum, h->quota, &d->quota_sum))
		d->quota_sum = INT64_MAX;
}

void census_complete(struct census *c)
{
	for (struct held_address *h = c->addresses; h != NULL; h = h->next) {
		const char *name = address_domain(h->address);

		h->domain = name != NULL ? census_domain(c, name) : NULL;
		if (h->domain != NULL)
			count(h->domain, h);
	}
}

bool census_in_force(const struct held_address *h)
{
	return h->enabled && h->domain != NULL && h->domain->enabled;
}

/* The address without its tag; NULL if it has none. */
static const char *without_tag(char delimiter, const char *address,
			       char ret[NAME_MAX_SIZE])
{
	const char *at = strrchr(address, '@'),
		   *tag = strchr(address, delimiter);

	if (delimiter == '\0' || tag == NULL || tag == address || tag > at ||
	    strlen(address) >= NAME_MAX_SIZE)
		return NULL;
	memcpy(ret, address, (size_t)(tag - address));
	stpcpy(ret + (tag - address), at);
	return ret;
}

/* What the mail servers find by exactly this address. */
static struct held_address *found_by(const struct census *c,
				     const char *address)
{
	struct held_address *h = census_address(c, address);

	return h != NULL && h->enabled ? h : NULL;
}

/* In a domain that is itself the one. */
static struct held_address *taker_in(const struct census *c,
				     const char *address)
{
	char plain[NAME_MAX_SIZE];
	const char *at = strrchr(address, '@');
	struct held_address *h = found_by(c, address);

	if (h == NULL && without_tag(c->delimiter, address, plain) != NULL)
		h = found_by(c, plain);
	return h != NULL ? h : found_by(c, at);
}

/* The same address in the domain that the alias domain stands for. */
static const char *retarget(const char *address, const char *target,
			    char ret[NAME_MAX_SIZE])
{
	size_t local = (size_t)(strrchr(address, '@') - address) + 1;

	if (local + strlen(target) >= NAME_MAX_SIZE)
		return address;
	memcpy(ret, address, local);
	stpcpy(ret + local, target);
	return ret;
}

struct held_address *census_taker(const struct census *c, const char *address)
{
	const char *name = address_domain(address);
	const struct held_domain *d =
		name != NULL ? census_domain(c, name) : NULL;
	char elsewhere[NAME_MAX_SIZE];

	if (d == NULL || !d->enabled)
		return NULL;
	if (text_equal(d->kind, "alias") && d->target != NULL) {
		address = retarget(address, d->target, elsewhere);
		d = census_domain(c, d->target);
	}
	return d != NULL && d->enabled ? taker_in(c, address) : NULL;
}

/* Mail for it leaves us. */
static bool goes_elsewhere(const struct census *c, const struct held_domain *d)
{
	if (d->enabled && text_equal(d->kind, "alias") && d->target != NULL)
		d = census_domain(c, d->target);
	return d != NULL && d->enabled && text_equal(d->kind, "relay");
}

enum reach census_reach(const struct census *c, const char *address)
{
	const char *name = address_domain(address);
	const struct held_domain *d =
		name != NULL ? census_domain(c, name) : NULL;
	const struct held_address *h;

	if (d == NULL || goes_elsewhere(c, d))
		return REACH_GOOD;
	if ((h = census_taker(c, address)) != NULL)
		return h->send_only ? REACH_DISABLED : REACH_GOOD;
	return !d->enabled || census_address(c, address) != NULL
		       ? REACH_DISABLED
		       : REACH_NOBODY;
}
