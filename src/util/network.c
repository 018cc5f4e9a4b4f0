#include "util/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "util/field.h"
#include "util/text.h"

enum {
	ALL_BITS = NETWORK_BYTES * 8,
	V4_BYTES = 12, /* in front of an IPv4 address */
	V4_BITS = V4_BYTES * 8,
	SOURCE_BITS = 64, /* of IPv6 */
};

static const unsigned char mapped[V4_BYTES] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
};

static bool is_v4(const struct network *n)
{
	return n->bits >= V4_BITS &&
	       memcmp(n->bytes, mapped, sizeof(mapped)) == 0;
}

bool network_address(const char *text, struct network *ret)
{
	struct network n = {.bits = ALL_BITS};

	memcpy(n.bytes, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, n.bytes + V4_BYTES) != 1 &&
	    inet_pton(AF_INET6, text, n.bytes) != 1)
		return false;
	*ret = n;
	return true;
}

/* What the first bits of it say, the others zero. */
static struct network shorten(const struct network *n, unsigned bits)
{
	struct network ret = {.bits = bits};
	unsigned whole = bits / 8;

	memcpy(ret.bytes, n->bytes, whole);
	if (bits % 8 != 0)
		ret.bytes[whole] =
			(unsigned char)(n->bytes[whole] & (0xff00 >> bits % 8));
	return ret;
}

bool network_parse(const char *text, struct network *ret, struct err *e)
{
	const char *slash = strchr(text, '/');
	size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address[NETWORK_TEXT] = "";
	int64_t bits;

	if (size < sizeof(address))
		memcpy(address, text, size);
	if (!network_address(address, ret))
		return err_set(e, ERR_INVALID,
			       "\"%s\" is neither an address nor a network",
			       text);
	bool four = strchr(address, ':') == NULL;
	if (slash == NULL)
		return true;
	if (!text_number(slash + 1, 0, four ? ALL_BITS - V4_BITS : ALL_BITS,
			 &bits))
		return err_set(e, ERR_INVALID,
			       "\"%s\" has a length that no network has", text);
	struct network n = shorten(ret, (unsigned)bits + (four ? V4_BITS : 0));
	if (memcmp(n.bytes, ret->bytes, sizeof(n.bytes)) != 0)
		return err_set(e, ERR_INVALID,
			       "\"%s\" has an address behind its length", text);
	*ret = n;
	return true;
}

bool network_list_parse(struct arena *a, const char *text,
			struct network_list *ret, struct err *e)
{
	static const char between[] = ", \t";
	const char *p = text != NULL ? text : "";
	struct network *items =
		arena_alloc(a, (strlen(p) / 2 + 1) * sizeof(*items));
	size_t count = 0;

	for (p += strspn(p, between); *p != '\0'; p += strspn(p, between)) {
		size_t size = strcspn(p, between);

		if (!network_parse(arena_strndup(a, p, size), &items[count++],
				   e))
			return false;
		p += size;
	}
	*ret = (struct network_list){items, count};
	return true;
}

struct network network_of(const struct sockaddr *from)
{
	struct network n = {.bits = ALL_BITS};

	if (from->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, from, sizeof(in));
		memcpy(n.bytes, mapped, sizeof(mapped));
		memcpy(n.bytes + V4_BYTES, &in.sin_addr, sizeof(in.sin_addr));
	} else if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, from, sizeof(in6));
		memcpy(n.bytes, &in6.sin6_addr, sizeof(n.bytes));
	}
	return n;
}

struct network network_source(const struct network *address)
{
	return is_v4(address) ? *address : shorten(address, SOURCE_BITS);
}

bool network_holds(const struct network *n, const struct network *address)
{
	struct network within = shorten(address, n->bits);

	return address->bits >= n->bits && is_v4(address) == is_v4(n) &&
	       memcmp(within.bytes, n->bytes, sizeof(n->bytes)) == 0;
}

bool network_list_holds(const struct network_list *l,
			const struct network *address)
{
	for (size_t i = 0; i < l->count; i++) {
		if (network_holds(&l->items[i], address))
			return true;
	}
	return false;
}

/* clang-format off */
static const struct range {
	unsigned char bytes[NETWORK_BYTES];
	unsigned bits;
} apart_v4[] = {
	{{0}, 8},             {{10}, 8},            {{100, 64}, 10},
	{{127}, 8},           {{169, 254}, 16},     {{172, 16}, 12},
	{{192, 0, 0}, 24},    {{192, 0, 2}, 24},    {{192, 88, 99}, 24},
	{{192, 168}, 16},     {{198, 18}, 15},      {{198, 51, 100}, 24},
	{{203, 0, 113}, 24},  {{224}, 4},           {{240}, 4},
}, apart_v6[] = {
	{{0x20, 0x01}, 23},             /* Teredo, ORCHID and the like */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* examples */
	{{0x3f, 0xff}, 20},             /* the same */
};
/* clang-format on */

static const unsigned char global[] = {0x20}; /* 2000::/3 */
static const unsigned char nat64[V4_BYTES] = {0x00, 0x64, 0xff, 0x9b};
static const unsigned char six_to_four[] = {0x20, 0x02};

static bool begins_with(const unsigned char *bytes, const unsigned char *with,
			unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(bytes, with, whole) == 0 &&
	       (rest == 0 || (bytes[whole] ^ with[whole]) >> (8 - rest) == 0);
}

static bool is_apart(const unsigned char *bytes, const struct range *ranges,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (begins_with(bytes, ranges[i].bytes, ranges[i].bits))
			return true;
	}
	return false;
}

bool network_is_public(const struct network *address)
{
	const unsigned char *b = address->bytes, *four = NULL;

	if (address->bits != ALL_BITS)
		return false;
	if (is_v4(address) || begins_with(b, nat64, V4_BITS))
		four = b + V4_BYTES;
	else if (begins_with(b, six_to_four, 16))
		four = b + sizeof(six_to_four);
	if (four != NULL)
		return !is_apart(four, apart_v4, COUNT(apart_v4));
	return begins_with(b, global, 3) &&
	       !is_apart(b, apart_v6, COUNT(apart_v6));
}

void network_text(const struct network *n, char text[NETWORK_TEXT])
{
	bool four = is_v4(n);
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(four ? AF_INET : AF_INET6, n->bytes + (four ? V4_BYTES : 0),
		  address, sizeof(address));
	int said = n->bits == ALL_BITS
			   ? snprintf(text, NETWORK_TEXT, "%s", address)
			   : snprintf(text, NETWORK_TEXT, "%s/%u", address,
				      n->bits - (four ? V4_BITS : 0));
	if (said < 0)
		text[0] = '\0';
}
