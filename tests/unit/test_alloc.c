#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/tap.h"
#include "util/alloc.h"
#include "util/field.h"

/* The sanitizer would stop at such a size by itself. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

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
	char told[8000] = "";
	size_t size = 0;
	ssize_t more;
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
	/* The sanitizer has its say, too. */
	while ((more = read(pipes[0], told + size, sizeof(told) - 1 - size)) >
	       0)
		size += (size_t)more;
	close(pipes[0]);
	OK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		   WTERMSIG(status) == SIGABRT,
	   name);
	OK(strstr(told, "out of memory\n") != NULL, "says why");
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
	for (size_t i = 0; i < COUNT(ends); i++)
		ending(ends[i].name, ends[i].fn);
	return tap_done();
}
