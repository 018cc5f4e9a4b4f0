#include "cli/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client/client.h"
#include "client/holder.h"
#include "embedded/state.h"
#include "util/file.h"
#include "util/text.h"
#include "json/writer.h"

enum {
	PAGE = 50,
	LINE_MAX_SIZE = 1024,
	DAYS_MAX = 36500,
};

struct user_options {
	const char *state_dir, *url, *login, *password_file;
	const char *domain, *never, *aliases;
	int64_t days;
	bool disable, delete, dry_run, json, yes;
};

/* What is done, and how it went so far. */
struct run {
	const struct user_options *o;
	struct client *client;
	struct writer *out; /* of --json, or NULL */
	size_t count, failed;
};

static bool read_password(struct arena *a, const struct user_options *o,
			  const char **ret, struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);
	const char *path = o->password_file != NULL
				   ? o->password_file
				   : arena_printf(a, "%s/admin-password", dir);
	struct stat st;
	const char *text;

	/* The password of the state directory is for whom that belongs to. */
	if (o->password_file == NULL && stat(dir, &st) == 0 &&
	    !holder_check(o->url, st.st_uid, e))
		return false;
	if (!file_read(a, path, LINE_MAX_SIZE, &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return true;
}

/* A member that is text, or NULL. */
static const char *member(const json_t *user, const char *name)
{
	return json_string_value(json_object_get(user, name));
}

/* NULL: done; else why not. */
static const char *act(struct run *r, struct arena *a, const char *address)
{
	const struct user_options *o = r->o;
	const char *path = arena_printf(a, "/v1/users/%s",
					client_escape(r->client, a, address));
	struct client_reply reply;
	struct err e = {0};
	bool good;

	if (o->delete &&o->aliases != NULL)
		path = arena_printf(a, "%s?aliases=%s", path,
				    client_escape(r->client, a, o->aliases));
	good = o->delete ? client_request(r->client, a, "DELETE", path, NULL,
					  &reply, &e)
			 : client_request(r->client, a, "PATCH", path,
					  "{\"enabled\":false}", &reply, &e);
	if (!good)
		return arena_strdup(a, e.text);
	/* Gone is what was wanted. */
	if (reply.status / 100 == 2 || (o->delete &&reply.status == 404))
		return NULL;
	return arena_printf(a, "%u %s", reply.status, reply.detail);
}

static void write_json(struct run *r, const json_t *user, const char *done,
		       const char *why)
{
	struct writer *w = r->out;

	writer_raw(w, r->count > 0 ? ",{\"address\":" : "{\"address\":");
	writer_text(w, member(user, "address"));
	writer_raw(w, ",\"last_login_at\":");
	writer_text(w, member(user, "last_login_at"));
	writer_raw(w, ",\"created_at\":");
	writer_text(w, member(user, "created_at"));
	writer_raw(w, ",\"outcome\":");
	writer_text(w, done);
	writer_raw(w, ",\"error\":");
	writer_text(w, why);
	writer_raw(w, "}");
}

static void report(struct run *r, const json_t *user, const char *done,
		   const char *why)
{
	const char *last = member(user, "last_login_at");

	if (r->out != NULL)
		write_json(r, user, done, why);
	else
		printf("%s\t%s%s\t%s%s%s\n", member(user, "address"),
		       last != NULL ? "last login " : "never logged in",
		       last != NULL ? last : "", done, why != NULL ? ": " : "",
		       why != NULL ? why : "");
	r->count++;
	r->failed += why != NULL;
}

static void handle(struct run *r, struct arena *a, const json_t *user)
{
	const struct user_options *o = r->o;
	const char *address = member(user, "address"), *why = NULL;
	bool enabled = json_is_true(json_object_get(user, "enabled"));
	const char *done = o->delete ? "deleted" : "disabled";

	if (address == NULL)
		return;
	if (!o->delete &&!o->disable) {
		report(r, user, enabled ? "enabled" : "disabled", NULL);
		return;
	}
	if (o->disable && !enabled) {
		report(r, user, "disabled already", NULL);
		return;
	}
	if (o->dry_run) {
		report(r, user, o->delete ? "to be deleted" : "to be disabled",
		       NULL);
		return;
	}
	why = act(r, a, address);
	report(r, user, why == NULL ? done : "failed", why);
}

static const char *list_path(struct run *r, struct arena *a, const char *cursor)
{
	const struct user_options *o = r->o;
	const char *path =
		arena_printf(a, "/v1/users?limit=%d&inactive_days=%lld", PAGE,
			     (long long)o->days);

	if (o->domain != NULL)
		path = arena_printf(a, "%s&domain=%s", path,
				    client_escape(r->client, a, o->domain));
	if (o->never != NULL)
		path = arena_printf(a, "%s&never=%s", path,
				    client_escape(r->client, a, o->never));
	return cursor == NULL
		       ? path
		       : arena_printf(a, "%s&cursor=%s", path,
				      client_escape(r->client, a, cursor));
}

/* One page; the next one's cursor lives in `keep`. */
static bool do_page(struct run *r, struct arena *keep, const char **cursor,
		    struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct client_reply reply;

	if (!client_request(r->client, a, "GET", list_path(r, a, *cursor), NULL,
			    &reply, e))
		return false;
	if (reply.status != 200)
		return err_set(e, ERR_DENIED, "the gateway answers %u: %.180s",
			       reply.status, reply.detail);
	const json_t *items = json_object_get(reply.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		handle(r, a, json_array_get(items, i));
	const char *next = member(reply.json, "next_cursor");
	*cursor = next != NULL ? arena_strdup(keep, next) : NULL;
	return true;
}

static bool do_all(struct run *r, struct arena *a, struct err *e)
{
	const char *cursor = NULL;

	do {
		if (!do_page(r, a, &cursor, e))
			return false;
	} while (cursor != NULL);
	return true;
}

static bool check(const struct user_options *o, struct err *e)
{
	if (o->days < 1 || o->days > DAYS_MAX)
		return err_set(e, ERR_INVALID,
			       "--days is a number from 1 to %d", DAYS_MAX);
	if (o->disable && o->delete)
		return err_set(e, ERR_INVALID,
			       "--disable or --delete, not both");
	if (o->aliases != NULL && !o->delete)
		return err_set(e, ERR_INVALID, "--aliases goes with --delete");
	if ((o->disable || o->delete) && !o->dry_run && !o->yes)
		return err_set(e, ERR_INVALID,
			       "give --yes to have it done, or --dry-run to "
			       "see what would be");
	return true;
}

static bool inactive(const struct user_options *o, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	CLEANUP(client_close) struct client *client = NULL;
	struct writer w = {.arena = a};
	struct run r = {.o = o, .out = o->json ? &w : NULL};
	const char *password;

	if (!check(o, e) || !read_password(a, o, &password, e))
		return false;
	r.client = client = client_open(o->url, o->login, password, e);
	if (client == NULL)
		return false;
	writer_raw(&w, "{\"users\":[");
	bool good = do_all(&r, a, e);
	writer_raw(&w, "],\"failed\":");
	writer_number(&w, (int64_t)r.failed);
	writer_raw(&w, ",\"error\":");
	writer_text(&w, good ? NULL : e->text);
	writer_raw(&w, "}");
	if (o->json)
		puts(w.text);
	return good && (r.failed == 0 ||
			err_set(e, ERR_CONFLICT, "%zu of %zu users failed",
				r.failed, r.count));
}

static int run(const void *options, char *const *words)
{
	struct err e = {0};

	if (words[0] == NULL || strcmp(words[0], "inactive") != 0 ||
	    words[1] != NULL)
		return command_complain("user inactive is all there is; see "
					"--help");
	return inactive(options, &e) ? EXIT_SUCCESS : command_complain(e.text);
}

static const char usage[] =
	"user inactive --days N [OPTION]...\n"
	"\n"
	"Name the users who were there N days ago and have not logged in at the\n"
	"mail server since, or disable or delete them.  It asks a gateway over\n"
	"HTTP, which knows of logins where Dovecot tells it.\n"
	"\n"
	"  --days N              from 1 to 36500\n"
	"  --domain D            only users of this domain\n"
	"  --never only|exclude  those who never logged in, or all but those\n"
	"  --disable             no mail and no login; it can be taken back\n"
	"  --delete              with what the directory knows of them\n"
	"  --aliases refuse|remove|keep\n"
	"                        that lead to who is deleted [refuse]\n"
	"  --yes                 do it\n"
	"  --dry-run             say what would be done\n"
	"  --json                one JSON object instead of lines\n"
	"  --url URL             of the gateway [http://127.0.0.1:8080]\n"
	"  --login NAME          of an administrator [admin]\n"
	"  --password-file FILE  of him [admin-password in the state directory]\n"
	"  --state-dir DIR       of provostd [/var/lib/provost as root]\n";

static const struct user_options defaults = {
	.url = "http://127.0.0.1:8080",
	.login = "admin",
};

/* clang-format off */
#define F(member) FIELD(struct user_options, member)
static const struct command_option option_rows[] = {
	{"days",          F(days)},
	{"domain",        F(domain)},
	{"never",         F(never)},
	{"disable",       F(disable)},
	{"delete",        F(delete)},
	{"aliases",       F(aliases)},
	{"yes",           F(yes)},
	{"dry-run",       F(dry_run)},
	{"json",          F(json)},
	{"url",           F(url)},
	{"login",         F(login)},
	{"password-file", F(password_file)},
	{"state-dir",     F(state_dir)},
	{NULL,            {0, 0}},
};
#undef F
/* clang-format on */

const struct command command_user = {.name = "user",
				     .usage = usage,
				     .options = option_rows,
				     .defaults = &defaults,
				     .size = sizeof(struct user_options),
				     .run = run};
