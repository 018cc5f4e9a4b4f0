#include "policy/place.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "util/file.h"
#include "util/text.h"

static const char inet[] = "inet:", local[] = "unix:";

static bool is_wrong(const char *text, struct err *e)
{
	return err_set(e, ERR_INVALID,
		       "\"%s\" is neither inet:ADDRESS:PORT nor unix:/PATH",
		       text);
}

static bool parse_path(struct arena *a, const char *text, struct place *ret,
		       struct err *e)
{
	const char *path = text + strlen(local);
	struct sockaddr_un *to = (struct sockaddr_un *)&ret->address;

	if (path[0] != '/')
		return is_wrong(text, e);
	if (strlen(path) >= sizeof(to->sun_path))
		return err_set(e, ERR_INVALID,
			       "\"%s\": the kernel takes %zu bytes", path,
			       sizeof(to->sun_path) - 1);
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, strlen(path) + 1);
	ret->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				strlen(path) + 1);
	ret->path = arena_strdup(a, path);
	return true;
}

bool place_parse(struct arena *a, const char *text, struct place *ret,
		 struct err *e)
{
	const struct addrinfo hints = {.ai_flags =
					       AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM};
	bool named = strncmp(text, inet, strlen(inet)) == 0;
	char *host = arena_strdup(a, text + (named ? strlen(inet) : 0));
	char *port = strrchr(host, ':');
	struct addrinfo *found;
	int64_t number;

	*ret = (struct place){.size = 0};
	if (strncmp(text, local, strlen(local)) == 0)
		return parse_path(a, text, ret, e);
	ret->server = arena_strdup(a, host);
	if (port == NULL || port == host ||
	    !text_number(port + 1, 0, 65535, &number))
		return is_wrong(text, e);
	*port++ = '\0';
	if (host[0] == '[' && port[-2] == ']') {
		host++;
		port[-2] = '\0';
	}
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return is_wrong(text, e);
	memcpy(&ret->address, found->ai_addr, found->ai_addrlen);
	ret->size = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

struct text_list place_list(struct arena *a, const char *text)
{
	struct text_list list = {arena_alloc(a, (strlen(text) + 1) *
							sizeof(char *)),
				 0};

	for (text += strspn(text, " "); *text != '\0';
	     text += strspn(text, " ")) {
		size_t size = strcspn(text, " ");

		list.items[list.count++] = arena_strndup(a, text, size);
		text += size;
	}
	return list;
}

bool place_is_near(const struct place *p)
{
	const struct sockaddr_in *four = (const void *)&p->address;
	const struct sockaddr_in6 *six = (const void *)&p->address;

	if (p->address.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return p->path != NULL || IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static int open_socket(const struct place *p)
{
	return socket(p->address.ss_family,
		      SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int place_dial(const struct place *p)
{
	int fd = open_socket(p);

	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&p->address, p->size) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	int why = errno;
	file_close(&fd);
	errno = why;
	return -1;
}
