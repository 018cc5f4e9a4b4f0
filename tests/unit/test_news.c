#include <string.h>

#include "ldap/news.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"

/* Numbers of a server that was given the id 1, in their order. */
#define OLD "20261121120000.000000Z#000000#001#000000"
#define MID "20261121120000.000000Z#000001#001#000000"
#define NEW "20261121120001.000000Z#000000#001#000000"
/* Of another one. */
#define OTHER "20261121130000.000000Z#000000#002#000000"

enum { VALUES_MAX = 4 };

static void show(struct news *n, unsigned server, uint64_t ticket,
		 const char *const values[])
{
	struct berval list[VALUES_MAX] = {{0}};

	for (size_t i = 0; i < VALUES_MAX - 1 && values[i] != NULL; i++)
		ber_str2bv(values[i], 0, 1, &list[i]);
	news_shows(n, server, ticket, list);
	for (size_t i = 0; list[i].bv_val != NULL; i++)
		ber_memfree(list[i].bv_val);
}

/* What was written, what the replica shows, and whether it may be read. */
static const struct {
	const char *wrote, *shown[VALUES_MAX];
	bool fresh;
} cases[] = {
	{MID, {MID}, true},
	{MID, {NEW}, true},
	{MID, {OLD}, false},
	{MID, {NULL}, false},
	{MID, {OTHER}, false},
	{MID, {OTHER, OLD}, false},
	{MID, {OTHER, MID}, true},
	{MID, {"", "#", "##", NULL}, false},
	{MID, {"20261121120000.000000Z#000001#001", NULL}, false},
	{OTHER, {NEW}, false},
	{OTHER, {NEW, OTHER}, true},
};

static void writes(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct news *n = news_new();

		OK(news_is_fresh(n, 1), "before anything is written");
		news_wrote(n, cases[i].wrote);
		OK(news_is_fresh(n, 0), "the writer has everything");
		OK(!news_is_fresh(n, 2), "of another replica nothing is known");
		show(n, 1, 0, cases[i].shown);
		OK(news_is_fresh(n, 1) == cases[i].fresh,
		   cases[i].shown[0] != NULL ? cases[i].shown[0] : "nothing");
		news_free(&n);
	}
}

static void newest(void)
{
	struct news *n = news_new();
	const char *const mid[] = {MID, NULL}, *const new[] = {NEW, NULL};

	news_wrote(n, MID);
	news_wrote(n, OLD);
	show(n, 1, 0, mid);
	OK(news_is_fresh(n, 1), "what is older does not count any more");
	news_wrote(n, NEW);
	OK(!news_is_fresh(n, 1), "what is newer does");
	show(n, 1, 0, new);
	OK(news_is_fresh(n, 1), "until it is there");
	show(n, 1, 0, mid);
	OK(!news_is_fresh(n, 1), "a replica that went back is not read");
	news_free(&n);
}

static void unknown(void)
{
	struct news *n = news_new();
	const char *const mid[] = {MID, NULL}, *const new[] = {NEW, NULL};

	show(n, 1, 0, mid);
	uint64_t early = news_ticket(n);
	news_wrote(n, NULL);
	OK(!news_is_known(n) && !news_is_fresh(n, 1), "a number not learnt");
	show(n, 0, early, new);
	OK(!news_is_known(n), "an answer to an earlier question does not help");
	show(n, 1, news_ticket(n), new);
	OK(!news_is_known(n), "nor does what a replica shows");
	news_shows(n, 0, news_ticket(n), NULL);
	OK(!news_is_known(n), "nor nothing");
	show(n, 0, news_ticket(n), new);
	OK(news_is_known(n), "what the writer shows then does");
	OK(news_is_fresh(n, 1), "and counts: here is one that has it");
	show(n, 1, 0, mid);
	OK(!news_is_fresh(n, 1), "and one that has not");
	news_wrote(n, "no number");
	OK(!news_is_known(n), "what is no number is not known");
	news_free(&n);
}

static void silence(void)
{
	struct news *n = news_new();
	int64_t before = clock_now();

	NUMBER(news_silent_at(n, 0), 0, "never silent");
	news_silence(n, 0);
	OK(news_silent_at(n, 0) >= before, "silent now");
	NUMBER(news_silent_at(n, 1), 0, "that one alone");
	news_free(&n);
	news_free(&n);
	OK(n == NULL, "freed twice");
}

int main(void)
{
	writes();
	newest();
	unknown();
	silence();
	return tap_done();
}
