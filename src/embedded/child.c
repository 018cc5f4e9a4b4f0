#include "embedded/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

enum { FILES_MAX = 4096 };

static void become(const char *const argv[], pid_t parent)
{
	sigset_t none;
	struct rlimit files;
	union {
		const char *const *is;
		char *const *taken;
	} u = {.is = argv};

	/* slapd makes tables as large as the limit of descriptors. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur > FILES_MAX) {
		files.rlim_cur = FILES_MAX;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The parent may have died before the kernel knew of our wish. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(126);
	execv(argv[0], u.taken);
	_exit(127);
}

pid_t child_start(const char *const argv[], struct err *e)
{
	pid_t parent = getpid(), pid;

	if (access(argv[0], X_OK) != 0) {
		err_set(e, ERR_INTERNAL, "cannot run %s: %s", argv[0],
			strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid == 0)
		become(argv, parent);
	if (pid < 0)
		err_set(e, ERR_INTERNAL, "cannot start %s: %s", argv[0],
			strerror(errno));
	return pid;
}

bool child_wait(pid_t pid, int64_t ms, int *status)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	int64_t deadline = clock_now() + ms;

	for (;;) {
		pid_t gone = waitpid(pid, status, WNOHANG);

		if (gone == pid || (gone < 0 && errno == ECHILD))
			return true;
		if (clock_now() >= deadline)
			return false;
		nanosleep(&pause, NULL);
	}
}

bool child_run(const char *const argv[], int seconds, struct err *e)
{
	pid_t pid = child_start(argv, e);
	int status = 0;

	if (pid < 0)
		return false;
	if (!child_wait(pid, seconds * INT64_C(1000), &status)) {
		kill(pid, SIGKILL);
		child_wait(pid, 1000, &status);
		return err_set(e, ERR_TIMEOUT, "%s took longer than %d s",
			       argv[0], seconds);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_INTERNAL,
			       "%s failed; it has told why above", argv[0]);
	return true;
}
