#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/log.h"

static int sink;
static char text[64 * 1024];

/* What was logged since the last look. */
static char *all(void)
{
	ssize_t got = pread(sink, text, sizeof(text) - 1, 0);

	if (got < 0 || ftruncate(sink, 0) != 0)
		abort();
	text[got] = '\0';
	return text;
}

/* The same without the time of its first line. */
static const char *logged(void)
{
	char *rest = strchr(all(), ' ');

	return rest != NULL ? rest + 1 : text;
}

#define LINE(value) "level=info event=e k=" value "\n"

static const struct {
	const char *value, *want;
} cases[] = {
	{"plain", LINE("plain")},
	{"", LINE("\"\"")},
	{"two words", LINE("\"two words\"")},
	{"a=b", LINE("\"a=b\"")},
	{"a\"b", LINE("\"a\\\"b\"")},
	{"a\\b", LINE("\"a\\\\b\"")},
	{"a\nlevel=error", LINE("\"a\\x0alevel=error\"")},
	{"a\r\tb", LINE("\"a\\x0d\\x09b\"")},
	{"\x1b[2J", LINE("\"\\x1b[2J\"")},
	{"\x7f", LINE("\"\\x7f\"")},
	{"\xc2\x9b", LINE("\"\\xc2\\x9b\"")},
	{"\xff", LINE("\"\\xff\"")},
	{"/v1/users/%0a", LINE("/v1/users/%0a")},
	{"ann@example.org", LINE("ann@example.org")},
};

static void *shout(void *ctx)
{
	for (int i = 0; i < 100; i++)
		log_event(LOG_INFO, "shout", "who", ctx, NULL);
	return NULL;
}

/* Each line is one write: lines of several threads do not mix. */
static void threads(void)
{
	static char a[] = "aaaaaaaaaa", b[] = "bbbbbbbbbb";
	pthread_t one, other;
	int good = 0, n = 0;

	pthread_create(&one, NULL, shout, a);
	pthread_create(&other, NULL, shout, b);
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	for (char *p = all(), *end; (end = strchr(p, '\n')); p = end + 1) {
		const char *said = strstr(p, " event=shout who=");

		n++;
		good += said != NULL && strcspn(said + 17, "\n") == 10 &&
			said < end;
	}
	NUMBER(n, 200, "two threads log their lines");
	NUMBER(good, 200, "and all are whole");
}

static void long_lines(void)
{
	static char big[6000];
	size_t size;

	memset(big, 'x', sizeof(big) - 1);
	log_event(LOG_INFO, "e", "k", big, "more", "y", NULL);
	size = strlen(all());
	NUMBER(size, 2000, "a long line is cut off");
	OK(text[size - 1] == '\n', "and still ends");
	memset(big, '\n', sizeof(big) - 1);
	log_event(LOG_INFO, "e", "k", big, NULL);
	all();
	OK(strchr(text, '\n') == text + strlen(text) - 1,
	   "however much there is to escape, it is one line");
}

static int lines(const char *of)
{
	int n = 0;

	for (const char *p = of; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	return n;
}

static void holding(void)
{
	static char wide[1000];

	log_hold();
	log_event(LOG_INFO, "e", "k", "1", NULL);
	log_event(LOG_INFO, "e", "k", "2", NULL);
	IS(all(), "", "what is held is not written");
	log_release();
	NUMBER(lines(all()), 2, "and is when it is released");
	log_event(LOG_INFO, "e", NULL);
	NUMBER(lines(all()), 1, "as is what comes after that, at once");
	log_hold();
	log_event(LOG_INFO, "e", NULL);
	log_event(LOG_NOTICE, "e", NULL);
	NUMBER(lines(all()), 2, "what matters does not wait");
	memset(wide, 'w', sizeof(wide) - 1);
	for (int i = 0; i < 4; i++)
		log_event(LOG_INFO, "e", "k", wide, NULL);
	NUMBER(lines(all()), 3, "nor does what there is no room for");
	log_release();
	NUMBER(lines(all()), 1, "nothing is lost by that");
}

int main(void)
{
	FILE *file = tmpfile();

	sink = file != NULL ? fileno(file) : -1;
	if (fcntl(sink, F_SETFL, O_APPEND) != 0 ||
	    dup2(sink, STDERR_FILENO) < 0)
		return 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		log_event(LOG_INFO, "e", "k", cases[i].value, NULL);
		IS(logged(), cases[i].want, cases[i].value);
	}
	log_event(LOG_INFO, "e", "a", NULL, "b", "2", NULL);
	IS(logged(), "level=info event=e b=2\n", "NULL is left out");
	log_event(LOG_INFO, "two words", NULL);
	IS(logged(), "level=info event=\"two words\"\n", "events are quoted");
	log_event(LOG_DEBUG, "e", NULL);
	IS(logged(), "", "details are dropped at first");
	log_set_level(LOG_DEBUG);
	log_event(LOG_DEBUG, "e", NULL);
	IS(logged(), "level=debug event=e\n", "and told when wished");
	log_set_level(LOG_ERR);
	log_event(LOG_WARNING, "e", NULL);
	IS(logged(), "", "warnings are not errors");
	log_hold();
	log_always("e", "k", "v", NULL);
	IS(logged(), "level=notice event=e k=v\n",
	   "what must be found is told all the same, and at once");
	log_release();
	log_event(LOG_ERR, "e", NULL);
	IS(logged(), "level=error event=e\n", "errors are told");
	OK(strncmp(text, "time=20", 7) == 0 && text[28] == 'Z' &&
		   text[29] == ' ',
	   "the time is RFC 3339 with milliseconds");
	log_set_level(LOG_INFO);
	threads();
	long_lines();
	holding();
	return tap_done();
}
