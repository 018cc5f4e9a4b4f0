#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "util/field.h"
#include "util/file.h"
#include "util/text.h"

enum {
	SECRET_MAX = 1024,
	PATIENCE_SECONDS = 300,
	TRIES = 3,
	ERASE = 0x7f,
	ERASE_OLD = '\b',
	KILL_LINE = 0x15, /* Ctrl-U */
	MORE_MASK = 0xc0,
	MORE = 0x80, /* a byte that goes on with a character of UTF-8 */
};

static const char terminal[] = "/dev/tty";
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

bool prompt_can(void)
{
	CLEANUP(file_close) int fd = open(terminal, O_RDWR | O_CLOEXEC);

	return fd >= 0;
}

/* A character of UTF-8 may be of several bytes. */
static size_t erase(const char *line, size_t used)
{
	while (used > 0 && ((unsigned char)line[--used] & MORE_MASK) == MORE)
		;
	return used;
}

/* One more character; false: the line has ended, or nothing more comes.  What
 * ends the waiting comes while it waits, and at no other time. */
static bool read_one(int fd, const sigset_t *mask, char *line, size_t *used,
		     struct err *e)
{
	const struct timespec patience = {.tv_sec = PATIENCE_SECONDS};
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char c;

	int ready = ppoll(&wait, 1, &patience, mask);
	if (ready == 0)
		return err_set(e, ERR_INVALID, "nobody types a password");
	ssize_t size = ready > 0 ? read(fd, &c, 1) : -1;
	if (ready > 0 && size < 0 && errno == EAGAIN)
		return true; /* Ctrl-C takes back what was typed before it */
	if (size != 1)
		return err_set(e, ERR_INVALID, "no password was typed");
	if (c == '\n' || c == '\r')
		return false;
	if (c == ERASE || c == ERASE_OLD)
		*used = erase(line, *used);
	else if (c == KILL_LINE)
		*used = 0;
	else if (*used < SECRET_MAX)
		line[(*used)++] = c;
	else
		return err_set(e, ERR_INVALID, "that is too long");
	return true;
}

static void say(int fd, const char *text)
{
	/* Where that cannot be written nothing can be typed. */
	ssize_t ignored = write(fd, text, strlen(text));

	(void)ignored;
}

/* Signals end the waiting first, so that the echo comes back. */
static bool read_line(int fd, const char *question, char line[SECRET_MAX + 1],
		      struct err *e)
{
	struct sigaction how = {.sa_handler = note};
	struct sigaction before[COUNT(ending)];
	sigset_t held, mask;
	struct termios was, now;
	size_t used = 0;

	if (tcgetattr(fd, &was) != 0)
		return err_set(e, ERR_INVALID, "%s: %s", terminal,
			       strerror(errno));
	caught = 0;
	sigemptyset(&held);
	for (size_t i = 0; i < COUNT(ending); i++)
		sigaddset(&held, ending[i]);
	sigprocmask(SIG_BLOCK, &held, &mask);
	for (size_t i = 0; i < COUNT(ending); i++)
		sigaction(ending[i], &how, &before[i]);
	now = was;
	now.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSAFLUSH, &now);
	say(fd, question);
	while (read_one(fd, &mask, line, &used, e))
		;
	tcsetattr(fd, TCSAFLUSH, &was);
	for (size_t i = 0; i < COUNT(ending); i++)
		sigaction(ending[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (caught != 0)
		raise(caught);
	line[used] = '\0';
	return e->kind == ERR_NONE;
}

bool prompt_secret(struct arena *a, const char *question, const char **ret,
		   struct err *e)
{
	CLEANUP(file_close)
	int fd = open(terminal, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	char line[SECRET_MAX + 1];

	if (fd < 0)
		return err_set(e, ERR_INVALID,
			       "there is no terminal to ask for a password at: "
			       "name a file that has it");
	bool good = read_line(fd, question, line, e);
	say(fd, "\n");
	if (good)
		*ret = arena_strdup(a, line);
	explicit_bzero(line, sizeof(line));
	return good;
}

bool prompt_new_secret(struct arena *a, const char *whose, const char **ret,
		       struct err *e)
{
	const char *first, *second;

	for (int i = 0; i < TRIES; i++) {
		if (!prompt_secret(a,
				   arena_printf(a,
						"New password of %s: ", whose),
				   &first, e) ||
		    !prompt_secret(a, "Again: ", &second, e))
			return false;
		*ret = first;
		if (text_equal(first, second))
			return true;
		fputs("They are not the same.\n", stderr);
	}
	return err_set(e, ERR_INVALID, "no password was typed twice");
}
