#include "lane.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "api/deprecation.h"
#include "core/fence.h"
#include "dict/dict.h"
#include "dns/resolver.h"
#include "http/server.h"
#include "ldap/checkbook.h"
#include "ldap/dkim.h"
#include "ldap/follow.h"
#include "ldap/inspect.h"
#include "ldap/journal.h"
#include "ldap/keyring.h"
#include "ldap/login.h"
#include "ldap/requests.h"
#include "ldap/session.h"
#include "ldap/store.h"
#include "ldap/webhooks.h"
#include "loop/fiber.h"
#include "oidc/verifier.h"
#include "passwd/hasher.h"
#include "signer/maker.h"
#include "signer/vault.h"
#include "steward.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"
#include "webhook/courier.h"
#include "webhook/messenger.h"

enum {
	STOP_MILLIS = 8000, /* requests under way have that long, and slapd
			     * 2 s: 10 s in all */
	STOP_LOOK = 10,     /* milliseconds between looks whether all is done */
	OPERATIONS_WAITING = 4096,
	REQUESTS_MAX = 65536, /* what http.requests may become */
	KEEPERS_MAX = 512,    /* fibers that keep connections, and a few for
			       * requests without credentials */
	LINES_MAX = 10100,    /* fibers of Dovecots, and those that write */
	ASKERS_MAX = 1024,    /* fibers that ask for several mailboxes */
	LOOKERS_MAX = 1024,   /* those that ask the DNS */
	DAY_SECONDS = 86400,
	COURIERS_MAX = WEBHOOKS_ROOM + 1,
};

struct lane {
	const struct lane_parts *parts;
	struct conf conf; /* our own: it changes on our thread */
	struct edition *edition;
	struct loop *loop;
	struct server *server, *monitor; /* NULL: none is */
	struct session *session, *logins;
	struct ldap_settings looker; /* where it is read for others; */
	struct session *lookups;     /* NULL: as all else */
	struct ldap_settings adder;  /* the same of what is added */
	struct session *additions;
	struct token_verifier *verifier; /* NULL: no tokens are taken */
	struct gateway gateway;
	struct dkim dkim;
	struct dkim_terms terms; /* of its keys */
	struct vault *vault;     /* of the first lane only; NULL: none is */
	struct lane_listeners on;
	struct ldap_settings reader; /* what Postfix may read, for the policy */
	struct session *reading;     /* service; all NULL where there is none */
	struct gateway seen;
	struct policy_server *policy;
	struct service service, open;
	struct steward *steward;   /* of the first lane only */
	struct couriers *couriers; /* the same */
	struct dict *dict;         /* the same; NULL: nobody is heard */
	struct follow *follow;     /* the same */
	struct inspect *inspect;   /* the same */
	struct timer stopping;
	int64_t stop_by;
	bool forced, first;
	pthread_t thread;
};

static void serve(void *ctx, const struct request *req, struct response *res)
{
	const struct lane *l = ctx;

	dispatch(&l->service, req, res);
}

static void serve_openly(void *ctx, const struct request *req,
			 struct response *res)
{
	const struct lane *l = ctx;

	dispatch(&l->open, req, res);
}

static void set_asides(struct lane *l)
{
	l->looker = l->conf.ldap;
	l->looker.uri = l->conf.ldap.reading_uri;
	l->adder = l->conf.ldap;
	l->adder.uri = l->conf.ldap.adding_uri;
}

static void open_sessions(struct lane *l)
{
	const struct ldap_settings *set = &l->conf.ldap;
	const struct session_shape shape = {.as = CONNECT_GATEWAY,
					    .connections =
						    (unsigned)set->connections,
					    .outstanding =
						    (unsigned)set->outstanding,
					    .waiting = OPERATIONS_WAITING};
	const struct session_shape login_shape =
		{.as = CONNECT_NOBODY,
		 .connections = (unsigned)set->logins,
		 .outstanding = 1, /* a bind stops all others, RFC 4511 4.2.1 */
		 .waiting = (unsigned)set->logins_waiting};
	struct pool *const *connectors = l->parts->connectors;
	struct news *news = l->parts->news;

	l->session = session_open(l->loop, connectors, news, set, &shape);
	l->logins = session_open(l->loop, connectors, news, set, &login_shape);
	set_asides(l);
	if (set->reading_uri != NULL)
		l->lookups = session_open(l->loop, connectors, news, &l->looker,
					  &shape);
	/* What is added there, replicas would not be awaited with. */
	if (set->adding_uri != NULL && strchr(set->uri, ' ') == NULL)
		l->additions = session_open(l->loop, connectors, news,
					    &l->adder, &shape);
}

/* The directory as Postfix sees it, whatever the gateway itself may see. */
static void set_reader(struct lane *l)
{
	l->reader = l->conf.ldap;
	l->reader.bind_dn = l->conf.policy.identity;
	l->reader.password = l->conf.policy.password;
}

static void open_policy(struct lane *l)
{
	const struct session_shape shape =
		{.as = CONNECT_READER,
		 .connections = 1,
		 .outstanding = (unsigned)l->conf.ldap.outstanding,
		 .waiting = OPERATIONS_WAITING};
	const struct policy_parts parts = {.loop = l->loop,
					   .settings = &l->conf.policy,
					   .door = l->parts->door,
					   .gateway = &l->seen,
					   .listeners = l->on.policy,
					   .count = POLICY_PLACES_MAX};

	if (l->conf.policy.listen == NULL)
		return;
	set_reader(l);
	l->reading = session_open(l->loop, l->parts->connectors, l->parts->news,
				  &l->reader, &shape);
	l->seen.store = ldap_store_open(l->reading, &l->reader);
	l->seen.journal = ldap_journal_open(l->reading, &l->reader);
	l->seen.delimiter = l->conf.delimiter;
	l->policy = policy_server_open(&parts);
}

static bool open_vault(struct lane *l, struct err *e)
{
	const struct vault_parts parts = {.loop = l->loop,
					  .connectors = l->parts->connectors,
					  .news = l->parts->news,
					  .sources = l->parts->sources,
					  .ldap = &l->conf.ldap,
					  .http = &l->conf.http,
					  .settings = &l->conf.dkim,
					  .seal = l->parts->seal,
					  .listener = l->on.vault};

	if (l->on.vault >= 0)
		l->vault = vault_open(&parts, e);
	return l->on.vault < 0 || l->vault != NULL;
}

static void close_policy(struct lane *l)
{
	if (l->policy == NULL)
		return;
	policy_server_close(&l->policy);
	ldap_store_close(&l->seen.store);
	ldap_journal_close(&l->seen.journal);
	session_free(&l->reading);
}

static void set_terms(struct lane *l)
{
	const struct signer_settings *set = &l->conf.dkim;

	l->terms = (struct dkim_terms){.poll_seconds = set->poll_seconds,
				       .wait_seconds = set->wait_seconds,
				       .grace_seconds =
					       set->grace_days * DAY_SECONDS,
				       .rotate_days = set->rotate_days};
}

static void open_dkim(struct lane *l)
{
	set_terms(l);
	l->dkim.ring = ldap_dkim_open(l->gateway.store);
	l->dkim.maker = maker_open(l->parts->makers, l->parts->seal);
	l->dkim.terms = &l->terms;
	l->gateway.dkim = &l->dkim;
}

static void open_webhooks(struct lane *l)
{
	const struct webhook_settings *set = &l->conf.webhooks;
	const struct webhook_keeping how = {.plain = strcmp(set->allow_http,
							    "yes") == 0,
					    .grace_hours = set->grace_hours,
					    .key = l->parts->office->seal};

	l->gateway.webhooks = ldap_webhooks_open(l->gateway.store, &how);
	l->gateway.messenger =
		webhook_messenger_open(l->parts->office->poster, set);
	if (l->first)
		l->couriers = couriers_new(l->loop, &l->gateway, set);
}

static bool open_ports(struct lane *l, struct err *e)
{
	const struct conf *conf = &l->conf;

	l->gateway.store = ldap_store_open(l->session, &conf->ldap);
	ldap_store_read_by(l->gateway.store, l->lookups);
	ldap_store_add_by(l->gateway.store, l->additions);
	l->gateway.keyring = ldap_keyring_open(l->gateway.store);
	l->gateway.requests =
		ldap_requests_open(l->gateway.store, &conf->idempotency,
				   l->parts->name);
	open_dkim(l);
	fence_raise(l->gateway.store);
	l->gateway.feed =
		ldap_feed_open(l->loop, l->gateway.store, l->parts->feed);
	l->gateway.journal = ldap_journal_open(l->session, &conf->ldap);
	l->gateway.resolver = dns_resolver_open(l->loop, &conf->dns);
	open_webhooks(l);
	l->gateway.checkbook = ldap_checkbook_open(l->gateway.store);
	l->gateway.checks = &conf->checks;
	l->gateway.delimiter = conf->delimiter;
	l->gateway.name = l->parts->name;
	l->gateway.suffixes = l->parts->suffixes;
	l->gateway.hold_days = conf->mail.hold_days;
	l->gateway.trash_days = conf->mail.trash_days;
	l->gateway.lease_millis = conf->daemon.lease_seconds * 1000;
	l->gateway.settle_millis =
		(conf->http.request_seconds + conf->ldap.write_seconds) * 1000;
	l->gateway.login = ldap_login_open(l->logins, l->session, &conf->ldap,
					   l->parts->notices);
	if (l->parts->keyring != NULL) {
		l->verifier =
			oidc_verifier_open(l->parts->keyring,
					   l->parts->verifiers, &conf->oidc);
		ldap_login_take_tokens(l->gateway.login, l->verifier);
	}
	ldap_login_limit(l->gateway.login, l->parts->guess, &conf->guess);
	l->gateway.hasher = hasher_open(l->parts->hashers, &conf->passwd, e);
	l->service.gateway = &l->gateway;
	l->service.openapi = l->parts->openapi;
	l->service.reference = l->parts->reference;
	l->service.rates = l->parts->rates;
	l->service.rate = &l->conf.rate;
	l->service.settings = &l->conf.api;
	l->service.streams = l->parts->streams;
	l->service.http = &l->conf.http;
	l->service.deprecations = deprecations;
	l->open = l->service;
	l->open.open = true;
	return l->gateway.hasher != NULL;
}

/* Everything below runs on the lane's own thread. */

static bool serves_nobody(const struct lane *l)
{
	return server_is_idle(l->server) && vault_is_idle(l->vault) &&
	       (l->monitor == NULL || server_is_idle(l->monitor));
}

static bool is_done(const struct lane *l)
{
	return serves_nobody(l) && session_is_closed(l->session) &&
	       session_is_closed(l->logins) && vault_is_closed(l->vault) &&
	       (l->lookups == NULL || session_is_closed(l->lookups)) &&
	       (l->additions == NULL || session_is_closed(l->additions)) &&
	       (l->reading == NULL || session_is_closed(l->reading)) &&
	       fiber_count(l->loop) == 0;
}

/* Nobody is being served any more. */
static bool is_idle(const struct lane *l)
{
	return serves_nobody(l) &&
	       (l->policy == NULL || policy_server_is_idle(l->policy)) &&
	       (l->steward == NULL || steward_has_ended(l->steward)) &&
	       (l->dict == NULL || dict_has_ended(l->dict));
}

static void cut_off(struct lane *l)
{
	server_cut_off(l->server);
	vault_cut_off(l->vault);
	if (l->monitor != NULL)
		server_cut_off(l->monitor);
	if (l->policy != NULL)
		policy_server_cut_off(l->policy);
}

static void look(void *ctx)
{
	struct lane *l = ctx;
	bool late = clock_now() >= l->stop_by;

	if (late && !l->forced)
		cut_off(l);
	if (late || is_idle(l)) {
		if (!l->forced) {
			session_stop(l->session);
			session_stop(l->logins);
			vault_stop(l->vault);
			if (l->lookups != NULL)
				session_stop(l->lookups);
			if (l->additions != NULL)
				session_stop(l->additions);
			if (l->reading != NULL)
				session_stop(l->reading);
		}
		l->forced = true;
	}
	if (l->forced && is_done(l))
		loop_stop(l->loop);
	else
		loop_set_timer(l->loop, &l->stopping, clock_now() + STOP_LOOK);
}

static void begin_stop(void *ctx)
{
	struct lane *l = ctx;

	server_quiesce(l->server);
	vault_quiesce(l->vault);
	if (l->monitor != NULL)
		server_quiesce(l->monitor);
	if (l->policy != NULL)
		policy_server_quiesce(l->policy);
	dns_resolver_stop(l->gateway.resolver);
	if (l->steward != NULL)
		steward_stop(l->steward);
	if (l->dict != NULL)
		dict_stop(l->dict);
	l->stop_by = clock_now() + STOP_MILLIS;
	l->stopping = (struct timer){.fn = look, .ctx = l};
	look(l);
}

struct renewal {
	struct lane *lane;
	struct edition *edition;
};

static void renew(void *ctx)
{
	struct renewal *r = ctx;
	struct lane *l = r->lane;

	/* Whatever is under way reads the new ones from here on. */
	l->conf = *edition_conf(r->edition);
	set_asides(l);
	set_reader(l);
	set_terms(l);
	session_set_waiting(l->logins, (unsigned)l->conf.ldap.logins_waiting);
	edition_release(&l->edition);
	l->edition = r->edition;
	/* Whoever comes again is held to them, too. */
	server_end_streams(l->server);
	free(r);
}

static void *run(void *ctx)
{
	struct lane *l = ctx;

	open_sessions(l);
	struct err e = {0};
	if (!open_ports(l, &e))
		abort(); /* the scheme was checked with the options */
	if (l->first)
		l->steward = steward_start(l->loop, &l->gateway, l->couriers);
	if (l->first)
		l->follow = follow_start(l->loop, l->session, &l->conf.ldap,
					 l->parts->notices, l->parts->feed);
	if (l->first && !ldap_feed_pump(l->gateway.feed))
		abort(); /* nobody has any fibers yet */
	if (l->first)
		l->inspect = inspect_start(l->loop, l->session, &l->conf.ldap);
	if (l->first && l->parts->dict >= 0)
		l->dict = dict_open(l->loop, l->parts->dict, &l->gateway,
				    &l->conf.dict, &e);
	if (e.kind != ERR_NONE)
		log_event(LOG_ERR, "dict-not-heard", "error", e.text, NULL);
	if (!open_vault(l, &e))
		log_event(LOG_ERR, "vault-not-open", "error", e.text, NULL);
	open_policy(l);
	loop_run(l->loop);
	server_close(&l->server);
	server_close(&l->monitor);
	steward_free(&l->steward);
	couriers_free(&l->couriers);
	close_policy(l);
	vault_close(&l->vault);
	dict_free(&l->dict);
	follow_free(&l->follow);
	inspect_free(&l->inspect);
	ldap_checkbook_close(&l->gateway.checkbook);
	dns_resolver_close(&l->gateway.resolver);
	ldap_requests_close(&l->gateway.requests);
	ldap_feed_close(&l->gateway.feed);
	ldap_webhooks_close(&l->gateway.webhooks);
	webhook_messenger_close(&l->gateway.messenger);
	ldap_keyring_close(&l->gateway.keyring);
	ldap_dkim_close(&l->dkim.ring);
	maker_close(&l->dkim.maker);
	ldap_store_close(&l->gateway.store);
	ldap_journal_close(&l->gateway.journal);
	ldap_login_close(&l->gateway.login);
	oidc_verifier_close(&l->verifier);
	hasher_close(&l->gateway.hasher);
	session_free(&l->session);
	session_free(&l->logins);
	session_free(&l->lookups);
	session_free(&l->additions);
	fiber_cleanup(l->loop);
	edition_release(&l->edition);
	return NULL;
}

static bool start_thread(struct lane *l, struct err *e)
{
	sigset_t all, before;

	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&l->thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ||
	       err_set(e, ERR_INTERNAL, "no thread: %s", strerror(rc));
}

/* That for monitoring is plain HTTP, and its connections count like others. */
static bool open_servers(struct lane *l, struct err *e)
{
	const struct lane_parts *parts = l->parts;
	struct server_parts server = {.loop = l->loop,
				      .settings = &l->conf.http,
				      .sources = parts->sources,
				      .tls = parts->tls,
				      .loops = parts->lanes,
				      .listener = l->on.http,
				      .serve = serve,
				      .is_visit = dispatch_is_visit,
				      .ctx = l};

	l->server = server_open(&server, e);
	if (l->on.metrics < 0)
		return l->server != NULL;
	server.tls = NULL;
	server.listener = l->on.metrics;
	server.serve = serve_openly;
	server.is_visit = NULL;
	l->monitor = server_open(&server, e);
	return l->server != NULL && l->monitor != NULL;
}

struct lane *lane_start(const struct lane_parts *parts,
			const struct lane_listeners *on, bool first,
			struct err *e)
{
	struct lane *l = alloc_zeroed(sizeof(*l));

	l->parts = parts;
	l->first = first;
	l->on = *on;
	l->conf = *parts->conf;
	l->loop = loop_open(e);
	if (l->loop == NULL) {
		free(l);
		return NULL;
	}
	fiber_prepare(l->loop, REQUESTS_MAX + KEEPERS_MAX + LINES_MAX +
				       ASKERS_MAX + LOOKERS_MAX + COURIERS_MAX +
				       (unsigned)l->conf.policy.connections);
	if (!open_servers(l, e) || !start_thread(l, e)) {
		server_close(&l->server);
		server_close(&l->monitor);
		fiber_cleanup(l->loop);
		loop_close(&l->loop);
		free(l);
		return NULL;
	}
	return l;
}

void lane_stop(struct lane *l)
{
	loop_post(l->loop, begin_stop, l);
}

void lane_renew(struct lane *l, struct edition *ed)
{
	struct renewal *r = alloc_zeroed(sizeof(*r));

	*r = (struct renewal){l, edition_hold(ed)};
	loop_post(l->loop, renew, r);
}

void lane_join(struct lane **lane)
{
	struct lane *l = *lane;

	*lane = NULL;
	if (l == NULL)
		return;
	pthread_join(l->thread, NULL);
	loop_close(&l->loop);
	free(l);
}
