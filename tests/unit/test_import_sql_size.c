/* Dumps that somebody made to be slow: what is read again and again, and who
 * has to wait meanwhile.  Bounds are far from what it takes, and as far from
 * what it took where work grew with the square of the size. */
#include <time.h>

#include "loop/fiber.h"
#include "tests/lib/imported.h"
#include "tests/lib/tap.h"

enum { MIB = 1 << 20 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct made {
	char *text;
	size_t size;
};

/* That again and again between these, until it is so large; instead of a # a
 * number, which is another each time. */
static struct made make(const char *head, const char *again, const char *tail,
			size_t size)
{
	struct made ret = {0};
	FILE *f = open_memstream(&ret.text, &ret.size);

	if (f == NULL)
		abort();
	fputs(head, f);
	for (long n = 0; ftell(f) < (long)size; n++) {
		size_t before = strcspn(again, "#");

		fwrite(again, 1, before, f);
		if (again[before] == '#')
			fprintf(f, "%ld%s", n, again + before + 1);
	}
	fputs(tail, f);
	fclose(f);
	return ret;
}

/* How long that takes, first and later, and how many records there are. */
struct course {
	struct made made;
	double opened, read;
	size_t count;
	bool good;
};

static void read_all(void *ctx)
{
	struct course *c = ctx;
	struct arena *a = arena_new();
	const struct reader_input in = {.arena = a,
					.text = c->made.text,
					.size = c->made.size,
					.codec = imported_codec,
					.kind = KIND_COUNT};
	struct reader r;
	struct err e = {0};
	double from = seconds();

	c->good = reader_begin(&r, reader_find("sql", NULL), &in, &e);
	c->opened = seconds() - from;
	for (bool some = c->good; some;) {
		struct arena *own = arena_new();
		struct import_record rec;

		some = reader_next(&r, own, &rec, &e);
		c->count += some;
		arena_free(own);
	}
	c->good = c->good && e.kind == ERR_NONE;
	c->read = seconds() - from - c->opened;
	arena_free(a);
}

#define ROW "INSERT INTO mailbox (username, password) VALUES ('a@b','x');\n"

/* Each of them, a MiB, is done in well below a second. */
static const struct {
	const char *head, *again, *tail, *what;
	bool good;
} hostile[] = {
	{"SELECT ", "$#$ ", ";\n" ROW, "numbers between dollars", true},
	{"SELECT $", "a", ";\n" ROW, "one long tag", true},
	{"SELECT ", "$a#$ ", ";\n" ROW, "tags between tags", false},
	{"SELECT ", "a$b#$ ", ";\n" ROW, "dollars in words", true},
	{ROW, "SELECT $$;\n", "$", "bodies after bodies", false},
	{ROW, "/*", "", "comments that do not end", false},
	{ROW, "CREATE FUNCTION f() BEGIN ATOMIC CASE ", "", "functions", false},
	{ROW, "DELIMITER ;;\n", "", "delimiters", false},
	{ROW, "INSERT ignore ", "", "words", false},
	{ROW, "-- MySQL dump\n-- Dump completed\n", "", "ends", true},
	{"", "/*!*/", ROW, "conditional comments", true},
	{"", "E'", ";" ROW, "quotes", true},
};

static void bounded(void)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct course c = {.made = make(hostile[i].head,
						hostile[i].again,
						hostile[i].tail, MIB)};

		read_all(&c);
		OK(c.good == hostile[i].good && c.opened + c.read < 10,
		   hostile[i].what);
		free(c.made.text);
	}
}

/* What was read once and is nothing to us is not read for each table. */
static void once(void)
{
	struct course c = {.made = make(ROW,
					"INSERT INTO other VALUES ('a', 1);\n",
					"", 8 * MIB)};

	read_all(&c);
	OK(c.good && c.count == 1, "a row before many others");
	OK(c.read < c.opened / 2, "which are read no second time");
	free(c.made.text);
}

static struct loop *loop;
static struct course course;
static bool over;
static unsigned turns;

static void run_course(void *ctx)
{
	read_all(ctx);
	over = true;
}

/* The loop stays with the others. */
static void watch(void *ctx)
{
	for (; !over; turns++)
		fiber_sleep(1);
	while (fiber_count(loop) > 1)
		fiber_sleep(1);
	loop_stop(ctx);
}

static void shared(const char *again, const char *what)
{
	struct err e = {0};

	course = (struct course){.made = make(ROW, again, ";\n", 8 * MIB)};
	over = false;
	turns = 0;
	loop = loop_open(&e);
	if (loop == NULL)
		abort();
	fiber_prepare(loop, 4);
	if (!fiber_start(loop, watch, loop) ||
	    !fiber_start(loop, run_course, &course))
		abort();
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
	OK(course.good && turns >= 16, what);
	free(course.made.text);
}

int main(void)
{
	bounded();
	once();
	shared("INSERT INTO other VALUES ('a', 1);\n",
	       "many statements let others have their turn");
	shared("('a', 1), ", "and so does one that is long");
	return tap_done();
}
