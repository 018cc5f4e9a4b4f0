#include <string.h>

#include "http/body.h"
#include "tests/lib/tap.h"

enum { MIB = 1 << 20 };

static const char some[MIB];

static struct bodies all;

/* Another source, which has most of the room. */
static void others(size_t taken)
{
	all = (struct bodies){.taken = taken};
	all.shares[1] = taken;
}

/* What grew while the others had almost everything. */
static void crowded(void)
{
	struct body b = {0};

	others(BODIES_MOST - 10);
	OK(body_add(&b, MIB, &all, some, BODY_SMALL),
	   "a small body finds room however much is taken");
	OK(!body_add(&b, MIB, &all, some, 1), "a larger one does not");
	OK(b.size == BODY_SMALL, "what is there stays");
	all.taken -= MIB;
	OK(body_add(&b, MIB, &all, some, 1), "it does when others have gone");
	body_drop(&b, &all);
	OK(all.taken == BODIES_MOST - 10 - MIB && all.shares[0] == 0,
	   "and gives back what it took");
	others(BODIES_MOST - 2 * (MIB + 1));
	OK(body_add(&b, MIB, &all, some, MIB) && all.shares[0] == MIB + 1,
	   "half of the last room can be used");
	struct body c = {0};
	OK(!body_add(&c, MIB, &all, some, MIB), "and no more than that");
	body_drop(&b, &all);
}

static size_t fill(unsigned share, struct body bodies[64])
{
	size_t count = 0;

	while (count < 64) {
		bodies[count] = (struct body){.share = share};
		if (!body_add(&bodies[count], MIB, &all, some, MIB))
			return count;
		count++;
	}
	return count;
}

/* One after the other takes all that he gets. */
static void greedy(void)
{
	static struct body one[64], two[64], three[64];
	struct body small = {.share = 1};

	others(0);
	size_t count = fill(1, one);
	OK(count == 31, "one source has no more than a half");
	size_t next = fill(2, two);
	OK(next == 16, "another finds room");
	size_t last = fill(3, three);
	OK(last == 8, "and one more");
	OK(body_add(&small, MIB, &all, some, BODY_SMALL),
	   "who has too much may still send small ones");
	body_drop(&small, &all);
	while (count > 0)
		body_drop(&one[--count], &all);
	OK(body_add(&three[last], MIB, &all, some, MIB),
	   "when somebody goes there is more for all");
	for (size_t i = 0; i < 64; i++) {
		body_drop(&two[i], &all);
		body_drop(&three[i], &all);
	}
	OK(all.taken == 0 && all.shares[2] == 0 && all.shares[3] == 0,
	   "all of it is given back");
}

/* The same source is the same; not all others are. */
static void whose(void)
{
	static const char *const texts[] = {"192.0.2.1", "192.0.2.2",
					    "2001:db8::/64", "192.0.2.3"};
	struct body a = {0}, b = {0};
	unsigned same = 0;

	body_begin(&a, "192.0.2.1");
	for (int i = 0; i < 4; i++) {
		body_begin(&b, texts[i]);
		same += a.share == b.share;
	}
	OK(a.share < BODY_SHARES && same >= 1 && same < 4, "by source");
}

int main(void)
{
	struct body b = {0};

	OK(body_add(&b, MIB, &all, "a", 1) && all.taken <= 1024,
	   "one byte of a MiB takes room for little more");
	OK(body_add(&b, MIB, &all, "bc", 2) && strcmp(b.data, "abc") == 0,
	   "another is put behind it, and NUL behind both");
	for (size_t size = b.size; size < MIB; size = b.size)
		body_add(&b, MIB, &all, some,
			 size + 1000 < MIB ? 1000 : MIB - size);
	OK(b.size == MIB && all.taken == MIB + 1 &&
		   memcmp(b.data, "abc", 4) == 0,
	   "all of it takes no room for more");
	OK(!body_add(&b, MIB, &all, "d", 1), "more is not kept");
	body_drop(&b, &all);
	OK(all.taken == 0 && b.size == 0, "dropped");
	body_drop(&b, &all);
	OK(all.taken == 0, "and once more");
	OK(body_add(&b, 3, &all, "abc", 3) && all.taken == 4,
	   "a short one takes what it needs");
	body_drop(&b, &all);
	crowded();
	greedy();
	whose();
	return tap_done();
}
