#include "core/work.h"

#include "core/alias.h"
#include "core/user.h"
#include "util/text.h"

/* clang-format off */
#define F(member) FIELD(struct domain, member)
static const struct work_field domain_fields[] = {
	{"name",                     F(name),                     true},
	{"kind",                     F(kind),                     true},
	{"target",                   F(target),                   true},
	{"transport",                F(transport),                true},
	{"verify_recipients",        F(verify_recipients),        true},
	{"description",              F(description),              true},
	{"display_name",             F(display_name),             true},
	{"short_display_name",       F(short_display_name),       true},
	{"imap_host",                F(imap_host),                true},
	{"pop3_host",                F(pop3_host),                true},
	{"smtp_host",                F(smtp_host),                true},
	{"default_user_quota_bytes", F(default_user_quota_bytes), true},
	{"quota_bytes",              F(quota_bytes),              true},
	{"max_users",                F(max_users),                true},
	{"max_aliases",              F(max_aliases),              true},
	{"enabled",                  F(enabled),                  true},
	{"sponsor",                  F(sponsor),                  true},
	{"in_force",                 F(in_force),                 false},
	{"wished",                   F(wished),                   false},
	{"sponsor_identity",         F(sponsor_identity),         false},
	{"owner_identity",           F(owner_identity),           false},
	{"id",                       F(id),                       false},
	{"created_at",               F(created_at),               false},
	{NULL,                       {0, 0},                      false},
};
#undef F

#define F(member) FIELD(struct user, member)
static const struct work_field user_fields[] = {
	{"address",          F(address),              true},
	{"name",             F(name),                 true},
	{"given_name",       F(given_name),           true},
	{"family_name",      F(family_name),          true},
	{"quota_bytes",      F(quota_bytes),          true},
	{"quota_messages",   F(quota_messages),       true},
	{"enabled",          F(enabled),              true},
	{"login_enabled",    F(login_enabled),        true},
	{"forward_to",       F(forward_to),           true},
	{"keep_copy",        F(keep_copy),            true},
	{"send_as",          F(send_as),              true},
	{"send_only",        F(send_only),            true},
	{"recovery_address", F(recovery_address),     true},
	{"expires_at",       F(expires_at),           true},
	{"hash",             F(stored.hash),          false},
	{"scram_sha_1",      F(stored.scram_sha_1),   false},
	{"scram_sha_256",    F(stored.scram_sha_256), false},
	{"cram_md5",         F(stored.cram_md5),      false},
	{"local_part",       F(local_part),           false},
	{"mailbox_id",       F(mailbox_id),           false},
	{"destinations",     F(destinations),         false},
	{"in_force",         F(in_force),             false},
	{"wished",           F(wished),               false},
	{"id",               F(id),                   false},
	{"created_at",       F(created_at),           false},
	{NULL,               {0, 0},                  false},
};
#undef F

#define F(member) FIELD(struct alias, member)
static const struct work_field alias_fields[] = {
	{"address",         F(address),         true},
	{"destinations",    F(destinations),    true},
	{"description",     F(description),     true},
	{"enabled",         F(enabled),         true},
	{"send_as_allowed", F(send_as_allowed), true},
	{"expires_at",      F(expires_at),      true},
	{"local_part",      F(local_part),      false},
	{"in_force",        F(in_force),        false},
	{"wished",          F(wished),          false},
	{"id",              F(id),              false},
	{"created_at",      F(created_at),      false},
	{NULL,              {0, 0},             false},
};
#undef F
/* clang-format on */

const struct work_field *work_fields(enum kind k)
{
	switch (k) {
	case KIND_DOMAIN:
		return domain_fields;
	case KIND_USER:
		return user_fields;
	case KIND_ALIAS:
		return alias_fields;
	case KIND_PRINCIPAL:
	case KIND_COUNT:
		break;
	}
	return NULL;
}

bool work_same_field(struct field f, const void *a, const void *b)
{
	const void *one = field_in(f, a), *other = field_in(f, b);

	switch (f.kind) {
	case FIELD_TEXT:
		return text_equal(*(const char *const *)one,
				  *(const char *const *)other);
	case FIELD_LIST:
		return text_list_equal(*(const struct text_list *)one,
				       *(const struct text_list *)other);
	case FIELD_NUMBER:
		return *(const int64_t *)one == *(const int64_t *)other;
	case FIELD_FLAG:
		break;
	}
	return *(const bool *)one == *(const bool *)other;
}

bool work_same(enum kind k, const void *a, const void *b)
{
	for (const struct work_field *f = work_fields(k); f->name != NULL;
	     f++) {
		if (f->shown && !work_same_field(f->field, a, b))
			return false;
	}
	return true;
}
