#include "conf.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/address.h"
#include "embedded/base.h"
#include "embedded/state.h"
#include "ldap/connect.h"
#include "passwd/breached.h"
#include "passwd/credential.h"
#include "passwd/scheme.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum { PASSWORD_FILE_MAX = 1024, VALUE_MAX = 160 };

/* The member's own name is the option's: [http] listen = ..., or
 * --http-listen=... on the command line, or by its short name. */
struct conf_option {
	const char *name; /* section.key */
	struct field field;
	bool live;         /* SIGHUP changes it; else only a restart */
	const char *value; /* by default; NULL: worked out */
	int64_t min, max;  /* of a number */
	const char *alias; /* short name on the command line */
	const char *help;
};

/* clang-format off */
#define F(member) #member, FIELD(struct conf, member), false
#define L(member) #member, FIELD(struct conf, member), true
static const struct conf_option options[] = {
	{F(http.listen), "127.0.0.1:8080", 0, 0, "listen",
	 "ADDRESS:PORT where HTTP is served; port 0 takes a free one"},
	{L(http.tls_certificate), NULL, 0, 0, "tls-certificate",
	 "PEM file of our certificate, with those between it and its authority "
	 "behind it; by default HTTP is served without TLS"},
	{L(http.tls_key), NULL, 0, 0, "tls-key",
	 "PEM file of its key, which not everybody may read"},
	{L(http.tls_client_ca), NULL, 0, 0, "tls-client-ca",
	 "PEM file of the authorities whose certificates clients may log in "
	 "with; by default clients are not asked for any"},
	{F(http.connections), "10000", 16, 1000000, NULL,
	 "connections at a time"},
	{F(http.connections_source), "256", 1, 1000000, NULL,
	 "of these from one address (IPv6: one /64)"},
	{L(http.connections_idle), "1000", 1, 1000000, NULL,
	 "connections at a time that are silent after a reply; beyond that the "
	 "one that is silent for longest is closed"},
	{L(http.trusted_proxies), NULL, 0, 0, NULL,
	 "addresses and networks of proxies, with commas between, whose "
	 "X-Forwarded-For or Forwarded tells who asks; by default none"},
	{L(http.requests), "1024", 8, 65536, NULL,
	 "requests under way at a time in each loop; more are 503"},
	{L(http.streams), "1000", 1, 100000, NULL,
	 "streams of changes at a time; more are 503"},
	{L(http.streams_each), "100", 1, 100000, NULL,
	 "of these of one login, or from one address; more are 429"},
	{L(http.header_seconds), "10", 1, 3600, NULL,
	 "seconds a client has for request line and headers"},
	{F(http.idle_seconds), "15", 1, 3600, NULL,
	 "seconds a connection may be silent"},
	{L(http.request_seconds), "30", 1, 3600, NULL,
	 "seconds from a request's headers to its reply"},
	{L(http.body_bytes), "1048576", 1024, 16777216, NULL,
	 "bytes of a request's body, at most"},

	{L(rate.source), "0", 0, 1000000, NULL,
	 "requests a second from one address (IPv6: one /64); more are 429; 0: "
	 "any number"},
	{L(rate.source_burst), "200", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.refused), "10", 0, 1000000, NULL,
	 "requests a second from one address that prove no login; then all "
	 "from there that need one are 429; 0: any number"},
	{L(rate.refused_burst), "100", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.caller), "0", 0, 1000000, NULL,
	 "requests a second with one login; more are 429; 0: any number"},
	{L(rate.caller_burst), "200", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.key), "0", 0, 1000000, NULL,
	 "requests a second with one API key; more are 429; 0: any number"},
	{L(rate.key_burst), "200", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},

	{L(api.require_if_match), "no", 0, 0, NULL,
	 "yes or no: PUT, PATCH and DELETE of what is there have to say in "
	 "If-Match which state they change; else they are 428"},

	{F(embedded.state_dir), NULL, 0, 0, "state-dir",
	 "where everything is kept; by default /var/lib/provost as root, else "
	 "provost in $XDG_STATE_HOME"},
	{F(embedded.user), "provost", 0, 0, "user",
	 "the system user that root becomes"},
	{F(embedded.ldap_listen), NULL, 0, 0, "ldap-listen",
	 "ldap://ADDRESS:PORT where our own directory serves mail servers and "
	 "LDAP tools, besides its socket; by default nowhere"},
	{F(embedded.program), "/usr/sbin/slapd", 0, 0, NULL,
	 "slapd's program"},
	{F(embedded.modules), "/usr/lib/ldap", 0, 0, NULL,
	 "where slapd's modules are"},
	{F(embedded.schemas), "/etc/ldap/schema", 0, 0, NULL,
	 "where slapd's own schema files are"},
	{F(embedded.dovecot_reads_passwords), "no", 0, 0,
	 "dovecot-reads-passwords",
	 "yes or no: whether Dovecot may read the stored hashes of users who "
	 "may log in, for its lookup passdb"},

	{F(ldap.base), "dc=provost", 0, 0, "base",
	 "DN that everything is below, of dc=, o= and ou="},
	{F(ldap.uri), NULL, 0, 0, "ldap-uri",
	 "another directory than our own: ldapi://... or ldap://HOST (which "
	 "uses StartTLS), and behind blanks its read-only replicas; by default "
	 "we run one ourselves"},
	{F(ldap.reading_uri), NULL, 0, 0, NULL,
	 "ldapi://... of a second socket of that directory, which its access "
	 "rules know: reading on behalf of others costs less there"},
	{L(ldap.bind_dn), NULL, 0, 0, NULL,
	 "whom to bind as; by default ourselves by the socket's credentials"},
	{L(ldap_password_file), NULL, 0, 0, NULL,
	 "file with the password of that, readable by us alone"},
	{L(ldap.ca_file), NULL, 0, 0, NULL,
	 "PEM file of the authority that signed the directory's certificate; "
	 "by default those of the system"},
	{F(ldap.connections), "1", 1, 64, NULL,
	 "connections to the directory of each loop"},
	{F(ldap.outstanding), "256", 1, 4096, NULL,
	 "operations under way on each of these"},
	{F(ldap.logins), "1", 1, 16, NULL,
	 "connections of each loop on which logins are verified; in all loops "
	 "together fewer than slapd has threads"},
	{L(ldap.logins_waiting), "80", 1, 4096, NULL,
	 "logins of each loop that may wait for one of these; more are 503"},
	{L(ldap.read_seconds), "2", 1, 600, NULL,
	 "seconds until a search or a login is given up"},
	{L(ldap.write_seconds), "5", 1, 600, NULL,
	 "seconds until a change is given up"},
	{L(ldap.slow_millis), "1000", 0, 600000, NULL,
	 "milliseconds from which on an operation is worth a line in the log; "
	 "0: none is"},
	{L(ldap.remember_millis), "1000", 0, 60000, NULL,
	 "milliseconds during which a verified credential is not verified again"},

	{L(guess.failures), "5", 1, 1000, NULL,
	 "wrong passwords of one source for one login until the next has to "
	 "wait 1 s, 2 s, 4 s..."},
	{L(guess.delay_seconds), "900", 0, 86400, NULL,
	 "seconds of these at most"},
	{L(guess.login_hour), "100", 2, 1000000, NULL,
	 "wrong passwords an hour for one login, from all sources together "
	 "that have not lately logged in with it"},
	{L(guess.source_hour), "1000", 2, 1000000, NULL,
	 "wrong passwords an hour from one source, for all logins together"},
	{L(guess.known_hour), "100", 2, 1000000, NULL,
	 "wrong passwords an hour for one login from a source that has lately "
	 "logged in with it"},
	{L(guess.lock_failures), "0", 0, 1000000, NULL,
	 "wrong passwords in a row that lock a user without a role out; 0: "
	 "nobody ever is"},
	{L(guess.lock_seconds), "900", 1, 86400, NULL,
	 "seconds during which he is"},

	{F(passwd.scheme), "yescrypt", 0, 0, NULL,
	 "how new passwords are hashed: yescrypt, bcrypt, sha512-crypt, ..."},
	{F(passwd.accept), NULL, 0, 0, NULL,
	 "schemes besides the usual ones whose ready-made hashes are taken: "
	 "ssha, ssha512, argon2id, ...; by default none"},
	{F(passwd.credentials), NULL, 0, 0, NULL,
	 "forms of a new password that are stored beside its hash, for Dovecot: "
	 "scram-sha-256, scram-sha-1, cram-md5; by default none"},
	{L(passwd.min_length), "8", 1, 20, NULL,
	 "characters that a new password has at least"},
	{L(passwd.min_bits), "20", 0, 60, NULL,
	 "how hard a new password has to be to guess, as a power of two; 0: "
	 "not asked"},
	{L(passwd.breached_file), NULL, 0, 0, NULL,
	 "sorted file of the SHA-1 hashes of stolen passwords, which nobody "
	 "may take"},
	{F(passwd.workers), "0", 0, 256, NULL,
	 "threads that hash; 0: half as many as processors"},
	{F(passwd.queue), "80", 1, 10000, NULL,
	 "passwords that may wait to be hashed; more are 503"},

	{F(dict.listen), NULL, 0, 0, "dict-listen",
	 "path of a socket where Dovecot tells, by its dict protocol, who logs "
	 "in and how full mailboxes are; by default nowhere"},
	{F(dict.group), NULL, 0, 0, NULL,
	 "group, by name or number, whose members may connect to it: that of "
	 "Dovecot's mail_gid; by default only our own user"},
	{F(dict.connections), "1024", 1, 10000, NULL,
	 "connections to it at a time; more wait"},
	{L(dict.write_seconds), "60", 1, 3600, NULL,
	 "seconds between writes of what was told; a crash loses that much"},
	{L(dict.login_seconds), "3600", 1, 86400, NULL,
	 "seconds to a multiple of which the time of a login is rounded down, "
	 "so that frequent ones cost few writes"},

	{F(mail.recipient_delimiter), "+", 0, 0, NULL,
	 "what begins a tag in an address, as mail servers have it: one of "
	 "+ ~ - = _, or off"},
	{F(mail.hold_days), "0", 0, 36500, NULL,
	 "days that nobody gets an address again after it was removed"},
	{F(mail.trash_days), "14", 0, 3650, NULL,
	 "days that what was deleted can be restored; 0: it cannot"},

	{F(policy.listen), NULL, 0, 0, NULL,
	 "where Postfix asks the policy service: ADDRESS:PORT, unix:/PATH or "
	 "several, with blanks between; by default nowhere"},
	{F(policy.group), "postfix", 0, 0, NULL,
	 "the system group that may connect to the unix sockets of these"},
	{L(policy.quota_status), NULL, 0, 0, NULL,
	 "Dovecot's quota-status, inet:ADDRESS:PORT or unix:/PATH; by default "
	 "quotas are not asked for"},
	{L(policy.overquota), "552 5.2.2 Mailbox is full", 0, 0, NULL,
	 "what Postfix says of a full mailbox; \"452 4.2.2 ...\" has the "
	 "sender try again"},
	{L(policy.overquota_if), "all", 0, 0, NULL,
	 "all or any: how many of an address's mailboxes must be full"},
	{L(policy.on_failure), "DUNNO", 0, 0, NULL,
	 "DUNNO or DEFER_IF_PERMIT: what Postfix is told when the directory or "
	 "quota-status cannot be asked"},
	{F(policy.connections), "1000", 1, 10000, NULL,
	 "connections of Postfix at a time"},
	{L(policy.idle_seconds), "600", 1, 86400, NULL,
	 "seconds one of these may be silent; Postfix closes it after 300"},
	{L(policy.request_seconds), "10", 1, 600, NULL,
	 "seconds from a question's first byte to the reply"},
	{L(policy.quota_seconds), "2", 1, 10, NULL,
	 "seconds of these that quota-status has"},
	{L(policy.quota_connections), "4", 1, 64, NULL,
	 "connections to quota-status of each loop; each takes a process of "
	 "Dovecot"},
	{L(policy_password_file), NULL, 0, 0, NULL,
	 "file with the password of cn=postfix, as whom the policy service "
	 "reads another directory than our own"},

	{F(oidc.issuer), NULL, 0, 0, NULL,
	 "the OpenID provider whose tokens are taken, as \"iss\" names it; by "
	 "default none is"},
	{F(oidc.audience), NULL, 0, 0, NULL,
	 "what stands for us in \"aud\" of these tokens"},
	{F(oidc.keys), NULL, 0, 0, NULL,
	 "the provider's keys, a JWK Set: https://..., or the path of a file, "
	 "which SIGHUP reads again"},
	{F(oidc.keys_ca_file), NULL, 0, 0, NULL,
	 "PEM file of the authority that signed that server's certificate; by "
	 "default those of the system"},
	{F(oidc.refresh_seconds), "600", 10, 86400, NULL,
	 "seconds after which the keys are fetched anew"},
	{F(oidc.algorithms), "RS256 PS256 ES256 EdDSA", 0, 0, NULL,
	 "how tokens may be signed: RS256 RS384 RS512 PS256 PS384 PS512 ES256 "
	 "ES384 ES512 EdDSA"},
	{F(oidc.claim), "preferred_username", 0, 0, NULL,
	 "the claim that is the login of a user or principal; email counts "
	 "only with email_verified"},
	{L(oidc.scope), NULL, 0, 0, NULL,
	 "a scope that these tokens must have; by default none"},
	{L(oidc.administrators), "no", 0, 0, NULL,
	 "yes or no: whether super administrators may come with a token"},

	{F(audit.keep_days), "30", 1, 3650, NULL,
	 "days that our own directory keeps what was changed by whom"},

	{F(metrics.listen), NULL, 0, 0, NULL,
	 "ADDRESS:PORT where /metrics, /readyz and /livez are answered without "
	 "a login, in plain HTTP; by default nowhere"},

	{L(idempotency.keep_hours), "24", 1, 8760, NULL,
	 "hours that a request which came with an Idempotency-Key is known, and "
	 "what was answered"},
	{L(idempotency.most), "10000", 1, 10000000, NULL,
	 "of these that one caller may have, about; more are 429"},

	{F(daemon.loops), "0", 0, 256, "loops",
	 "threads that serve; 0: one a processor"},
	{F(daemon.lease_seconds), "10", 1, 3600, NULL,
	 "seconds after which a gateway that does nothing is taken for dead, "
	 "and another completes what it has begun"},
	{L(daemon.log_level), "info", 0, 0, "log-level",
	 "error, warning, notice, info or debug"},
};
#undef F
#undef L
/* clang-format on */

/* libinih reads lines of at most 199 bytes, strips blanks and takes " ;" for
 * the beginning of a comment: what a file cannot say is not taken elsewhere. */
static bool is_sayable(const char *value)
{
	size_t size = strlen(value);

	return size <= VALUE_MAX && text_is_clean(value) && value[0] != ';' &&
	       strstr(value, " ;") == NULL &&
	       (size == 0 || (value[0] != ' ' && value[size - 1] != ' '));
}

static bool set(struct arena *a, struct conf *conf, const struct conf_option *o,
		const char *value, struct err *e)
{
	void *to = field_at(o->field, conf);

	if (!is_sayable(value))
		return err_set(e, ERR_INVALID,
			       "%s: a value has at most %d bytes, no control "
			       "characters, no blanks at its ends and no \";\" "
			       "at its beginning or behind a blank",
			       o->name, VALUE_MAX);
	if (o->field.kind == FIELD_TEXT) {
		*(const char **)to =
			value[0] != '\0' ? arena_strdup(a, value) : NULL;
		return true;
	}
	return text_number(value, o->min, o->max, to) ||
	       err_set(e, ERR_INVALID,
		       "%s: \"%s\" is not a number from %lld to %lld", o->name,
		       value, (long long)o->min, (long long)o->max);
}

static void set_defaults(struct arena *a, struct conf *conf)
{
	struct err e = {0};

	for (size_t i = 0; i < COUNT(options); i++) {
		if (options[i].value != NULL &&
		    !set(a, conf, &options[i], options[i].value, &e))
			abort(); /* the table contradicts itself */
	}
	conf->state_default = state_default(a);
	conf->embedded.state_dir = conf->state_default;
}

static char *dashed(struct arena *a, const char *name)
{
	char *text = arena_strdup(a, name);

	for (char *p = text; *p != '\0'; p++) {
		if (*p == '.' || *p == '_')
			*p = '-';
	}
	return text;
}

struct reading {
	struct arena *arena;
	struct conf *conf;
	struct err *e;
};

static const char *section_of(struct arena *a, const struct conf_option *o)
{
	size_t size = strcspn(o->name, "._");

	return arena_strndup(a, o->name, size);
}

/* For libinih: 0 stops it. */
static int take_line(void *ctx, const char *section, const char *key,
		     const char *value)
{
	struct reading *r = ctx;

	for (size_t i = 0; i < COUNT(options); i++) {
		const struct conf_option *o = &options[i];
		const char *its = section_of(r->arena, o);

		if (strcmp(its, section) == 0 &&
		    strcmp(o->name + strlen(its) + 1, key) == 0)
			return set(r->arena, r->conf, o, value, r->e);
	}
	return err_set(r->e, ERR_INVALID, "there is no option %s in [%s]", key,
		       section);
}

static bool read_file(struct arena *a, const char *path, struct conf *conf,
		      struct err *e)
{
	struct reading r = {a, conf, e};
	int line = ini_parse(path, take_line, &r);

	if (line == 0)
		return true;
	if (line < 0)
		return err_set(e, ERR_INVALID, "cannot read %s: %s", path,
			       strerror(errno));
	if (e->kind == ERR_NONE)
		err_set(e, ERR_INVALID, "that is not \"key = value\"");
	return err_wrap(e, "%s, line %d", path, line);
}

static const struct conf_option *find_flag(struct arena *a, const char *flag)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct conf_option *o = &options[i];

		if ((o->alias != NULL && strcmp(o->alias, flag) == 0) ||
		    strcmp(dashed(a, o->name), flag) == 0)
			return o;
	}
	return NULL;
}

static const struct {
	const char *flag;
	enum conf_action action;
} actions[] = {
	{"check-config", CONF_CHECK},
	{"print-config", CONF_PRINT},
	{"help", CONF_HELP},
	{"version", CONF_VERSION},
};

static bool take_action(const char *flag, enum conf_action *ret)
{
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (strcmp(actions[i].flag, flag) == 0) {
			*ret = actions[i].action;
			return true;
		}
	}
	return false;
}

/* One "--flag value" or "--flag=value"; i moves to the last word of it.  With
 * `file` only --config counts, without it everything else. */
static bool take_flag(struct arena *a, int argc, char **argv, int *i,
		      struct conf *conf, enum conf_action *action,
		      const char **file, struct err *e)
{
	const char *word = argv[*i], *equals = strchr(word, '=');

	if (strncmp(word, "--", 2) != 0)
		return err_set(e, ERR_INVALID, "what is \"%s\"?  See --help",
			       word);
	size_t size = equals != NULL ? (size_t)(equals - word) : strlen(word);
	const char *flag = arena_strndup(a, word + 2, size - 2);
	if (take_action(flag, action))
		return true;
	const struct conf_option *o = find_flag(a, flag);
	if (o == NULL && strcmp(flag, "config") != 0)
		return err_set(e, ERR_INVALID,
			       "there is no option --%s; see --help", flag);
	if (equals == NULL && ++*i == argc)
		return err_set(e, ERR_INVALID, "--%s needs a value", flag);
	const char *value = equals != NULL ? equals + 1 : argv[*i];
	if (o == NULL && file != NULL)
		*file = value;
	return o == NULL || file != NULL || set(a, conf, o, value, e);
}

static bool read_flags(struct arena *a, int argc, char **argv,
		       struct conf *conf, enum conf_action *action,
		       const char **file, struct err *e)
{
	for (int i = 1; i < argc; i++) {
		if (!take_flag(a, argc, argv, &i, conf, action, file, e))
			return false;
	}
	return true;
}

static bool read_password(struct arena *a, const char *path, const char **ret,
			  struct err *e)
{
	const char *text;

	if (path == NULL)
		return true;
	if (!file_read(a, path, PASSWORD_FILE_MAX, &text, e))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return true;
}

/* slapd is started as an ordinary user, who may not open a port below 1024. */
static bool check_ldap_listen(const char *uri, struct err *e)
{
	const char *port = uri != NULL ? strrchr(uri, ':') : NULL;
	int64_t n = 0;

	if (uri == NULL)
		return true;
	if (strncmp(uri, "ldap://", 7) != 0 ||
	    strcspn(uri + 7, " \t\"%/") != strlen(uri + 7) ||
	    !text_number(port + 1, 1024, 65535, &n))
		return err_set(e, ERR_INVALID,
			       "ldap-listen must be ldap://ADDRESS:PORT with a "
			       "port from 1024 to 65535");
	return true;
}

static bool check_yes_no(const char *name, const char *value, struct err *e)
{
	return (value != NULL &&
		(strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)) ||
	       err_set(e, ERR_INVALID, "%s is yes or no", name);
}

static bool check_passwords(struct arena *a, const struct passwd_settings *set,
			    struct err *e)
{
	uint32_t further;

	if (scheme_find(set->scheme) == NULL)
		return err_set(e, ERR_INVALID, "passwd.scheme is one of %s",
			       scheme_names(a));
	if (!scheme_accept(a, set->accept, &further, e))
		return err_wrap(e, "passwd.accept");
	if (!credential_parse(set->credentials, &further, e))
		return err_wrap(e, "passwd.credentials");
	return set->breached_file == NULL ||
	       breached_check(set->breached_file, e);
}

/* Our own directory's password of cn=postfix is read when there is one. */
static bool check_policy(struct arena *a, struct conf *conf, struct err *e)
{
	struct policy_settings *set = &conf->policy;

	set->identity =
		arena_printf(a, "cn=postfix,ou=services,%s", conf->ldap.base);
	if (!policy_settings_check(a, set, e) ||
	    !read_password(a, conf->policy_password_file, &set->password, e))
		return false;
	if (set->listen != NULL && !conf->embed && set->password == NULL)
		return err_set(e, ERR_INVALID,
			       "policy.listen needs policy.password_file where "
			       "the directory is another's");
	return set->password == NULL || set->password[0] != '\0' ||
	       err_set(e, ERR_INVALID, "%s is empty",
		       conf->policy_password_file);
}

static bool check_proxies(struct arena *a, struct http_settings *set,
			  struct err *e)
{
	return network_list_parse(a, set->trusted_proxies, &set->trusted, e) ||
	       err_wrap(e, "http.trusted_proxies");
}

static bool check(struct arena *a, struct conf *conf, struct err *e)
{
	conf->embed = conf->ldap.uri == NULL;
	conf->embedded.base = conf->ldap.base;
	conf->embedded.audit_days = conf->audit.keep_days;
	if (conf->ldap.base == NULL || conf->http.listen == NULL ||
	    conf->embedded.state_dir == NULL || conf->passwd.scheme == NULL ||
	    conf->mail.recipient_delimiter == NULL)
		return err_set(e, ERR_INVALID, "an option must not be empty");
	if (!address_delimiter(conf->mail.recipient_delimiter, &conf->delimiter,
			       e))
		return err_wrap(e, "mail.recipient_delimiter");
	return check_yes_no("api.require_if_match", conf->api.require_if_match,
			    e) &&
	       check_yes_no("embedded.dovecot_reads_passwords",
			    conf->embedded.dovecot_reads_passwords, e) &&
	       check_ldap_listen(conf->embedded.ldap_listen, e) &&
	       check_passwords(a, &conf->passwd, e) &&
	       base_check(conf->ldap.base, e) &&
	       read_password(a, conf->ldap_password_file, &conf->ldap.password,
			     e) &&
	       check_policy(a, conf, e) && check_proxies(a, &conf->http, e) &&
	       oidc_settings_check(&conf->oidc, e) &&
	       check_yes_no("oidc.administrators", conf->oidc.administrators,
			    e) &&
	       (conf->embed || connect_check(&conf->ldap, e));
}

bool conf_load(struct arena *a, int argc, char **argv, struct conf *ret,
	       enum conf_action *action, struct err *e)
{
	const char *file = NULL;

	*ret = (struct conf){0};
	*action = CONF_SERVE;
	set_defaults(a, ret);
	return read_flags(a, argc, argv, ret, action, &file, e) &&
	       (file == NULL || read_file(a, file, ret, e)) &&
	       read_flags(a, argc, argv, ret, action, NULL, e) &&
	       (*action == CONF_HELP || *action == CONF_VERSION ||
		check(a, ret, e));
}

static bool same(const struct conf_option *o, const struct conf *a,
		 const struct conf *b)
{
	const void *x = field_in(o->field, a), *y = field_in(o->field, b);

	if (o->field.kind == FIELD_NUMBER)
		return *(const int64_t *)x == *(const int64_t *)y;
	return text_equal(*(const char *const *)x, *(const char *const *)y);
}

/* Since the start we may have become somebody else, with another default. */
static void same_state(const struct conf *was, struct conf *next)
{
	if (text_equal(next->embedded.state_dir, next->state_default) &&
	    text_equal(was->embedded.state_dir, was->state_default))
		next->embedded.state_dir = was->embedded.state_dir;
}

static void take(const struct conf_option *o, const struct conf *from,
		 struct conf *to)
{
	void *there = field_at(o->field, to);
	const void *here = field_in(o->field, from);

	if (o->field.kind == FIELD_NUMBER)
		*(int64_t *)there = *(const int64_t *)here;
	else
		*(const char **)there = *(const char *const *)here;
}

const char *conf_renew(struct arena *a, const struct conf *was,
		       struct conf *next, struct conf *now)
{
	const char *names = NULL;

	same_state(was, next);
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct conf_option *o = &options[i];

		if (o->live)
			take(o, next, now);
		else if (!same(o, was, next))
			names = names == NULL ? o->name
					      : arena_printf(a, "%s %s", names,
							     o->name);
	}
	now->ldap.password = next->ldap.password;
	now->http.trusted = next->http.trusted;
	/* Without a file it stays, in the new arena: it may be of one that goes
	 * when nobody holds it any more. */
	if (next->policy.password != NULL)
		now->policy.password = next->policy.password;
	else if (now->policy.password != NULL)
		now->policy.password = arena_strdup(a, now->policy.password);
	return names;
}

static void print_value(const struct conf_option *o, const struct conf *conf,
			FILE *to)
{
	const void *from = field_in(o->field, conf);
	const char *text;

	if (o->field.kind == FIELD_NUMBER) {
		fprintf(to, "%lld\n", (long long)*(const int64_t *)from);
		return;
	}
	text = *(const char *const *)from;
	fprintf(to, "%s\n", text != NULL ? text : "");
}

void conf_print(const struct conf *conf, FILE *to)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *section = "";

	for (size_t i = 0; i < COUNT(options); i++) {
		const struct conf_option *o = &options[i];
		const char *its = section_of(a, o);

		if (strcmp(its, section) != 0)
			fprintf(to, "%s[%s]\n", i > 0 ? "\n" : "", its);
		section = its;
		fprintf(to, "; %s\n%s = ", o->help, o->name + strlen(its) + 1);
		print_value(o, conf, to);
	}
}

void conf_help(FILE *to)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	fputs("provostd - a gateway between HTTP and a mail directory\n\n"
	      "Usage: provostd [--config FILE] [--OPTION VALUE]...\n\n"
	      "Without any option it serves at 127.0.0.1:8080 from a directory "
	      "of its own.\n\n"
	      "  --config FILE\n\tread options from this file\n"
	      "  --check-config\n\tsay whether the options are good, and end\n"
	      "  --print-config\n\tprint the options as a file, and end\n"
	      "  --version, --help\n",
	      to);
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct conf_option *o = &options[i];

		fprintf(to, "  --%s VALUE",
			o->alias != NULL ? o->alias : dashed(a, o->name));
		fprintf(to, "\n\t%s", o->help);
		if (o->value != NULL)
			fprintf(to, " [%s]", o->value);
		fputc('\n', to);
	}
}
