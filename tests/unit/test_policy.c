#include "passwd/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/password.h"
#include "passwd/breached.h"
#include "tests/lib/tap.h"
#include "util/clock.h"
#include "util/text.h"

enum { GENERATED = 300, LINES = 257 };

static const char *words[] = {"john.smith@example.org", "John Smith", "Smith",
			      "john.smith", "example.org"};

/* clang-format off */
static const struct {
	const char *clear;
	int64_t length, bits;
	const char *code; /* NULL: good */
} cases[] = {
	{"correct horse battery staple", 8,  20, NULL},
	{"kx7vbq9m",                     8,  20, NULL},
	{"p\xc3\xa4ssw\xc3\xb6rt",       8,  20, NULL},
	{"p\xc3\xa4ssw\xc3\xb6r",        8,  20, "password_too_short"},
	{"short",                        8,  0,  "password_too_short"},
	{"password1",                    8,  20, "password_too_weak"},
	{"password1",                    8,  0,  NULL},
	{"johnsmith99",                  8,  20, "password_too_weak"},
	{"example2026",                  8,  20, "password_too_weak"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaa",   8,  20, "password_too_weak"},
	{"JOHN SMITH",                   1,  0,  "password_is_name"},
	{"john.smith",                   1,  0,  "password_is_name"},
	{"John.Smith@Example.org",       1,  0,  "password_is_name"},
	{"example.org",                  1,  0,  "password_is_name"},
	{"john.smit",                    1,  0,  NULL},
};
/* clang-format on */

static bool judge(const struct passwd_settings *set, struct arena *a,
		  const char *clear, struct err *e)
{
	const struct secret s = {clear, {words, COUNT(words)}};

	err_clear(e);
	return policy_judge(set, a, &s, e);
}

static void each_case(struct arena *a)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct passwd_settings set = {.min_length =
							    cases[i].length,
						    .min_bits = cases[i].bits};
		struct err e;
		bool good = judge(&set, a, cases[i].clear, &e);

		OK(good == (cases[i].code == NULL) &&
			   text_equal(e.code, cases[i].code),
		   cases[i].clear);
		OK(strstr(e.text, cases[i].clear) == NULL,
		   "it is not repeated");
	}
}

static void extremes(struct arena *a)
{
	const struct passwd_settings most = {.min_length = 20, .min_bits = 60};
	char longest[PASSWORD_MAX + 1] = "";
	unsigned good = 0;
	struct err e;

	for (unsigned i = 0; i < GENERATED; i++)
		good += judge(&most, a, password_generate(a), &e);
	NUMBER(good, GENERATED, "those we make up satisfy the strictest");
	memset(longest, 'a', PASSWORD_MAX);
	int64_t start = clock_now();
	OK(!judge(&most, a, longest, &e), "a long one of one letter is weak");
	OK(clock_now() - start < 2000, "and soon judged");
}

/* The SHA-1 of "secret", "password", "123456" and "geheim". */
static const char *const hashes[] = {
	"E5E9FA1BA31ECD1AE84F75CAAA474F3A663F05F4",
	"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8",
	"7C4A8D09CA3762AF61E59520943DC26494F8941B",
	"906072001EFDDF3E11E6D2B5782F4777FE038739",
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_list(const char *path, const char **lines, size_t n,
		       const char *end)
{
	FILE *file = fopen(path, "w");

	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		fprintf(file, "%s%s", lines[i], end);
	fclose(file);
}

/* One line among n - 1 others: it is found wherever it lies, and its like is
 * not. */
static unsigned look(struct arena *a, const char *path, size_t n,
		     const char *end)
{
	static const char *const clears[] = {"secret", "password"};
	const char **lines = arena_alloc(a, n * sizeof(*lines));
	bool is = false, is_not = true;
	struct err e = {0};

	lines[0] = hashes[n % 2];
	for (size_t i = 1; i < n; i++)
		lines[i] = arena_printf(a, "%08zX%032zX",
					i * 0xfedcba9 % 0xffffffff, i);
	write_list(path, lines, n, end);
	return breached_look(path, clears[n % 2], &is, &e) && is &&
	       breached_look(path, clears[1 - n % 2], &is_not, &e) && !is_not;
}

static void each_place(struct arena *a, const char *path, const char *end)
{
	unsigned found = 0;

	for (size_t n = 1; n <= LINES; n++)
		found += look(a, path, n, end);
	NUMBER(found, LINES, "found among any number of lines");
}

static void broken(struct arena *a, const char *path)
{
	static const char *const texts[] =
		{"hello\n", "5BAA61E4\n",
		 "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8X\n",
		 "GGAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n"};
	struct err e = {0};
	bool there;

	for (size_t i = 0; i < COUNT(texts); i++) {
		FILE *file = fopen(path, "w");

		fputs(texts[i], file);
		fclose(file);
		err_clear(&e);
		OK(!breached_check(path, &e) && e.kind == ERR_UNAVAILABLE &&
			   !breached_look(path, "secret", &there, &e),
		   texts[i]);
	}
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputc('A', file);
	fclose(file);
	OK(!breached_look(path, "secret", &there, &e), "a line without end");
	fclose(fopen(path, "w"));
	OK(!breached_check(path, &e), "an empty file is no list");
	OK(!breached_check("/", &e), "nor is a directory");
	OK(!breached_check("/nonexistent", &e), "nor is nothing");
	const struct passwd_settings set = {.breached_file = "/nonexistent"};
	OK(!judge(&set, a, "secret", &e) && e.kind == ERR_UNAVAILABLE,
	   "without the list nothing passes");
}

static void listed(struct arena *a)
{
	char path[] = "/tmp/provost-breached-XXXXXX";
	const struct passwd_settings set = {.breached_file = path};
	const char *lines[COUNT(hashes)];
	struct err e = {0};

	close(mkstemp(path));
	memcpy(lines, hashes, sizeof(hashes));
	write_list(path, lines, COUNT(lines), ":17\r\n");
	OK(breached_check(path, &e), "a list as it is given out");
	OK(!judge(&set, a, "geheim", &e) &&
		   text_equal(e.code, "password_breached"),
	   "a password on it is refused");
	OK(judge(&set, a, "geheim2", &e), "another is not");
	each_place(a, path, "\n");
	each_place(a, path, ":1\r\n");
	each_place(a, path, ":12345678\n");
	broken(a, path);
	unlink(path);
}

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	each_case(a);
	extremes(a);
	listed(a);
	return tap_done();
}
