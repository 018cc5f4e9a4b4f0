/* The files of other mail systems: Modoboa, docker-mailserver, and the accounts
 * of a Unix. */
#include "loop/fiber.h"
#include "tests/lib/imported.h"
#include "tests/lib/tap.h"

#include <time.h>

static struct arena *a;

struct example {
	const char *text, *want, *what;
};

static void examples(const char *format, const struct example *list)
{
	for (; list->text != NULL; list++)
		IS(imported(a, format, list->text), list->want, list->what);
}

static void modoboa(void)
{
	static const struct example list[] = {
		{"domain; One.example; 1000; 10G; True\n"
		 "domain;old.example;0;yes\n"
		 "domain;off.example;0;0;False\n"
		 "domainalias;also.example;One.example;True\n"
		 "relaydomain;far.example;10.0.0.1;25;relay;True;yes\n",
		 "1 domain {\"default_user_quota_bytes\":10737418240,\"enabled\":true,\"name\":\"one.example\",\"quota_bytes\":1048576000}\n"
		 "2 domain {\"enabled\":true,\"name\":\"old.example\",\"quota_bytes\":0}\n"
		 "3 domain {\"default_user_quota_bytes\":0,\"enabled\":false,\"name\":\"off.example\",\"quota_bytes\":0}\n"
		 "4 domain {\"enabled\":true,\"kind\":\"alias\",\"name\":\"also.example\",\"target\":\"one.example\"}\n"
		 "5 domain {\"enabled\":true,\"kind\":\"relay\",\"name\":\"far.example\",\"transport\":\"relay:[10.0.0.1]:25\",\"verify_recipients\":true}\n",
		 "Modoboa's domains"},
		{"alias;carl@a.example;True;carl@a.example;x@far.example\n"
		 "account; Carl@a.example; {SHA512-CRYPT}$6$x; Carl; Clerk; "
		 "True; SimpleUsers; Carl@a.example; 50; a.example\n"
		 "account;root;secret;;;True;SuperAdmins\n"
		 "account;admin;pass;A;;yes;DomainAdmins;admin@a.example;0;a."
		 "example\n",
		 "2 user {\"address\":\"carl@a.example\",\"enabled\":true,"
		 "\"family_name\":\"Clerk\",\"forward_to\":[\"x@far.example\"],"
		 "\"given_name\":\"Carl\",\"keep_copy\":true,\"name\":\"Carl "
		 "Clerk\",\"password_hash\":\"{SHA512-CRYPT}$6$x\",\"quota_"
		 "bytes\":52428800}\n3 -root\n"
		 "4 user {\"address\":\"admin@a.example\",\"enabled\":true,"
		 "\"given_name\":\"A\",\"name\":\"A\",\"password\":\"pass\"}"
		 "\n",
		 "accounts, where their mail goes, and logins without mail"},
		{"dlist;all@a.example;True;b@a.example;\"c@a.example\"; ;\n"
		 "alias;'@a.example;False;b@a.example\n"
		 "alias;all@a.example;no;d@a.example\n",
		 "1 alias {\"address\":\"all@a.example\",\"destinations\":[\"b@"
		 "a.example\",\"c@a.example\"]}\n2 alias {\"address\":\"@a."
		 "example\",\"destinations\":[\"b@a.example\"],\"enabled\":"
		 "false}\n",
		 "aliases, each once, with what is switched on of them"},
		{"rat;x\ndomain;x\n;\n\n# no\naccount;\"x\n",
		 "1 !line_malformed\n2 !columns_differ\n3 !line_malformed\n6 "
		 "!columns_differ\n",
		 "lines that are none of its"},
		{NULL, NULL, NULL}};

	examples("modoboa", list);
}

static void mailserver(void)
{
	static const struct example list[] = {
		{"# accounts\nann@a.example|{SHA512-CRYPT}$6$x|userdb_x=y\n"
		 "Bob@A.example|{SHA512-CRYPT}$6$y\n",
		 "2 domain? {\"name\":\"a.example\"}\n2 user {\"address\":"
		 "\"ann@a.example\",\"password_hash\":\"{SHA512-CRYPT}$6$x\"}\n"
		 "3 user {\"address\":\"bob@a.example\",\"password_hash\":"
		 "\"{SHA512-CRYPT}$6$y\"}\n",
		 "docker-mailserver's accounts"},
		{"ann@a.example:5G\nbob@a.example:0\nbad@a.example:lots\n",
		 "1 user* {\"address\":\"ann@a.example\",\"quota_bytes\":"
		 "5368709120}\n2 user* {\"address\":\"bob@a.example\",\"quota_"
		 "bytes\":0}\n3 user* {\"address\":\"bad@a.example\",\"quota_"
		 "bytes\":\"lots\"}\n",
		 "quotas alone are changes"},
		{"sales@a.example ann@a.example,bob@a.example\n"
		 "ann@a.example ann@a.example, x@far.example\n"
		 "@b.example @a.example\n@c.example ann@a.example\n",
		 "1 domain? {\"name\":\"a.example\"}\n1 alias {\"address\":"
		 "\"sales@a.example\",\"destinations\":[\"ann@a.example\",\"bob@"
		 "a.example\"]}\n2 user* {\"address\":\"ann@a.example\","
		 "\"forward_to\":[\"x@far.example\"],\"keep_copy\":true}\n4 "
		 "domain? {\"name\":\"c.example\"}\n4 alias "
		 "{\"address\":\"@c.example\",\"destinations\":[\"ann@a.example\"]"
		 "}\n3 domain {\"kind\":\"alias\",\"name\":\"b.example\","
		 "\"target\":\"a.example\"}\n",
		 "aliases alone; who is in his own line is a user"},
		{"x@one.example y@other.example\n@one.example @other.example\n"
		 "z@other.example y@other.example\n",
		 "1 alias {\"address\":\"x@one.example\",\"destinations\":["
		 "\"y@other.example\"]}\n3 domain? {\"name\":\"other."
		 "example\"}\n3 alias {\"address\":\"z@other.example\","
		 "\"destinations\":[\"y@other.example\"]}\n2 domain "
		 "{\"kind\":\"alias\",\"name\":\"one.example\",\"target\":"
		 "\"other.example\"}\n",
		 "an alias domain is never made as another before"},
		{"@one.example @other.example\n@one.example y@other.example\n",
		 "1 domain? {\"name\":\"one.example\"}\n1 alias {\"address\":"
		 "\"@one.example\",\"destinations\":[\"@other.example\","
		 "\"y@other.example\"]}\n",
		 "and is none if its mail goes elsewhere, too"},
		{"@a.example x@@a.example\n@b.example b@b.example,,\tx@@b\n"
		 "b@b.example B@B.example\n",
		 "1 domain? {\"name\":\"a.example\"}\n1 alias {\"address\":"
		 "\"@a.example\",\"destinations\":[\"x@@a.example\"]}\n2 "
		 "domain? {\"name\":\"b.example\"}\n2 alias {\"address\":"
		 "\"@b.example\",\"destinations\":[\"b@b.example\",\"x@@b\"]}"
		 "\n3 user* {\"address\":\"b@b.example\"}\n",
		 "lists are compared by whole addresses"},
		{"bob@a.example:1M\nbob@a.example x@far.example\n"
		 "bob@a.example|{CRYPT}$6$z\n",
		 "3 domain? {\"name\":\"a.example\"}\n3 user {\"address\":"
		 "\"bob@a.example\",\"forward_to\":[\"x@far.example\"],\"keep_"
		 "copy\":false,\"password_hash\":\"{CRYPT}$6$z\",\"quota_bytes\":"
		 "1048576}\n",
		 "all of it together is one record"},
		{"nonsense\n  goes@on here\n|x\n@\n",
		 "1 !line_malformed\n2 "
		 "!line_malformed\n3 !line_malformed\n4 !line_malformed\n",
		 "lines that are none of them"},
		{"", "", "nothing"},
		{NULL, NULL, NULL}};
	char *wide = arena_alloc(a, READER_RECORD + 16);

	examples("docker-mailserver", list);
	memset(wide, '@', READER_RECORD + 8);
	IS(imported(a, "docker-mailserver", wide), "1 !line_malformed\n",
	   "a line that is too long");
}

static void passwd(void)
{
	static const struct example list[] = {
		{"root:x:0:0:root:/root:/bin/sh\n"
		 "ann:x:1000:1000:Ann A.,,,:/home/ann:/bin/sh\n"
		 "Bob:x:1001:1001::/home/bob:/bin/sh\n"
		 "nobody:x:65534:65534::/:/x\n"
		 "root:$6$r:1:0:99999:7:::\n"
		 "ann:$6$a:1:0:99999:7::20000:\n"
		 "Bob:!$6$b:1:0:99999:7:::\n",
		 "1 -root\n2 domain? {\"name\":\"d.example\"}\n2 user "
		 "{\"address\":\"ann@d.example\",\"expires_at\":\"2024-10-"
		 "04T00:00:00Z\",\"name\":\"Ann A.\",\"password_hash\":\"$6$a\"}\n"
		 "3 user {\"address\":\"bob@d.example\",\"login_enabled\":"
		 "false,\"password_hash\":\"$6$b\"}\n4 -nobody\n",
		 "accounts of a Unix with their hashes; not its own"},
		{"root:$6$r:1:0:9:7:::\nWWW-Data:$6$r:1:0:9:7:::\n"
		 "_apt:$6$r:1:0:9:7:::\nroots:$6$r:1:0:9:7:::\n",
		 "1 domain? {\"name\":\"d.example\"}\n1 -root\n2 "
		 "-WWW-Data\n3 -_apt\n4 user* {\"address\":\"roots@d."
		 "example\",\"password_hash\":\"$6$r\"}\n",
		 "but not those of a system"},
		{"root:*:1:0:99999:7:::\nann:$6$a:1:0:99999:7:::\n"
		 "zoe:!:1:0:99999:7:::\n",
		 "1 domain? {\"name\":\"d.example\"}\n1 -root\n2 user* "
		 "{\"address\":\"ann@d.example\",\"password_hash\":\"$6$a\"}\n3 "
		 "-zoe\n",
		 "hashes alone are changes"},
		{"ann:$1$x:1000:1000::/:/x\n+::::::\nann\na:b:c:d:e:f:g:h\n",
		 "1 domain? {\"name\":\"d.example\"}\n1 user {\"address\":"
		 "\"ann@d.example\",\"password_hash\":\"$1$x\"}\n2 -+\n3 "
		 "!line_malformed\n4 !line_malformed\n",
		 "hashes in passwd itself, and lines that are none"},
		{NULL, NULL, NULL}};
	const struct reader_input in = {.arena = a, .text = ""};
	struct reader r;
	struct err e = {0};

	examples("passwd", list);
	OK(!reader_begin(&r, reader_find("passwd", NULL), &in, &e),
	   "they have to be in some domain");
	IS(e.code, "domain_missing", "which is asked for");
}

/* How many records there are in a text of lines that are all the same, and
 * others behind them; and the time of the processor that they take. */
static size_t many(const char *format, const char *head, const char *line,
		   const char *between, const char *other, double *seconds)
{
	enum { BYTES = 2 << 20 };
	struct arena *own = arena_new();
	struct import_record rec;
	struct err e = {0};
	struct reader r;
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *f = open_memstream(&text, &size);
	clock_t from = clock();

	fputs(head, f);
	for (size_t i = 0; i < BYTES / 2; i += strlen(line))
		fputs(line, f);
	fputs(between, f);
	for (size_t i = 0; i < BYTES / 2; i += strlen(other))
		fputs(other, f);
	fclose(f);
	const struct reader_input in = {.arena = own,
					.text = text,
					.size = size,
					.codec = imported_codec,
					.kind = KIND_COUNT,
					.domain = "d.example"};
	for (bool some = reader_begin(&r, reader_find(format, NULL), &in, &e);
	     some; n += some) {
		struct arena *mine = arena_new();

		e = (struct err){0};
		some = reader_next(&r, mine, &rec, &e);
		arena_free(mine);
	}
	*seconds = (double)(clock() - from) / CLOCKS_PER_SEC;
	arena_free(own);
	free(text);
	return n;
}

/* An address that is in its own list at each place, but never whole. */
static void overlapping(void)
{
	enum { OWN = 300000, LIST = 600000 };
	char *text = arena_alloc(a, OWN + LIST + 2);
	clock_t from = clock();

	memset(text, '@', OWN + 1 + LIST);
	text[OWN] = ' ';
	OK(imported(a, "docker-mailserver", text)[0] == '1' &&
		   clock() - from < 5 * CLOCKS_PER_SEC,
	   "an address that is all through its own list");
}

/* Whatever somebody repeats, it takes no longer than as many others: with the
 * square of it these would take minutes. */
static void repeated(void)
{
	static const struct {
		const char *format, *head, *line, *between, *other;
		bool few; /* most are one record */
	} list[] = {
		{"docker-mailserver", "", "a@b|{X}x\n", "", "a@b x@y\n", false},
		{"docker-mailserver", "", "a@b:1G\n", "", "a@b|{X}x\n", false},
		{"docker-mailserver", "", "c@d a@b\n", "", "a@b x@y\n", true},
		{"modoboa", "", "account;a@b;p;;;True;r\n", "",
		 "alias;a@b;True;x@y\n", false},
		{"modoboa", "", "alias;a@b;True;c@d\n", "",
		 "forward;c@d;True;x@y\n", true},
		{"passwd", "", "a:x:1000:1::/:/x\n", "", "a:$1$x:1:0:9:7:::\n",
		 false},
		{"sql", "",
		 "INSERT INTO alias (address, goto) VALUES ('a@b','x@y');\n",
		 "",
		 "INSERT INTO mailbox (username, password) VALUES ('c@d','x');\n",
		 false},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		double seconds;
		size_t n = many(list[i].format, list[i].head, list[i].line,
				list[i].between, list[i].other, &seconds);

		OK(n > 0 && (n < 10) == list[i].few && seconds < 30,
		   list[i].format);
		printf("# %zu records in %.1f s\n", n, seconds);
	}
}

/* Others that have something to do meanwhile. */
struct meanwhile {
	bool over;
	size_t turns;
};

static void take_turns(void *ctx)
{
	struct meanwhile *m = ctx;

	while (!m->over) {
		m->turns++;
		fiber_sleep(1);
	}
	loop_stop(fiber_loop());
}

/* Of a file in which there is nothing. */
static void read_nothing(void *ctx)
{
	enum { BYTES = 1 << 20 };
	struct arena *own = arena_new();
	char *text = arena_alloc(own, BYTES);
	const struct reader_input in = {.arena = own,
					.text = text,
					.size = BYTES,
					.codec = imported_codec,
					.kind = KIND_COUNT};
	struct meanwhile *m = ctx;
	struct import_record rec;
	struct reader r;
	struct err e = {0};

	memset(text, '\n', BYTES);
	OK(reader_begin(&r, reader_find("modoboa", NULL), &in, &e),
	   "a file of empty lines");
	size_t first = m->turns;
	OK(first > 2, "while it is looked through others go on");
	OK(!reader_next(&r, own, &rec, &e) && m->turns > first + 2,
	   "and when no record comes for long");
	m->over = true;
	arena_free(own);
}

static void considerate(void)
{
	struct meanwhile m = {.turns = 0};
	struct err e = {0};
	struct loop *loop = loop_open(&e);

	fiber_prepare(loop, 4);
	if (!fiber_start(loop, take_turns, &m) ||
	    !fiber_start(loop, read_nothing, &m))
		abort();
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
}

/* Some programs write a mark before UTF-8; it is no part of the first line. */
static void marked(void)
{
	static const char *const texts[][2] =
		{{"modoboa", "domain;one.example;0;0;True\n"},
		 {"docker-mailserver", "ann@one.example|{SHA512-CRYPT}$6$x\n"},
		 {"passwd", "ann:x:1000:1000:Ann:/home/ann:/bin/sh\n"},
		 {"sql",
		  "COPY domain (domain) FROM stdin;\none.example\n\\.\n"}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *bare = texts[i][1];
		const char *text = arena_join(a, "\xEF\xBB\xBF", bare, NULL);
		const char *want = imported(a, texts[i][0], bare);

		IS(imported(a, texts[i][0], text), want, texts[i][0]);
		OK(want[0] == '1' || want[0] == '2', "which has a record");
		OK(reader_guess(text, strlen(text)) ==
			   reader_guess(bare, strlen(bare)),
		   "and is known by how it begins");
	}
}

int main(void)
{
	a = arena_new();
	modoboa();
	mailserver();
	passwd();
	repeated();
	overlapping();
	considerate();
	marked();
	arena_free(a);
	return tap_done();
}
