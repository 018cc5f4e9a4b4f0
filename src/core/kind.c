#include "core/kind.h"

#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/principal.h"
#include "core/user.h"
#include "util/instant.h"
#include "util/text.h"

enum { PROSE_MAX = 1024 };

static bool user_key(const char *key, struct err *e)
{
	return address_check(key, ADDRESS_OWN, e);
}

static bool alias_key(const char *key, struct err *e)
{
	return address_check(key, ADDRESS_ALIAS, e);
}

static const struct kind_rules rules[KIND_COUNT] = {
	[KIND_DOMAIN] = {.noun = "domain",
			 .path = "/v1/domains/",
			 .size = sizeof(struct domain),
			 .key = FIELD(struct domain, name),
			 .defaults = &domain_defaults,
			 .check_key = domain_name_check,
			 .fold = domain_fold,
			 .check = domain_check,
			 .complete = domain_complete,
			 .derive = domain_derive,
			 .id = FIELD(struct domain, id),
			 .created_at = FIELD(struct domain, created_at),
			 .same = domain_same},
	[KIND_USER] = {.noun = "user",
		       .path = "/v1/users/",
		       .size = sizeof(struct user),
		       .key = FIELD(struct user, address),
		       .defaults = &user_defaults,
		       .check_key = user_key,
		       .fold = user_fold,
		       .check = user_check,
		       .id = FIELD(struct user, id),
		       .created_at = FIELD(struct user, created_at),
		       .same = user_same,
		       .complete = user_complete,
		       .derive = user_derive},
	[KIND_ALIAS] = {.noun = "alias",
			.path = "/v1/aliases/",
			.size = sizeof(struct alias),
			.key = FIELD(struct alias, address),
			.defaults = &alias_defaults,
			.check_key = alias_key,
			.fold = alias_fold,
			.check = alias_check,
			.id = FIELD(struct alias, id),
			.created_at = FIELD(struct alias, created_at),
			.same = alias_same,
			.complete = alias_complete,
			.derive = alias_derive},
	[KIND_PRINCIPAL] = {.noun = "principal",
			    .path = "/v1/principals/",
			    .size = sizeof(struct principal),
			    .key = FIELD(struct principal, login),
			    .defaults = &principal_defaults,
			    .check_key = principal_login_check,
			    .fold = principal_fold,
			    .check = principal_check,
			    .id = FIELD(struct principal, id),
			    .created_at = FIELD(struct principal, created_at),
			    .same = principal_same,
			    .complete = principal_complete,
			    .derive = principal_derive},
};

const struct kind_rules *kind_rules(enum kind k)
{
	return &rules[k];
}

const char *kind_key(enum kind k, const void *record)
{
	return *(const char *const *)field_in(rules[k].key, record);
}

const char *kind_id(enum kind k, const void *record)
{
	return *(const char *const *)field_in(rules[k].id, record);
}

const char *kind_created_at(enum kind k, const void *record)
{
	return *(const char *const *)field_in(rules[k].created_at, record);
}

bool kind_is_address(enum kind k)
{
	return k == KIND_USER || k == KIND_ALIAS;
}

bool kind_passwords(enum kind k, void *record, struct passwords *ret)
{
	struct user *u = record;
	struct principal *p = record;

	if (k == KIND_USER)
		*ret = (struct passwords){&u->clear,
					  &u->ready,
					  &u->generated,
					  &u->stored,
					  FIELD(struct user, clear),
					  FIELD(struct user, ready)};
	else if (k == KIND_PRINCIPAL)
		*ret = (struct passwords){&p->clear,
					  &p->ready,
					  &p->generated,
					  &p->stored,
					  FIELD(struct principal, clear),
					  FIELD(struct principal, ready)};
	return k == KIND_USER || k == KIND_PRINCIPAL;
}

struct text_list kind_words(enum kind k, const void *record, struct arena *a)
{
	const struct principal *p = record;

	if (k == KIND_USER)
		return user_words(record, a);
	struct text_list words = {arena_alloc(a, 2 * sizeof(char *)), 0};
	words.items[words.count++] = p->login;
	if (p->name != NULL)
		words.items[words.count++] = p->name;
	return words;
}

void key_check(const char *address, enum address_use use, struct field f,
	       struct arena *a, struct err *e)
{
	struct err bad = {0};

	if (address == NULL)
		fault_field(e, a, FAULT_MISSING, f, "an address is needed");
	else if (!address_check(address, use, &bad))
		fault_field(e, a, FAULT_FORMAT, f, arena_strdup(a, bad.text));
	else if (address_cost(address) > ADDRESS_STORED_MAX)
		fault_field(e, a, FAULT_RANGE, f,
			    "the directory holds addresses of at most 240 "
			    "characters, where \"=\" counts for three");
}

void fold_text(struct arena *a, const char **text)
{
	if (*text != NULL)
		*text = text_lower(a, *text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void fold_set(struct arena *a, struct text_list *list)
{
	if (list->count > 0)
		list->items = arena_copy(a, list->items,
					 list->count * sizeof(*list->items));
	for (size_t i = 0; i < list->count; i++)
		fold_text(a, &list->items[i]);
	unique_set(a, list);
}

void unique_set(struct arena *a, struct text_list *list)
{
	struct text_list unique = {0};

	if (list->count == 0)
		return;
	unique.items =
		arena_copy(a, list->items, list->count * sizeof(*unique.items));
	qsort(unique.items, list->count, sizeof(*unique.items), by_text);
	for (size_t i = 0; i < list->count; i++) {
		if (i == 0 || strcmp(unique.items[i], unique.items[i - 1]) != 0)
			unique.items[unique.count++] = unique.items[i];
	}
	*list = unique;
}

const char *kind_state(bool in_force, bool wished, const char *waiting)
{
	return in_force ? "enabled" : wished ? waiting : "disabled";
}

void expiry_check(const char *expires_at, struct field f, struct arena *a,
		  struct err *e)
{
	if (expires_at != NULL && !instant_check(expires_at))
		fault_field(e, a, FAULT_FORMAT, f,
			    "a time is written like 2026-11-21T09:12:00Z, in "
			    "UTC");
}

void quota_check(int64_t bytes, struct field f, struct arena *a, struct err *e)
{
	if (bytes < 0 && bytes != NUMBER_NONE)
		fault_field(e, a, FAULT_RANGE, f, "a quota is 0 or more bytes");
}

void prose_check(const char *text, struct field f, struct arena *a,
		 struct err *e)
{
	if (text == NULL)
		return;
	if (text[0] == '\0')
		fault_field(e, a, FAULT_FORMAT, f, "it is empty");
	else if (strlen(text) > PROSE_MAX)
		fault_field(e, a, FAULT_RANGE, f,
			    "it has more than 1,024 bytes");
	else if (!text_is_clean(text))
		fault_field(e, a, FAULT_FORMAT, f,
			    "it has a control character in it");
}
