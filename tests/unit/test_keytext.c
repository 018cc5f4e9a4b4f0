#include <string.h>

#include "core/keytext.h"
#include "tests/lib/tap.h"
#include "util/field.h"

/* CRC-24 as RFC 4880 6.1 has it, in 5 letters. */
static const char known[] =
	"pvt_aaaaaaaaaaaaaaaa_"
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static bool is_good(const char *text)
{
	struct keytext k;

	return keytext_parse(text, &k);
}

static void round_trips(struct arena *a)
{
	unsigned good = 0, letters = 0, changed = 0;

	for (int i = 0; i < 200; i++) {
		struct keytext k, back;

		keytext_make(&k);
		const char *text = keytext_show(a, &k);
		good += keytext_parse(text, &back) &&
			strcmp(k.id, back.id) == 0 &&
			strcmp(k.secret, back.secret) == 0;
		letters += strlen(text) == KEYTEXT_SIZE &&
			   strchr(text + 4, '_') == text + 4 + KEYTEXT_ID;
		char *wrong = arena_strdup(a, text);
		char *at = wrong + 4 + i % (KEYTEXT_SIZE - 4);
		*at = *at == 'a' ? 'b' : 'a';
		changed += is_good(wrong);
	}
	NUMBER(good, 200, "every key is read back");
	NUMBER(letters, 200, "all have the same form");
	NUMBER(changed, 0, "a typing error is found");
}

static void bad_texts(struct arena *a)
{
	struct keytext k;

	keytext_make(&k);
	const char *text = keytext_show(a, &k);
	OK(is_good(text), "a key");
	OK(!is_good(""), "nothing");
	OK(!is_good(known), "without its checksum");
	OK(!is_good(arena_join(a, text, "a", NULL)), "too long");
	OK(!is_good(arena_strndup(a, text, KEYTEXT_SIZE - 1)), "too short");
	OK(!is_good(text + 1), "without its beginning");
	OK(!is_good(arena_join(a, "PVT_", text + 4, NULL)), "in capitals");
	OK(!is_good(arena_join(a, " ", text, NULL)), "with a blank");
	OK(keytext_is_id(k.id), "an id");
	OK(!keytext_is_id("") && !keytext_is_id("iiiiiiiiiiiiiiii") &&
		   !keytext_is_id("aaaaaaaaaaaaaaaaa"),
	   "and what is none");
	keytext_wipe(&k);
	OK(k.secret[0] == '\0' && k.id[0] == '\0', "wiped");
}

static void hidden(struct arena *a)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"/v1/me", "/v1/me"},
		{"", ""},
		{"/v1/keys/pvt_abc_secret", "/v1/keys/pvt_abc_******"},
		{"pvt_a_b/pvt_c_d0Z9", "pvt_a_*/pvt_c_****"},
		{"PVT_a_b", "PVT_a_*"},
		{"pvt_pvt_x_y", "pvt_pvt_*_*"},
		{"pvt_a", "pvt_a"},
		{"pvt__x", "pvt__*"},
		{"pvt_a_", "pvt_a_"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		IS(keytext_hide(a, cases[i].text), cases[i].want,
		   cases[i].text);
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	round_trips(a);
	bad_texts(a);
	hidden(a);
	return tap_done();
}
