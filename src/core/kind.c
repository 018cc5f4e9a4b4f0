#include "core/kind.h"

#include <string.h>

#include "core/address.h"
#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
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
		       .complete = user_complete},
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
			.complete = alias_complete},
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
