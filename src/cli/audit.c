#include "cli/audit.h"

#include <stdio.h>
#include <string.h>

#include "cli/member.h"
#include "cli/place.h"
#include "embedded/base.h"
#include "embedded/state.h"
#include "ldap/audit_verify.h"
#include "ldap/connect.h"
#include "util/file.h"
#include "util/text.h"

enum {
	DAYS_MAX = 36500,
	DIGEST_HEX = 64,
	PASSWORD_MAX = 1024,
	UNKNOWN = -1,

	/* Exit statuses. */
	WELL = 0,
	NOTHING_SEALED = 1,
	TAMPERED = 2,
	FAILED = 3,
};

struct audit_options {
	const char *state_dir, *base, *ldap_uri, *ca_file;
	const char *bind_dn, *password_file, *anchor;
	int64_t keep_days;
};

#define F(member) FIELD(struct audit_options, member)
/* clang-format off */
static const struct command_option option_rows[] = {
	OPTION("anchor", F(anchor), "NUMBER:DIGEST",
	 "a seal, as provostd's log had it"),
	OPTION("keep-days", F(keep_days), "DAYS",
	 "records that old may be gone [as provostd does; needed with "
	 "--ldap-uri]"),
	OPTION("state-dir", F(state_dir), "DIR",
	 "of provostd [/var/lib/provost as root]"),
	OPTION("base", F(base), "DN",
	 "that everything is below [as provostd made it]"),
	OPTION("ldap-uri", F(ldap_uri), "URI",
	 "of another directory [provostd's own]"),
	OPTION("ca-file", F(ca_file), "FILE",
	 "whom to trust about it [the system's]"),
	OPTION("bind-dn", F(bind_dn), "DN",
	 "a super administrator [the system user]"),
	OPTION("password-file", F(password_file), "FILE",
	 "with his password"),
	OPTIONS_END,
};
/* clang-format on */
#undef F

/* What is not given is found out. */
static const struct audit_options defaults = {.keep_days = UNKNOWN};

static int refuse(const char *why)
{
	command_complain(why);
	return FAILED;
}

static bool read_anchor(struct arena *a, const char *text,
			struct audit_verify *how, struct err *e)
{
	const char *colon = text != NULL ? strchr(text, ':') : NULL;

	if (text == NULL)
		return true;
	how->digest = colon != NULL ? colon + 1 : "";
	return (colon != NULL && strlen(how->digest) == DIGEST_HEX &&
		text_number(arena_strndup(a, text, (size_t)(colon - text)), 1,
			    INT64_MAX, &how->anchor)) ||
	       err_set(e, ERR_INVALID, "--anchor is NUMBER:DIGEST");
}

static bool read_password(struct arena *a, const char *file, const char **ret,
			  struct err *e)
{
	const char *text;

	if (file == NULL)
		return err_set(e, ERR_INVALID,
			       "--bind-dn needs --password-file");
	if (!file_read(a, file, PASSWORD_MAX, &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return true;
}

/* How long records are kept: of another directory we cannot know. */
static bool find_days(struct arena *a, const struct audit_options *o,
		      int64_t *ret, struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);
	const char *text;

	*ret = o->keep_days;
	if (o->keep_days != UNKNOWN)
		return o->keep_days <= DAYS_MAX ||
		       err_set(e, ERR_INVALID, "--keep-days is %d at most",
			       DAYS_MAX);
	if (o->ldap_uri != NULL)
		return err_set(e, ERR_INVALID,
			       "--ldap-uri needs --keep-days: how long that "
			       "directory keeps its log");
	return (place_line(a, dir, "audit-keep-days", &text, e) &&
		(text_number(text, 1, DAYS_MAX, ret) ||
		 err_set(e, ERR_INVALID, "it is no number of days"))) ||
	       err_wrap(e, "how long records are kept (or give --keep-days)");
}

static bool fill(struct arena *a, const struct audit_options *o,
		 struct ldap_settings *set, struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);

	*set = (struct ldap_settings){.uri = o->ldap_uri,
				      .base = o->base,
				      .bind_dn = o->bind_dn,
				      .ca_file = o->ca_file};
	if (o->bind_dn != NULL &&
	    !read_password(a, o->password_file, &set->password, e))
		return false;
	return (o->ldap_uri != NULL || place_enter(a, dir, &set->uri, e)) &&
	       (o->base != NULL || place_line(a, dir, "base", &set->base, e)) &&
	       base_check(set->base, e);
}

static void say(void *ctx, const char *what)
{
	(void)ctx;
	puts(what);
}

static int conclude(const struct audit_verdict *v)
{
	printf("%lld seals; of %lld sealed records %lld are as they were, %lld "
	       "have expired; %lld are not yet sealed, %lld older than the "
	       "first seal\n",
	       (long long)v->seals, (long long)v->sealed, (long long)v->good,
	       (long long)v->expired, (long long)v->unsealed,
	       (long long)v->before);
	if (v->number > 0)
		printf("anchor %lld:%s\n", (long long)v->number, v->digest);
	if (v->wrong > 0)
		return TAMPERED;
	return v->seals > 0 ? WELL : NOTHING_SEALED;
}

static int run(const struct command *c, const void *options, char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	CLEANUP(direct_close) struct direct *d = NULL;
	const struct audit_options *o = options;
	struct audit_verify how = {.tell = say};
	struct audit_verdict verdict;
	struct ldap_settings set;
	struct err e = {0};

	(void)c;
	if (words[0] != NULL)
		return refuse("audit verify takes options only.  See --help");
	if (!read_anchor(a, o->anchor, &how, &e) || !fill(a, o, &set, &e) ||
	    !find_days(a, o, &how.keep_days, &e))
		return refuse(e.text);
	connect_prepare();
	how.base = set.base;
	how.directory = d = direct_open(&set, DIRECT_BOUND, &e);
	if (d == NULL || !audit_verify(&how, a, &verdict, &e))
		return refuse(e.text);
	return conclude(&verdict);
}

static const struct command_group group = {.rows = option_rows};

static const struct command audit_verify_command =
	{.name = "verify",
	 .summary = "Compare the log of changes with its seals",
	 .more = "Nothing is changed. The exit status is 0 if all is as it was "
		 "sealed, 1 if nothing is sealed, 2 if something was changed, "
		 "removed or added, 3 if it could not be examined.",
	 .groups = {&group},
	 .defaults = &defaults,
	 .size = sizeof(struct audit_options),
	 .misused = FAILED,
	 .run = run};

/* clang-format off */
static const struct command_group list_group = {.rows =
	(const struct command_option[]){
	MEMBER("object",  query_text, "object",  "NAME",
	       "only changes of this address, domain or principal"),
	MEMBER("domain",  query_text, "domain",  "NAME",
	       "only changes of this domain and of what is in it"),
	MEMBER("actor",   query_text, "actor",   "LOGIN",
	       "only changes by him"),
	MEMBER("since",   query_text, "since",   "TIME",
	       "only changes from then on, 2026-11-22T00:00:00Z for one"),
	MEMBER("until",   query_text, "until",   "TIME",
	       "only changes before that"),
	MEMBER("request", query_text, "request", "ID",
	       "only what the request with this X-Request-Id changed"),
	OPTIONS_END}};
/* clang-format on */

static const struct command audit_list =
	{.name = "list",
	 .summary = "List who changed what, newest first",
	 .groups = {&list_group, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/audit",
		 .columns = "time,actor,action,kind,"
			    "object",
		 .is_paged = true)};

static const struct command *const verbs[] = {&audit_list,
					      &audit_verify_command, NULL};

const struct command command_audit = {.name = "audit",
				      .summary = "Who changed what",
				      .verbs = verbs};
