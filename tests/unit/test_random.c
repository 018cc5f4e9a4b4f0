#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/random.h"

static const char letters[] = "abcdefghjkmnpqrstuvwxyz123456789";

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	unsigned seen[256] = {0}, used = 0;
	unsigned char one[32] = {0}, other[32] = {0};
	const char *word = random_word(a, 32000);
	bool fair = true;

	IS(random_word(a, 0), "", "no letters");
	NUMBER(strlen(random_word(a, 26)), 26, "26 letters");
	NUMBER(strlen(word), 32000, "many letters");
	OK(strspn(word, letters) == 32000, "from the alphabet alone");
	for (const char *p = word; *p != '\0'; p++)
		seen[(unsigned char)*p]++;
	for (size_t i = 0; i < COUNT(seen); i++) {
		used += seen[i] > 0;
		/* 1,000 of each; seven standard deviations are 220. */
		fair = fair &&
		       (seen[i] == 0 || (seen[i] > 780 && seen[i] < 1220));
	}
	NUMBER(used, 32, "five bits each");
	OK(fair, "all letters alike");
	OK(strpbrk(letters, "ilo0") == NULL, "none that look like another");
	IS(random_name(a, 0), "", "a name of no letters");
	NUMBER(strlen(random_name(a, 5000)), 5000, "a long name");
	const char *last = "";
	for (int i = 0; i < 1000; i++) {
		const char *name = random_name(a, 16);

		fair = fair && strlen(name) == 16 &&
		       strspn(name, letters) == 16 && strcmp(name, last) != 0;
		last = name;
	}
	OK(fair, "names of letters, each another");
	int64_t when = 0;
	const char *dated = random_dated_name(a, 1795300000, 16);
	OK(strlen(dated) == 16 && strspn(dated, letters) == 16,
	   "a name with a date is one");
	OK(random_date(dated, &when) && when == 1795300000, "and has the date");
	OK(!random_date("", &when) && !random_date("abcdef", &when) &&
		   !random_date("ABCDEFGH", &when),
	   "what is none has none");
	random_bytes(one, sizeof(one));
	random_bytes(other, sizeof(other));
	OK(memcmp(one, other, sizeof(one)) != 0, "bytes differ each time");
	random_bytes(one, 0);
	return tap_done();
}
