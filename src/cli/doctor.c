#include "cli/doctor.h"

#include <stdio.h>
#include <string.h>

#include "cli/place.h"
#include "core/address.h"
#include "doctor/doctor.h"
#include "embedded/base.h"
#include "embedded/state.h"
#include "ldap/connect.h"
#include "passwd/scheme.h"

enum { EXPIRING_DAYS = 14, SAMPLE = 10000, FAILED = 3 };

struct doctor_options {
	const char *state_dir, *base, *ldap_uri, *ca_file;
	const char *password_dir, *administrator, *password_file;
	const char *domain, *dovecot_reads_passwords, *passwd_accept;
	const char *slapd, *delimiter;
	int64_t expiring, sample;
	bool json;
};

#define F(member) FIELD(struct doctor_options, member)
/* clang-format off */
static const struct command_option option_rows[] = {
	{"json",                    F(json)},
	{"domain",                  F(domain)},
	{"expiring",                F(expiring)},
	{"sample",                  F(sample)},
	{"state-dir",               F(state_dir)},
	{"base",                    F(base)},
	{"ldap-uri",                F(ldap_uri)},
	{"ca-file",                 F(ca_file)},
	{"password-dir",            F(password_dir)},
	{"administrator",           F(administrator)},
	{"password-file",           F(password_file)},
	{"dovecot-reads-passwords", F(dovecot_reads_passwords)},
	{"passwd-accept",           F(passwd_accept)},
	{"slapd",                   F(slapd)},
	{"delimiter",               F(delimiter)},
	{NULL,                      {0, 0}},
};
/* clang-format on */
#undef F

static const struct doctor_options defaults = {
	.administrator = "admin",
	.slapd = "/usr/sbin/slapd",
	.delimiter = "+",
	.expiring = EXPIRING_DAYS,
	.sample = SAMPLE,
};

static const char usage[] =
	"doctor [OPTION]...\n"
	"\n"
	"Look through the directory for what is wrong with it, and ask it what\n"
	"Postfix and Dovecot ask.  Nothing is changed.  The exit status is 0 if\n"
	"all is well, 1 after warnings, 2 after errors, 3 if not everything that\n"
	"matters could be examined.\n"
	"\n"
	"  --json                one JSON object instead of lines\n"
	"  --domain NAME         what concerns this one alone\n"
	"  --expiring DAYS       tell what expires within so many [14]\n"
	"  --sample N            addresses to look up, 0 is all [10000]\n"
	"  --delimiter CHAR      between address and tag, or off [+]\n"
	"  --state-dir DIR       of provostd [/var/lib/provost as root]\n"
	"  --base DN             that everything is below [as provostd made it]\n"
	"  --ldap-uri URI        of another directory [provostd's own]\n"
	"  --ca-file FILE        whom to trust about it [the system's]\n"
	"  --password-dir DIR    files postfix, dovecot, signer, sso\n"
	"                        [services in the state directory]\n"
	"  --administrator NAME  a super administrator [admin]\n"
	"  --password-file FILE  of him [none: act for him as the gateway]\n"
	"  --dovecot-reads-passwords yes|no\n"
	"                        what another directory allows [no]\n"
	"  --passwd-accept LIST  further schemes it takes [provostd's own]\n"
	"  --slapd FILE          the program that runs [/usr/sbin/slapd]\n";

static int refuse(const char *why)
{
	command_complain(why);
	return FAILED;
}

/* Of our own directory everything is in the state directory. */
static bool fill_own(struct arena *a, const struct doctor_options *o,
		     const char *dir, struct doctor_settings *set,
		     struct err *e)
{
	struct err none = {0};
	const char *ignored;

	if (!place_enter(a, dir, &set->sight.uri, e))
		return false;
	set->program = o->slapd;
	set->config = arena_printf(a, "%s/slapd.d", dir);
	set->dovecot_reads_passwords =
		place_line(a, dir, "dovecot-reads-passwords", &ignored, &none);
	err_clear(&none);
	if (!place_line(a, dir, "ldap-uri", &set->listens, &none))
		set->listens = NULL;
	return true;
}

/* Which hashes are all right there. */
static bool fill_forms(struct arena *a, const struct doctor_options *o,
		       const char *dir, struct doctor_settings *set,
		       struct err *e)
{
	const char *accept = o->passwd_accept;
	struct err none = {0};
	uint32_t further;

	if (accept == NULL && o->ldap_uri == NULL &&
	    !place_line(a, dir, "passwd-accept", &accept, &none))
		accept = NULL;
	if (!scheme_accept(a, accept, &further, e))
		return err_wrap(e, "--passwd-accept");
	set->forms = scheme_expression(a, further);
	return true;
}

static bool fill(struct arena *a, const struct doctor_options *o,
		 struct doctor_settings *set, struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);
	const char *reads = o->dovecot_reads_passwords;

	if (reads != NULL && strcmp(reads, "yes") != 0 &&
	    strcmp(reads, "no") != 0)
		return err_set(e, ERR_INVALID,
			       "--dovecot-reads-passwords is yes or no");
	set->dovecot_reads_passwords =
		reads != NULL && strcmp(reads, "yes") == 0;
	set->sight.uri = o->ldap_uri;
	if ((o->ldap_uri == NULL && !fill_own(a, o, dir, set, e)) ||
	    !fill_forms(a, o, dir, set, e))
		return false;
	set->sight.passwords = o->password_dir != NULL
				       ? o->password_dir
				       : arena_printf(a, "%s/services", dir);
	set->sight.base = o->base;
	return (o->base != NULL ||
		place_line(a, dir, "base", &set->sight.base, e)) &&
	       base_check(set->sight.base, e);
}

static int run(const void *options, char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct doctor_options *o = options;
	struct doctor_settings set = {.sight = {.ca_file = o->ca_file,
						.administrator =
							o->administrator,
						.password_file =
							o->password_file},
				      .domain = o->domain,
				      .days = o->expiring,
				      .sample = o->sample,
				      .json = o->json};
	struct err e = {0};

	if (words[0] != NULL)
		return refuse("doctor takes options only.  See --help");
	if (!address_delimiter(o->delimiter, &set.delimiter, &e) ||
	    !fill(a, o, &set, &e))
		return refuse(e.text);
	connect_prepare();
	return doctor_run(&set, stdout);
}

const struct command command_doctor = {.name = "doctor",
				       .usage = usage,
				       .options = option_rows,
				       .defaults = &defaults,
				       .size = sizeof(struct doctor_options),
				       .misused = FAILED,
				       .run = run};
