#include "cli/audit.h"

#include <stdio.h>
#include <string.h>

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
	{"anchor",        F(anchor)},
	{"keep-days",     F(keep_days)},
	{"state-dir",     F(state_dir)},
	{"base",          F(base)},
	{"ldap-uri",      F(ldap_uri)},
	{"ca-file",       F(ca_file)},
	{"bind-dn",       F(bind_dn)},
	{"password-file", F(password_file)},
	{NULL,            {0, 0}},
};
/* clang-format on */
#undef F

/* What is not given is found out. */
static const struct audit_options defaults = {.keep_days = UNKNOWN};

static const char usage[] =
	"audit verify [OPTION]...\n"
	"\n"
	"Compare the directory's log of changes with its seals.  Nothing is\n"
	"changed.  The exit status is 0 if all is as it was sealed, 1 if nothing\n"
	"is sealed, 2 if something was changed, removed or added, 3 if it could\n"
	"not be examined.\n"
	"\n"
	"  --anchor NUMBER:DIGEST  a seal, as provostd's log had it\n"
	"  --keep-days DAYS        records that old may be gone [as provostd does;\n"
	"                          needed with --ldap-uri]\n"
	"  --state-dir DIR         of provostd [/var/lib/provost as root]\n"
	"  --base DN               that everything is below [as provostd made it]\n"
	"  --ldap-uri URI          of another directory [provostd's own]\n"
	"  --ca-file FILE          whom to trust about it [the system's]\n"
	"  --bind-dn DN            a super administrator [the system user]\n"
	"  --password-file FILE    with his password\n";

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

static int run(const void *options, char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	CLEANUP(direct_close) struct direct *d = NULL;
	const struct audit_options *o = options;
	struct audit_verify how = {.tell = say};
	struct audit_verdict verdict;
	struct ldap_settings set;
	struct err e = {0};

	if (words[0] == NULL || strcmp(words[0], "verify") != 0 ||
	    words[1] != NULL)
		return refuse("it is \"audit verify\".  See --help");
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

const struct command command_audit = {.name = "audit",
				      .usage = usage,
				      .options = option_rows,
				      .defaults = &defaults,
				      .size = sizeof(struct audit_options),
				      .misused = FAILED,
				      .run = run};
