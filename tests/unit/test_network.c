#include "util/network.h"

#include <netinet/in.h>
#include <string.h>

#include "tests/lib/tap.h"
#include "util/field.h"

static const struct {
	const char *text, *said; /* NULL: refused */
} parsed[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"192.0.2.1/32", "192.0.2.1"},
	{"192.0.2.0/24", "192.0.2.0/24"},
	{"0.0.0.0/0", "0.0.0.0/0"},
	{"10.128.0.0/9", "10.128.0.0/9"},
	{"::/0", "::/0"},
	{"2001:DB8::/32", "2001:db8::/32"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"::ffff:192.0.2.0/120", "192.0.2.0/24"},
	{"::1", "::1"},
	{"192.0.2.1/24", NULL},
	{"192.0.2.0/33", NULL},
	{"192.0.2.0/", NULL},
	{"192.0.2.0/-1", NULL},
	{"192.0.2.0/24/8", NULL},
	{"192.0.2", NULL},
	{"192.0.2.01", NULL},
	{"192.0.2.1:80", NULL},
	{"2001:db8::1/64", NULL},
	{"2001:db8::/129", NULL},
	{"fe80::1%lo", NULL},
	{"example.org", NULL},
	{"", NULL},
	{"/8", NULL},
	{"111111111111111111111111111111111111111111111111111111111111111111",
	 NULL},
};

static void parsing(void)
{
	for (size_t i = 0; i < COUNT(parsed); i++) {
		struct network n;
		struct err e = {0};
		char said[NETWORK_TEXT] = "refused";

		if (network_parse(parsed[i].text, &n, &e))
			network_text(&n, said);
		IS(said, parsed[i].said != NULL ? parsed[i].said : "refused",
		   parsed[i].text);
		OK((parsed[i].said == NULL) == (e.kind == ERR_INVALID),
		   "with a reason if it is refused");
	}
}

static const struct {
	const char *network, *address;
	bool holds;
} held[] = {
	{"192.0.2.0/24", "192.0.2.255", true},
	{"192.0.2.0/24", "::ffff:192.0.2.255", true},
	{"192.0.2.0/24", "192.0.3.0", false},
	{"192.0.2.7", "192.0.2.7", true},
	{"192.0.2.7", "192.0.2.6", false},
	{"10.128.0.0/9", "10.127.255.255", false},
	{"10.128.0.0/9", "10.255.0.1", true},
	{"0.0.0.0/0", "198.51.100.1", true},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"::/0", "2001:db8::1", true},
	{"::/0", "192.0.2.1", false},
	{"2001:db8::/63", "2001:db8:0:1::1", true},
	{"2001:db8::/63", "2001:db8:0:2::1", false},
};

static void holding(void)
{
	for (size_t i = 0; i < COUNT(held); i++) {
		struct network n, address;
		struct err e = {0};

		OK(network_parse(held[i].network, &n, &e) &&
			   network_address(held[i].address, &address) &&
			   network_holds(&n, &address) == held[i].holds,
		   held[i].address);
	}
}

static void lists(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct network_list l;
	struct network n;
	struct err e = {0};

	OK(network_list_parse(a, NULL, &l, &e) && l.count == 0, "none");
	OK(network_list_parse(a, " ,", &l, &e) && l.count == 0, "none again");
	network_address("127.0.0.1", &n);
	OK(!network_list_holds(&l, &n), "which holds nobody");
	OK(network_list_parse(a, "::1, 127.0.0.0/8 10.0.0.1", &l, &e) &&
		   l.count == 3,
	   "three");
	OK(network_list_holds(&l, &n), "one of them holds it");
	OK(!network_list_parse(a, "::1,nobody", &l, &e), "one of them is bad");
}

static const char *source_of(const char *text)
{
	static char said[NETWORK_TEXT];
	struct network n = {.bits = 0};

	network_address(text, &n);
	n = network_source(&n);
	network_text(&n, said);
	return said;
}

static void sources(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct sockaddr none = {.sa_family = AF_UNIX};
	struct network n;
	char said[NETWORK_TEXT];

	IS(source_of("192.0.2.1"), "192.0.2.1", "one of IPv4");
	IS(source_of("::ffff:192.0.2.1"), "192.0.2.1", "the same, mapped");
	IS(source_of("2001:db8::1:2"), "2001:db8::/64", "one of IPv6");
	n = network_of((struct sockaddr *)&in);
	network_text(&n, said);
	IS(said, "127.0.0.1", "a peer of IPv4");
	n = network_of((struct sockaddr *)&in6);
	network_text(&n, said);
	IS(said, "::1", "a peer of IPv6");
	n = network_of(&none);
	network_text(&n, said);
	IS(said, "::", "a peer of neither");
}

int main(void)
{
	parsing();
	holding();
	lists();
	sources();
	return tap_done();
}
