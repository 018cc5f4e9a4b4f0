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
	return tap_done();
}
