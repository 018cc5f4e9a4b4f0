#include "client/holder.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "util/field.h"

enum { ROW_SIZE = 512, LISTENS = 0x0a };

struct place {
	bool is_near, is_secret;
	unsigned port;
};

static bool is_loopback(const char *host)
{
	struct in_addr four;

	return strcasecmp(host, "localhost") == 0 ||
	       strcmp(host, "[::1]") == 0 ||
	       (inet_pton(AF_INET, host, &four) == 1 &&
		ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET);
}

static bool has(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	bool is = curl_url_get(u, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return is;
}

/* As libcurl will read it.  Nothing of it is told where it may have a password
 * in it; and what is asked for is put after it, so it ends with a path. */
static bool read_url(const char *url, struct place *ret, struct err *e)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	CURLU *u = curl_url();
	bool good =
		u != NULL &&
		curl_url_set(u, CURLUPART_URL, url, CURLU_GUESS_SCHEME) ==
			CURLUE_OK &&
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
			CURLUE_OK &&
		!has(u, CURLUPART_USER) && !has(u, CURLUPART_PASSWORD) &&
		!has(u, CURLUPART_QUERY) && !has(u, CURLUPART_FRAGMENT);

	if (good)
		*ret = (struct place){.is_near = is_loopback(host),
				      .is_secret = strcmp(scheme, "https") == 0,
				      .port = (unsigned)strtoul(port, NULL,
								10)};
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return good || err_set(e, ERR_INVALID,
			       "the URL of the gateway is none, or has a "
			       "login, a query or a fragment");
}

bool holder_is_private(const char *url, struct err *e)
{
	struct place p;

	return read_url(url, &p, e) &&
	       (p.is_secret || p.is_near ||
		err_set(e, ERR_INVALID,
			"%.100s: the password would cross the network in the "
			"clear; give an https:// URL, or ask on the gateway's "
			"own machine",
			url));
}

bool holder_is_near(const char *url)
{
	struct err none = {0};
	struct place p;

	return read_url(url, &p, &none) && p.is_near;
}

/* An address of proc_net_tcp(5): words as they are in memory. */
static bool is_reached(const char *hex)
{
	struct in6_addr six;
	unsigned words[4] = {0};
	size_t count = strlen(hex) / 8;

	for (size_t i = 0; i < count && i < COUNT(words); i++) {
		if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	}
	if (count == 1)
		return words[0] == 0 || ntohl(words[0]) >> 24 == IN_LOOPBACKNET;
	memcpy(&six, words, sizeof(six));
	return IN6_IS_ADDR_UNSPECIFIED(&six) || IN6_IS_ADDR_LOOPBACK(&six) ||
	       IN6_IS_ADDR_V4MAPPED(&six);
}

/* Somebody strange who listens there, in a table of the kernel's. */
static bool find_stranger(const char *table, unsigned port, uid_t owner,
			  uid_t *ret)
{
	char row[ROW_SIZE], address[40];
	unsigned at, state, uid;
	FILE *f = fopen(table, "re");
	bool is = false;

	while (f != NULL && !is && fgets(row, sizeof(row), f) != NULL) {
		is = sscanf(row, " %*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %u",
			    address, &at, &state, &uid) == 4 &&
		     at == port && state == LISTENS && is_reached(address) &&
		     uid != 0 && uid != owner && uid != geteuid();
		*ret = uid;
	}
	if (f != NULL)
		fclose(f);
	return is;
}

bool holder_check(const char *url, uid_t owner, struct err *e)
{
	struct place p;
	uid_t who;

	if (!read_url(url, &p, e))
		return false;
	if (!p.is_near ||
	    (!find_stranger("/proc/net/tcp", p.port, owner, &who) &&
	     !find_stranger("/proc/net/tcp6", p.port, owner, &who)))
		return true;
	return err_set(e, ERR_INVALID,
		       "user %lu listens at port %u, who is neither root nor "
		       "the owner of the state directory: the password is not "
		       "sent to him",
		       (unsigned long)who, p.port);
}
