#include <stdint.h>

#include "ldap/follow.h"
#include "tests/lib/tap.h"

enum { MODS = 5 };

static const struct {
	const char *mods[MODS];
	bool failure;
} cases[] = {
	{{"pwdFailureTime:+ 20261121204000.1Z", "entryCSN:= x",
	  "modifiersName:= cn=x", "modifyTimestamp:= 2026"},
	 true},
	{{"PWDFAILURETIME:-", "entryCSN:= x"}, true},
	{{"pwdFailureTime:-", "pwdChangedTime:= 2026", "entryCSN:= x"}, false},
	{{"pwdFailureTime:+ x", "pwdAccountLockedTime:= 2026"}, false},
	{{"pwdFailureTime:+ x", "provostEnabled:= FALSE"}, false},
	{{"pwdFailureTimes:+ x"}, false},
	{{"pwdFailureTime"}, false},
	{{"provostEnabled:= FALSE", "entryCSN:= x"}, false},
	{{"entryCSN:= x", "modifiersName:= cn=x", "modifyTimestamp:= 2026"},
	 false}, /* what it was is not shown */
	{{NULL}, false},
};

int main(void)
{
	OK(!follow_is_failure(NULL), "a record without");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct berval mods[MODS + 1] = {{0}};

		for (size_t n = 0; n < MODS && cases[i].mods[n] != NULL; n++)
			mods[n].bv_val = (void *)(uintptr_t)cases[i].mods[n];
		OK(follow_is_failure(mods) == cases[i].failure,
		   cases[i].failure ? "is only a failure" : "is more");
	}
	return tap_done();
}
