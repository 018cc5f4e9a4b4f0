#include "core/user.h"

#include <string.h>

#include "core/address.h"
#include "core/kind.h"
#include "core/password.h"
#include "util/instant.h"
#include "util/random.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct user, member)

/* 26 letters of 5 bits: 130 bits, never to be given twice. */
enum { MAILBOX_ID_LENGTH = 26 };

const struct user user_defaults = {
	.quota_bytes = NUMBER_NONE,
	.quota_used_bytes = NUMBER_NONE,
	.quota_used_messages = NUMBER_NONE,
	.quota_messages = NUMBER_NONE,
	.keep_copy = true,
	.enabled = true,
	.login_enabled = true,
};

void user_fold(void *user, struct arena *a)
{
	struct user *u = user;

	fold_text(a, &u->address);
	fold_text(a, &u->recovery_address);
	fold_set(a, &u->forward_to);
	fold_set(a, &u->send_as);
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

/* Each of a list's addresses, of which there may be only so many. */
static void list_check(const struct text_list *list, size_t max,
		       enum address_use use, struct field f, struct arena *a,
		       struct err *e)
{
	if (list->count > max) {
		fault_field(e, a, FAULT_RANGE, f,
			    arena_printf(a, "there are more than %zu", max));
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		struct err bad = {0};

		if (!address_check(list->items[i], use, &bad))
			fault_field(e, a, FAULT_FORMAT, f,
				    arena_printf(a, "number %zu: %s", i + 1,
						 bad.text));
	}
}

static bool has(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (text_equal(list->items[i], text))
			return true;
	}
	return false;
}

static void mail_faults(const struct user *u, struct arena *a, struct err *e)
{
	list_check(&u->forward_to, USER_FORWARDS_MAX, ADDRESS_DESTINATION,
		   F(forward_to), a, e);
	if (has(&u->forward_to, u->address))
		fault_field(e, a, FAULT_RANGE, F(forward_to),
			    "it is his own address: keep_copy is for that");
	if (!u->keep_copy && u->forward_to.count == 0 &&
	    !fault_has(e, F(forward_to)) && !fault_has(e, F(keep_copy)))
		fault_field(e, a, FAULT_RANGE, F(keep_copy),
			    "without an address to forward to, his mail would "
			    "go nowhere");
	list_check(&u->send_as, USER_SENDERS_MAX, ADDRESS_ALIAS, F(send_as), a,
		   e);
	expiry_check(u->expires_at, F(expires_at), a, e);
	struct err bad = {0};
	if (u->recovery_address == NULL)
		return;
	if (!address_check(u->recovery_address, ADDRESS_DESTINATION, &bad))
		fault_field(e, a, FAULT_FORMAT, F(recovery_address),
			    arena_strdup(a, bad.text));
	else if (text_equal(u->recovery_address, u->address))
		fault_field(e, a, FAULT_RANGE, F(recovery_address),
			    "who has lost his password cannot read it there");
}

void user_check(const void *user, struct arena *a, struct err *e)
{
	const struct user *u = user;

	key_check(u->address, ADDRESS_OWN, F(address), a, e);
	quota_check(u->quota_bytes, F(quota_bytes), a, e);
	prose_check(u->name, F(name), a, e);
	prose_check(u->given_name, F(given_name), a, e);
	prose_check(u->family_name, F(family_name), a, e);
	if (u->quota_messages < 0 && u->quota_messages != NUMBER_NONE)
		fault_field(e, a, FAULT_RANGE, F(quota_messages),
			    "a quota is 0 or more messages");
	mail_faults(u, a, e);
	password_faults(u, a, e);
}

/* His own address stands among the others if he keeps a copy. */
static void complete_destinations(struct user *u, struct arena *a)
{
	struct text_list all = {0};

	if (u->forward_to.count > 0) {
		all.items = arena_alloc(a, (u->forward_to.count + 1) *
						   sizeof(*all.items));
		for (size_t i = 0; i < u->forward_to.count; i++)
			all.items[all.count++] = u->forward_to.items[i];
		if (u->keep_copy)
			all.items[all.count++] = u->address;
		fold_set(a, &all);
	}
	u->destinations = all;
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
	complete_destinations(u, a);
	u->in_force = u->enabled && (u->expires_at == NULL ||
				     !instant_is_past(u->expires_at));
	u->wished = u->enabled && !u->in_force;
}

void user_derive(void *user, struct arena *a)
{
	struct user *u = user;
	const struct text_list *all = &u->destinations;

	u->enabled = u->in_force || u->wished;
	u->state = kind_state(u->in_force, u->wished, "expired");
	u->keep_copy = all->count == 0 || has(all, u->address);
	u->forward_to = (struct text_list){0};
	if (all->count == 0)
		return;
	u->forward_to.items =
		arena_alloc(a, all->count * sizeof(*u->forward_to.items));
	for (size_t i = 0; i < all->count; i++) {
		if (!text_equal(all->items[i], u->address))
			u->forward_to.items[u->forward_to.count++] =
				all->items[i];
	}
}

struct text_list user_words(const struct user *u, struct arena *a)
{
	const char *const known[] = {u->address, u->name, u->given_name,
				     u->family_name};
	struct text_list words = {arena_alloc(a, (COUNT(known) + 2) *
							 sizeof(char *)),
				  0};

	for (size_t i = 0; i < COUNT(known); i++) {
		if (known[i] != NULL)
			words.items[words.count++] = known[i];
	}
	if (u->address != NULL && address_domain(u->address) != NULL) {
		words.items[words.count++] = address_local(a, u->address);
		words.items[words.count++] = address_domain(u->address);
	}
	return words;
}

bool user_same(const void *stored, const void *sent)
{
	const struct user *a = stored, *b = sent;

	/* It is drawn anew for each request. */
	return text_equal(a->mailbox_id, b->mailbox_id);
}
