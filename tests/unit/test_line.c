#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "line/line.h"
#include "line/local.h"
#include "loop/fiber.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/file.h"
#include "util/log.h"

enum { LONGEST = 20, CONNECTIONS = 2, PATIENCE = 300, BIG = 4 << 20 };

static char directory[] = "/tmp/provost-line-XXXXXX";
static char path[64];
static struct loop *loop;
static struct line_server *server;
static bool ended; /* a conversation, by the server's own word */

/* Every line comes back with its length; "big" wants more than fits. */
static void serve(void *ctx, struct line *l)
{
	char *line, answer[LONGEST + 16];

	(void)ctx;
	while (line_read(l, &line)) {
		int n = snprintf(answer, sizeof(answer), "%zu %s\n",
				 strlen(line), line);

		if (strcmp(line, "bye") == 0 ||
		    !line_write(l, answer, (size_t)n))
			break;
		if (strcmp(line, "big") == 0) {
			char *big = calloc(1, BIG);

			ended = !line_write(l, big, BIG);
			free(big);
			break;
		}
	}
}

/* The other side, on a thread of its own, with calls that wait. */

static int dial(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = 5};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, path, strlen(path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) != 0)
		file_close(&fd);
	return fd;
}

static void say(int fd, const char *text, size_t size)
{
	if (send(fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		printf("# it was not all sent\n");
}

/* What comes until there are that many bytes, or nothing more. */
static const char *hear(int fd, size_t size)
{
	static char text[256];
	size_t used = 0;
	ssize_t n;

	while (used < size &&
	       (n = recv(fd, text + used, sizeof(text) - 1 - used, 0)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	return text;
}

static bool is_over(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	/* What was never read makes it a reset. */
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void talk_lines(void)
{
	CLEANUP(file_close) int fd = dial();
	const char longest[] = "12345678901234567890\r\n";

	say(fd, "one\ntwo\r\n\n", 10);
	IS(hear(fd, 14), "3 one\n3 two\n0 \n", "lines that come together");
	say(fd, "thr", 3);
	usleep(20000);
	say(fd, "ee\n", 3);
	IS(hear(fd, 8), "5 three\n", "a line that comes in pieces");
	say(fd, longest, sizeof(longest) - 1);
	IS(hear(fd, 24), "20 12345678901234567890\n", "the longest line");
	say(fd, "bye\n", 4);
	OK(is_over(fd), "the conversation ends the connection");
}

static void talk_nonsense(void)
{
	CLEANUP(file_close) int large = dial();
	CLEANUP(file_close) int zero = dial();
	const char much[] = "1234567890123456789012345";

	say(large, much, sizeof(much) - 1);
	OK(is_over(large), "a line that is too long ends it");
	say(zero, "a\0b\n", 4);
	OK(is_over(zero), "so does a NUL");
}

static void talk_slowly(void)
{
	CLEANUP(file_close) int fd = dial();
	CLEANUP(file_close) int deaf = dial();
	int64_t began = clock_now();

	say(deaf, "big\n", 4);
	for (int i = 0; i < 5; i++) {
		say(fd, "x", 1);
		usleep(PATIENCE * 1000 / 10);
	}
	OK(is_over(fd), "who is too slow is cut off");
	OK(clock_now() - began >= PATIENCE, "and not before");
	usleep(PATIENCE * 1000);
	OK(ended, "so is who takes no answer");
}

static void talk_in_a_crowd(void)
{
	CLEANUP(file_close) int one = dial();
	CLEANUP(file_close) int two = dial();
	CLEANUP(file_close) int three = dial();
	char byte;

	say(one, "a\n", 2);
	say(two, "b\n", 2);
	IS(hear(one, 4), "1 a\n", "one is served");
	IS(hear(two, 4), "1 b\n", "and another");
	say(three, "c\n", 2);
	OK(recv(three, &byte, 1, MSG_DONTWAIT) < 0, "a third one waits");
	file_close(&one);
	IS(hear(three, 4), "1 c\n", "until one of them is gone");
}

static int waiting; /* for a line, when the server stops */

static void finish(void *ctx)
{
	(void)ctx;
	if (!line_server_is_idle(server))
		return;
	loop_stop(loop);
}

static void begin_stop(void *ctx)
{
	(void)ctx;
	line_server_stop(server);
	loop_each_turn(loop, finish, NULL, NULL);
}

static void *talk(void *ctx)
{
	(void)ctx;
	talk_lines();
	talk_nonsense();
	talk_slowly();
	talk_in_a_crowd();
	waiting = dial();
	say(waiting, "x\n", 2);
	IS(hear(waiting, 4), "1 x\n", "somebody waits");
	loop_post(loop, begin_stop, NULL);
	OK(is_over(waiting), "and is told when the server stops");
	file_close(&waiting);
	return NULL;
}

static void conversations(void)
{
	struct err e = {0};
	struct line_parts parts = {.connections = CONNECTIONS,
				   .longest = LONGEST,
				   .patience = PATIENCE,
				   .serve = serve};
	pthread_t other;

	loop = loop_open(&e);
	fiber_prepare(loop, CONNECTIONS);
	parts.loop = loop;
	OK(local_listen(path, NULL, &parts.listener, &e), "listen");
	server = line_server_open(&parts, &e);
	OK(server != NULL, "a server");
	pthread_create(&other, NULL, talk, NULL);
	loop_run(loop);
	pthread_join(other, NULL);
	line_server_free(&server);
	fiber_cleanup(loop);
	loop_close(&loop);
	OK(dial() < 0, "nobody listens any more");
}

/* In a directory of others a path may lead anywhere: nobody changes anything
 * by it, here. */
static unsigned by_path;

int chown(const char *file, uid_t owner, gid_t group)
{
	(void)file, (void)owner, (void)group;
	by_path++;
	return 0;
}

int chmod(const char *file, mode_t mode)
{
	(void)file, (void)mode;
	by_path++;
	return 0;
}

/* Root makes it for others. */
static void for_group(gid_t gid, mode_t directory_mode, const char *what)
{
	CLEANUP(file_close) int fd = -1;
	struct err e = {0};
	struct stat st = {0};
	char group[32];

	snprintf(group, sizeof(group), "%u", (unsigned)gid);
	OK(fchmodat(AT_FDCWD, directory, directory_mode, 0) == 0 &&
		   local_listen(path, group, &fd, &e) &&
		   lstat(path, &st) == 0 && st.st_gid == gid &&
		   (st.st_mode & 07777) == 0660,
	   what);
	unlink(path);
}

static void groups(void)
{
	gid_t own = getegid();
	mode_t before = umask(0077);

	for_group(own, 0700, "our own group");
	if (geteuid() == 0) {
		for_group(own + 12345, 0700, "root makes it for another group");
		for_group(own + 12345, 02700,
			  "where groups are inherited, too");
	}
	OK(getegid() == own && umask(before) == 0077,
	   "group and mask are as before");
	NUMBER(by_path, 0, "nothing is changed by its path");
}

static mode_t mode_of(void)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void places(void)
{
	CLEANUP(file_close) int fd = -1;
	CLEANUP(file_close) int other = -1;
	struct err e = {0};
	char group[32], endless[200];

	snprintf(group, sizeof(group), "%u", (unsigned)getegid());
	OK(local_listen(path, group, &fd, &e), "what is left is replaced");
	OK(mode_of() == 0660, "a group may connect");
	OK(!local_listen(path, NULL, &other, &e) && e.kind == ERR_EXISTS,
	   "where somebody listens nobody else can");
	file_close(&fd);
	OK(local_listen(path, NULL, &fd, &e), "afterwards one can");
	OK(mode_of() == 0600, "without a group only its owner may");
	file_close(&fd);
	OK(unlink(path) == 0 && (fd = creat(path, 0600)) >= 0, "a file");
	OK(!local_listen(path, NULL, &other, &e), "is not replaced");
	file_close(&fd);
	unlink(path);
	OK(!local_listen("relative", NULL, &other, &e), "a path is absolute");
	OK(!local_listen(path, "no such group", &other, &e),
	   "there is no group");
	unlink(path);
	memset(endless, '/', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	OK(!local_listen(endless, NULL, &other, &e), "a path is not endless");
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/socket", directory);
	log_set_level(LOG_ERR);
	conversations();
	places();
	groups();
	rmdir(directory);
	return tap_done();
}
