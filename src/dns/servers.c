#include "dns/servers.h"

#include <netinet/in.h>
#include <string.h>

#include "util/field.h"
#include "util/file.h"
#include "util/network.h"
#include "util/text.h"

enum {
	DOMAIN_PORT = 53,
	PORT_MAX = 65535,
	MAPPED = 12, /* bytes before an IPv4 address, in one of IPv6 */
	RESOLV_CONF_MAX = 65536,
};

static bool is_ipv4(const struct network *n)
{
	static const unsigned char mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

	return memcmp(n->bytes, mapped, sizeof(mapped)) == 0;
}

static struct dns_server server_of(const struct network *n, int64_t port)
{
	struct dns_server s = {.size = sizeof(struct sockaddr_in6)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in four = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)port)};

	if (is_ipv4(n)) {
		memcpy(&four.sin_addr, n->bytes + MAPPED,
		       sizeof(four.sin_addr));
		memcpy(&s.address, &four, sizeof(four));
		s.size = sizeof(four);
	} else {
		memcpy(&six.sin6_addr, n->bytes, sizeof(six.sin6_addr));
		memcpy(&s.address, &six, sizeof(six));
	}
	return s;
}

static bool add(struct arena *a, const char *word, struct dns_servers *ret,
		struct err *e)
{
	const char *at = strchr(word, '@');
	const char *host =
		at != NULL ? arena_strndup(a, word, (size_t)(at - word)) : word;
	int64_t port = DOMAIN_PORT;
	struct network n;

	if (!network_address(host, &n) ||
	    (at != NULL && !text_number(at + 1, 1, PORT_MAX, &port)))
		return err_set(e, ERR_INVALID,
			       "%s is no address, nor ADDRESS@PORT", word);
	if (ret->count == DNS_SERVERS_MAX)
		return err_set(e, ERR_INVALID, "more than %d addresses",
			       DNS_SERVERS_MAX);
	ret->items[ret->count++] = server_of(&n, port);
	return true;
}

bool dns_servers_parse(struct arena *a, const char *text,
		       struct dns_servers *ret, struct err *e)
{
	*ret = (struct dns_servers){.count = 0};
	for (const char *p = text; *p != '\0';) {
		size_t length = strcspn(p, " ,\t\n");

		if (length > 0 && !add(a, arena_strndup(a, p, length), ret, e))
			return false;
		p += length + (p[length] != '\0');
	}
	return ret->count > 0 || err_set(e, ERR_INVALID, "it names no address");
}

/* Lines that we do not understand are for others. */
static void read_line(struct arena *a, const char *line,
		      struct dns_servers *ret)
{
	static const char word[] = "nameserver";
	size_t n = sizeof(word) - 1;
	struct err ignored = {0};

	if (strncmp(line, word, n) != 0 || strchr(" \t", line[n]) == NULL)
		return;
	line += n + strspn(line + n, " \t");
	const char *host = arena_strndup(a, line, strcspn(line, " \t\r#;"));
	if (ret->count < DNS_SERVERS_MAX)
		add(a, host, ret, &ignored);
}

void dns_servers_read(struct arena *a, const char *resolv_conf,
		      struct dns_servers *ret)
{
	struct err ignored = {0};
	const char *text;

	*ret = (struct dns_servers){.count = 0};
	if (file_read(a, resolv_conf, RESOLV_CONF_MAX, &text, &ignored)) {
		for (const char *p = text; *p != '\0';) {
			size_t n = strcspn(p, "\n");

			read_line(a, arena_strndup(a, p, n), ret);
			p += n + (p[n] != '\0');
		}
	}
	if (ret->count == 0)
		add(a, "127.0.0.1", ret, &ignored);
}
