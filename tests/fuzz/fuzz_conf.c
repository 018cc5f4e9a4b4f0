#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 16, PATH_LENGTH = 32 };

/* A file that is only in memory. */
static const char *in_memory(const char *text)
{
	static char path[PATH_LENGTH];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("conf", MFD_CLOEXEC);
		HOLDS(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	HOLDS(ftruncate(fd, 0) == 0);
	HOLDS(pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
	return path;
}

static char *printed(const struct conf *conf)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	HOLDS(to != NULL);
	conf_print(conf, to);
	fclose(to);
	return text;
}

/* What is printed can be read, and says the same. */
static void accepted(struct arena *a, const struct conf *conf)
{
	char *first = printed(conf), *second;
	char name[] = "provostd", flag[] = "--config";
	char *argv[] = {name, flag, arena_strdup(a, in_memory(first)), NULL};
	enum conf_action action;
	struct conf again;
	struct err e = {0};
	LDAPDN base = NULL;

	HOLDS(conf_load(a, 3, argv, &again, &action, &e));
	HOLDS(action == CONF_SERVE && again.embed == conf->embed);
	second = printed(&again);
	HOLDS(strcmp(first, second) == 0);
	HOLDS(ldap_str2dn(conf->ldap.base, &base, LDAP_DN_FORMAT_LDAPV3) == 0);
	for (LDAPRDN *rdn = base; *rdn != NULL; rdn++)
		HOLDS((*rdn)[0] != NULL && (*rdn)[1] == NULL);
	ldap_dnfree(base);
	free(first);
	free(second);
}

/* A file and, behind a NUL, the words of a command line, one in each line.
 * Only that file is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = arena_strndup(a, (const char *)data, size);
	size_t length = strlen(text);
	char *words = length < size ? text + length + 1 : NULL;
	char name[] = "provostd", flag[] = "--config";
	char *argv[WORDS_MAX + 4] = {name, flag,
				     arena_strdup(a, in_memory(text))};
	int argc = 3;
	enum conf_action action;
	struct conf conf;
	struct err e = {0};

	while (words != NULL && argc < WORDS_MAX + 3) {
		argv[argc] = strsep(&words, "\n");
		argc += strncmp(argv[argc], "--config", 8) != 0;
	}
	argv[argc] = NULL;
	if (!conf_load(a, argc, argv, &conf, &action, &e))
		HOLDS(e.kind != ERR_NONE && e.text[0] != '\0');
	else if (action != CONF_HELP && action != CONF_VERSION)
		accepted(a, &conf);
	arena_free(a);
	return 0;
}
