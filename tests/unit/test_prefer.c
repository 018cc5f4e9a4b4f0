#include "api/prefer.h"
#include "tests/lib/tap.h"
#include "util/text.h"

/* What comes of a header. */
static const struct {
	const char *header;
	bool good, dry_run, respond_async;
	int64_t wait;
} cases[] = {
	{"", true, false, false, -1},
	{"dry-run", true, true, false, -1},
	{"Dry-Run", true, true, false, -1},
	{"dry-run=\"\"", true, true, false, -1},
	{"dry-run=1", true, true, false, -1},
	{"dry-run=no", true, true, false, -1},
	{"respond-async, wait=10", true, false, true, 10},
	{"respond-async,dry-run", true, true, true, -1},
	{", ,\tdry-run ,", true, true, false, -1},
	{"wait=5, wait=7", true, false, false, 5},
	{"wait=x, wait=7", true, false, false, 7},
	{"wait=-1", true, false, false, -1},
	{"wait=999999999999", true, false, false, -1},
	{"return=minimal; dry-run", true, false, false, -1},
	{"foo; bar=\"dry-run, x\"; baz", true, false, false, -1},
	{"foo=\"a\\\"b\", dry-run", true, true, false, -1},
	{"foo;, dry-run;;", true, true, false, -1},
	{"foo = bar , dry-run", true, true, false, -1},
	{"dry-runs", true, false, false, -1},
	{"foo=\"dry-run", false, false, false, -1},
	{"foo=\"dry-run\\", false, false, false, -1},
	{"dry-run=", false, false, false, -1},
	{"dry run", false, false, false, -1},
	{"=dry-run", false, false, false, -1},
	{"dry-run; =x", false, false, false, -1},
	{"\"dry-run\"", false, false, false, -1},
	{"dry-run@", false, false, false, -1},
};

static bool read_as(size_t i, const struct preferences *p, bool good,
		    const struct err *e)
{
	if (good != cases[i].good)
		return false;
	return good ? p->dry_run == cases[i].dry_run &&
			       p->respond_async == cases[i].respond_async &&
			       p->wait == cases[i].wait
		    : e->kind == ERR_MALFORMED;
}

static void parsing(struct arena *a)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct header h[] = {{"prefer", cases[i].header}};
		const struct request req = {.arena = a,
					    .headers = h,
					    .header_count = COUNT(h)};
		struct preferences p;
		struct err e = {0};
		bool good = prefer_read(&req, &p, &e);

		OK(read_as(i, &p, good, &e), cases[i].header);
	}
}

static void several(struct arena *a)
{
	const struct header h[] = {{"Prefer", "respond-async"},
				   {"Accept", "dry-run"},
				   {"Prefer", "wait=3"}};
	const struct request req = {.arena = a,
				    .headers = h,
				    .header_count = COUNT(h)};
	struct preferences p;
	struct err e = {0};

	OK(prefer_read(&req, &p, &e) && p.respond_async && p.wait == 3 &&
		   !p.dry_run,
	   "several headers are one list, and others are not looked at");
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	parsing(a);
	several(a);
	return tap_done();
}
