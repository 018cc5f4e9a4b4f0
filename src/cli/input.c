#include "cli/input.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/command.h"
#include "util/text.h"

enum { CHUNK = 65536 };

FILE *input_temporary(void)
{
	int fd = memfd_create("provost-import", MFD_CLOEXEC);
	FILE *f = fd >= 0 ? fdopen(fd, "w+") : NULL;

	if (f == NULL)
		command_complain("there is no memory for a temporary file");
	return f;
}

static bool fail(const char *why)
{
	command_complain(why);
	return false;
}

/* Its lines are counted, and the last one ends. */
static bool append(FILE *to, const char *name, size_t *lines)
{
	FILE *from = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char chunk[4096], last = '\n';
	size_t n;

	if (from == NULL)
		return false;
	while (!ferror(to) && (n = fread(chunk, 1, sizeof(chunk), from)) > 0) {
		fwrite(chunk, 1, n, to);
		for (size_t i = 0; i < n; i++)
			*lines += chunk[i] == '\n';
		last = chunk[n - 1];
	}
	explicit_bzero(chunk, sizeof(chunk));
	if (last != '\n')
		(*lines)++;
	if (last != '\n')
		putc('\n', to);
	bool good = !ferror(from) && fflush(to) == 0;
	if (from != stdin)
		fclose(from);
	return good;
}

/* What cannot be read twice is kept, as is what is made of several. */
static bool gather(struct input *in)
{
	size_t lines = 0;

	if (in->count == 1 && strcmp(in->files[0].name, "-") != 0) {
		in->file = fopen(in->files[0].name, "re");
		return in->file != NULL || fail("the file cannot be read");
	}
	in->file = input_temporary();
	for (size_t i = 0; i < in->count && in->file != NULL; i++) {
		in->files[i].lines = lines;
		if (!append(in->file, in->files[i].name, &lines))
			return fail(ferror(in->file)
					    ? "there is no room for a "
					      "temporary file"
					    : "one of the files cannot be "
					      "read");
	}
	return in->file != NULL;
}

/* As it lies; the kernel takes what does not fit back into the file. */
static bool map(struct input *in)
{
	off_t size = fseeko(in->file, 0, SEEK_END) == 0 ? ftello(in->file) : -1;

	rewind(in->file);
	if (size < 0)
		return fail("the file cannot be read");
	in->size = (size_t)size;
	in->text = "";
	if (size == 0)
		return true;
	void *at = mmap(NULL, in->size, PROT_READ, MAP_PRIVATE,
			fileno(in->file), 0);
	if (at == MAP_FAILED)
		return fail("the file cannot be read");
	in->text = at;
	return true;
}

bool input_open(struct input *ret, struct arena *a, char *const *names)
{
	*ret = (struct input){0};
	while (names[ret->count] != NULL)
		ret->count++;
	ret->files = arena_alloc(a, (ret->count + 1) * sizeof(*ret->files));
	for (size_t i = 0; i < ret->count; i++)
		ret->files[i].name = names[i];
	if (gather(ret) && map(ret))
		return true;
	input_close(ret);
	return false;
}

void input_close(struct input *in)
{
	if (in->size > 0 && in->text != NULL)
		munmap((char *)(uintptr_t)in->text, in->size);
	if (in->file != NULL)
		fclose(in->file);
	*in = (struct input){0};
}

const char *input_place(const struct input *in, size_t *line)
{
	size_t i = in->count - 1;

	while (i > 0 && in->files[i].lines >= *line)
		i--;
	*line -= in->files[i].lines;
	return in->files[i].name;
}

/* Files that are called so wherever they are. */
static const char *known(const char *name)
{
	static const char *const names[][2] =
		{{"postfix-accounts.cf", "docker-mailserver"},
		 {"postfix-virtual.cf", "docker-mailserver"},
		 {"dovecot-quotas.cf", "docker-mailserver"},
		 {"passwd", "passwd"},
		 {"shadow", "passwd"}};
	const char *base = strrchr(name, '/');

	base = base != NULL ? base + 1 : name;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(base, names[i][0]) == 0)
			return names[i][1];
	}
	return NULL;
}

const char *input_format(const struct input *in, struct arena *a)
{
	const struct reader_format *guess = reader_guess(in->text, in->size);
	const char *name = in->files[0].name, *dot = strrchr(name, '.');
	const char *end = dot != NULL ? text_lower(a, dot + 1) : "";

	if (known(name) != NULL)
		return known(name);
	/* Others call their rows that, too. */
	if (reader_find(end, NULL) != NULL &&
	    (strcmp(end, "csv") != 0 || guess != &format_modoboa))
		return end;
	return guess != NULL ? guess->name : end;
}
