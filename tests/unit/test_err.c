#include "tests/lib/tap.h"
#include "util/err.h"
#include "util/fault.h"
#include "util/text.h"

struct thing {
	const char *name;
	int64_t size;
};

#define F(member) (struct field) FIELD(struct thing, member)

static void errors(void)
{
	struct err e = {0};
	char big[400];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	OK(!err_set(&e, ERR_EXISTS, "%s is taken", "it"), "setting is false");
	NUMBER(e.kind, ERR_EXISTS, "kind");
	IS(e.text, "it is taken", "text");
	IS(e.code, NULL, "no code");
	OK(!err_wrap(&e, "adding %d", 1), "wrapping is false");
	IS(e.text, "adding 1: it is taken", "outer before inner");
	NUMBER(e.kind, ERR_EXISTS, "wrapping keeps the kind");
	OK(!err_code(&e, ERR_LIMIT, "busy", "too much"), "a code is false");
	IS(e.code, "busy", "code");
	err_wrap(&e, "x");
	IS(e.code, "busy", "wrapping keeps the code");
	err_set(&e, ERR_LIMIT, "again");
	IS(e.code, NULL, "setting anew forgets it");

	err_set(&e, ERR_INTERNAL, "%s", big);
	NUMBER(strlen(e.text), sizeof(e.text) - 1, "long texts are cut off");
	err_wrap(&e, "why");
	OK(strncmp(e.text, "why: xxx", 8) == 0, "and can be wrapped");
	NUMBER(strlen(e.text), sizeof(e.text) - 1, "and are cut off again");
	err_wrap(&e, "%s", big);
	NUMBER(strlen(e.text), sizeof(e.text) - 1, "wrapped by a long text");
	err_set(&e, ERR_INTERNAL, "'%.2s' %s", "a\xc3\xa9", "\xc3\xa9");
	IS(e.text, "'a?' \xc3\xa9", "what is cut stays UTF-8");
	memset(big, '\xc3', sizeof(big) - 1);
	for (size_t i = 2; i < sizeof(big) - 1; i += 2)
		big[i] = '\xa9';
	big[0] = 'x';
	err_set(&e, ERR_INTERNAL, "%s", big);
	OK(!err_wrap(&e, "why") && text_is_clean(e.text), "wrapped, too");
	err_clear(&e);
	OK(e.kind == ERR_NONE && e.text[0] == '\0' && e.faults == NULL,
	   "cleared");
}

static void faults(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct err e = {0};

	OK(!fault_has(&e, F(name)), "nothing is at fault yet");
	fault_field(&e, a, FAULT_TYPE, F(size), "not a number");
	fault_key(&e, a, FAULT_UNKNOWN, "colour", "no such field");
	fault_field(&e, a, FAULT_MISSING, F(name), "required");
	NUMBER(e.kind, ERR_INVALID, "a fault makes it invalid");
	IS(e.text, "not a number", "the first fault is the text");
	OK(fault_has(&e, F(size)) && fault_has(&e, F(name)), "both are noted");
	IS(e.faults->next->key, "colour", "in their order");
	fault_field(&e, a, FAULT_MISSING, F(size), "required");
	OK(e.faults->next->next->next == NULL,
	   "what was wrong is not missing as well");
	fault_field(&e, a, FAULT_RANGE, F(size), "too large");
	OK(e.faults->next->next->next != NULL, "but may be wrong twice");

	struct err keys = {0};
	fault_key(&keys, a, FAULT_UNKNOWN, "name", "no such field");
	OK(!fault_has(&keys, F(name)), "a key is no member, even at offset 0");
}

int main(void)
{
	errors();
	faults();
	return tap_done();
}
