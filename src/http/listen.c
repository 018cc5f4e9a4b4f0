#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/field.h"
#include "util/file.h"
#include "util/text.h"

struct place {
	struct sockaddr_storage addr;
	socklen_t size;
};

static bool parse(const char *where, struct arena *a, struct place *ret,
		  struct err *e)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST |
						   AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	char *host = arena_strdup(a, where), *port = strrchr(host, ':');
	struct addrinfo *found;
	int64_t number;

	if (port == NULL || !text_number(port + 1, 0, 65535, &number))
		return err_set(e, ERR_INVALID, "\"%s\" is not ADDRESS:PORT",
			       where);
	*port++ = '\0';
	if (host[0] == '[' && port[-2] == ']') {
		host++;
		port[-2] = '\0';
	}
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0)
		return err_set(e, ERR_INVALID, "\"%s\": %s", where,
			       gai_strerror(rc));
	memcpy(&ret->addr, found->ai_addr, found->ai_addrlen);
	ret->size = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

/* A socket bound there, or -1 with errno. */
static int bound(const struct place *p, bool share)
{
	int on = 1, fd = socket(p->addr.ss_family,
				SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool good = fd >= 0 &&
		    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ==
			    0 &&
		    (!share || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on,
					  sizeof(on)) == 0) &&
		    bind(fd, (const struct sockaddr *)&p->addr, p->size) == 0;
	int why = errno;

	if (!good)
		file_close(&fd);
	errno = why;
	return fd;
}

static const char *text_of(const struct place *p, struct arena *a)
{
	char host[64], port[16];

	if (getnameinfo((const struct sockaddr *)&p->addr, p->size, host,
			sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return "?";
	return arena_printf(a, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
			    port);
}

/* With SO_REUSEPORT a second server would get half of the first one's
 * connections without a word; without it the kernel tells.  Only we may share
 * the place afterwards, and while this socket is open nobody gets it. */
static bool reserve(struct place *p, int *claim, struct err *e)
{
	const int on = 1;

	*claim = bound(p, false);
	if (*claim < 0 ||
	    getsockname(*claim, (struct sockaddr *)&p->addr, &p->size) != 0 ||
	    setsockopt(*claim, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
		return err_set(e, ERR_UNAVAILABLE, "%s", strerror(errno));
	return true;
}

bool listen_open(const char *where, int fds[], unsigned count, struct arena *a,
		 const char **ret, struct err *e)
{
	CLEANUP(file_close) int claim = -1;
	struct place p;
	unsigned open = 0;

	if (!parse(where, a, &p, e))
		return false;
	if (!reserve(&p, &claim, e))
		return err_wrap(e, "cannot listen on %s", where);
	for (; open < count; open++) {
		fds[open] = bound(&p, true);
		if (fds[open] < 0 || listen(fds[open], SOMAXCONN) != 0)
			break;
	}
	*ret = text_of(&p, a);
	if (open == count)
		return true;
	err_set(e, ERR_UNAVAILABLE, "cannot listen on %s: %s", where,
		strerror(errno));
	for (unsigned i = 0; i <= open; i++)
		file_close(&fds[i]);
	return false;
}
