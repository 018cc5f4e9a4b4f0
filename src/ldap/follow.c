#include "ldap/follow.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/health.h"
#include "ldap/dn.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/whose.h"
#include "loop/fiber.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/text.h"

enum {
	IDLE_MILLIS = 400,  /* while nobody is remembered */
	NONE_MILLIS = 5000, /* where there is no log */
	MICROS = 1000000,
	AT_ONCE = 1000, /* writes that are read by one search */
	PLACE_SIZE = 64,
	READ_MILLIS = 5000, /* others find out sooner that slapd is silent */
};

static const char log_base[] = "cn=accesslog", log_end[] = "reqEnd",
		  log_csn[] = "entryCSN", log_dn[] = "reqDN",
		  log_mods[] = "reqMod";

/* Where the log ends is known by the clock of who writes it: the first look
 * goes back far enough to find his newest entry, whatever our own clock says.
 */
static const int64_t first_looks[] = {120, 3600, 86400, 40 * 86400};

struct follow {
	struct session *session;
	const struct ldap_settings *set;
	struct notices *notices;
	struct feed_hub *hub;
	char newest[PLACE_SIZE];  /* the last entryCSN */
	char reached[PLACE_SIZE]; /* reqEnd of the last that was read */
	char last[512];           /* its name in the log, so that it is not
				   * told again */
	int64_t next;             /* look then */
	bool told;                /* that it cannot be followed */
};

struct reading {
	struct follow *follow;
	struct arena *arena;
	const char *reached, *last, *newest;
	size_t count;
	struct err err;
};

static bool copy(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return false;
	memcpy(to, from, strlen(from) + 1);
	return true;
}

/* What is below a user is not his: mail servers write there all the time. */
static void post(struct follow *f, struct arena *a, const char *dn)
{
	struct notices *n = f->notices;
	struct whose w;

	if (dn == NULL) {
		notices_post(n, 0);
	} else if (!whose_is(a, f->set->base, dn, &w)) {
		/* Policies may decide about all logins.  slapd looks at roles
		 * and groups each time, but not whether a super administrator
		 * comes with a token. */
		if (dn_is_below(dn,
				dn_child(a, "ou", "policies", f->set->base)) ||
		    dn_is_below(dn, dn_child(a, "ou", "roles", f->set->base)))
			notices_post(n, 0);
	} else if (w.key != NULL) {
		notices_post(n, notices_subject(n, NOTICE_KEY, w.key));
	} else if (w.login != NULL && !w.further) {
		notices_post(n, notices_subject(n, NOTICE_LOGIN, w.login));
	} else if (w.domain != NULL && !w.further) {
		notices_post(n, notices_subject(n, NOTICE_DOMAIN, w.domain));
	} else if (w.login == NULL && w.domain == NULL) {
		notices_post(n, 0);
	}
}

/* Whether a value of reqMod, "attribute:=value", is about that attribute. */
static bool is_about(const char *mod, const char *attr)
{
	size_t size = strlen(attr);

	return strncasecmp(mod, attr, size) == 0 && mod[size] == ':';
}

static bool is_among(const char *mod, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_about(mod, names[i]))
			return true;
	}
	return false;
}

/* Whether it is about one of these, and else about nothing but what slapd
 * writes with every change. */
static bool is_only(const struct berval *mods, const char *const names[],
		    size_t count)
{
	static const char *const besides[] = {"entryCSN", "modifiersName",
					      "modifyTimestamp"};
	bool any = false;

	for (; mods != NULL && mods->bv_val != NULL; mods++) {
		bool one = is_among(mods->bv_val, names, count);

		if (!one && !is_among(mods->bv_val, besides, COUNT(besides)))
			return false;
		any = any || one;
	}
	return any;
}

/* That a wrong password was tried, or forgotten: strangers can write that at
 * will.  What the gateway is not shown is never alone: slapd writes when a
 * password was changed. */
bool follow_is_failure(const struct berval *mods)
{
	static const char *const failure[] = {"pwdFailureTime"};

	return is_only(mods, failure, COUNT(failure));
}

/* That a key was used: nothing that it may be used for is another then, and
 * who writes its hash, which is not shown, does not write this. */
static bool is_use(const struct berval *mods)
{
	static const char *const use[] = {"provostKeyLastUsed",
					  "provostKeyLastSource"};

	return is_only(mods, use, COUNT(use));
}

static void each_write(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct reading *r = ctx;
	struct follow *f = r->follow;
	CLEANUP(arena_release) struct arena *a = arena_new();
	char *name = ldap_get_dn(ld, message);
	struct entry en;

	r->count++;
	if (name != NULL && strcmp(name, f->last) != 0 &&
	    entry_read(ld, message, a, &en, &r->err)) {
		const char *end = entry_text(&en, log_end);
		const char *csn = entry_text(&en, log_csn);

		if (csn != NULL &&
		    (r->newest == NULL || strcmp(csn, r->newest) > 0))
			r->newest = arena_strdup(r->arena, csn);
		if (end != NULL &&
		    (r->reached == NULL || strcmp(end, r->reached) >= 0)) {
			r->reached = arena_strdup(r->arena, end);
			r->last = arena_strdup(r->arena, name);
		}
		if (!follow_is_failure(entry_values(&en, log_mods)) &&
		    !is_use(entry_values(&en, log_mods)))
			post(f, a, entry_text(&en, log_dn));
	}
	ldap_memfree(name);
}

/* What was written since.  True also if there is more: then `more`. */
static bool read_since(struct reading *r, const char *since, bool *more,
		       bool *none, struct err *e)
{
	static const char *const want[] = {log_end, log_csn, log_dn, log_mods,
					   NULL};
	const struct follow *f = r->follow;
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = log_base,
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_from(r->arena, log_end, since),
			       .want = want,
			       .limit = AT_ONCE,
			       .first = true,
			       .each = each_write,
			       .ctx = r};

	r->count = 0;
	if (!session_run(f->session, r->arena, &op, clock_now() + READ_MILLIS,
			 e))
		return false;
	*more = op.result == LDAP_SIZELIMIT_EXCEEDED;
	*none = !*more && op.result != LDAP_SUCCESS;
	if (*none)
		return err_set(e, ERR_UNAVAILABLE, "cn=accesslog: %s",
			       ldap_err2string(op.result));
	if (r->err.kind == ERR_NONE)
		return true;
	*e = r->err;
	return false;
}

static const char *ago(struct arena *a, int64_t seconds)
{
	char text[INSTANT_SIZE];

	instant_text(text, clock_seconds() - seconds);
	return map_time(a, text);
}

/* The end of the log; if it is empty, its beginning. */
static bool find_end(struct reading *r, bool *more, bool *none, struct err *e)
{
	for (size_t i = 0; i < COUNT(first_looks); i++) {
		if (!read_since(r, ago(r->arena, first_looks[i]), more, none,
				e))
			return false;
		if (r->count > 0)
			return true;
	}
	r->reached = "19700101000000Z";
	return true;
}

/* Read all that is there.  `none`: there is no log, or we may not read it. */
static bool look(struct follow *f, bool *none, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct reading r = {.follow = f, .arena = a};
	bool more = true;

	*none = false;
	while (more) {
		bool good = f->reached[0] == '\0' ? find_end(&r, &more, none, e)
						  : read_since(&r, f->reached,
							       &more, none, e);

		if (!good)
			return false;
		if (r.reached != NULL &&
		    !copy(f->reached, sizeof(f->reached), r.reached))
			return err_set(e, ERR_INTERNAL, "a time in the log");
		if (r.last != NULL && !copy(f->last, sizeof(f->last), r.last))
			f->last[0] = '\0';
		if (r.newest != NULL && strcmp(r.newest, f->newest) > 0 &&
		    !copy(f->newest, sizeof(f->newest), r.newest))
			return err_set(e, ERR_INTERNAL, "a number in the log");
	}
	feed_hub_seen(f->hub, f->newest);
	return true;
}

static void turn(struct follow *f)
{
	int64_t began = clock_now();
	struct err e = {0};
	bool none;

	if (look(f, &none, &e)) {
		notices_heard(f->notices, began);
		meter_set(METER_LOG_HEARD, 0, clock_seconds() * MICROS);
		meter_set(METER_LOG_FOLLOWED, 0, 1);
		health_tell(HEALTH_LOG, NULL);
		f->next = began + IDLE_MILLIS;
		if (f->told)
			log_event(LOG_NOTICE, "log-followed", NULL);
		f->told = false;
		return;
	}
	f->next = clock_now() + (none ? NONE_MILLIS : FOLLOW_MILLIS);
	meter_set(METER_LOG_FOLLOWED, 0, 0);
	health_tell(HEALTH_LOG, "the directory's log cannot be read");
	if (f->told || !none)
		return;
	log_event(LOG_WARNING, "log-not-followed", "error", e.text, "effect",
		  "no credential is remembered", NULL);
	f->told = true;
}

static void run(void *ctx)
{
	struct follow *f = ctx;

	while (!session_is_stopped(f->session)) {
		int64_t now = clock_now();

		if (now >= f->next ||
		    (!f->told && notices_are_needed(f->notices, now)))
			turn(f);
		fiber_sleep(FOLLOW_MILLIS);
	}
}

struct follow *follow_start(struct loop *l, struct session *s,
			    const struct ldap_settings *set, struct notices *n,
			    struct feed_hub *h)
{
	struct follow *f = alloc_zeroed(sizeof(*f));

	f->session = s;
	f->set = set;
	f->notices = n;
	f->hub = h;
	if (!fiber_start(l, run, f))
		follow_free(&f);
	return f;
}

void follow_free(struct follow **f)
{
	free(*f);
	*f = NULL;
}
