#include "cli/place.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "embedded/state.h"
#include "util/file.h"

enum { LINE_MAX_SIZE = 1024 };

bool place_line(struct arena *a, const char *dir, const char *name,
		const char **ret, struct err *e)
{
	const char *text;

	if (!file_read(a, arena_printf(a, "%s/%s", dir, name), LINE_MAX_SIZE,
		       &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return true;
}

static bool become_owner(const char *dir, struct err *e)
{
	struct stat st;
	const struct passwd *user;

	if (stat(dir, &st) != 0)
		return err_set(e, ERR_INVALID, "%s: %s", dir, strerror(errno));
	if (st.st_uid == 0 || (user = getpwuid(st.st_uid)) == NULL)
		return true;
	return state_become(user->pw_name, e);
}

bool place_enter(struct arena *a, const char *dir, const char **uri,
		 struct err *e)
{
	return become_owner(dir, e) && state_socket(a, dir, uri, e);
}
