#include "http/forwarded.h"

#include "tests/lib/tap.h"
#include "util/field.h"

#define X(value)                         \
	{                                \
		"X-Forwarded-For", value \
	}
#define F(value)                   \
	{                          \
		"Forwarded", value \
	}

static const char trusted[] = "10.0.0.0/8 2001:db8:1::/48";

/* clang-format off */
static const struct {
	const char *peer;
	struct header headers[3];
	const char *source; /* NULL: refused */
} cases[] = {
	{"10.0.0.1", {{NULL, NULL}}, "10.0.0.1"},
	{"10.0.0.1", {X("192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {X(" 192.0.2.1\t")}, "192.0.2.1"},
	{"10.0.0.1", {X("192.0.2.1:1234")}, "192.0.2.1"},
	{"10.0.0.1", {X("2001:db8::1")}, "2001:db8::1"},
	{"10.0.0.1", {X("[2001:db8::1]")}, "2001:db8::1"},
	{"10.0.0.1", {X("[2001:db8::1]:443")}, "2001:db8::1"},
	{"10.0.0.1", {X("::ffff:192.0.2.1")}, "192.0.2.1"},
	{"2001:db8:1::5", {X("192.0.2.1")}, "192.0.2.1"},
	/* What the client sent stands first, and nobody believes it. */
	{"10.0.0.1", {X("127.0.0.1, 192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {X("nonsense, 192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {X("\"unfinished, 192.0.2.1")}, NULL},
	{"10.0.0.1", {X("10.9.9.9, 192.0.2.1, 10.0.0.2")}, "192.0.2.1"},
	{"10.0.0.1", {X("198.51.100.1"), X("192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {X("198.51.100.1"), X("192.0.2.1, 10.0.0.2")}, "192.0.2.1"},
	{"10.0.0.1", {X("10.0.0.3, 10.0.0.2")}, "10.0.0.3"},
	/* Of others nothing is believed. */
	{"192.0.2.9", {X("198.51.100.1")}, "192.0.2.9"},
	{"192.0.2.9", {X("nonsense")}, "192.0.2.9"},
	{"192.0.2.9", {F("nonsense")}, "192.0.2.9"},
	{"2001:db8:2::5", {X("192.0.2.1")}, "2001:db8:2::5"},
	/* Of a trusted one nothing is passed over. */
	{"10.0.0.1", {X("")}, NULL},
	{"10.0.0.1", {X("unknown")}, NULL},
	{"10.0.0.1", {X("192.0.2.1,")}, NULL},
	{"10.0.0.1", {X("192.0.2.1, nonsense")}, NULL},
	{"10.0.0.1", {X("192.0.2.1, nonsense, 10.0.0.2")}, NULL},
	{"10.0.0.1", {X("192.0.2.1"), X("")}, NULL},
	{"10.0.0.1", {X("192.0.2.1 198.51.100.1")}, NULL},
	{"10.0.0.1", {X("192.0.2.1:")}, NULL},
	{"10.0.0.1", {X("192.0.2.1:123456")}, NULL},
	{"10.0.0.1", {X("192.0.2.1:8x")}, NULL},
	{"10.0.0.1", {X("192.0.2.256")}, NULL},
	{"10.0.0.1", {X("[192.0.2.1]")}, NULL},
	{"10.0.0.1", {X("[2001:db8::1")}, NULL},
	{"10.0.0.1", {X("[2001:db8::1]x")}, NULL},
	{"10.0.0.1", {X("192.0.2.0/24")}, NULL},
	/* The same in the words of RFC 7239. */
	{"10.0.0.1", {F("for=192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {F("FOR=192.0.2.1;proto=http;by=10.0.0.1")}, "192.0.2.1"},
	{"10.0.0.1", {F("by=10.0.0.1; for=\"192.0.2.1:80\"")}, "192.0.2.1"},
	{"10.0.0.1", {F("for=\"[2001:db8:cafe::17]:4711\"")}, "2001:db8:cafe::17"},
	{"10.0.0.1", {F("for=\"\\[2001:db8::1\\]\"")}, "2001:db8::1"},
	{"10.0.0.1", {F("for=127.0.0.1, for=192.0.2.1, for=10.0.0.2")}, "192.0.2.1"},
	{"10.0.0.1", {F("host=\"a, for=1\";for=192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {F("for=127.0.0.1"), F("for=192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {F("")}, NULL},
	{"10.0.0.1", {F("192.0.2.1")}, NULL},
	{"10.0.0.1", {F("proto=http")}, NULL},
	{"10.0.0.1", {F("for=unknown")}, NULL},
	{"10.0.0.1", {F("for=_hidden")}, NULL},
	{"10.0.0.1", {F("for=192.0.2.1;for=198.51.100.1")}, NULL},
	{"10.0.0.1", {F("for=\"192.0.2.1")}, NULL},
	{"10.0.0.1", {F("for=\"192.0.2.1\"x")}, NULL},
	{"10.0.0.1", {F("for=2001:db8::1")}, NULL},
	{"10.0.0.1", {F("for=192.0.2.1, proto=http")}, NULL},
	/* A quote that the client left open swallows what the proxy says. */
	{"10.0.0.1", {F("for=127.0.0.1;x=\", for=192.0.2.1")}, NULL},
	{"10.0.0.1", {F("for=127.0.0.1;x=\", for=\"[2001:db8::1]\"")}, NULL},
	{"10.0.0.1", {F("for=127.0.0.1;x=\", for=192.0.2.1;host=\"a\"")}, NULL},
	{"10.0.0.1", {F("for=127.0.0.1;x=\", for=192.0.2.1;host=\"a\\\"\"")}, NULL},
	{"10.0.0.1", {F("for=127.0.0.1;x=\", for=192.0.2.1;host=\";z=\\\"\"")}, NULL},
	{"10.0.0.1", {F("for=127.0.0.1;x=\"\\, for=\"192.0.2.1:80\"")}, NULL},
	/* A proxy that knows one passes the other on as the client sent it. */
	{"10.0.0.1", {X("192.0.2.1"), F("for=192.0.2.1")}, "192.0.2.1"},
	{"10.0.0.1", {X("192.0.2.1"), F("for=198.51.100.1")}, NULL},
	{"10.0.0.1", {X("192.0.2.1"), F("nonsense")}, NULL},
};
/* clang-format on */

static void each(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct request req = {.arena = a, .headers = cases[i].headers};
		struct network_list list;
		struct network peer, source;
		struct err e = {0};
		const char *why = NULL;
		char said[NETWORK_TEXT] = "refused";

		while (req.header_count < COUNT(cases[i].headers) &&
		       req.headers[req.header_count].name != NULL)
			req.header_count++;
		if (!network_list_parse(a, trusted, &list, &e) ||
		    !network_address(cases[i].peer, &peer))
			tap_check(false, __FILE__, __LINE__, "the case");
		if (forwarded_source(&list, &peer, &req, &source, &why))
			network_text(&source, said);
		else
			OK(why != NULL, "it says why");
		IS(said, cases[i].source != NULL ? cases[i].source : "refused",
		   req.header_count > 0 ? req.headers[0].value : "nothing");
	}
}

/* A list without end. */
static void endless(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *value = "192.0.2.1";
	struct network_list list;
	struct network peer, source;
	struct err e = {0};
	const char *why;

	for (int i = 1; i < 64; i++)
		value = arena_join(a, value, ",192.0.2.1", NULL);
	struct header header = X(value);
	struct request req = {.arena = a,
			      .headers = &header,
			      .header_count = 1};
	OK(network_list_parse(a, trusted, &list, &e) &&
		   network_address("10.0.0.1", &peer) &&
		   forwarded_source(&list, &peer, &req, &source, &why),
	   "64 hops");
	header.value = arena_join(a, value, ",192.0.2.1", NULL);
	OK(!forwarded_source(&list, &peer, &req, &source, &why), "65 hops");
}

int main(void)
{
	each();
	endless();
	return tap_done();
}
