#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listen.h"
#include "tests/lib/tap.h"
#include "util/field.h"

enum { SOCKETS = 3 };

static struct arena *arena;

static const char *const refused[] = {
	"",
	"8080",
	"127.0.0.1",
	"localhost:0",
	"127.0.0.1:",
	"127.0.0.1:http",
	"127.0.0.1:x",
	"127.0.0.1:-1",
	"127.0.0.1:65536",
	"256.0.0.1:0",
	"example.org:0",
	"[::1]",
	"[127.0.0.1:0",
	"::1",
	":",
	"[]:0",
	"127.0.0.1:0 ",
	"203.0.113.1:0", /* not one of ours */
};

static void refusals(void)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		int fds[1] = {-1};
		const char *where = NULL;
		struct err e = {0};

		OK(!listen_open(refused[i], fds, 1, arena, &where, &e) &&
			   e.kind != ERR_NONE,
		   refused[i]);
	}
}

static void close_all(int fds[SOCKETS])
{
	for (size_t i = 0; i < SOCKETS; i++)
		close(fds[i]);
}

static unsigned port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t size = sizeof(in);

	if (getsockname(fd, (struct sockaddr *)&in, &size) != 0)
		return 0;
	return ntohs(in.sin_port);
}

/* A client gets through to exactly one of them. */
static unsigned accepted(int fds[SOCKETS])
{
	unsigned n = 0;

	for (size_t i = 0; i < SOCKETS; i++) {
		int fd = accept(fds[i], NULL, NULL);

		n += fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	return n;
}

static void side_by_side(void)
{
	int fds[SOCKETS], more[SOCKETS];
	const char *where = NULL, *other = NULL;
	struct err e = {0};

	OK(listen_open("127.0.0.1:0", fds, SOCKETS, arena, &where, &e),
	   "several sockets on a free port");
	OK(port_of(fds[0]) != 0 && port_of(fds[0]) == port_of(fds[1]) &&
		   port_of(fds[0]) == port_of(fds[2]),
	   "all on the same");
	IS(where, arena_printf(arena, "127.0.0.1:%u", port_of(fds[0])),
	   "which we are told");
	OK(fcntl(fds[0], F_GETFD) & FD_CLOEXEC &&
		   fcntl(fds[0], F_GETFL) & O_NONBLOCK,
	   "they are not inherited, and do not block");

	OK(!listen_open(where, more, SOCKETS, arena, &other, &e),
	   "a second listener is refused");
	NUMBER(e.kind, ERR_UNAVAILABLE, "because it is taken");
	OK(strstr(e.text, where) != NULL, "and is told what");
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port_of(fds[0])),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int client = socket(AF_INET, SOCK_STREAM, 0);
	OK(connect(client, (struct sockaddr *)&in, sizeof(in)) == 0,
	   "a client connects");
	NUMBER(accepted(fds), 1, "to one of them");
	close_all(fds);
	close(client);
	OK(listen_open(where, more, SOCKETS, arena, &other, &e),
	   "after the end it is free again at once");
	close_all(more);
}

static void version_6(void)
{
	int fds[SOCKETS];
	const char *where = NULL;
	struct err e = {0};

	if (!listen_open("[::1]:0", fds, SOCKETS, arena, &where, &e)) {
		puts("# no IPv6 here");
		return;
	}
	OK(strncmp(where, "[::1]:", 6) == 0, "IPv6 addresses have brackets");
	close_all(fds);
}

int main(void)
{
	arena = arena_new();
	refusals();
	side_by_side();
	version_6();
	arena_free(arena);
	return tap_done();
}
