#include "api/apple_profile.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static const struct client_setup setup = {
	.domain = "d.example",
	.name = "D",
	.short_name = "D",
	.services = {{"imap", "imap.d.example", 993, false},
		     {"smtp", "smtp.d.example", 465, false}},
	.count = 2,
};

static bool is_good(struct arena *a, const char *address)
{
	struct err e = {0};

	return apple_profile_address(a, address, &e);
}

static void addresses(struct arena *a)
{
	OK(is_good(a, NULL), "the device may ask");
	OK(is_good(a, "John.O'Neil+x@d.example"), "an address, in any case");
	OK(!is_good(a, "Your account is locked@d.example"), "no sentence");
	OK(!is_good(a, "</string>@d.example"), "no element");
	OK(!is_good(a, "\"a b\"@d.example"), "nothing quoted");
	OK(!is_good(a, "@d.example"), "no address without a name");
	OK(!is_good(a, "john"), "nor one without a domain");
}

/* That signer cannot sign: so it shows when he is asked to. */
static void signing(struct arena *a)
{
	const struct api_settings none = {0},
				  set = {.signer = {"no chain", "no key"}};
	struct client_document d, unsigned_one;
	struct err e = {0};

	apple_profile(a, &none, &setup, "john@d.example", &unsigned_one);
	OK(unsigned_one.tag == NULL, "its text tells it from another");
	OK(apple_profile_sign(a, &none, &unsigned_one, &e), "no signer");
	apple_profile(a, &set, &setup, "john@d.example", &d);
	IS(d.text, unsigned_one.text, "a profile is not signed yet");
	OK(d.tag != NULL && strstr(d.tag, "no chain") != NULL,
	   "its tag is known before");
	OK(!apple_profile_sign(a, &set, &d, &e) && e.kind == ERR_INVALID,
	   "signing is a step of its own");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	addresses(a);
	signing(a);
	return tap_done();
}
