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
#include "options.h"
#include "passwd/breached.h"
#include "passwd/credential.h"
#include "passwd/scheme.h"
#include "policy/place.h"
#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum {
	PASSWORD_FILE_MAX = 1024,
	PROFILE_FILE_MAX = 65536, /* a chain of certificates */
	VALUE_MAX = 160,
};

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

	for (size_t i = 0; i < option_count; i++) {
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

	for (size_t i = 0; i < option_count; i++) {
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
	for (size_t i = 0; i < option_count; i++) {
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

/* Private keys cross no network in the clear. */
static bool check_vault(struct arena *a, struct conf *conf, struct err *e)
{
	struct signer_settings *set = &conf->dkim;
	struct place p;

	if (set->vault_listen == NULL)
		return true;
	if (!place_parse(a, set->vault_listen, &p, e) || p.path != NULL ||
	    !place_is_near(&p))
		return err_set(e, ERR_INVALID,
			       "dkim.vault_listen is ADDRESS:PORT of this "
			       "machine");
	if (set->vault_token_file == NULL ||
	    (!conf->embed && set->password_file == NULL))
		return err_set(e, ERR_INVALID,
			       "dkim.vault_listen needs dkim.vault_token_file "
			       "and, where the directory is another's, "
			       "dkim.password_file");
	if (!read_password(a, set->vault_token_file, &set->token, e) ||
	    !read_password(a, set->password_file, &set->password, e))
		return false;
	return (set->token[0] != '\0' &&
		(set->password == NULL || set->password[0] != '\0')) ||
	       err_set(e, ERR_INVALID, "a file of [dkim] is empty");
}

/* Signs something, to see whether it can. */
static bool check_profile(struct arena *a, struct api_settings *set,
			  struct err *e)
{
	const char *done;
	size_t size;

	if (set->profile_certificate == NULL && set->profile_key == NULL)
		return true;
	if (set->profile_certificate == NULL || set->profile_key == NULL)
		return err_set(e, ERR_INVALID,
			       "api.profile_certificate and api.profile_key "
			       "belong together");
	if (!file_read(a, set->profile_certificate, PROFILE_FILE_MAX,
		       &set->signer.certificates, e) ||
	    !file_read_secret(a, set->profile_key, PROFILE_FILE_MAX,
			      &set->signer.key, e))
		return false;
	return signed_data_make(a, &set->signer, "-", 1, &done, &size, e) ||
	       err_wrap(e, "%s with %s", set->profile_certificate,
			set->profile_key);
}

static bool check_proxies(struct arena *a, struct http_settings *set,
			  struct err *e)
{
	return network_list_parse(a, set->trusted_proxies, &set->trusted, e) ||
	       err_wrap(e, "http.trusted_proxies");
}

static bool check_webhooks(struct arena *a, struct webhook_settings *set,
			   struct err *e)
{
	return check_yes_no("webhooks.allow_http", set->allow_http, e) &&
	       (network_list_parse(a, set->allow_networks, &set->allowed, e) ||
		err_wrap(e, "webhooks.allow_networks"));
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
	       check_yes_no("api.dinomail", conf->api.dinomail, e) &&
	       check_yes_no("api.dinomail_url_keys",
			    conf->api.dinomail_url_keys, e) &&
	       check_yes_no("api.dinomail_whole_lists",
			    conf->api.dinomail_whole_lists, e) &&
	       check_yes_no("embedded.dovecot_reads_passwords",
			    conf->embedded.dovecot_reads_passwords, e) &&
	       check_ldap_listen(conf->embedded.ldap_listen, e) &&
	       check_passwords(a, &conf->passwd, e) &&
	       base_check(conf->ldap.base, e) &&
	       read_password(a, conf->ldap_password_file, &conf->ldap.password,
			     e) &&
	       check_policy(a, conf, e) && check_vault(a, conf, e) &&
	       check_profile(a, &conf->api, e) &&
	       dns_settings_check(a, &conf->dns, e) &&
	       checkup_settings_check(a, &conf->checks, e) &&
	       check_proxies(a, &conf->http, e) &&
	       oidc_settings_check(&conf->oidc, e) &&
	       check_webhooks(a, &conf->webhooks, e) &&
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
	for (size_t i = 0; i < option_count; i++) {
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
	now->api.signer = next->api.signer;
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

	for (size_t i = 0; i < option_count; i++) {
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
	for (size_t i = 0; i < option_count; i++) {
		const struct conf_option *o = &options[i];

		fprintf(to, "  --%s VALUE",
			o->alias != NULL ? o->alias : dashed(a, o->name));
		fprintf(to, "\n\t%s", o->help);
		if (o->value != NULL)
			fprintf(to, " [%s]", o->value);
		fputc('\n', to);
	}
}
