#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "util/alloc.h"
#include "util/field.h"

static void too_much_zeroed(void)
{
	free(alloc_zeroed((size_t)PTRDIFF_MAX));
}

static void too_much_plain(void)
{
	free(alloc_plain((size_t)PTRDIFF_MAX));
}

static const struct {
	const char *name;
	void (*fn)(void);
} ends[] = {
	{"alloc_zeroed", too_much_zeroed},
	{"alloc_plain", too_much_plain},
	{"alloc_die", alloc_die},
};

/* In a process of its own, whose last words we read. */
static void ending(const char *name, void (*fn)(void))
{
	const struct rlimit none = {0, 0};
	char told[200] = "";
	int pipes[2], status = 0;

	fflush(stdout);
	if (pipe(pipes) != 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		dup2(pipes[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(pipes[1]);
	ssize_t size = read(pipes[0], told, sizeof(told) - 1);
	close(pipes[0]);
	OK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		   WTERMSIG(status) == SIGABRT,
	   name);
	OK(size > 0 && strstr(told, "out of memory\n") != NULL, "says why");
}

int main(void)
{
	const unsigned char *p = alloc_zeroed(10000);
	bool zero = true;
	void *q = alloc_plain(10);

	for (size_t i = 0; i < 10000; i++)
		zero = zero && p[i] == 0;
	OK(zero, "memory is zeroed");
	OK(q != NULL, "or just memory");
	free((void *)(uintptr_t)p);
	free(q);
	/* The sanitizers stop at such a size by themselves. */
	setenv("ASAN_OPTIONS", "allocator_may_return_null=1", 0);
	for (size_t i = 0; i < COUNT(ends); i++)
		ending(ends[i].name, ends[i].fn);
	return tap_done();
}
