#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "passwd/breached.h"
#include "tests/fuzz/fuzz.h"
#include "util/arena.h"

/* Whatever is in the file, the search ends, and it finds only what is there:
 * the SHA-1 of "secret". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char secret[] = "E5E9FA1BA31ECD1AE84F75CAAA474F3A663F05F4";
	struct arena *a = arena_new();
	int fd = memfd_create("breached", MFD_CLOEXEC);
	struct err e = {0};
	bool there = false;

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	const char *path = arena_printf(a, "/proc/self/fd/%d", fd);
	if (breached_look(path, "secret", &there, &e)) {
		const char *text = arena_strndup(a, (const char *)data, size);

		HOLDS(!there || strlen(text) < size ||
		      strcasestr(text, secret) != NULL);
	} else {
		HOLDS(e.kind == ERR_UNAVAILABLE && !there);
	}
	close(fd);
	arena_free(a);
	return 0;
}
