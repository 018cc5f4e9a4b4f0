#include <string.h>

#include "http/body.h"
#include "tests/lib/tap.h"

enum { MIB = 1 << 20 };

static const char some[MIB];

/* What grew while the others had almost everything. */
static void crowded(void)
{
	struct body b = {0};
	size_t taken = BODIES_MOST - 10;

	OK(body_add(&b, MIB, &taken, some, BODY_SMALL),
	   "a small body finds room however much is taken");
	OK(!body_add(&b, MIB, &taken, some, 1), "a larger one does not");
	OK(b.size == BODY_SMALL, "what is there stays");
	taken -= MIB;
	OK(body_add(&b, MIB, &taken, some, 1), "it does when others have gone");
	body_drop(&b, &taken);
	OK(taken == BODIES_MOST - 10 - MIB, "and gives back what it took");
	taken = BODIES_MOST - MIB - 1;
	OK(body_add(&b, MIB, &taken, some, MIB) && taken == BODIES_MOST,
	   "the last room can be used");
	body_drop(&b, &taken);
}

int main(void)
{
	struct body b = {0};
	size_t taken = 0;

	OK(body_add(&b, MIB, &taken, "a", 1) && taken <= 1024,
	   "one byte of a MiB takes room for little more");
	OK(body_add(&b, MIB, &taken, "bc", 2) && strcmp(b.data, "abc") == 0,
	   "another is put behind it, and NUL behind both");
	for (size_t size = b.size; size < MIB; size = b.size)
		body_add(&b, MIB, &taken, some,
			 size + 1000 < MIB ? 1000 : MIB - size);
	OK(b.size == MIB && taken == MIB + 1 && memcmp(b.data, "abc", 4) == 0,
	   "all of it takes no room for more");
	OK(!body_add(&b, MIB, &taken, "d", 1), "more is not kept");
	body_drop(&b, &taken);
	OK(taken == 0 && b.size == 0, "dropped");
	body_drop(&b, &taken);
	OK(taken == 0, "and once more");
	OK(body_add(&b, 3, &taken, "abc", 3) && taken == 4,
	   "a short one takes what it needs");
	body_drop(&b, &taken);
	crowded();
	return tap_done();
}
