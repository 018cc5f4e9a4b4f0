#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "edition.h"
#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/file.h"

enum { WORDS_MAX = 8, SAMPLE_MAX = 64 * 1024 };

static struct arena *arena;
static const char *dir;

static const char *in_dir(const char *name)
{
	return arena_printf(arena, "%s/%s", dir, name);
}

static const char *write_file(const char *text)
{
	struct err e = {0};
	const char *path = in_dir("conf");

	if (!file_write(path, 0600, text, &e))
		printf("Bail out! %s\n", e.text);
	return path;
}

/* Words end with NULL. */
static bool load(const char *const words[], struct conf *conf,
		 enum conf_action *action, struct err *e)
{
	char *argv[WORDS_MAX + 2] = {arena_strdup(arena, "provostd")};
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = arena_strdup(arena, words[argc - 1]);
	*e = (struct err){0};
	return conf_load(arena, argc, argv, conf, action, e);
}

static void defaults(void)
{
	const char *const none[] = {NULL};
	enum conf_action action = CONF_HELP;
	struct conf c;
	struct err e;

	OK(load(none, &c, &action, &e), "without any option");
	NUMBER(action, CONF_SERVE, "it serves");
	IS(c.http.listen, "127.0.0.1:8080", "here");
	NUMBER(c.http.body_bytes, 1048576, "a number");
	IS(c.ldap.base, "dc=provost", "its base");
	OK(c.embed && c.ldap.uri == NULL, "its own directory");
	IS(c.embedded.base, c.ldap.base, "of that base");
	OK(c.embedded.state_dir != NULL, "somewhere");
	IS(c.passwd.scheme, "yescrypt", "a scheme");
}

/* What is given on the command line, and what becomes of it. */
static const struct {
	const char *words[WORDS_MAX];
	bool good;
	enum conf_action action;
} lines[] = {
	{{"--listen", "[::1]:80"}, true, CONF_SERVE},
	{{"--listen=127.0.0.1:0"}, true, CONF_SERVE},
	{{"--http-listen", "127.0.0.1:0"}, true, CONF_SERVE},
	{{"--http-body-bytes=1024"}, true, CONF_SERVE},
	{{"--check-config"}, true, CONF_CHECK},
	{{"--print-config"}, true, CONF_PRINT},
	{{"--help"}, true, CONF_HELP},
	{{"--version"}, true, CONF_VERSION},
	{{"--ldap-uri=ldapi:///"}, true, CONF_SERVE},
	{{"--ldap-uri=ldapi://a  ldapi://b"}, true, CONF_SERVE},
	{{"--ldap-listen=ldap://127.0.0.1:3890"}, true, CONF_SERVE},
	{{"--loops", "4", "--passwd-scheme", "bcrypt"}, true, CONF_SERVE},
	{{"--ldap-bind-dn="}, true, CONF_SERVE},
	{{"--dovecot-reads-passwords=yes"}, true, CONF_SERVE},
	{{"--dovecot-reads-passwords=true"}, false, CONF_SERVE},
	{{"--dovecot-reads-passwords="}, false, CONF_SERVE},
	{{"listen"}, false, CONF_SERVE},
	{{"-l"}, false, CONF_SERVE},
	{{"--"}, false, CONF_SERVE},
	{{"--=x"}, false, CONF_SERVE},
	{{"--lisen=x"}, false, CONF_SERVE},
	{{"--http.listen=x"}, false, CONF_SERVE},
	{{"--Listen=x"}, false, CONF_SERVE},
	{{"--listen"}, false, CONF_SERVE},
	{{"--listen="}, false, CONF_SERVE},
	{{"--listen=;"}, false, CONF_SERVE}, /* a comment in a file */
	{{"--state-dir="}, false, CONF_SERVE},
	{{"--config"}, false, CONF_SERVE},
	{{"--config", "/nonexistent/file"}, false, CONF_SERVE},
	{{"--http-body-bytes=1023"}, false, CONF_SERVE},
	{{"--http-body-bytes=16777217"}, false, CONF_SERVE},
	{{"--http-body-bytes=1M"}, false, CONF_SERVE},
	{{"--http-body-bytes="}, false, CONF_SERVE},
	{{"--http-body-bytes=99999999999999999999"}, false, CONF_SERVE},
	{{"--loops", "-1"}, false, CONF_SERVE},
	{{"--base=DC=provost"}, false, CONF_SERVE},
	{{"--passwd-scheme=md5"}, false, CONF_SERVE},
	{{"--ldap-listen=ldaps://x"}, false, CONF_SERVE},
	{{"--ldap-listen=ldap://a ldap://b"}, false, CONF_SERVE},
	{{"--ldap-uri=ldaps://x"}, false, CONF_SERVE},
	{{"--ldap-uri=ldap://x"}, false, CONF_SERVE}, /* as whom? */
	{{"--ldap-uri=ldapi://a ldap://x"}, false, CONF_SERVE},
	{{"--ldap-uri=ldapi://a ldaps://x"}, false, CONF_SERVE},
	{{"--ldap-uri=ldapi://1 ldapi://2 ldapi://3 ldapi://4 ldapi://5"},
	 false,
	 CONF_SERVE},
	{{"--ldap-uri=ldap://x", "--ldap-bind-dn=cn=x"}, false, CONF_SERVE},
};

static void command_lines(void)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		enum conf_action action = CONF_SERVE;
		struct conf c;
		struct err e;
		bool good = load(lines[i].words, &c, &action, &e);

		OK(good == lines[i].good && action == lines[i].action &&
			   (e.kind == ERR_NONE) == good,
		   lines[i].words[0]);
		OK(good || e.text[0] != '\0', "a refusal says why");
	}
}

/* Files; of the first kind is good, of the second what it says is refused. */
static const struct {
	const char *text;
	bool good;
} files[] = {
	{"", true},
	{"[http]\nlisten = 127.0.0.1:1\n", true},
	{"; comment\n# another\n\n[http]\nlisten=127.0.0.1:1\n", true},
	{"[ldap]\nbase = o=mail\nuri = ldapi:///\n[http]\nrequests = 9\n",
	 true},
	{"[ldap]\npassword_file =\n", true},
	{"[http]\r\nlisten = 127.0.0.1:1\r\n", true},
	{"listen = 127.0.0.1:1\n", false},
	{"[http]\nlisen = x\n", false},
	{"[Http]\nlisten = x\n", false},
	{"[http]\nListen = x\n", false},
	{"[ldap]\nlisten = x\n", false},
	{"[http]\nrequests = many\n", false},
	{"[http]\nrequests = 7\n", false},
	{"[http]\nnonsense\n", false},
	{"[http\nlisten = x\n", false},
	{"[conf]\nx = y\n", false},
	{"[http]\n = y\n", false},
};

static void reading(void)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		const char *const words[] = {"--config",
					     write_file(files[i].text), NULL};
		enum conf_action action;
		struct conf c;
		struct err e;

		OK(load(words, &c, &action, &e) == files[i].good,
		   files[i].text);
		OK(files[i].good || strstr(e.text, ", line ") != NULL,
		   "a refusal says where");
	}
}

static void precedence(void)
{
	const char *path = write_file("[http]\nlisten = 127.0.0.1:1\n"
				      "requests = 9\n");
	const char *const words[] = {"--listen=127.0.0.1:2", "--config", path,
				     NULL};
	enum conf_action action;
	struct conf c;
	struct err e;

	OK(load(words, &c, &action, &e), "a file and a flag");
	IS(c.http.listen, "127.0.0.1:2", "flags count more than the file");
	NUMBER(c.http.requests, 9, "the file more than the default");
}

static void password(void)
{
	const char *path = in_dir("password");
	const char *const words[] = {"--ldap-uri=ldap://x",
				     "--ldap-bind-dn=cn=x",
				     "--ldap-password-file", path, NULL};
	enum conf_action action;
	struct conf c;
	struct err e;

	OK(!load(words, &c, &action, &e), "a password file that is not there");
	file_write(path, 0600, "two words\nrest\n", &e);
	OK(load(words, &c, &action, &e), "one that is");
	IS(c.ldap.password, "two words", "its first line is the password");
}

/* What another file changes at run time, and what it does not. */
static void renewal(void)
{
	const char *const before[] = {"--state-dir=/a", NULL};
	const char *const after[] = {"--state-dir=/b", "--http-requests=99",
				     "--http-connections=99",
				     "--ldap-read-seconds=9", NULL};
	enum conf_action action;
	struct conf was, now, next;
	struct err e;

	OK(load(before, &was, &action, &e) && load(after, &next, &action, &e),
	   "two sets of options");
	now = was;
	now.http.listen = "found";
	next.ldap.password = "new";
	IS(conf_renew(arena, &was, &next, &now),
	   "http.connections embedded.state_dir", "what stays is named");
	NUMBER(now.http.requests, 99, "a number is taken over");
	NUMBER(now.ldap.read_seconds, 9, "and another");
	NUMBER(now.http.connections, was.http.connections, "one is not");
	IS(now.embedded.state_dir, "/a", "nor is a text");
	IS(now.http.listen, "found", "what was worked out stays");
	IS(now.ldap.password, "new", "the password comes with its file");
	load(before, &next, &action, &e);
	OK(conf_renew(arena, &was, &next, &now) == NULL, "the same again");
	NUMBER(now.http.requests, was.http.requests, "as it was");
}

static void defaults_of_others(void)
{
	const char *const none[] = {NULL}, *const named[] = {"--state-dir=/x",
							     NULL};
	enum conf_action action;
	struct conf was, now, next;
	struct err e;

	load(none, &was, &action, &e);
	now = was;
	load(none, &next, &action, &e);
	next.embedded.state_dir = next.state_default = "/elsewhere";
	OK(conf_renew(arena, &was, &next, &now) == NULL,
	   "another default is no change");
	load(named, &next, &action, &e);
	IS(conf_renew(arena, &was, &next, &now), "embedded.state_dir",
	   "another name is");
}

static void editions(void)
{
	struct edition *ed = edition_new(), *other = edition_hold(ed);

	edition_conf(ed)->ldap.base =
		arena_strdup(edition_arena(ed), "dc=held");
	edition_release(&ed);
	OK(ed == NULL, "let go");
	IS(edition_conf(other)->ldap.base, "dc=held", "another holds it");
	edition_release(&other);
	edition_release(&other);
}

/* A password that came with a file stays when the file is named no more,
 * whatever becomes of the arena it was in. */
static void reader(void)
{
	const char *const words[] = {"--state-dir=/a", NULL};
	struct arena *one = arena_new(), *other = arena_new();
	enum conf_action action;
	struct conf was, now, next;
	struct err e;

	load(words, &was, &action, &e);
	now = next = was;
	char *kept = arena_strdup(one, "kept");
	next.policy.password = kept;
	conf_renew(one, &was, &next, &now);
	next.policy.password = NULL;
	conf_renew(other, &was, &next, &now);
	memset(kept, 'x', 4);
	arena_free(one);
	IS(now.policy.password, "kept", "the reader's password stays");
	arena_free(other);
}

static const char *printed(const struct conf *c)
{
	FILE *f = tmpfile();
	char *text = arena_alloc(arena, SAMPLE_MAX);

	if (f == NULL)
		abort();
	conf_print(c, f);
	rewind(f);
	if (fread(text, 1, SAMPLE_MAX - 1, f) == 0)
		text[0] = '\0';
	fclose(f);
	return text;
}

#define L50 "0123456789012345678901234567890123456789ABCDEFGHIJ"

/* What is printed reads back as the same. */
static const char *const settings[][WORDS_MAX] = {
	{NULL},
	{"--listen=[::1]:1", "--base=o=mail,dc=example", "--loops=3", NULL},
	{"--ldap-uri=ldapi://%2Frun%2Fx", "--ldap-bind-dn=cn=a;b #c", NULL,
	 NULL},
	{"--state-dir=/a=b/c", NULL},
	{"--state-dir=/a ;b", NULL},
	{"--state-dir=/a [b]: \"c\"", NULL},
	{"--state-dir=/" L50 L50 L50 L50 L50, NULL},
	{"--state-dir=/\xc3\xa9", NULL},
	{"--user= a ", NULL},
	{"--user=a\n[http]\nlisten = 1", NULL},
};

static void round_trips(void)
{
	for (size_t i = 0; i < COUNT(settings); i++) {
		enum conf_action action;
		struct conf c, again;
		struct err e;
		const char *const *words = settings[i];
		const char *name = words[0] != NULL ? words[0] : "defaults";

		if (!load(words, &c, &action, &e)) {
			/* What cannot be written may as well be refused. */
			OK(true, name);
			continue;
		}
		const char *text = printed(&c);
		const char *const file[] = {"--config", write_file(text), NULL};
		OK(load(file, &again, &action, &e) &&
			   strcmp(printed(&again), text) == 0 &&
			   strcmp(again.embedded.user, c.embedded.user) == 0 &&
			   strcmp(again.embedded.state_dir,
				  c.embedded.state_dir) == 0,
		   name);
	}
}

int main(void)
{
	char template[] = "/tmp/provost-test-XXXXXX";
	struct err e = {0};

	arena = arena_new();
	dir = mkdtemp(template);
	if (dir == NULL)
		return 1;
	defaults();
	command_lines();
	reading();
	precedence();
	password();
	renewal();
	defaults_of_others();
	editions();
	reader();
	round_trips();
	OK(file_remove_tree(dir, &e), "all is tidied up");
	arena_free(arena);
	return tap_done();
}
