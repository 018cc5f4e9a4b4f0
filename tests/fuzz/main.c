/*
 * Puts every file of corpus/NAME, and mutations of it that are always the same,
 * to the target; or the files named on the command line, as they are.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/tap.h"
#include "util/arena.h"

enum { INPUT_MAX = 64 * 1024, MUTATIONS = 500 };

static unsigned char last[INPUT_MAX];
static size_t last_size;

/* What was the input that broke it? */
static void show_last(int signal)
{
	static const char hex[] = "0123456789abcdef";
	char text[3];

	(void)signal;
	for (size_t i = 0; i < last_size && i < 512; i++) {
		text[0] = hex[last[i] >> 4];
		text[1] = hex[last[i] & 15];
		text[2] = ' ';
		if (write(STDERR_FILENO, text, 3) < 0)
			break;
	}
	_exit(1);
}

/* In memory of exactly that size, so that reading on is found out. */
static void put_to_it(const unsigned char *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, size);
	memcpy(last, bytes, size);
	last_size = size;
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t read_input(const char *path, unsigned char bytes[INPUT_MAX])
{
	FILE *f = fopen(path, "rb");
	size_t size = 0;

	if (f == NULL || (size = fread(bytes, 1, INPUT_MAX, f)) == 0)
		printf("# %s: %s\n", path, f ? "empty" : strerror(errno));
	if (f != NULL)
		fclose(f);
	return size;
}

static size_t below(unsigned short seed[3], size_t n)
{
	return n > 0 ? (size_t)nrand48(seed) % n : 0;
}

/* Bytes changed, left out, doubled, or of the kind that matters somewhere. */
static size_t mutate(unsigned short seed[3], unsigned char *bytes, size_t size)
{
	static const char special[] = "\0\n\r\t \"\\%&=?/#@.,:;()[]{}*+-$~^"
				      "\x7f\x80\xc0\xe2\xed\xf4\xff";
	size_t times = 1 + below(seed, 4);

	for (; times > 0 && size > 1; times--) {
		size_t at = below(seed, size), n = 1 + below(seed, size - at);

		switch (below(seed, 5)) {
		case 0:
			bytes[at] ^= (unsigned char)(1 << below(seed, 8));
			break;
		case 1:
			bytes[at] = (unsigned char)
				special[below(seed, sizeof(special) - 1)];
			break;
		case 2:
			memmove(bytes + at, bytes + at + n, size - at - n);
			size -= n;
			break;
		case 3:
			if (size + n > INPUT_MAX)
				break;
			memmove(bytes + at + n, bytes + at, size - at);
			size += n;
			break;
		default:
			bytes[at] = (unsigned char)nrand48(seed);
		}
	}
	return size;
}

static void replay(const char *path, bool mutated)
{
	static unsigned char bytes[INPUT_MAX], changed[INPUT_MAX];
	unsigned short seed[3] = {1, 2, 3};
	size_t size = read_input(path, bytes);

	put_to_it(bytes, size);
	for (int i = 0; mutated && i < MUTATIONS; i++) {
		memcpy(changed, bytes, size);
		put_to_it(changed, mutate(seed, changed, size));
	}
	OK(true, path);
}

/* fuzz_address replays corpus/address. */
static int replay_corpus(const char *program)
{
	struct arena *a = arena_new();
	const char *top = getenv("top_srcdir"), *name = strrchr(program, '_');
	const char *dir = arena_printf(a, "%s/tests/fuzz/corpus/%s",
				       top != NULL ? top : ".",
				       name != NULL ? name + 1 : program);
	struct dirent **files = NULL;
	int count = scandir(dir, &files, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (files[i]->d_name[0] != '.')
			replay(arena_printf(a, "%s/%s", dir, files[i]->d_name),
			       true);
		free(files[i]);
	}
	free(files);
	arena_free(a);
	return tap_done();
}

/* Weak: where libFuzzer brings its own, that one counts. */
__attribute__((weak)) int main(int argc, char **argv)
{
	signal(SIGABRT, show_last);
	if (argc == 1)
		return replay_corpus(argv[0]);
	for (int i = 1; i < argc; i++)
		replay(argv[i], false);
	return tap_done();
}
