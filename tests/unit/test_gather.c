#include <stdlib.h>

#include "core/gather.h"
#include "tests/lib/tap.h"

enum { MOST = 5000 };

static bool login(struct gather *g, const char *address, int64_t when)
{
	struct usage u = USAGE_NONE;

	u.last_login = when;
	return gather_add(g, address, &u);
}

static bool quota(struct gather *g, const char *address, int64_t bytes,
		  int64_t messages, int64_t when)
{
	const struct usage u = {NUMBER_NONE, bytes, messages, when};

	return gather_add(g, address, &u);
}

static void newest(void)
{
	struct gather *g = gather_new(10);
	struct gathered *one;

	OK(gather_take(g) == NULL, "nobody is there at first");
	login(g, "a@example.org", 20);
	login(g, "a@example.org", 30);
	login(g, "a@example.org", 10);
	quota(g, "a@example.org", 5, 6, 100);
	quota(g, "a@example.org", 7, NUMBER_NONE, 101);
	quota(g, "a@example.org", 1, 1, 99);
	login(g, "b@example.org", 1);
	OK(gather_count(g) == 2, "one of each user");
	one = gather_take(g);
	IS(one->address, "a@example.org", "in the order they came");
	OK(one->usage.last_login == 30, "the latest login counts");
	OK(one->usage.used_bytes == 7 && one->usage.measured == 101,
	   "what was measured last counts");
	OK(one->usage.used_messages == 6, "and what was not stays");
	free(one);
	one = gather_take(g);
	IS(one->address, "b@example.org", "the next");
	OK(one->usage.measured == NUMBER_NONE, "not measured");
	free(one);
	OK(gather_take(g) == NULL && gather_count(g) == 0, "and no more");
	gather_free(&g);
}

static void bounded(void)
{
	struct gather *g = gather_new(MOST);
	char address[32];
	bool all = true;

	for (int i = 0; i < MOST; i++) {
		snprintf(address, sizeof(address), "u%d@example.org", i);
		all = all && login(g, address, i);
	}
	OK(all && gather_count(g) == MOST, "as many as are allowed");
	OK(!login(g, "x@example.org", 1), "and not one more");
	OK(login(g, "u7@example.org", 1), "but more of those who are there");
	for (int i = 0; i < MOST; i++) {
		struct gathered *one = gather_take(g);

		snprintf(address, sizeof(address), "u%d@example.org", i);
		all = all && one != NULL && strcmp(one->address, address) == 0;
		free(one);
	}
	OK(all, "all come out again");
	OK(login(g, "x@example.org", 1), "then there is room");
	gather_free(&g);
	OK(g == NULL, "freed with somebody in it");
}

int main(void)
{
	newest();
	bounded();
	return tap_done();
}
