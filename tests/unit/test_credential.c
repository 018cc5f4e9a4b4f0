#include "passwd/credential.h"

#include "tests/lib/tap.h"
#include "util/text.h"

/* As doveadm pw -s CRAM-MD5 makes them. */
static const struct {
	const char *clear, *want;
} cases[] = {
	{"x", "{CRAM-MD5}4638c77f1a70c6fda4ddfa6fbe34e6ee"
	      "090a0f0088f15da8fed5e0a5ff2b4152"},
	{"correct horse",
	 "{CRAM-MD5}38b57fd1a0c4b46c814aa05f20318edd71c455380655f2c0ac35c5b359528d29"},
	{"p\xc3\xa4"
	 "ss",
	 "{CRAM-MD5}7ecd19142547eb9544f60ee18b46e9f0bcabbcbea45602f2f13b6b7959bcb2e2"},
	{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 "{CRAM-MD5}9708e8edf551027ff8aa933157c7cf2d8ad93b8096bd603cab66c449e5f28ae0"},
	{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefx",
	 "{CRAM-MD5}8fbaeeddc69a5369d39afd0082d087e673398e69eb93971857c95fdc436060b8"},
};

static void lists(void)
{
	struct err e = {0};
	uint32_t set = 7;

	OK(credential_parse(NULL, &set, &e) && set == 0, "none");
	OK(credential_parse(" cram-md5 , scram-sha-256", &set, &e) && set == 5,
	   "two");
	OK(!credential_parse("cram-md5 digest-md5", &set, &e) &&
		   strstr(e.text, "digest-md5") != NULL,
	   "one that is none");
	OK(!credential_parse("CRAM-MD5", &set, &e), "they are lower case");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct stored_password p = {.hash = "{CRYPT}x"}, q = {0};

	lists();
	for (size_t i = 0; i < COUNT(cases); i++) {
		credential_make(4, a, cases[i].clear, &q);
		IS(q.cram_md5, cases[i].want, cases[i].clear);
	}
	OK(q.hash == NULL && q.scram_sha_1 == NULL && q.scram_sha_256 == NULL,
	   "only what is wanted");
	credential_make(3, a, "secret", &p);
	credential_make(3, a, "secret", &q);
	IS(p.hash, "{CRYPT}x", "the hash stays");
	OK(strncmp(p.scram_sha_256, "{SCRAM-SHA-256}32768,", 21) == 0 &&
		   strlen(p.scram_sha_256) == 21 + 24 + 1 + 44 + 1 + 44,
	   p.scram_sha_256);
	OK(strncmp(p.scram_sha_1, "{SCRAM-SHA-1}32768,", 19) == 0 &&
		   strlen(p.scram_sha_1) == 19 + 24 + 1 + 28 + 1 + 28,
	   p.scram_sha_1);
	OK(!text_equal(p.scram_sha_256, q.scram_sha_256), "a salt of its own");
	return tap_done();
}
