#include "http/idle.h"

#include "tests/lib/tap.h"

int main(void)
{
	struct idle_list l = {0};
	struct idle is[3] = {0}, stranger = {0};

	for (int i = 0; i < 3; i++)
		idle_enter(&l, &is[i]);
	OK(l.count == 3 && l.oldest == &is[0], "the first is the oldest");
	idle_leave(&l, &stranger);
	OK(l.count == 3, "who is in no list cannot leave it");
	idle_leave(&l, &is[1]);
	idle_leave(&l, &is[1]);
	OK(l.count == 2 && is[0].behind == &is[2] && is[2].before == &is[0],
	   "one in the middle leaves, once");
	idle_enter(&l, &is[1]);
	idle_leave(&l, &is[0]);
	OK(l.oldest == &is[2] && l.youngest == &is[1], "the oldest leaves");
	idle_leave(&l, &is[1]);
	OK(l.oldest == &is[2] && l.youngest == &is[2], "the youngest leaves");
	idle_leave(&l, &is[2]);
	OK(l.count == 0 && l.oldest == NULL && l.youngest == NULL, "all left");
	return tap_done();
}
