/*
 * load - sends requests to a gateway over HTTP and measures the replies
 *
 * One thread, one epoll set, keep-alive connections with one request under way
 * on each.  Every reply is held to the status it must have.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/plan.h"
#include "tests/bench/tally.h"
#include "util/base64.h"
#include "util/clock.h"

enum { REQUEST_SIZE = 2048, REPLY_SIZE = 64 * 1024, EVENTS = 256 };

struct client {
	int fd;
	bool busy;
	int64_t sent; /* by clock_micros() */
	size_t used;  /* of its reply */
	char reply[REPLY_SIZE];
};

struct load {
	struct plan plan;
	struct tally tally;
	struct client *clients;
	struct sockaddr_in to;
	int epoll;
	atomic_uint_fast64_t next; /* number of the next request */
	unsigned under_way;
	char login[512]; /* Authorization of the caller */
};

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void basic(char ret[512], const char *name, const char *password)
{
	struct arena *a = arena_new();
	const char *pair =
		arena_printf(a, "%s%s%s", name, password[0] != '\0' ? ":" : "",
			     password);

	if (snprintf(ret, 512, "Basic %s",
		     base64_encode(a, pair, strlen(pair))) >= 512)
		abort();
	arena_free(a);
}

/* The statuses of what succeeds. */
static const char *const statuses[WORK_COUNT] = {
	[WORK_GET] = "200",      [WORK_LIST] = "200",   [WORK_CREATE] = "201",
	[WORK_PATCH] = "200",    [WORK_DELETE] = "204", [WORK_LOGIN] = "200",
	[WORK_PASSWORD] = "204",
};

struct parts {
	const char *method;
	char target[2 * NAME_SIZE], body[2 * NAME_SIZE + 512];
	char login[512];
};

static void describe(const struct load *l, uint64_t i, struct parts *p)
{
	const struct names *n = &l->plan.names;
	uint64_t user = name_turn(n, i);
	char name[NAME_SIZE], domain[NAME_SIZE];
	int size = 0;

	name_user(user, name);
	name_domain(user, domain);
	*p = (struct parts){.method = "GET"};
	switch (l->plan.work) {
	case WORK_GET:
		size = snprintf(p->target, sizeof(p->target), "/v1/users/%s",
				name);
		break;
	case WORK_LIST:
		size = snprintf(p->target, sizeof(p->target),
				"/v1/users?domain=%s&limit=%d", domain,
				LIST_LIMIT);
		break;
	case WORK_CREATE: /* with a hash: making one would measure crypt(3) */
		p->method = "POST";
		name_new(n, i, name);
		size = snprintf(p->target, sizeof(p->target), "/v1/users");
		snprintf(p->body, sizeof(p->body),
			 "{\"address\": \"%s\", \"name\": \"Somebody New\", "
			 "\"password_hash\": \"%s\"}",
			 name, l->plan.hash);
		break;
	case WORK_PATCH:
		p->method = "PATCH";
		size = snprintf(p->target, sizeof(p->target), "/v1/users/%s",
				name);
		snprintf(p->body, sizeof(p->body), "{\"name\": \"%s %llu\"}",
			 n->tag, (unsigned long long)i);
		break;
	case WORK_DELETE:
		p->method = "DELETE";
		name_new(n, i, name);
		size = snprintf(p->target, sizeof(p->target), "/v1/users/%s",
				name);
		break;
	case WORK_PASSWORD:
		p->method = "PUT";
		size = snprintf(p->target, sizeof(p->target),
				"/v1/users/%s/password", name);
		snprintf(p->body, sizeof(p->body),
			 "{\"password\": \"the %lluth of many\"}",
			 (unsigned long long)i);
		break;
	case WORK_LOGIN:
	case WORK_COUNT:
		size = snprintf(p->target, sizeof(p->target), "/v1/me");
		basic(p->login, name, l->plan.password);
		break;
	}
	if (size < 0 || (size_t)size >= sizeof(p->target))
		abort();
}

static size_t write_request(const struct load *l, uint64_t i,
			    char ret[REQUEST_SIZE])
{
	struct parts p;
	int size;

	describe(l, i, &p);
	const char *login = p.login[0] != '\0' ? p.login : l->login;
	if (p.body[0] == '\0')
		size = snprintf(ret, REQUEST_SIZE,
				"%s %s HTTP/1.1\r\nHost: localhost\r\n"
				"Authorization: %s\r\n\r\n",
				p.method, p.target, login);
	else
		size = snprintf(ret, REQUEST_SIZE,
				"%s %s HTTP/1.1\r\nHost: localhost\r\n"
				"Authorization: %s\r\n"
				"Content-Type: application/json\r\n"
				"Content-Length: %zu\r\n\r\n%s",
				p.method, p.target, login, strlen(p.body),
				p.body);
	if (size < 0 || size >= REQUEST_SIZE)
		abort();
	return (size_t)size;
}

static void send_next(struct load *l, struct client *c)
{
	char request[REQUEST_SIZE];
	int64_t now = clock_micros();
	uint64_t i;

	if (!plan_draw(&l->plan, &l->next, l->tally.began, now, &i))
		return;
	size_t size = write_request(l, i, request);
	c->busy = true;
	c->used = 0;
	c->sent = now;
	l->under_way++;
	/* Nothing is under way on it: the socket takes it whole. */
	if (send(c->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
		die("cannot send");
}

/* Bytes of the reply, once that is known; 0 before. */
static size_t reply_size(const struct client *c)
{
	static const char header[] = "\nContent-Length:";
	const char *end = memmem(c->reply, c->used, "\r\n\r\n", 4);

	if (end == NULL)
		return 0;
	size_t head = (size_t)(end - c->reply) + 4;
	const char *length = memmem(c->reply, head, header, sizeof(header) - 1);
	if (length == NULL)
		return head;
	return head + (size_t)strtoul(length + sizeof(header) - 1, NULL, 10);
}

static void finish(struct load *l, struct client *c)
{
	static const char version[] = "HTTP/1.1 ";
	const char *status = statuses[l->plan.work];
	const char *body = strstr(c->reply, "\r\n\r\n");

	l->under_way--;
	c->busy = false;
	if (memcmp(c->reply, version, strlen(version)) == 0 &&
	    memcmp(c->reply + strlen(version), status, 3) == 0)
		tally_count(&l->tally, clock_micros() - c->sent);
	else
		tally_error(&l->tally, "%.15s%s", c->reply, body);
}

static void on_readable(struct load *l, struct client *c)
{
	ssize_t got = recv(c->fd, c->reply + c->used, REPLY_SIZE - 1 - c->used,
			   MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0)
		die("a connection was lost");
	c->used += (size_t)got;
	c->reply[c->used] = '\0';
	size_t size = reply_size(c);
	if (size > 0 && c->used >= size) {
		finish(l, c);
		send_next(l, c);
	} else if (c->used == REPLY_SIZE - 1) {
		die("a reply is too long");
	}
}

static void parse_address(struct load *l)
{
	char host[32];
	const char *colon = strrchr(l->plan.address, ':');
	int64_t size = colon != NULL ? colon - l->plan.address : 0;

	l->to.sin_family = AF_INET;
	if (size > 0 && size < (int64_t)sizeof(host)) {
		memcpy(host, l->plan.address, (size_t)size);
		host[size] = '\0';
		l->to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	}
	if (l->to.sin_port == 0 ||
	    inet_pton(AF_INET, host, &l->to.sin_addr) != 1)
		die("--address must be ADDRESS:PORT");
}

static void open_client(struct load *l, struct client *c)
{
	int on = 1;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&l->to, sizeof(l->to)) != 0 ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		die("cannot connect");
}

static void open_clients(struct load *l)
{
	size_t count = (size_t)l->plan.outstanding;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		die("no limits");
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	parse_address(l);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->clients = calloc(count, sizeof(*l->clients));
	if (l->epoll < 0 || l->clients == NULL)
		die("cannot start");
	for (size_t i = 0; i < count; i++)
		open_client(l, &l->clients[i]);
}

static void run(struct load *l)
{
	struct epoll_event events[EVENTS];

	l->tally.began = clock_micros();
	int64_t end = l->tally.began + l->plan.millis * 1000 +
		      DRAIN_SECONDS * 1000000;
	for (int64_t i = 0; i < l->plan.outstanding; i++)
		send_next(l, &l->clients[i]);
	while (l->under_way > 0 && clock_micros() < end) {
		int n = epoll_wait(l->epoll, events, EVENTS, 100);

		for (int i = 0; i < n; i++)
			on_readable(l, events[i].data.ptr);
	}
	l->tally.ended = clock_micros();
	if (l->under_way > 0)
		tally_error(&l->tally, "%u requests have no reply",
			    l->under_way);
}

int main(int argc, char **argv)
{
	static struct load l;
	char byte;

	plan_read(&l.plan, argc, argv);
	if (l.plan.address == NULL || l.plan.login == NULL ||
	    l.plan.password == NULL || l.plan.hash == NULL)
		die("--address, --login, --password and --hash are needed");
	basic(l.login, l.plan.login, "");
	open_clients(&l);
	run(&l);
	tally_print(&l.tally);
	fflush(stdout);
	while (l.plan.hold && read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return l.tally.errors > 0 || (l.tally.done == 0 && l.plan.millis > 0);
}
