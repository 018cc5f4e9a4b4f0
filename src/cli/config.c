#include "cli/config.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assets/asset.h"
#include "core/address.h"
#include "embedded/base.h"
#include "embedded/state.h"
#include "passwd/credential.h"
#include "passwd/scheme.h"
#include "util/arena.h"
#include "util/file.h"
#include "util/text.h"

enum { FILE_MAX = 1024, PAIRS_MAX = 64 };

/* Where user-patches.sh puts Postfix's tables within the container. */
static const char container_maps[] = "/etc/postfix/provost";

/* What Postfix finds where, unless an option says so: the way to Dovecot, and a
 * policy service, which in the container is Dovecot's own. */
struct surroundings {
	const char *delivery, *policy;
};

static const struct surroundings on_host = {"lmtp:unix:private/dovecot-lmtp",
					    "inet:127.0.0.1:10040"};
static const struct surroundings in_container =
	{"lmtp:unix:/var/run/dovecot/lmtp", "inet:127.0.0.1:12340"};

static bool is_container(const char *program)
{
	return strcmp(program, "docker-mailserver") == 0;
}

/* The first line of a file in the state directory. */
static bool read_line(struct arena *a, const char *path, const char **ret,
		      struct err *e)
{
	const char *text;

	if (!file_read(a, path, FILE_MAX, &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return true;
}

static bool read_state(struct arena *a, const struct config_options *o,
		       const char *name, const char *given, const char **ret,
		       struct err *e)
{
	const char *dir =
		o->state_dir != NULL ? o->state_dir : state_default(a);

	*ret = given;
	return given != NULL ||
	       read_line(a, arena_printf(a, "%s/%s", dir, name), ret, e);
}

static bool find_uri(struct arena *a, const struct config_options *o,
		     const char **ret, struct err *e)
{
	struct err none = {0};

	return read_state(a, o, "ldap-uri", o->ldap_uri, ret, &none) ||
	       err_set(e, ERR_INVALID,
		       "where is the directory?  Start provostd with "
		       "--ldap-listen, or give --ldap-uri (%s)",
		       none.text);
}

static bool find_password(struct arena *a, const char *program,
			  const struct config_options *o, const char **ret,
			  struct err *e)
{
	if (o->password_file != NULL)
		return read_line(a, o->password_file, ret, e);
	return read_state(a, o, arena_printf(a, "services/%s", program), NULL,
			  ret, e);
}

/* A line of a configuration file holds one value. */
static bool is_one_word(const char *text)
{
	return text[0] != '\0' && text_is_clean(text) &&
	       strpbrk(text, " \t\"'#{}$%") == NULL;
}

static const char *or_default(const char *given, const char *value)
{
	return given != NULL ? given : value;
}

static const char *hostname(struct arena *a)
{
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) != 0 || name[0] == '\0')
		return "localhost.localdomain";
	return strchr(name, '.') != NULL
		       ? arena_strdup(a, name)
		       : arena_printf(a, "%s.localdomain", name);
}

/* Is it the directory of the provostd whose state we see? */
static bool is_ours(struct arena *a, const struct config_options *o)
{
	struct err none = {0};
	const char *uri;

	return o->ldap_uri == NULL ||
	       (read_state(a, o, "ldap-uri", NULL, &uri, &none) &&
		strcmp(uri, o->ldap_uri) == 0);
}

/* Does Dovecot read hashes?  Our own directory says whether it lets it; of
 * another one we cannot know. */
static bool find_passdb(struct arena *a, const struct config_options *o,
			bool reads, bool *lookup, struct err *e)
{
	const char *how = or_default(o->passdb, "bind"), *allowed;
	struct err none = {0};

	*lookup = strcmp(how, "lookup") == 0;
	if (!*lookup && strcmp(how, "bind") != 0)
		return err_set(e, ERR_INVALID, "--passdb is bind or lookup");
	if (!*lookup && !reads)
		return true;
	if (!is_ours(a, o)) {
		fprintf(stderr,
			"provost: see to it that %s lets cn=dovecot read "
			"userPassword, or every login will be refused\n",
			o->ldap_uri);
		return true;
	}
	if (read_state(a, o, "dovecot-reads-passwords", NULL, &allowed, &none))
		return true;
	return err_set(e, ERR_INVALID,
		       "the directory does not let Dovecot read passwords: "
		       "start provostd with --dovecot-reads-passwords yes, or "
		       "leave out --passdb lookup and --credentials (%s)",
		       none.text);
}

/* Dovecot goes on without a file of master users that is not there, and only
 * its log would tell. */
static bool find_masters(struct arena *a, const struct config_options *o,
			 const char **ret, struct err *e)
{
	char real[PATH_MAX];

	*ret = NULL;
	if (o->master_users == NULL)
		return true;
	if (realpath(o->master_users, real) == NULL)
		return err_set(e, ERR_INVALID, "%s: %s", o->master_users,
			       strerror(errno));
	*ret = arena_strdup(a, real);
	return is_one_word(real) ||
	       err_set(e, ERR_INVALID, "%s must be one word without quotes",
		       real);
}

/* What begins a tag, and what becomes of tags.  Dovecot cuts every address at
 * its delimiter, before it asks whose it is: one that may be in the address of
 * a user is Postfix's alone, which drops the tag. */
struct tags {
	const char *delimiter, *dovecot, *propagate, *pattern;
};

static bool find_tags(struct arena *a, const struct config_options *o,
		      struct tags *ret, struct err *e)
{
	const char *given = or_default(o->delimiter, "+");
	char c;

	if (!address_delimiter(given, &c, e))
		return err_wrap(e, "--delimiter %s", given);
	*ret = (struct tags){"", "", "canonical, virtual", "[+]"};
	if (c == '\0')
		return true;
	ret->delimiter = given;
	ret->pattern = arena_printf(a, "[%s]", given);
	if (address_may_hold(c))
		ret->propagate = "canonical";
	else
		ret->dovecot = given;
	return true;
}

/* The mechanisms that have a passdb of their own. */
struct mechanisms {
	const char *list;                                   /* of all */
	const char *scram_sha_256, *scram_sha_1, *cram_md5; /* "" or "#" */
};

static bool find_mechanisms(struct arena *a, const struct config_options *o,
			    struct mechanisms *ret, struct err *e)
{
	uint32_t set;

	*ret = (struct mechanisms){"", "#", "#", "#"};
	if (!credential_parse(o->credentials, &set, e))
		return err_wrap(e, "--credentials");
	if (set != 0 &&
	    strcmp(or_default(o->dovecot_version, "2.3"), "2.3") != 0)
		return err_set(e, ERR_INVALID,
			       "--credentials is for Dovecot 2.3 only");
	const struct {
		const char *name, **mark;
	} each[] = {{"scram-sha-256", &ret->scram_sha_256},
		    {"scram-sha-1", &ret->scram_sha_1},
		    {"cram-md5", &ret->cram_md5}};
	for (size_t i = 0; i < COUNT(each); i++) {
		uint32_t one;

		if (!credential_parse(each[i].name, &one, e) ||
		    (set & one) == 0)
			continue;
		*each[i].mark = "";
		ret->list = arena_printf(a, "%s %s", ret->list, each[i].name);
	}
	return true;
}

static bool fill_dovecot(struct arena *a, const struct config_options *o,
			 const char **pairs, struct err *e)
{
	const char *masters, *dict = o->dict;
	struct mechanisms m;
	struct tags tags;
	bool lookup;

	if (!find_mechanisms(a, o, &m, e) ||
	    !find_passdb(a, o, m.list[0] != '\0', &lookup, e) ||
	    !find_masters(a, o, &masters, e) || !find_tags(a, o, &tags, e))
		return false;
	if (dict != NULL && (!is_one_word(dict) || strchr(dict, ':') != NULL))
		return err_set(e, ERR_INVALID,
			       "--dict is the path of a socket");
	/* clang-format off */
	const char *const all[] = {
		"AUTH_BIND", lookup ? "no" : "yes",
		"PASSWORD_ATTRIBUTE", lookup ? ",userPassword=password" : "",
		"MECHANISMS", m.list,
		"SCRAM_LONG", m.scram_sha_256,
		"SCRAM_SHORT", m.scram_sha_1,
		"CRAM", m.cram_md5,
		"MASTER", masters != NULL ? "" : "#",
		"MASTER_USERS", or_default(masters, "/etc/provost/master-users"),
		"LOOKUP", lookup ? "" : "#",
		"DICT", dict != NULL ? "" : "#",
		"DICT_SOCKET", or_default(dict, "/run/provost/dict"),
		"DELIMITER", tags.dovecot,
		NULL,
	};
	/* clang-format on */

	memcpy(pairs, all, sizeof(all));
	return true;
}

static bool is_yes(const char *flag, const char *value, bool *ret,
		   struct err *e)
{
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0 ||
	       err_set(e, ERR_INVALID, "%s is yes or no", flag);
}

static bool fill_postfix(struct arena *a, const char *dir,
			 const struct config_options *o,
			 const struct surroundings *around, const char **pairs,
			 struct err *e)
{
	const char *delivery = or_default(o->delivery, around->delivery);
	const char *policy = or_default(o->policy, around->policy);
	struct tags tags;
	bool tagged;

	if (!find_tags(a, o, &tags, e) ||
	    !is_yes("--tagged-senders", or_default(o->tagged_senders, "yes"),
		    &tagged, e))
		return false;
	if (!is_one_word(delivery) || strchr(delivery, ':') == NULL)
		return err_set(e, ERR_INVALID,
			       "--delivery is a transport, such as "
			       "lmtp:unix:private/dovecot-lmtp");
	if (!is_one_word(policy) || (strncmp(policy, "inet:", 5) != 0 &&
				     strncmp(policy, "unix:", 5) != 0))
		return err_set(e, ERR_INVALID,
			       "--policy is inet:ADDRESS:PORT or unix:/PATH");
	const char *last =
		arena_printf(a, ", regexp:%s/tagged_senders.regexp", dir);
	/* clang-format off */
	const char *const all[] = {
		"DELIVERY", delivery,
		"POLICY", o->policy != NULL ? "" : "#",
		"POLICY_SERVICE", policy,
		"DELIMITER", tags.delimiter,
		"PROPAGATE", tags.propagate,
		"TAG_PATTERN", tags.pattern,
		"TAGGED", tagged || tags.delimiter[0] == '\0' ? "" : last,
		NULL,
	};
	/* clang-format on */

	memcpy(pairs, all, sizeof(all));
	return true;
}

/* Where the container has its things.  It asks the directory from outside the
 * machine, as it sees it, and as two services. */
static bool fill_container(struct arena *a, const struct config_options *o,
			   const char **pairs, struct err *e)
{
	const char *file = o->dovecot_password_file, *password, *uri;

	if (!find_uri(a, o, &uri, e) ||
	    !(file != NULL ? read_line(a, file, &password, e)
			   : read_state(a, o, "services/dovecot", NULL,
					&password, e)))
		return false;
	if (!is_one_word(password))
		return err_set(e, ERR_INVALID,
			       "DOVECOT_PASSWORD must be one word without "
			       "quotes");
	if (strstr(uri, "//127.") != NULL || strstr(uri, "//localhost") != NULL)
		fprintf(stderr,
			"provost: within the container %s is the container "
			"itself, unless it shares the network of its host\n",
			uri);
	*pairs++ = "DOVECOT_PASSWORD";
	*pairs++ = password;
	return fill_postfix(a, container_maps, o, &in_container, pairs, e);
}

/* OpenDKIM finds the directory by LDAP URLs, which have the base in them. */
static bool fill_signer(struct arena *a, const struct config_options *o,
			const char **pairs, struct err *e)
{
	const char *base, *uri, *password;

	if (!read_state(a, o, "base", o->base, &base, e) ||
	    !base_check(base, e) || !find_uri(a, o, &uri, e) ||
	    !find_password(a, "signer", o, &password, e))
		return false;
	if (!is_one_word(uri) || !is_one_word(password))
		return err_set(e, ERR_INVALID,
			       "LDAP_URI and PASSWORD must be one word without "
			       "quotes");
	/* clang-format off */
	const char *const all[] = {
		"BASE", base,
		"LDAP_URI", uri,
		"PASSWORD", password,
		NULL,
	};
	/* clang-format on */

	memcpy(pairs, all, sizeof(all));
	return true;
}

static bool fill_mail(struct arena *a, const char *program, const char *dir,
		      const struct config_options *o, const char **pairs,
		      struct err *e)
{
	bool dovecot = strcmp(program, "dovecot") == 0;
	bool container = is_container(program);
	const char *base, *uri, *password;

	if (!read_state(a, o, "base", o->base, &base, e) ||
	    !base_check(base, e) || !find_uri(a, o, &uri, e) ||
	    !find_password(a, dovecot ? "dovecot" : "postfix", o, &password, e))
		return false;
	/* clang-format off */
	const char *const all[] = {
		"BASE", base,
		"LDAP_URI", uri,
		"PASSWORD", password,
		"DIR", container ? container_maps : dir,
		"HOSTNAME", or_default(o->hostname, hostname(a)),
		"MAIL_DIR", or_default(o->mail_dir, "/var/vmail"),
		"MAIL_UID", or_default(o->mail_uid, "vmail"),
		"MAIL_GID", or_default(o->mail_gid, "vmail"),
		NULL,
	};
	/* clang-format on */

	for (size_t i = 1; i < COUNT(all); i += 2) {
		if (!is_one_word(all[i]))
			return err_set(e, ERR_INVALID,
				       "%s must be one word without quotes",
				       all[i - 1]);
	}
	memcpy(pairs, all, sizeof(all));
	pairs += COUNT(all) - 1;
	return dovecot     ? fill_dovecot(a, o, pairs, e)
	       : container ? fill_container(a, o, pairs, e)
			   : fill_postfix(a, dir, o, &on_host, pairs, e);
}

/* For a directory server of one's own.  Passwords and what depends on its
 * machine stay placeholders for its operator; docs/directory.md names them. */
static bool fill_slapd(struct arena *a, const struct config_options *o,
		       const char **pairs, struct err *e)
{
	const char *base, *may = or_default(o->dovecot_reads_passwords, "no");
	bool reads = strcmp(may, "yes") == 0;
	uint32_t further;

	if (!reads && strcmp(may, "no") != 0)
		return err_set(e, ERR_INVALID,
			       "--dovecot-reads-passwords is yes or no");
	if (!read_state(a, o, "base", o->base, &base, e) ||
	    !base_check(base, e) ||
	    !scheme_accept(a, o->passwd_accept, &further, e))
		return false;
	/* clang-format off */
	const char *const all[] = {
		"BASE", base,
		"BASE_ENTRY", base_entry(a, base),
		"PASSWORD_FORMS", scheme_expression(a, further),
		"PASSWORD_MODULES", scheme_modules(a, further),
		"DOVECOT_PASSWORDS", reads ? "read" : "none",
		"AUDIT_DAYS", "30",
		NULL,
	};
	/* clang-format on */

	memcpy(pairs, all, sizeof(all));
	return true;
}

/* The folder of the program's files, or NULL: slapd's are the files of the
 * directory itself, Dovecot has one for each form of its configuration. */
static const char *folder_of(const char *program, const char *version)
{
	static const char *const rows[][3] = {
		{"postfix", NULL, "postfix"},
		{"dovecot", "2.3", "dovecot"},
		{"dovecot", "2.4", "dovecot-2.4"},
		{"docker-mailserver", NULL, "docker-mailserver"},
		{"opendkim", NULL, "opendkim"},
		{"slapd", NULL, "ldif"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcmp(rows[i][0], program) == 0 &&
		    (rows[i][1] == NULL || strcmp(rows[i][1], version) == 0))
			return rows[i][2];
	}
	return NULL;
}

/* "postfix/main.cf" is one of postfix's, as "main.cf".  The container has the
 * tables of Postfix besides. */
static const char *file_of(struct arena *a, const char *folder,
			   const char *asset)
{
	size_t size = strlen(folder);
	const char *table = strncmp(asset, "postfix/", 8) == 0 &&
					    strcmp(asset + 8, "main.cf") != 0 &&
					    strcmp(asset + 8, "master.cf") != 0
				    ? asset + 8
				    : NULL;

	if (strcmp(folder, "ldif") == 0 &&
	    strcmp(asset, "schema/provost.ldif") == 0)
		return "schema.ldif";
	if (is_container(folder) && table != NULL)
		return arena_printf(a, "provost/%s", table);
	return strncmp(asset, folder, size) == 0 && asset[size] == '/'
		       ? asset + size + 1
		       : NULL;
}

/* Its reader has to read it, although nobody else may: when root writes it for
 * a program that is installed here, it belongs to the program's group. */
static bool share(const char *program, const char *path, struct err *e)
{
	const struct group *group = getgrnam(program);

	if (geteuid() != 0 || group == NULL)
		return true;
	return chown(path, (uid_t)-1, group->gr_gid) == 0 ||
	       err_set(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
}

/* Whatever names the password is not for everybody. */
static mode_t mode_of(const struct asset *as)
{
	return strstr(as->text, "@PASSWORD@") != NULL ? 0640
	       : strncmp(as->text, "#!", 2) == 0      ? 0755
						      : 0644;
}

static bool write_files(struct arena *a, const char *program,
			const char *folder, const char *dir,
			const char *const pairs[], struct err *e)
{
	for (const struct asset *as = assets; as->name != NULL; as++) {
		const char *name = file_of(a, folder, as->name);

		if (name == NULL)
			continue;
		mode_t mode = mode_of(as);
		const char *path = arena_printf(a, "%s/%s", dir, name);
		if (!file_write(path, mode, text_fill(a, as->text, pairs), e) ||
		    (mode == 0640 && !share(program, path, e)))
			return false;
		printf("%s\n", path);
	}
	return true;
}

static bool make_directory(const char *path, struct err *e)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST ||
	       err_set(e, ERR_INVALID, "cannot make %s: %s", path,
		       strerror(errno));
}

bool config_write(const char *program, const char *dir,
		  const struct config_options *o, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *pairs[PAIRS_MAX] = {NULL};
	const char *version = or_default(o->dovecot_version, "2.3");
	const char *folder = folder_of(program, version);
	char real[PATH_MAX];

	if (folder == NULL && strcmp(program, "dovecot") == 0)
		return err_set(e, ERR_INVALID,
			       "--dovecot-version is 2.3 or 2.4");
	if (folder == NULL)
		return err_set(e, ERR_INVALID,
			       "there is no configuration for %s; there is for "
			       "postfix, dovecot, opendkim, docker-mailserver "
			       "and slapd",
			       program);
	if (!make_directory(dir, e))
		return false;
	if (realpath(dir, real) == NULL)
		return err_set(e, ERR_INVALID, "%s: %s", dir, strerror(errno));
	bool filled = strcmp(program, "slapd") == 0 ? fill_slapd(a, o, pairs, e)
		      : strcmp(program, "opendkim") == 0
			      ? fill_signer(a, o, pairs, e)
			      : fill_mail(a, program, real, o, pairs, e);
	if (filled && is_container(program))
		filled = make_directory(arena_printf(a, "%s/provost", real), e);
	return filled && write_files(a, program, folder, real, pairs, e);
}

static int run(const struct command *c, const void *options, char *const *words)
{
	struct err e = {0};

	(void)c;
	if (words[0] == NULL || words[1] == NULL || words[2] != NULL)
		return command_misused("config takes PROGRAM and DIR");
	return config_write(words[0], words[1], options, &e)
		       ? EXIT_SUCCESS
		       : command_complain(e.text);
}

/* clang-format off */
#define F(member) FIELD(struct config_options, member)
static const struct command_option option_rows[] = {
	OPTION("state-dir", F(state_dir), "DIR",
	 "of provostd [/var/lib/provost as root]"),
	OPTION("base", F(base), "DN",
	 "that everything is below [as provostd made it]"),
	OPTION("ldap-uri", F(ldap_uri), "URI",
	 "of the directory [where provostd listens]"),
	OPTION("password-file", F(password_file), "FILE",
	 "of the service [in provostd's state directory]"),
	OPTION("dovecot-password-file", F(dovecot_password_file), "FILE",
	 "of the other one, for docker-mailserver"),
	OPTION("hostname", F(hostname), "NAME",
	 "of the mail server [this machine's]"),
	OPTION("mail-dir", F(mail_dir), "DIR",
	 "that holds the mailboxes [/var/vmail]"),
	OPTION("mail-uid", F(mail_uid), "USER",
	 "whom the mailboxes belong to [vmail]"),
	OPTION("mail-gid", F(mail_gid), "GROUP",
	 "and their group [vmail]"),
	OPTION("policy", F(policy), "PLACE",
	 "where provostd serves Postfix's policy service: inet:ADDRESS:PORT "
	 "or unix:/PATH [nowhere]"),
	OPTION("passdb", F(passdb), "bind|lookup",
	 "who verifies passwords; lookup: Dovecot reads hashes [bind]"),
	OPTION("master-users", F(master_users), "FILE",
	 "of Dovecot, who log in as anybody [none]"),
	OPTION("dovecot-version", F(dovecot_version), "2.3|2.4",
	 "whose form it is [2.3]"),
	OPTION("delimiter", F(delimiter), "CHAR",
	 "between address and tag, or off [+]"),
	OPTION("tagged-senders", F(tagged_senders), "yes|no",
	 "whether one's own address with a tag may send [yes]"),
	OPTION("delivery", F(delivery), "TRANSPORT",
	 "of Postfix, that leads to Dovecot [lmtp:unix:private/dovecot-lmtp]"),
	OPTION("dict", F(dict), "SOCKET",
	 "where Dovecot tells logins and usage [nowhere]"),
	OPTION("dovecot-reads-passwords", F(dovecot_reads_passwords), "yes|no",
	 "what a slapd of your own allows [no]"),
	OPTION("credentials", F(credentials), "LIST",
	 "what Dovecot offers besides: scram-sha-256, scram-sha-1, cram-md5, "
	 "as provostd [none]"),
	OPTION("passwd-accept", F(passwd_accept), "LIST",
	 "further schemes of it, as of provostd [none]"),
	OPTIONS_END,
};
#undef F
/* clang-format on */

static const struct command_group group = {.rows = option_rows};

const struct command command_config =
	{.name = "config",
	 .summary = "Write configuration for a mail server, or another program",
	 .words = "PROGRAM DIR",
	 .choices = "postfix|dovecot|opendkim|docker-mailserver|slapd",
	 .more = "PROGRAM is postfix, dovecot, opendkim, docker-mailserver or "
		 "slapd. Its complete configuration is written into DIR, which "
		 "is made if it is not there.",
	 .groups = {&group},
	 .size = sizeof(struct config_options),
	 .run = run};
