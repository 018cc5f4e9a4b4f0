#include "ldap/memory.h"
#include "tests/lib/tap.h"

int main(void)
{
	struct memory *m = memory_open(), *other = memory_open();
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

	OK(!memory_knows(m, right, 0), "nothing is known at first");
	memory_learn(m, right, 1000);
	OK(memory_knows(m, right, 999), "what was learnt is known");
	NUMBER(memory_left(m, right, 400), 600, "for so long");
	NUMBER(memory_left(m, right, 1000), 0, "and then no longer");
	OK(!memory_knows(m, right, 1000), "until its time is over");
	OK(!memory_knows(m, wrong, 500), "and nothing else is");
	memory_learn(m, right, 2000);
	OK(memory_knows(m, right, 1999), "it can be learnt again");
	memory_learn(m, right, 0);
	OK(!memory_knows(m, right, 1), "and forgotten");

	memory_learn(m, right, 2000);
	memory_forget(m, wrong);
	OK(memory_knows(m, right, 1), "forgetting another leaves it");
	memory_forget(m, right);
	OK(!memory_knows(m, right, 1), "until it is forgotten itself");
	memory_learn(m, right, 2000);
	memcpy(wrong, right, DIGEST_SIZE);
	wrong[DIGEST_SIZE - 1] ^= 1;
	OK(!memory_knows(m, wrong, 1), "the same place is not the same digest");
	memory_learn(m, wrong, 2000);
	OK(memory_knows(m, wrong, 1) && !memory_knows(m, right, 1),
	   "a place holds the latest");
	memset(wrong, 0, DIGEST_SIZE);
	OK(!memory_knows(other, wrong, 0), "an empty place knows nothing");
	memory_close(&m);
	memory_close(&other);
	OK(m == NULL, "closed");
	memory_close(&m);
	return tap_done();
}
