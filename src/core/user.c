#include "core/user.h"

#include <string.h>

#include "core/address.h"
#include "core/kind.h"
#include "core/password.h"
#include "util/random.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct user, member)

/* 26 letters of 5 bits: 130 bits, never to be given twice. */
enum { MAILBOX_ID_LENGTH = 26 };

const struct user user_defaults = {
	.quota_bytes = NUMBER_NONE,
	.enabled = true,
	.login_enabled = true,
};

void user_fold(void *user, struct arena *a)
{
	struct user *u = user;

	fold_text(a, &u->address);
}

static void password_faults(const struct user *u, struct arena *a,
			    struct err *e)
{
	struct err bad = {0};

	if (u->clear != NULL && !password_check(u->clear, &bad))
		fault_field(e, a, FAULT_FORMAT, F(clear),
			    arena_strdup(a, bad.text));
	if (u->clear != NULL && u->ready != NULL)
		fault_field(e, a, FAULT_RANGE, F(ready),
			    "give a password or a hash, not both");
}

void user_check(const void *user, struct arena *a, struct err *e)
{
	const struct user *u = user;

	key_check(u->address, ADDRESS_OWN, F(address), a, e);
	quota_check(u->quota_bytes, F(quota_bytes), a, e);
	prose_check(u->name, F(name), a, e);
	prose_check(u->given_name, F(given_name), a, e);
	prose_check(u->family_name, F(family_name), a, e);
	password_faults(u, a, e);
}

void user_complete(void *user, struct arena *a)
{
	struct user *u = user;

	u->local_part = address_local(a, u->address);
	if (u->name == NULL)
		u->name = u->local_part;
	if (u->family_name == NULL)
		u->family_name = u->name;
	if (u->mailbox_id == NULL)
		u->mailbox_id = random_word(a, MAILBOX_ID_LENGTH);
}

bool user_same(const void *stored, const void *sent)
{
	const struct user *a = stored, *b = sent;

	/* It is drawn anew for each request. */
	return text_equal(a->mailbox_id, b->mailbox_id);
}
