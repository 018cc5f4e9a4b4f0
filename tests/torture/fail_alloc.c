/*
 * fail_alloc - an allocation that fails, wherever we want it to
 *
 * Loaded into provostd by LD_PRELOAD.  The file $TORTURE_FILE, mapped by both,
 * says which allocation from now on fails, or from which on all do, and is told
 * how many there were and where the one was that failed.  The programs that
 * provostd starts are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRAMES = 24, WHERE_SIZE = 4000 };

/* tests/torture/torture.py knows the places of these. */
struct order {
	atomic_llong count;    /* allocations since it was set to 0 */
	atomic_llong at, from; /* which one fails; from which on all; 0: none */
	atomic_llong failed;
	/* "file+0xoffset" of each caller of the first that failed, and of where
	 * the process ended. */
	char where[WHERE_SIZE], died[WHERE_SIZE];
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

static struct order *order;
static _Thread_local bool busy;

static void note_where(char *where)
{
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);
	size_t used = 0;

	for (int i = 2; i < count; i++) {
		Dl_info info;
		int size;

		if (dladdr(frames[i], &info) == 0)
			continue;
		size = snprintf(where + used, WHERE_SIZE - used, "%s+%#lx\n",
				info.dli_fname,
				(unsigned long)((char *)frames[i] -
						(char *)info.dli_fbase));
		if (size < 0 || (size_t)size >= WHERE_SIZE - used)
			return;
		used += (size_t)size;
	}
}

static bool fails(void)
{
	if (order == NULL || busy)
		return false;
	long long n = atomic_fetch_add(&order->count, 1) + 1;
	long long from = atomic_load(&order->from);
	if (n != atomic_load(&order->at) && (from == 0 || n < from))
		return false;
	busy = true;
	if (atomic_fetch_add(&order->failed, 1) == 0)
		note_where(order->where);
	busy = false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __libc_memalign(align, size);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
	void *p = fails() ? NULL : __libc_memalign(align, size);

	if (p == NULL)
		return ENOMEM;
	*ret = p;
	return 0;
}

static void on_end(int signal_number)
{
	busy = true;
	note_where(order->died);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TORTURE_FILE");
	static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
	void *frames[2];
	int fd = path != NULL && strcmp(program_invocation_short_name,
					"provostd") == 0
			 ? open(path, O_RDWR | O_CLOEXEC)
			 : -1;

	unsetenv("LD_PRELOAD");
	unsetenv("TORTURE_FILE");
	if (fd < 0)
		return;
	backtrace(frames, 2); /* the first call allocates */
	void *map = mmap(NULL, sizeof(*order), PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		abort();
	order = map;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		signal(ends[i], on_end);
}
