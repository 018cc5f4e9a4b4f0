/*
 * provostd - a gateway between HTTP and a mail directory
 *
 * The only place that knows which implementation stands behind which port.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/count.h"
#include "assets/asset.h"
#include "client/fetch.h"
#include "conf.h"
#include "crypto/tls.h"
#include "embedded/setup.h"
#include "embedded/supervisor.h"
#include "http/listen.h"
#include "lane.h"
#include "ldap/connect.h"
#include "line/local.h"
#include "oidc/verifier.h"
#include "passwd/scheme.h"
#include "policy/place.h"
#include "suffix/suffix.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/random.h"
#include "json/text.h"

enum {
	LANES_MAX = 256,
	CONNECTOR_QUEUE = LANES_MAX * 128,
	MAKER_QUEUE = 16,     /* keys, each up to some seconds */
	VERIFIER_QUEUE = 256, /* tokens, each less than 1 ms */
	NAME_LENGTH = 12,
	MICROS = 1000000,
	PASSWORD_MAX = 1024,
};

struct daemon {
	struct arena *arena;
	int argc;
	char **argv;
	struct conf loaded; /* as the options were at the start */
	struct conf conf;   /* as they are in force */
	struct edition *edition;
	struct state state;
	struct loop *loop; /* of the main thread: signals and slapd */
	struct supervisor *supervisor;
	struct pool *connectors[NEWS_SERVERS_MAX], *hashers, *makers;
	struct envelope seal;
	struct news *news;
	struct notices *notices;
	struct sources *sources;
	struct streams *streams;
	struct feed_hub *feed;
	struct rates *rates;
	struct tls *tls; /* NULL: plain HTTP */
	struct guess *guess;
	struct suffixes *suffixes;
	struct policy_door door;
	struct keyring *keyring; /* NULL: no tokens are taken */
	struct pool *verifiers;
	struct office office;
	struct lane_parts parts;
	struct lane *lanes[LANES_MAX];
	struct lane_listeners listeners[LANES_MAX];
	const char
		*sockets[POLICY_PLACES_MAX]; /* of ours, in the file system */
	int dict; /* where Dovecot tells of users, or -1 */
	unsigned count;
	int signals;
	struct watch *watch;
	bool failed, hears;
};

static bool hash_password(struct arena *a, const char *clear, const char **ret,
			  struct err *e)
{
	return scheme_hash(scheme_find("yescrypt"), a, clear, ret, e);
}

static void give_up(void *ctx)
{
	struct daemon *d = ctx;

	log_event(LOG_ERR, "giving-up", "reason", "slapd does not run", NULL);
	d->failed = true;
	loop_stop(d->loop);
}

static bool find_log_level(const char *name, int *ret, struct err *e)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {{"error", LOG_ERR},
		      {"warning", LOG_WARNING},
		      {"notice", LOG_NOTICE},
		      {"info", LOG_INFO},
		      {"debug", LOG_DEBUG}};

	for (size_t i = 0; i < COUNT(levels); i++) {
		if (name != NULL && strcmp(levels[i].name, name) == 0) {
			*ret = levels[i].level;
			return true;
		}
	}
	return err_set(e, ERR_INVALID,
		       "daemon.log_level is error, warning, "
		       "notice, info or debug");
}

static struct tls_files tls_files(const struct http_settings *set)
{
	return (struct tls_files){.certificate = set->tls_certificate,
				  .key = set->tls_key,
				  .client_ca = set->tls_client_ca};
}

static bool wants_tls(const struct http_settings *set)
{
	return set->tls_certificate != NULL || set->tls_key != NULL ||
	       set->tls_client_ca != NULL;
}

static bool open_tls(const struct http_settings *set, struct tls **ret,
		     struct err *e)
{
	const struct tls_files files = tls_files(set);

	*ret = wants_tls(set) ? tls_open(&files, e) : NULL;
	return *ret != NULL || !wants_tls(set);
}

/* Whoever is connected stays so. */
static bool renew_tls(struct daemon *d, const struct http_settings *set,
		      struct err *e)
{
	const struct tls_files files = tls_files(set);

	if (wants_tls(set) != (d->tls != NULL))
		return err_set(e, ERR_INVALID,
			       "to begin or end with TLS needs a restart");
	return d->tls == NULL || tls_renew(d->tls, &files, e);
}

/* All new options, or none. */
static bool renew(struct daemon *d, struct edition *ed, struct err *e)
{
	struct arena *a = edition_arena(ed);
	struct conf next, *now = edition_conf(ed);
	enum conf_action action;
	int level;

	if (!conf_load(a, d->argc, d->argv, &next, &action, e))
		return false;
	*now = d->conf;
	const char *fixed = conf_renew(a, &d->loaded, &next, now);
	if ((!now->embed && !connect_check(&now->ldap, e)) ||
	    !find_log_level(now->daemon.log_level, &level, e) ||
	    (d->keyring != NULL && !keyring_reload(d->keyring, e)) ||
	    !renew_tls(d, &now->http, e))
		return false;
	log_set_level(level);
	if (fixed != NULL)
		log_event(LOG_WARNING, "restart-needed", "options", fixed,
			  NULL);
	return true;
}

static void reload(struct daemon *d)
{
	struct edition *ed = edition_new();
	struct err e = {0};

	if (!renew(d, ed, &e)) {
		log_event(LOG_ERR, "not-reloaded", "error", e.text, NULL);
		edition_release(&ed);
		return;
	}
	for (unsigned i = 0; i < d->count; i++)
		lane_renew(d->lanes[i], ed);
	d->conf = *edition_conf(ed);
	edition_release(&d->edition);
	d->edition = ed;
	log_event(LOG_NOTICE, "reloaded", NULL);
}

static void on_signal(void *ctx, unsigned ready)
{
	struct daemon *d = ctx;
	struct signalfd_siginfo info;

	(void)ready;
	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD && d->supervisor != NULL)
			supervisor_reap(d->supervisor);
		else if (info.ssi_signo == SIGHUP)
			reload(d);
		else if (info.ssi_signo != SIGCHLD)
			loop_stop(d->loop);
	}
}

static bool watch_signals(struct daemon *d, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_DFL); /* what is ignored is not delivered */
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signals < 0)
		return err_set(e, ERR_INTERNAL, "no signals: %s",
			       strerror(errno));
	d->watch = loop_watch(d->loop, d->signals, LOOP_READ, on_signal, d, e);
	return d->watch != NULL;
}

/* As many descriptors as we may have; no core dumps with secrets in them. */
static void harden(void)
{
	const struct rlimit none = {0, 0};
	struct rlimit files;

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > LANES_MAX ? LANES_MAX : (unsigned)n;
}

static void warn_of_plain_http(struct daemon *d)
{
	struct err ignored = {0};
	struct place p;

	if (!wants_tls(&d->conf.http) &&
	    place_parse(d->arena, d->conf.http.listen, &p, &ignored) &&
	    !place_is_near(&p))
		log_event(LOG_WARNING, "http-on-network", "listen",
			  d->conf.http.listen, "reason",
			  "without http.tls_certificate passwords cross the "
			  "network in the clear",
			  NULL);
}

static bool open_http(struct daemon *d, struct err *e)
{
	int fds[LANES_MAX];

	if (!listen_open(d->conf.http.listen, fds, d->count, d->arena,
			 &d->conf.http.listen, e))
		return false;
	for (unsigned i = 0; i < d->count; i++)
		d->listeners[i].http = fds[i];
	warn_of_plain_http(d);
	return true;
}

/* Where everybody who can connect may read it: the first lane alone has it. */
static bool open_metrics(struct daemon *d, struct err *e)
{
	const char **listen = &d->conf.metrics.listen;
	struct place p;

	if (*listen == NULL)
		return true;
	if (!listen_open(*listen, &d->listeners[0].metrics, 1, d->arena, listen,
			 e) ||
	    !place_parse(d->arena, *listen, &p, e))
		return err_wrap(e, "metrics.listen");
	if (!place_is_near(&p))
		log_event(LOG_WARNING, "metrics-on-network", "listen", *listen,
			  "reason",
			  "whoever can connect learns how much is done here",
			  NULL);
	log_event(LOG_NOTICE, "metrics-serving", "listen", *listen, NULL);
	return true;
}

/* The same, for rspamd. */
static bool open_vault(struct daemon *d, struct err *e)
{
	const char **listen = &d->conf.dkim.vault_listen;

	if (*listen == NULL)
		return true;
	if (!listen_open(*listen, &d->listeners[0].vault, 1, d->arena, listen,
			 e))
		return err_wrap(e, "dkim.vault_listen");
	log_event(LOG_NOTICE, "vault-serving", "listen", *listen, NULL);
	return true;
}

/* The lanes share a unix socket: it has no SO_REUSEPORT. */
static bool share(const struct place *p, const char *group, int fds[],
		  unsigned count, struct err *e)
{
	if (!local_listen(p->path, group, &fds[0], e))
		return false;
	for (unsigned i = 1; i < count; i++) {
		fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
		if (fds[i] < 0)
			return err_set(e, ERR_UNAVAILABLE, "%s",
				       strerror(errno));
	}
	return true;
}

static bool open_place(struct daemon *d, const char *where, unsigned which,
		       struct err *e)
{
	int fds[LANES_MAX];
	struct place p;

	if (!place_parse(d->arena, where, &p, e) ||
	    !(p.path != NULL ? share(&p, d->conf.policy.group, fds, d->count, e)
			     : listen_open(p.server, fds, d->count, d->arena,
					   &where, e)))
		return false;
	for (unsigned i = 0; i < d->count; i++)
		d->listeners[i].policy[which] = fds[i];
	d->sockets[which] = p.path;
	if (!place_is_near(&p))
		log_event(LOG_WARNING, "policy-on-network", "listen", where,
			  "reason",
			  "whoever can connect learns which addresses there "
			  "are and whose mailbox is full",
			  NULL);
	log_event(LOG_NOTICE, "policy-serving", "listen", where, NULL);
	return true;
}

/* Privileged ports are bound before the rights to do so are given up. */
static bool open_listeners(struct daemon *d, struct err *e)
{
	const char *listen = d->conf.policy.listen;
	const struct text_list places =
		place_list(d->arena, listen != NULL ? listen : "");

	d->count = d->conf.daemon.loops > 0 ? (unsigned)d->conf.daemon.loops
					    : processors();
	if (!open_http(d, e) || !open_metrics(d, e) || !open_vault(d, e))
		return false;
	for (unsigned i = 0; i < places.count; i++) {
		if (!open_place(d, places.items[i], i, e))
			return false;
	}
	if (d->conf.dict.listen == NULL)
		return true;
	d->hears = local_listen(d->conf.dict.listen, d->conf.dict.group,
				&d->dict, e);
	return d->hears;
}

/* As whom a service of ours reads our own directory. */
static bool find_password(struct daemon *d, const char *file, const char **ret,
			  struct err *e)
{
	const char *text;

	if (!file_read(d->arena, state_path(&d->state, d->arena, file),
		       PASSWORD_MAX, &text, e))
		return false;
	*ret = arena_strndup(d->arena, text, strcspn(text, "\n"));
	return true;
}

static bool find_readers(struct daemon *d, struct err *e)
{
	struct policy_settings *policy = &d->conf.policy;
	struct signer_settings *dkim = &d->conf.dkim;

	return (policy->listen == NULL || policy->password != NULL ||
		find_password(d, "services/postfix", &policy->password, e)) &&
	       (dkim->vault_listen == NULL || dkim->password != NULL ||
		find_password(d, "services/signer", &dkim->password, e));
}

static bool start_directory(struct daemon *d, struct err *e)
{
	struct embedded_settings *set = &d->conf.embedded;
	uint32_t further;

	if (!d->conf.embed)
		return state_become(set->user, e);
	if (!scheme_accept(d->arena, d->conf.passwd.accept, &further, e))
		return false;
	set->password_forms = scheme_expression(d->arena, further);
	set->password_accept = d->conf.passwd.accept;
	set->password_modules = scheme_modules(d->arena, further);
	set->hash = hash_password;
	if (!state_enter(set, d->arena, &d->state, e) ||
	    !state_lock(&d->state, e) || !setup_directory(set, &d->state, e) ||
	    !find_readers(d, e))
		return false;
	d->conf.ldap.uri = d->state.uri;
	d->conf.ldap.reading_uri = d->state.reading_uri;
	d->conf.ldap.adding_uri = d->state.adding_uri;
	d->supervisor =
		supervisor_start(set, &d->state, d->loop, give_up, d, e);
	return d->supervisor != NULL;
}

/* A name that no other process has, now or later. */
static const char *process_name(struct arena *a)
{
	char host[HOST_NAME_MAX + 1];

	if (gethostname(host, sizeof(host)) != 0)
		host[0] = '\0';
	return arena_printf(a, "%.60s-%d-%s", host, (int)getpid(),
			    random_word(a, NAME_LENGTH));
}

/* One a server of the directory. */
static bool open_connectors(struct daemon *d, struct err *e)
{
	struct text_list servers = connect_servers(d->arena, d->conf.ldap.uri);

	d->news = news_new();
	d->parts.news = d->news;
	d->notices = notices_new();
	d->feed = feed_hub_new(d->notices);
	d->parts.feed = d->feed;
	d->parts.notices = d->notices;
	for (size_t i = 0; i < servers.count; i++) {
		d->connectors[i] =
			pool_open("connecting", 2, CONNECTOR_QUEUE, 0, e);
		if (d->connectors[i] == NULL)
			return false;
		d->parts.connectors[i] = d->connectors[i];
	}
	return true;
}

static void forget(struct lane_listeners *on)
{
	on->http = on->metrics = on->vault = -1;
	for (unsigned i = 0; i < POLICY_PLACES_MAX; i++)
		on->policy[i] = -1;
}

/* Where they come from is not among what may change while we run. */
static bool open_keyring(struct daemon *d, struct err *e)
{
	const struct oidc_settings *set = &d->loaded.oidc;

	if (set->issuer == NULL)
		return true;
	keys_prepare();
	d->keyring = keyring_open(set, keyring_over_https, KEYRING_PAUSE, e);
	d->verifiers = pool_open("verifying tokens", (processors() + 1) / 2,
				 VERIFIER_QUEUE, 5, e);
	return d->keyring != NULL && d->verifiers != NULL;
}

/* One thread: whoever waits for a hash must not wait for an RSA key. */
static bool open_makers(struct daemon *d, struct err *e)
{
	const char *file = d->conf.dkim.seal_key_file;

	d->makers = pool_open("making keys", 1, MAKER_QUEUE, 5, e);
	if (d->makers == NULL)
		return false;
	if (file == NULL)
		return true;
	return envelope_read(d->arena, file, &d->seal, e) ||
	       err_wrap(e, "dkim.seal_key_file");
}

static bool start_lanes(struct daemon *d, struct err *e)
{
	const struct conf *conf = &d->conf;
	unsigned workers = conf->passwd.workers > 0
				   ? (unsigned)conf->passwd.workers
				   : (processors() + 1) / 2;

	d->hashers = pool_open("hashing", workers, (unsigned)conf->passwd.queue,
			       5, e);
	d->streams = streams_new();
	d->sources = sources_new((unsigned)conf->http.connections_source);
	d->rates = rates_new();
	d->guess = guess_new();
	d->suffixes = suffix_open(e);
	if (d->hashers == NULL || d->suffixes == NULL || !open_keyring(d, e) ||
	    !open_makers(d, e))
		return false;
	d->parts = (struct lane_parts){.conf = conf,
				       .office = &d->office,
				       .hashers = d->hashers,
				       .makers = d->makers,
				       .seal = conf->dkim.seal_key_file != NULL
						       ? &d->seal
						       : NULL,
				       .sources = d->sources,
				       .streams = d->streams,
				       .rates = d->rates,
				       .tls = d->tls,
				       .guess = d->guess,
				       .suffixes = d->suffixes,
				       .door = &d->door,
				       .keyring = d->keyring,
				       .verifiers = d->verifiers,
				       .openapi = asset_text(
					       "docs/api/openapi.json"),
				       .reference = asset_text(
					       "docs/api/reference.html"),
				       .name = process_name(d->arena),
				       .dict = d->dict,
				       .lanes = d->count};
	if (!open_connectors(d, e) ||
	    !office_open(d->arena, &d->loaded.webhooks, &d->office, e))
		return false;
	for (unsigned i = 0; i < d->count; i++) {
		const struct lane_listeners on = d->listeners[i];

		forget(&d->listeners[i]);
		d->lanes[i] = lane_start(&d->parts, &on, i == 0, e);
		if (d->lanes[i] == NULL)
			return false;
		d->dict = -1; /* the first one has it */
	}
	return true;
}

/* While they still listen, so that they are ours: once they do not, whoever
 * comes after us may have put his own there.  Where root made one we may not;
 * it is replaced at the next start. */
static void remove_sockets(const struct daemon *d)
{
	if (d->hears)
		unlink(d->conf.dict.listen);
	for (unsigned i = 0; i < POLICY_PLACES_MAX; i++) {
		if (d->sockets[i] != NULL)
			unlink(d->sockets[i]);
	}
}

static void stop(struct daemon *d)
{
	remove_sockets(d);
	for (unsigned i = 0; i < d->count; i++) {
		if (d->lanes[i] != NULL)
			lane_stop(d->lanes[i]);
	}
	for (unsigned i = 0; i < d->count; i++) {
		lane_join(&d->lanes[i]);
		file_close(&d->listeners[i].http);
		file_close(&d->listeners[i].metrics);
		file_close(&d->listeners[i].vault);
	}
	file_close(&d->dict);
	supervisor_stop(&d->supervisor);
	for (unsigned i = 0; i < NEWS_SERVERS_MAX; i++)
		pool_close(&d->connectors[i]);
	office_close(&d->office);
	pool_close(&d->hashers);
	pool_close(&d->makers);
	pool_close(&d->verifiers);
	keyring_close(&d->keyring);
	news_free(&d->news);
	notices_free(&d->notices);
	edition_release(&d->edition);
	sources_free(&d->sources);
	streams_free(&d->streams);
	feed_hub_free(&d->feed);
	rates_free(&d->rates);
	tls_close(&d->tls);
	guess_free(&d->guess);
	suffix_close(&d->suffixes);
	loop_unwatch(d->loop, &d->watch);
	file_close(&d->signals);
	loop_close(&d->loop);
}

static bool start(struct daemon *d, struct err *e)
{
	meter_prepare(count_routes(d->arena));
	meter_set(METER_PROCESS_START, 0, clock_seconds() * MICROS);
	harden();
	connect_prepare();
	json_text_prepare();
	fetch_prepare();
	d->loop = loop_open(e);
	if (d->loop == NULL || !dispatch_check(e) || !watch_signals(d, e) ||
	    !open_listeners(d, e) || !start_directory(d, e))
		return false;
	/* After becoming another user, which the kernel would undo it for. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* As who reads the files again when they have been renewed. */
	return open_tls(&d->conf.http, &d->tls, e) && start_lanes(d, e);
}

static bool serve(struct daemon *d, struct err *e)
{
	if (start(d, e)) {
		log_event(LOG_NOTICE, "serving", "listen", d->conf.http.listen,
			  "tls", d->tls != NULL ? "yes" : NULL, "directory",
			  d->conf.ldap.uri, "state_dir", d->state.dir, NULL);
		loop_run(d->loop);
		log_event(LOG_NOTICE, "stopping", NULL);
	}
	stop(d);
	return e->kind == ERR_NONE && !d->failed;
}

static bool check(struct daemon *d, struct err *e)
{
	if (!open_tls(&d->conf.http, &d->tls, e))
		return false;
	tls_close(&d->tls);
	puts("the options are good");
	return true;
}

static bool act(struct daemon *d, enum conf_action action, struct err *e)
{
	switch (action) {
	case CONF_HELP:
		conf_help(stdout);
		return true;
	case CONF_VERSION:
		puts("provostd " PACKAGE_VERSION);
		return true;
	case CONF_PRINT:
		conf_print(&d->conf, stdout);
		return true;
	case CONF_CHECK:
		return check(d, e);
	case CONF_SERVE:
		break;
	}
	return serve(d, e);
}

int main(int argc, char **argv)
{
	static struct daemon d;
	enum conf_action action;
	struct err e = {0};
	int level = LOG_INFO;

	d.arena = arena_new();
	d.argc = argc;
	d.argv = argv;
	d.signals = d.dict = -1;
	for (unsigned i = 0; i < LANES_MAX; i++)
		forget(&d.listeners[i]);
	bool good = conf_load(d.arena, argc, argv, &d.loaded, &action, &e);
	d.conf = d.loaded;
	good = good && (action == CONF_HELP || action == CONF_VERSION ||
			find_log_level(d.conf.daemon.log_level, &level, &e));
	log_set_level(level);
	good = good && act(&d, action, &e);
	if (e.kind != ERR_NONE)
		fprintf(stderr, "provostd: %s\n", e.text);
	arena_free(d.arena);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
