#include "cli/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/prompt.h"
#include "client/holder.h"
#include "embedded/state.h"
#include "util/file.h"

enum { SECRET_MAX = 8192 };

static const char administrator[] = "admin";
static const char place[] = "http://127.0.0.1:8080";

/* A copy; a secret is taken out of the environment, where others of the same
 * user could read it. */
static const char *environment(struct arena *a, const char *name, bool wipe)
{
	char *value = getenv(name);

	if (value == NULL || *value == '\0')
		return NULL;
	const char *copy = arena_strdup(a, value);
	if (wipe)
		explicit_bzero(value, strlen(value));
	return copy;
}

static const char *said(struct arena *a, const char *option, const char *name)
{
	return option != NULL ? option : environment(a, name, false);
}

/* A line and no more: the next one may be another secret. */
static bool read_input(struct arena *a, const char **ret, struct err *e)
{
	char *line = arena_alloc(a, SECRET_MAX + 2);

	setvbuf(stdin, NULL, _IONBF, 0);
	*ret = line;
	return (fgets(line, SECRET_MAX + 2, stdin) != NULL &&
		strlen(line) <= SECRET_MAX) ||
	       err_set(e, ERR_INVALID, "no line of the standard input is one");
}

bool connection_secret(struct arena *a, const char *path, const char **ret,
		       struct err *e)
{
	const char *text;

	if (!(strcmp(path, "-") == 0
		      ? read_input(a, &text, e)
		      : file_read(a, path, SECRET_MAX, &text, e))) {
		e->kind = ERR_INVALID; /* another file was to be named */
		return false;
	}
	*ret = arena_strndup(a, text, strcspn(text, "\r\n"));
	return **ret != '\0' ||
	       err_set(e, ERR_INVALID, "%s: its first line is empty", path);
}

/* What the options say goes before what the environment does. */
static bool find_secret(struct arena *a, const char *option, const char *direct,
			const char *name, const char **ret, struct err *e)
{
	const char *file = said(a, option, name);

	if (option == NULL && direct != NULL) {
		*ret = direct;
		return true;
	}
	*ret = NULL;
	return file == NULL || connection_secret(a, file, ret, e);
}

/* The password in the state directory is for whom that belongs to, on this
 * machine: it goes nowhere else unless that directory was named. */
static bool find_own(struct arena *a, const struct request_options *o,
		     struct client_settings *set, struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);
	const char *path = arena_printf(a, "%s/admin-password", dir);
	struct stat st;

	if (stat(dir, &st) != 0 || stat(path, &st) != 0)
		return o->state_dir == NULL ||
		       connection_secret(a, path, &set->password, e);
	if (o->state_dir == NULL && !holder_is_near(set->url))
		return true;
	return stat(dir, &st) == 0 && holder_check(set->url, st.st_uid, e) &&
	       connection_secret(a, path, &set->password, e);
}

static bool find_login(struct arena *a, const struct request_options *o,
		       const char *password, struct client_settings *set,
		       struct err *e)
{
	bool by_state =
		o->state_dir != NULL && o->password_file == NULL &&
		(o->login == NULL || strcmp(o->login, administrator) == 0);

	set->login =
		by_state ? administrator : said(a, o->login, "PROVOST_LOGIN");
	if (!by_state &&
	    !find_secret(a, o->password_file, password, "PROVOST_PASSWORD_FILE",
			 &set->password, e))
		return false;
	if (set->login == NULL)
		set->login = administrator;
	if (set->password == NULL && strcmp(set->login, administrator) == 0 &&
	    !find_own(a, o, set, e))
		return false;
	return set->password != NULL ||
	       prompt_secret(a,
			     arena_printf(a, "Password of %s at %s: ",
					  set->login, set->url),
			     &set->password, e);
}

bool connection_open(struct arena *a, const struct request_options *o,
		     struct client_settings *set, struct client **ret,
		     struct err *e)
{
	bool by_password = o->login != NULL || o->password_file != NULL ||
			   o->state_dir != NULL;
	const char *password = environment(a, "PROVOST_PASSWORD", true);
	const char *key = environment(a, "PROVOST_KEY", true);

	if (by_password && o->key_file != NULL)
		return err_set(e, ERR_INVALID,
			       "--key-file or a password, not both");
	*set = (struct client_settings){.url = said(a, o->url, "PROVOST_URL"),
					.ca_file = said(a, o->ca_file,
							"PROVOST_CA_FILE")};
	if (set->url == NULL)
		set->url = place;
	if (!holder_is_private(set->url, e))
		return false;
	if (!by_password &&
	    !find_secret(a, o->key_file, key, "PROVOST_KEY_FILE", &set->key, e))
		return false;
	if (set->key == NULL && !find_login(a, o, password, set, e))
		return false;
	*ret = client_open(set, e);
	return *ret != NULL;
}
