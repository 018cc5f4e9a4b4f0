/*
 * provost - the command-line client
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config.h"
#include "util/field.h"

static const char usage[] =
	"Usage: provost config PROGRAM DIR [OPTION]...\n"
	"\n"
	"Write complete configuration for PROGRAM into DIR, which is made if it\n"
	"is not there.  PROGRAM is postfix, dovecot or slapd.\n"
	"\n"
	"  --state-dir DIR       of provostd [/var/lib/provost as root]\n"
	"  --base DN             that everything is below [as provostd made it]\n"
	"  --ldap-uri URI        of the directory [where provostd listens]\n"
	"  --password-file FILE  of the service [in provostd's state directory]\n"
	"  --hostname NAME       of the mail server [this machine's]\n"
	"  --mail-dir DIR        that holds the mailboxes [/var/vmail]\n"
	"  --mail-uid USER       whom the mailboxes belong to [vmail]\n"
	"  --mail-gid GROUP      [vmail]\n"
	"  --passdb HOW          bind, or lookup: Dovecot reads hashes [bind]\n"
	"  --master-users FILE   of Dovecot, who log in as anybody [none]\n"
	"  --dovecot-reads-passwords yes|no\n"
	"                        what a slapd of your own allows [no]\n"
	"  --help, --version\n";

static int complain(const char *why)
{
	fprintf(stderr, "provost: %s\n", why);
	return EXIT_FAILURE;
}

/* The options, each into its member; false at one that is unknown. */
static bool read_options(int argc, char **argv, struct config_options *o)
{
	static const struct option names[] = {
		{"state-dir", required_argument, NULL, 0},
		{"base", required_argument, NULL, 1},
		{"ldap-uri", required_argument, NULL, 2},
		{"password-file", required_argument, NULL, 3},
		{"hostname", required_argument, NULL, 4},
		{"mail-dir", required_argument, NULL, 5},
		{"mail-uid", required_argument, NULL, 6},
		{"mail-gid", required_argument, NULL, 7},
		{"passdb", required_argument, NULL, 8},
		{"master-users", required_argument, NULL, 9},
		{"dovecot-reads-passwords", required_argument, NULL, 10},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	const char **const members[] = {&o->state_dir,
					&o->base,
					&o->ldap_uri,
					&o->password_file,
					&o->hostname,
					&o->mail_dir,
					&o->mail_uid,
					&o->mail_gid,
					&o->passdb,
					&o->master_users,
					&o->dovecot_reads_passwords};
	int which;

	while ((which = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (which == 'h' || which == 'v') {
			fputs(which == 'h' ? usage
					   : "provost " PACKAGE_VERSION "\n",
			      stdout);
			exit(EXIT_SUCCESS);
		}
		if (which == '?')
			return false;
		*members[which] = optarg;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct config_options o = {0};
	struct err e = {0};

	if (!read_options(argc, argv, &o))
		return EXIT_FAILURE;
	if (argc - optind != 3 || strcmp(argv[optind], "config") != 0)
		return complain("what is to be done?  See --help");
	if (!config_write(argv[optind + 1], argv[optind + 2], &o, &e))
		return complain(e.text);
	return EXIT_SUCCESS;
}
