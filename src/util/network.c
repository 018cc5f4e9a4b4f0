#include "util/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

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
