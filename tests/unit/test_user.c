#include "core/kind.h"
#include "core/user.h"
#include "tests/lib/records.h"
#include "tests/lib/tap.h"
#include "util/text.h"

#define F(member) FIELD(struct user, member)

static const struct {
	const char *name;
	struct field field;
	const char *text;
	int64_t number;
	int fault; /* -1: none */
} cases[] = {
	{"an address", F(address), "bob@example.org", 0, -1},
	{"no address", F(address), NULL, 0, FAULT_MISSING},
	{"a catch-all", F(address), "@example.org", 0, FAULT_FORMAT},
	{"a tagged address", F(address), "a+b@example.org", 0, FAULT_FORMAT},
	{"an empty address", F(address), "", 0, FAULT_FORMAT},
	{"a name", F(name), "Ann Smith", 0, -1},
	{"an empty name", F(name), "", 0, FAULT_FORMAT},
	{"a name with a NUL's neighbour", F(name), "\x01", 0, FAULT_FORMAT},
	{"a given name", F(given_name), "A\tB", 0, FAULT_FORMAT},
	{"a family name", F(family_name), "\xc2\x85", 0, FAULT_FORMAT},
	{"quota 0", F(quota_bytes), NULL, 0, -1},
	{"no quota", F(quota_bytes), NULL, NUMBER_NONE, -1},
	{"quota -1", F(quota_bytes), NULL, -1, FAULT_RANGE},
	{"a password", F(clear), "correct horse", 0, -1},
	{"an empty password", F(clear), "", 0, FAULT_FORMAT},
	{"a password with a line break", F(clear), "a\nb", 0, FAULT_FORMAT},
	{"messages", F(quota_messages), NULL, 1000, -1},
	{"messages -1", F(quota_messages), NULL, -1, FAULT_RANGE},
	{"a recovery address", F(recovery_address), "o'ann@out.example", 0, -1},
	{"his own", F(recovery_address), "ann@example.org", 0, FAULT_RANGE},
	{"a malformed one", F(recovery_address), "ann", 0, FAULT_FORMAT},
	{"an end", F(expires_at), "2026-02-28T23:59:59Z", 0, -1},
	{"a day that is not", F(expires_at), "2026-02-29T00:00:00Z", 0,
	 FAULT_FORMAT},
	{"a hash alone", F(ready), "anything", 0, -1},
};

static void one_by_one(struct arena *a)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct user u = user_defaults;
		struct err e = {0};
		struct field f = cases[i].field;

		u.address = "ann@example.org";
		if (f.kind == FIELD_NUMBER)
			*(int64_t *)field_at(f, &u) = cases[i].number;
		else
			*(const char **)field_at(f, &u) = cases[i].text;
		user_check(&u, a, &e);
		OK(fault_kind_of(&e, f) == cases[i].fault &&
			   fault_count(&e) == (cases[i].fault >= 0),
		   cases[i].name);
	}
}

static void faults(struct arena *a)
{
	struct user u = {.address = "@",
			 .name = "",
			 .quota_bytes = -2,
			 .clear = "",
			 .ready = "{CRYPT}x",
			 .keep_copy = true};
	struct err e = {0};

	user_check(&u, a, &e);
	NUMBER(fault_count(&e), 5, "all faults are told at once");
	NUMBER(fault_kind_of(&e, (struct field)F(ready)), FAULT_RANGE,
	       "a password and a hash exclude each other");
	for (const struct fault *f = e.faults; f != NULL; f = f->next)
		OK(f->text[0] != '\0' && strstr(f->text, "{CRYPT}x") == NULL,
		   "each has a text, without secrets");
}

/* What the directory can hold: a name of 240 octets, "=" counted as three. */
static void lengths(struct arena *a)
{
	static const struct {
		unsigned plain, equals;
		int fault;
	} local[] = {{59, 0, -1}, {60, 0, FAULT_RANGE},
		     {56, 1, -1}, {57, 1, FAULT_RANGE},
		     {2, 19, -1}, {3, 19, FAULT_RANGE}};
	char label[61] = "", name[65];

	memset(label, 'd', 58);
	for (size_t i = 0; i < COUNT(local); i++) {
		struct user u = user_defaults;
		struct err e = {0};

		memset(name, 'n', local[i].plain);
		memset(name + local[i].plain, '=', local[i].equals);
		name[local[i].plain + local[i].equals] = '\0';
		/* '@' and three labels of 58 with a dot behind, and "xyz" */
		u.address = arena_printf(a, "%s@%s.%s.%s.xyz", name, label,
					 label, label);
		user_check(&u, a, &e);
		NUMBER(fault_kind_of(&e, (struct field)F(address)),
		       local[i].fault, u.address);
	}
}

static void completion(struct arena *a)
{
	struct user bare = {.address = "ann@example.org"};
	struct user named = {.address = "ann@example.org", .name = "Ann Smith"};
	struct user full = {.address = "ann@example.org",
			    .name = "Ann Smith",
			    .family_name = "Smith",
			    .mailbox_id = "kept-as-it-is"};

	user_complete(&bare, a);
	IS(bare.name, "ann", "the name follows from the address");
	IS(bare.family_name, "ann", "and the family name from the name");
	IS(bare.local_part, "ann", "local part");
	NUMBER(strlen(bare.mailbox_id), 26, "a mailbox gets its own name");
	user_complete(&named, a);
	IS(named.family_name, "Ann Smith", "family name from a given name");
	OK(strcmp(bare.mailbox_id, named.mailbox_id) != 0,
	   "which nobody else has");
	user_complete(&full, a);
	IS(full.family_name, "Smith", "what was given is kept");
	IS(full.mailbox_id, "kept-as-it-is", "above all the mailbox");
}

static const char *one[] = {"b@out.example"}, *self[] = {"ann@example.org"},
		  *mixed[] = {"Z@out.example", "b@out.example",
			      "z@out.example"},
		  *senders[] = {"@example.org", "x@example.net"},
		  *strange[] = {"x+y@example.org", "example.org"};

static void lists(struct arena *a)
{
	struct user u = user_defaults;
	struct err e = {0};

	u.address = "ann@example.org";
	u.forward_to = (struct text_list){self, 1};
	u.send_as = (struct text_list){strange, 2};
	user_check(&u, a, &e);
	NUMBER(fault_kind_of(&e, (struct field)F(forward_to)), FAULT_RANGE,
	       "his own address is no forward");
	NUMBER(fault_kind_of(&e, (struct field)F(send_as)), FAULT_FORMAT,
	       "nobody sends as that");
	u.send_as = (struct text_list){senders, 2};
	u.forward_to = (struct text_list){0};
	u.keep_copy = false;
	e = (struct err){0};
	user_check(&u, a, &e);
	OK(fault_count(&e) == 1 &&
		   fault_kind_of(&e, (struct field)F(keep_copy)) == FAULT_RANGE,
	   "mail has to go somewhere");
	u.forward_to.items =
		arena_alloc(a, (USER_FORWARDS_MAX + 1) * sizeof(char *));
	for (size_t i = 0; i <= USER_FORWARDS_MAX; i++)
		u.forward_to.items[i] = one[0];
	u.forward_to.count = USER_FORWARDS_MAX;
	e = (struct err){0};
	user_check(&u, a, &e);
	NUMBER(fault_count(&e), 0, "as many forwards as there may be");
	u.forward_to.count++;
	user_check(&u, a, &e);
	NUMBER(fault_kind_of(&e, (struct field)F(forward_to)), FAULT_RANGE,
	       "one more");
}

static void copies(struct arena *a)
{
	struct user u = user_defaults;

	u.address = "m@out.example";
	u.forward_to = (struct text_list){mixed, 3};
	user_fold(&u, a);
	NUMBER(u.forward_to.count, 2, "a set holds each once");
	user_complete(&u, a);
	OK(u.destinations.count == 3 &&
		   text_equal(u.destinations.items[1], u.address),
	   "a copy is kept by his own address among the others, sorted");
	u.forward_to = (struct text_list){0};
	u.keep_copy = false;
	user_derive(&u, a);
	OK(u.keep_copy && u.forward_to.count == 2, "and back");
	u.keep_copy = false;
	user_complete(&u, a);
	NUMBER(u.destinations.count, 2, "without a copy he is not among them");
	user_derive(&u, a);
	OK(!u.keep_copy && u.forward_to.count == 2, "nor then");
	u.forward_to = (struct text_list){0};
	user_complete(&u, a);
	user_derive(&u, a);
	OK(u.keep_copy && u.destinations.count == 0,
	   "who forwards no more has his mail");
}

static void expiry(struct arena *a)
{
	struct user u = user_defaults;

	u.address = "ann@example.org";
	u.expires_at = "2000-01-01T00:00:00Z";
	user_complete(&u, a);
	OK(!u.in_force && u.wished, "what has expired is not in force");
	user_derive(&u, a);
	OK(u.enabled && text_equal(u.state, "expired"), "and says so");
	u.expires_at = "9999-01-01T00:00:00Z";
	user_complete(&u, a);
	OK(u.in_force && !u.wished, "prolonged, it is again");
	u.enabled = false;
	user_complete(&u, a);
	user_derive(&u, a);
	OK(!u.in_force && !u.wished && text_equal(u.state, "disabled"),
	   "what is not wanted is neither");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct user u = {.address = "Ann@Example.ORG", .name = "Ann"};

	one_by_one(a);
	faults(a);
	lists(a);
	copies(a);
	expiry(a);
	completion(a);
	lengths(a);
	user_fold(&u, a);
	IS(u.address, "ann@example.org", "addresses are folded");
	IS(u.name, "Ann", "names are not");
	IS(kind_key(KIND_USER, &u), "ann@example.org", "the key");
	OK(user_defaults.enabled && user_defaults.login_enabled &&
		   user_defaults.quota_bytes == NUMBER_NONE,
	   "by default a user may do what his domain lets him");
	return tap_done();
}
