#include <arpa/inet.h>
#include <netinet/in.h>

#include "http/sources.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static struct network parse(const char *text)
{
	struct network n = {.bits = 0};

	network_address(text, &n);
	return n;
}

static struct network number(uint32_t first, uint32_t i)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr = {htonl(first + i)}};

	return network_of((struct sockaddr *)&in);
}

static const struct {
	const char *one, *other;
	bool same;
} cases[] = {
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.2", false},
	{"192.0.2.1", "1.2.0.192", false},
	{"2001:db8::1", "2001:db8::2", true},
	{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
	{"2001:db8::1", "2001:db8:0:1::1", false},
	{"2001:db8::1", "2001:db9::1", false},
	{"2001:db8::1", "192.0.2.1", false},
};

static void pairs(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct network one = parse(cases[i].one),
			       other = parse(cases[i].other);
		unsigned together = 0;

		/* Two may share a counter by chance, but not thrice. */
		for (int n = 0; n < 3; n++) {
			struct sources *s = sources_new(1);

			sources_enter(s, &one);
			together += !sources_has_room(s, &other);
			sources_free(&s);
		}
		OK(cases[i].same ? together == 3 : together < 3,
		   cases[i].other);
	}
}

/* Of ten thousand others, hardly anybody is kept out by one. */
static void strangers(void)
{
	struct sources *s = sources_new(1);
	struct network a = parse("198.51.100.1");
	unsigned kept_out = 0;

	sources_enter(s, &a);
	for (uint32_t i = 0; i < 10000; i++) {
		a = number(0x0a000000, i);
		kept_out += !sources_has_room(s, &a);
	}
	OK(kept_out < 20, "few share a counter with a busy one");
	for (uint32_t i = 0; i < 10000; i++) {
		a = number(0x0a000000, i);
		sources_enter(s, &a);
	}
	kept_out = 0;
	for (uint32_t i = 0; i < 16384; i++) {
		a = number(0x0b000000, i * 257);
		kept_out += !sources_has_room(s, &a);
	}
	/* 10,001 in 16,384 places leave 54 in 100 free. */
	OK(kept_out > 5500 && kept_out < 9500, "they spread over the table");
	sources_free(&s);
}

int main(void)
{
	struct sources *s = sources_new(3);
	struct network a = parse("192.0.2.1"), path = parse("no address");

	for (unsigned i = 0; i < 3; i++) {
		OK(sources_has_room(s, &a), "there is room");
		sources_enter(s, &a);
	}
	OK(!sources_has_room(s, &a), "and then there is not");
	sources_leave(s, &a);
	OK(sources_has_room(s, &a), "until one leaves");
	OK(sources_has_room(s, &path), "of no family is one, too");
	sources_free(&s);
	OK(s == NULL, "freed");
	pairs();
	strangers();
	return tap_done();
}
