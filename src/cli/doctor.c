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
	const char *slapd, *delimiter, *key_dir, *seal_key_file;
	int64_t expiring, sample;
	bool json;
};

#define F(member) FIELD(struct doctor_options, member)
/* clang-format off */
static const struct command_option option_rows[] = {
	OPTION("json", F(json), NULL,
	 "one JSON object instead of lines"),
	OPTION("domain", F(domain), "NAME",
	 "what concerns this one alone"),
	OPTION("expiring", F(expiring), "DAYS",
	 "tell what expires within so many [14]"),
	OPTION("sample", F(sample), "N",
	 "addresses to look up, 0 is all [10000]"),
	OPTION("delimiter", F(delimiter), "CHAR",
	 "between address and tag, or off [+]"),
	OPTION("state-dir", F(state_dir), "DIR",
	 "of provostd [/var/lib/provost as root]"),
	OPTION("base", F(base), "DN",
	 "that everything is below [as provostd made it]"),
	OPTION("ldap-uri", F(ldap_uri), "URI",
	 "of another directory [provostd's own]"),
	OPTION("ca-file", F(ca_file), "FILE",
	 "whom to trust about it [the system's]"),
	OPTION("password-dir", F(password_dir), "DIR",
	 "files postfix, dovecot, signer, sso [services in the state "
	 "directory]"),
	OPTION("administrator", F(administrator), "NAME",
	 "a super administrator [admin]"),
	OPTION("password-file", F(password_file), "FILE",
	 "of him [none: act for him as the gateway]"),
	OPTION("dovecot-reads-passwords", F(dovecot_reads_passwords), "yes|no",
	 "what another directory allows [no]"),
	OPTION("passwd-accept", F(passwd_accept), "LIST",
	 "further schemes it takes [provostd's own]"),
	OPTION("key-dir", F(key_dir), "DIR",
	 "where provost dkim sync writes [none]"),
	OPTION("seal-key-file", F(seal_key_file), "FILE",
	 "with which DKIM keys are sealed [none]"),
	OPTION("slapd", F(slapd), "FILE",
	 "the program that runs [/usr/sbin/slapd]"),
	OPTIONS_END,
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

static int run(const struct command *c, const void *options, char *const *words)
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
				      .json = o->json,
				      .key_dir = o->key_dir,
				      .seal_key_file = o->seal_key_file};
	struct err e = {0};

	(void)c;
	if (words[0] != NULL)
		return refuse("doctor takes options only.  See --help");
	if (!address_delimiter(o->delimiter, &set.delimiter, &e) ||
	    !fill(a, o, &set, &e))
		return refuse(e.text);
	connect_prepare();
	return doctor_run(&set, stdout);
}

static const struct command_group group = {.rows = option_rows};

const struct command command_doctor =
	{.name = "doctor",
	 .summary = "Examine a directory, and ask it what mail servers ask",
	 .more = "Nothing is changed. The exit status is 0 if all is well, 1 "
		 "after warnings, 2 after errors, 3 if not everything that "
		 "matters could be examined.",
	 .groups = {&group},
	 .defaults = &defaults,
	 .size = sizeof(struct doctor_options),
	 .misused = FAILED,
	 .run = run};
