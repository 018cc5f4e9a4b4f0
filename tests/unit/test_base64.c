#include "tests/lib/tap.h"
#include "util/base64.h"
#include "util/field.h"
#include "util/random.h"

/* RFC 4648 section 10. */
static const struct {
	const char *plain, *coded;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xff\xfe\xfb", "//77"},
	{">>>???", "Pj4+Pz8/"},
};

static const char *const refused[] = {
	"A",      "AA",      "AAA",      "AAAAA", /* no whole group */
	"Zg",     "Zm8",                          /* without padding */
	"Zg=",    "Zm9v=",   "Zm9v====", "====",  "Z===",
	"=Zg=",   "Zg=A",    "Zh==",     "Zm9=", /* bits left over */
	"Zm9v\n", " Zm9v",   "Zm 9",     "Zm9\t", "Zg==Zg==",
	"Zm-_",   "Zm9\xff", "Zm.v",
};

/* base64url: the same bytes, without padding. */
static const char *const refused_url[] = {
	"A",    "AAAAA", "Zg=",  "Zg==",   "Zm8=", "Zh",      "Zm9",   "Pj4+",
	"//77", "Zm9v=", "Zm 9", "Zm9v\n", "Zm.v", "Zm9\xff", "%2dAA",
};

static void url(struct arena *a)
{
	char *bytes = NULL;
	size_t size = 0;

	OK(base64_decode_url(a, "Pj4-Pz8_", 8, &bytes, &size) && size == 6 &&
		   strcmp(bytes, ">>>???") == 0,
	   "minus and underscore");
	OK(base64_decode_url(a, "Zg.x", 2, &bytes, &size) && size == 1 &&
		   strcmp(bytes, "f") == 0,
	   "as much as it is told to");
	OK(base64_decode_url(a, "Zm8", 3, &bytes, &size) && size == 2 &&
		   strcmp(bytes, "fo") == 0,
	   "without padding");
	OK(base64_decode_url(a, "", 0, &bytes, &size) && size == 0, "nothing");
	OK(!base64_decode_url(a, "AA\0A", 4, &bytes, &size), "NUL");
	for (size_t i = 0; i < COUNT(refused_url); i++)
		OK(!base64_decode_url(a, refused_url[i], strlen(refused_url[i]),
				      &bytes, &size),
		   refused_url[i]);
}

static void random_round_trips(struct arena *a)
{
	unsigned char bytes[64];
	bool good = true;

	for (size_t n = 0; n < 1000; n++) {
		size_t size = n % sizeof(bytes), back_size = 0;
		char *back = NULL;

		random_bytes(bytes, size);
		good = good &&
		       base64_decode(a, base64_encode(a, bytes, size), &back,
				     &back_size) &&
		       back_size == size && memcmp(back, bytes, size) == 0 &&
		       back[size] == '\0';
	}
	OK(good, "a thousand random round trips");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	char *bytes = NULL;
	size_t size = 0;

	for (size_t i = 0; i < COUNT(vectors); i++) {
		const char *plain = vectors[i].plain;

		IS(base64_encode(a, plain, strlen(plain)), vectors[i].coded,
		   vectors[i].coded);
		OK(base64_decode(a, vectors[i].coded, &bytes, &size) &&
			   size == strlen(plain) && strcmp(bytes, plain) == 0,
		   "and back");
	}
	for (size_t i = 0; i < COUNT(refused); i++)
		OK(!base64_decode(a, refused[i], &bytes, &size), refused[i]);
	OK(base64_decode(a, "AAAA", &bytes, &size) && size == 3 &&
		   memcmp(bytes, "\0\0\0", 4) == 0,
	   "NUL bytes are bytes");
	random_round_trips(a);
	url(a);
	return tap_done();
}
