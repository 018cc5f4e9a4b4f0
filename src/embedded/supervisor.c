#include "embedded/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "embedded/child.h"
#include "util/alloc.h"
#include "util/clock.h"
#include "util/log.h"

enum {
	PAUSE_FIRST = 100, /* milliseconds until it is started again */
	PAUSE_LAST = 5000,
	LASTED = 10000, /* after that long the pause begins anew */
	TRIES = 5,
	STOP_MILLIS = 2000, /* until we kill it; mdb survives that */
	DEBUG_LEVEL = 2,    /* place in argv */
};

struct supervisor {
	const struct embedded_settings *set;
	struct arena *arena;
	const char *argv[9];
	struct loop *loop;
	struct timer again;
	loop_fn *give_up;
	void *ctx;
	pid_t pid; /* 0: not running */
	int64_t since, pause;
	unsigned failures; /* before it lasted once */
	bool lasted;
};

static void start(void *ctx)
{
	struct supervisor *s = ctx;
	struct err e = {0};
	char pid[24];

	/* With -d it stays our child.  It has nothing to tell, except when it
	 * did not start: then the next try shows why. */
	s->argv[DEBUG_LEVEL] = s->failures > 0 ? "none" : "0";
	s->since = clock_now();
	s->pid = child_start(s->argv, &e);
	if (s->pid < 0) {
		s->pid = 0;
		log_event(LOG_ERR, "slapd-not-started", "error", e.text, NULL);
		loop_set_timer(s->loop, &s->again, clock_now() + s->pause);
		return;
	}
	if (snprintf(pid, sizeof(pid), "%d", (int)s->pid) > 0)
		log_event(LOG_INFO, "slapd-started", "pid", pid, NULL);
}

static void log_end(int status)
{
	char code[24];
	bool killed = WIFSIGNALED(status);

	if (snprintf(code, sizeof(code), "%d",
		     killed ? WTERMSIG(status) : WEXITSTATUS(status)) > 0)
		log_event(LOG_ERR, "slapd-ended", killed ? "signal" : "status",
			  code, NULL);
}

void supervisor_reap(struct supervisor *s)
{
	int status;

	if (s->pid == 0 || waitpid(s->pid, &status, WNOHANG) != s->pid)
		return;
	s->pid = 0;
	log_end(status);
	if (clock_now() - s->since >= LASTED) {
		s->pause = PAUSE_FIRST;
		s->lasted = true;
	}
	if (!s->lasted && !WIFSIGNALED(status) && ++s->failures == TRIES) {
		s->give_up(s->ctx);
		return;
	}
	loop_set_timer(s->loop, &s->again, clock_now() + s->pause);
	s->pause = s->pause * 2 < PAUSE_LAST ? s->pause * 2 : PAUSE_LAST;
}

/* Before slapd 2.5.14 any client that can bind can crash it (ITS#9892). */
static void warn_of_network(const char *uri)
{
	if (strncmp(uri, "ldap://127.", strlen("ldap://127.")) != 0 &&
	    strncmp(uri, "ldap://[::1]", strlen("ldap://[::1]")) != 0)
		log_event(LOG_WARNING, "slapd-on-network", "listen", uri,
			  "reason",
			  "slapd before 2.5.14 can be crashed by any client "
			  "that can bind, and nothing encrypts this port",
			  NULL);
}

struct supervisor *supervisor_start(const struct embedded_settings *set,
				    const struct state *st, struct loop *l,
				    loop_fn *give_up, void *ctx, struct err *e)
{
	struct supervisor *s = alloc_zeroed(sizeof(*s));

	*s = (struct supervisor){.set = set,
				 .arena = arena_new(),
				 .loop = l,
				 .give_up = give_up,
				 .ctx = ctx,
				 .pause = PAUSE_FIRST};
	const char *listen = arena_printf(s->arena, "%s %s %s", st->uri,
					  st->reading_uri, st->adding_uri);
	if (set->ldap_listen != NULL) {
		warn_of_network(set->ldap_listen);
		listen = arena_printf(s->arena, "%s %s", listen,
				      set->ldap_listen);
	}
	const char *const argv[] = {set->program,
				    "-d",
				    NULL,
				    "-F",
				    state_path(st, s->arena, "slapd.d"),
				    "-h",
				    listen,
				    NULL};
	memcpy(s->argv, argv, sizeof(argv));
	s->again = (struct timer){.fn = start, .ctx = s};
	start(s);
	if (s->pid != 0)
		return s;
	err_set(e, ERR_INTERNAL, "cannot start %s", set->program);
	supervisor_stop(&s);
	return NULL;
}

void supervisor_stop(struct supervisor **supervisor)
{
	struct supervisor *s = *supervisor;
	int status;

	*supervisor = NULL;
	if (s == NULL)
		return;
	loop_clear_timer(s->loop, &s->again);
	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		kill(s->pid, SIGCONT); /* in case somebody stopped it */
		if (!child_wait(s->pid, STOP_MILLIS, &status)) {
			log_event(LOG_WARNING, "slapd-killed", NULL);
			kill(s->pid, SIGKILL);
			child_wait(s->pid, STOP_MILLIS, &status);
		}
	}
	arena_free(s->arena);
	free(s);
}
