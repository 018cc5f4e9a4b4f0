#include <string.h>

#include "ldap/memory.h"
#include "tests/lib/tap.h"

static bool knows(struct memory *m, const unsigned char *digest, int64_t now)
{
	return memory_left(m, digest, now, NULL) > 0;
}

static void learn(struct memory *m, const unsigned char *digest, int64_t until)
{
	struct memory_about about = memory_begin(m);

	memory_concerns(m, &about, "ann@example.org", "key");
	memory_learn(m, digest, &about, until, NULL);
}

static void digests(struct memory *m, struct memory *other)
{
	unsigned char right[DIGEST_SIZE], wrong[DIGEST_SIZE],
		glued[DIGEST_SIZE];

	memory_digest(m, "mail=a", "secret", right);
	memory_digest(m, "mail=a", "Secret", wrong);
	OK(!digest_equal(right, wrong), "another password, another digest");
	memory_digest(m, "mail=b", "secret", wrong);
	OK(!digest_equal(right, wrong), "another name, another digest");
	memory_digest(m, "mail=asec", "ret", glued);
	OK(!digest_equal(right, glued),
	   "name and password do not run together");
	memory_digest(other, "mail=a", "secret", glued);
	OK(!digest_equal(right, glued), "each process has a key of its own");
}

static void for_a_time(struct memory *m, struct memory *other)
{
	unsigned char right[DIGEST_SIZE], wrong[DIGEST_SIZE];

	memory_digest(m, "mail=a", "secret", right);
	memory_digest(m, "mail=b", "secret", wrong);
	OK(!knows(m, right, 0), "nothing is known at first");
	learn(m, right, 1000);
	OK(knows(m, right, 999), "what was learnt is known");
	NUMBER(memory_left(m, right, 400, NULL), 600, "for so long");
	NUMBER(memory_left(m, right, 1000, NULL), 0, "and then no longer");
	OK(!knows(m, wrong, 500), "nothing else is");
	learn(m, right, 2000);
	OK(knows(m, right, 990), "it can be learnt again");
	learn(m, right, 0);
	OK(!knows(m, right, 1), "and forgotten");

	learn(m, right, 2000);
	memory_forget(m, wrong);
	OK(knows(m, right, 1), "forgetting another leaves it");
	memory_forget(m, right);
	OK(!knows(m, right, 1), "until it is forgotten itself");
	learn(m, right, 2000);
	memcpy(wrong, right, DIGEST_SIZE);
	wrong[DIGEST_SIZE - 1] ^= 1;
	OK(!knows(m, wrong, 1), "the same place is not the same digest");
	learn(m, wrong, 2000);
	OK(knows(m, wrong, 1) && !knows(m, right, 1),
	   "a place holds the latest");
	memset(wrong, 0, DIGEST_SIZE);
	OK(!knows(other, wrong, 0), "an empty place knows nothing");
}

static void unless_changed(struct notices *n, struct memory *m)
{
	struct memory_about about;
	unsigned char d[DIGEST_SIZE];
	uint64_t ann = notices_subject(n, NOTICE_LOGIN, "ann@example.org");

	memory_digest(m, "", "k", d);
	learn(m, d, 900);
	notices_post(n, notices_subject(n, NOTICE_LOGIN, "bob@example.org"));
	notices_post(n, notices_subject(n, NOTICE_DOMAIN, "example.net"));
	notices_post(n, notices_subject(n, NOTICE_DOMAIN, "ann@example.org"));
	OK(knows(m, d, 1), "a change of others leaves it");
	notices_post(n, ann);
	OK(!knows(m, d, 1), "a change of the owner does not");
	OK(!knows(m, d, 1), "nor is it known again");
	learn(m, d, 900);
	notices_post(n, notices_subject(n, NOTICE_DOMAIN, "example.org"));
	OK(!knows(m, d, 1), "a change of his domain");
	learn(m, d, 900);
	notices_post(n, notices_subject(n, NOTICE_KEY, "key"));
	OK(!knows(m, d, 1), "of the key");
	learn(m, d, 900);
	notices_post(n, 0);
	OK(!knows(m, d, 1), "of who knows what");
	learn(m, d, 900);
	for (int i = 0; i < NOTICES_KNOWN; i++)
		notices_post(n, 1);
	OK(knows(m, d, 1), "many changes of others");
	for (int i = 0; i <= NOTICES_KNOWN; i++)
		notices_post(n, 1);
	OK(!knows(m, d, 1), "more than are known");

	about = memory_begin(m);
	memory_concerns(m, &about, "ann@example.org", NULL);
	notices_post(n, ann);
	memory_learn(m, d, &about, 900, NULL);
	OK(!knows(m, d, 1), "a change while it was verified");
}

static void while_heard(struct notices *n, struct memory *m)
{
	unsigned char d[DIGEST_SIZE];

	memory_digest(m, "", "h", d);
	learn(m, d, 100000);
	OK(knows(m, d, NOTICES_DEAF), "the log is followed");
	OK(!knows(m, d, NOTICES_DEAF + 1), "it is not: nothing is known");
	notices_heard(n, NOTICES_DEAF + 1);
	OK(knows(m, d, NOTICES_DEAF + 1),
	   "it is again, and nothing was missed");
	OK(notices_are_needed(n, 99999), "who remembers needs the notices");
	OK(!notices_are_needed(n, 100000), "until then");
	notices_heard(n, 0);
}

static void notes(struct memory *m)
{
	static char large[MEMORY_NOTE_MAX + 2];
	struct memory_about about = memory_begin(m);
	unsigned char d[DIGEST_SIZE];
	const char *note = NULL;

	memory_digest(m, "", "n", d);
	memory_concerns(m, &about, "admin", "key");
	memory_learn(m, d, &about, 900, "a note");
	OK(memory_left(m, d, 1, &note) > 0, "with a note");
	IS(note, "a note", "which is told");
	memset(large, 'x', MEMORY_NOTE_MAX + 1);
	memory_learn(m, d, &about, 900, large);
	OK(!knows(m, d, 1), "one that is too long is not kept");
	large[MEMORY_NOTE_MAX] = '\0';
	for (int i = 0; i < MEMORY_NOTES_MAX / MEMORY_NOTE_MAX * 4; i++) {
		d[0] = (unsigned char)i;
		d[1] = (unsigned char)(i >> 8);
		memory_learn(m, d, &about, 900, large);
	}
	OK(!knows(m, d, 1), "nor are more than there is room for");
}

int main(void)
{
	struct notices *n = notices_new();
	struct memory *m = memory_open(n), *other = memory_open(n);
	struct memory *none = memory_open(NULL);
	unsigned char d[DIGEST_SIZE];

	memory_digest(m, "", "x", d);
	learn(m, d, 900);
	OK(!knows(m, d, 1), "before the log is followed nothing is known");
	notices_heard(n, 0);
	digests(m, other);
	for_a_time(m, other);
	unless_changed(n, m);
	while_heard(n, m);
	notes(m);
	memory_digest(none, "", "x", d);
	learn(none, d, 900);
	OK(!knows(none, d, 1), "without notices nothing is remembered");
	memory_close(&m);
	memory_close(&other);
	memory_close(&none);
	OK(m == NULL, "closed");
	memory_close(&m);
	notices_free(&n);
	return tap_done();
}
