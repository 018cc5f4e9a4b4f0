#include <string.h>

#include "dict/conversation.h"
#include "dict/words.h"
#include "tests/lib/tap.h"

enum { NOW = 1000000 };

static char taken[512];

static void note(const char *name, int64_t value)
{
	size_t used = strlen(taken);

	if (value != NUMBER_NONE)
		snprintf(taken + used, sizeof(taken) - used, " %s=%lld", name,
			 (long long)value);
}

static void take(void *ctx, const char *address, const struct usage *u)
{
	size_t used = strlen(taken);

	(void)ctx;
	snprintf(taken + used, sizeof(taken) - used, "[%s", address);
	note("login", u->last_login);
	note("bytes", u->used_bytes);
	note("messages", u->used_messages);
	note("at", u->measured);
	used = strlen(taken);
	snprintf(taken + used, sizeof(taken) - used, "]");
}

/* All answers to some lines, "!" where it makes no sense; fresh each time. */
static const char *say(const char *lines)
{
	static char answers[256], text[2048];
	struct conversation c = {.take = take};
	char *rest = text;

	taken[0] = answers[0] = '\0';
	snprintf(text, sizeof(text), "%s", lines);
	while (rest != NULL) {
		char answer[CONVERSATION_ANSWER], *line = strsep(&rest, "\n");
		size_t used = strlen(answers);
		bool good = conversation_line(&c, line, NOW, answer);

		snprintf(answers + used, sizeof(answers) - used, "%s",
			 good ? answer : "!");
		if (!good)
			break;
	}
	return answers;
}

#define HELLO "H3\t2\t0\t\tx\n"

/* clang-format off */
static const struct {
	const char *what, *lines, *answers, *taken;
} cases[] = {
	{"a login, as Dovecot 2.3.19 tells it",
	 HELLO "B1\tjohn@example.org\n"
	 "S1\tshared/last-login/john@example.org\t999000\nC1",
	 "O1\n", "[john@example.org login=999000]"},
	{"quota, as it tells that",
	 HELLO "B1\tjohn@example.org\nS1\tpriv/quota/storage\t18\n"
	 "S1\tpriv/quota/messages\t1\nC1",
	 "O1\n", "[john@example.org bytes=18 messages=1 at=1000000]"},
	{"in any case of letters",
	 HELLO "B1\tJohn@Example.org\nS1\tpriv/quota/storage\t0\nC1",
	 "O1\n", "[john@example.org bytes=0 at=1000000]"},
	{"an older one greets with the user",
	 "H2\t1\t0\tjohn@example.org\tx\nB7\nS7\tpriv/quota/messages\t3\nC7",
	 "O7\n", "[john@example.org messages=3 at=1000000]"},
	{"two at a time",
	 HELLO "B1\ta@example.org\nB2\tb@example.org\n"
	 "S2\tpriv/quota/storage\t2\nS1\tpriv/quota/storage\t1\nC2\nC1",
	 "O2\nO1\n",
	 "[b@example.org bytes=2 at=1000000][a@example.org bytes=1 at=1000000]"},
	{"what is rolled back was not said",
	 HELLO "B1\ta@example.org\nS1\tpriv/quota/storage\t2\nR1", "", ""},
	{"what is not committed neither",
	 HELLO "B1\ta@example.org\nS1\tpriv/quota/storage\t2", "", ""},
	{"an id is free again",
	 HELLO "B1\ta@example.org\nR1\nB1\tb@example.org\nC1", "O1\n", ""},
	{"a commit that nobody waits for",
	 HELLO "B1\ta@example.org\nD1", "AO1\n", ""},
	{"what we do not know is taken and forgotten",
	 HELLO "B1\ta@example.org\nS1\tpriv/other\tx\nU1\tpriv/y\nA1\tpriv/z\t1\n"
	 "T1\t1\t2\nC1", "O1\n", ""},
	{"nothing is found", HELLO "Lpriv/quota/storage\nI0\tpriv/", "N\n\n", ""},
	{"a login in the future was now",
	 HELLO "B1\ta@example.org\nS1\tshared/last-login/a@example.org\t5000000\n"
	 "C1", "O1\n", "[a@example.org login=1000000]"},
	{"no number", HELLO "B1\ta@example.org\nS1\tpriv/quota/storage\t-1\nC1",
	 "O1\n", ""},
	{"no address of ours",
	 HELLO "B1\tjohn\nS1\tpriv/quota/storage\t1\n"
	 "S1\tshared/last-login/john\t5\nC1", "O1\n", ""},
	{"a key with more in it than a user",
	 HELLO "B1\ta@example.org\nS1\tshared/last-login/a@example.org/imap\t5\n"
	 "C1", "O1\n", ""},
	{"no greeting", "B1\ta@example.org", "!", ""},
	{"two greetings", HELLO HELLO, "!", ""},
	{"a newer one, of fewer words",
	 "H4\t0\nB1\ta@example.org\nS1\tpriv/quota/storage\t1\nC1", "O1\n",
	 "[a@example.org bytes=1 at=1000000]"},
	{"a version to come", "H5\t0\t0\t\tx", "!", ""},
	{"not begun", HELLO "C1", "!", ""},
	{"begun twice", HELLO "B1\ta@example.org\nB1\ta@example.org", "!", ""},
	{"no id", HELLO "Bx\ta@example.org", "!", ""},
	{"no verb of theirs", HELLO "B1\ta@example.org\nX1", "!", ""},
	{"an empty line", HELLO "", "!", ""},
	{"an escape that does not exist", HELLO "B1\ta\001x@example.org", "!", ""},
	{"too many words", HELLO "B1\t2\t3\t4\t5\t6\t7\t8\t9", "!", ""},
};
/* clang-format on */

static void words(void)
{
	char line[] = "S1\ta\001tb\001nc\0011d\001r\t", key[] = "x/a\\|b\\\\c",
	     deep[] = "x/a/b", none[] = "x/", bad[] = "x/a\\b";
	struct words w;

	OK(words_read(line, &w) && w.verb == 'S' && w.count == 3, "words");
	IS(w.items[1], "a\tb\nc\001d\r", "what is escaped");
	IS(w.items[2], "", "an empty one");
	IS(words_key_part(key, "x/"), "a/b\\c", "the end of a key");
	IS(words_key_part(key, "y/"), NULL, "of another key");
	IS(words_key_part(deep, "x/"), NULL, "of a longer key");
	IS(words_key_part(none, "x/"), NULL, "of one without an end");
	IS(words_key_part(bad, "x/"), NULL, "a broken one");
}

static void many(void)
{
	char lines[1024] = HELLO;

	for (int i = 0; i < CONVERSATION_AT_ONCE; i++) {
		size_t used = strlen(lines);

		snprintf(lines + used, sizeof(lines) - used,
			 "%sB%d\ta@example.org", i > 0 ? "\n" : "", i);
	}
	IS(say(lines), "", "as many transactions as may be");
	size_t used = strlen(lines);
	snprintf(lines + used, sizeof(lines) - used, "\nB99\ta@example.org");
	IS(say(lines), "!", "and not one more");
}

int main(void)
{
	words();
	for (size_t i = 0; i < COUNT(cases); i++) {
		IS(say(cases[i].lines), cases[i].answers, cases[i].what);
		IS(taken, cases[i].taken, "and what comes of it");
	}
	many();
	return tap_done();
}
