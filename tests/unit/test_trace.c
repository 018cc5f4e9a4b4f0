#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/trace.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static const char *const bad[] = {
	"",
	"00",
	"00-" ID "-" SPAN,
	"00-" ID "-" SPAN "-",
	"00-" ID "-" SPAN "-0",
	"00-" ID "-" SPAN "-01-",
	"00-" ID "-" SPAN "-01-more",
	"00-" ID "-" SPAN "-01 ",
	" 00-" ID "-" SPAN "-01",
	"00-" ID "-" SPAN "-0g",
	"00-" ID "-" SPAN "-0A",
	"ff-" ID "-" SPAN "-01",
	"0x-" ID "-" SPAN "-01",
	"01-" ID "-" SPAN "-01more",
	"00_" ID "-" SPAN "-01",
	"00-" ID "_" SPAN "-01",
	"00-" ID "-" SPAN "_01",
	"00-00000000000000000000000000000000-" SPAN "-01",
	"00-" ID "-0000000000000000-01",
	"00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
	"00-4bf92f3577b34da6a3ce929d0e0e473-" SPAN "-01",
	"00-4bf92f3577b34da6a3ce929d0e0e4736a-" SPAN "-01",
};

static void strictly(void)
{
	struct trace t = {.id = "untouched"};
	bool any = false;

	for (size_t i = 0; i < COUNT(bad); i++) {
		bool taken = trace_read(bad[i], &t);

		if (taken)
			tap_show("taken", bad[i]);
		any = any || taken;
	}
	OK(!any, "what is not good to the letter is not taken");
	IS(t.id, "untouched", "and sets nothing");
}

static void followed(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct trace t, other;

	OK(trace_read("00-" ID "-" SPAN "-01", &t), "a good one");
	IS(t.id, ID, "its trace");
	IS(t.parent, SPAN, "whose call it was");
	OK(strlen(t.span) == TRACE_SPAN && strcmp(t.span, SPAN) != 0,
	   "a span of ours");
	OK(t.sampled, "it is recorded");
	IS(trace_text(a, &t), arena_printf(a, "00-" ID "-%s-01", t.span),
	   "as it is passed on");
	OK(trace_read("00-" ID "-" SPAN "-fe", &t) && !t.sampled,
	   "of the flags only one is known");
	OK(strstr(trace_text(a, &t), "-00") != NULL, "and passed on");
	OK(trace_read("01-" ID "-" SPAN "-01", &t), "a later version");
	OK(trace_read("cc-" ID "-" SPAN "-01-what-then", &t),
	   "which has more behind it");
	IS(t.id, ID, "is read as far as we know it");
	trace_begin(&t);
	trace_begin(&other);
	OK(strlen(t.id) == TRACE_ID && strcmp(t.id, other.id) != 0,
	   "one that is begun is new");
	OK(trace_read(trace_text(a, &t), &other) && strcmp(t.id, other.id) == 0,
	   "and good");
}

static void states(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	static const char *const good[] = {
		"rojo=00f067aa0ba902b7",
		"rojo=1,congo=t61rcWkgMzE",
		" a=1 ,\t, b=2,",
		"fw529a3039@dt=FfAl0w",
		"0tenant@sys=x",
		"a=in side",
		"a_-*/9=!~",
	};
	static const char *const wrong[] = {
		"",       " , ",     "a",      "=1",
		"A=1",    "1=x",     "a=",     "a= ",
		"a=b=c",  "a=1,a=2", "a=\x7f", "a=\xc3\xa9",
		"@sys=1", "t@=1",    "t@9=1",  "t@toolongsystemid=1",
		"a b=1",
	};
	const char *many = "k0=1";

	for (size_t i = 0; i < COUNT(good); i++)
		OK(trace_state_is_good(good[i]), good[i]);
	for (size_t i = 0; i < COUNT(wrong); i++)
		OK(!trace_state_is_good(wrong[i]), wrong[i]);
	for (int i = 1; i < 32; i++)
		many = arena_printf(a, "%s,k%d=1", many, i);
	OK(trace_state_is_good(many), "32 members");
	OK(!trace_state_is_good(arena_join(a, many, ",l=1", NULL)), "33");
	char *longest = arena_alloc(a, TRACE_STATE_MAX + 2);
	memset(longest, ',', TRACE_STATE_MAX + 1);
	memcpy(longest, "a=1", 3);
	OK(!trace_state_is_good(longest), "too long");
	longest[TRACE_STATE_MAX] = '\0';
	OK(trace_state_is_good(longest), "just not");
}

int main(void)
{
	strictly();
	followed();
	states();
	return tap_done();
}
