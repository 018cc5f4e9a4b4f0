/*
 * lookups - asks the directory what a mail server asks, and counts the answers
 *
 * Each thread has one connection with one search under way, as a process of
 * Postfix or Dovecot has.  The filter is filled in from the shipped file.
 */
#include <ldap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/lookup.h"
#include "ldap/connect.h"
#include "ldap/operation.h"
#include "tests/bench/names.h"
#include "tests/bench/tally.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/text.h"

enum { THREADS_MAX = 64, SECONDS = 10 };

struct job {
	const char *uri, *dn, *password, *base, *file, *setting;
	const char *key; /* a template with %u, a user, and %h, a household */
	int64_t users, from, threads, millis, entries;
	struct lookup lookup;
	int64_t ends;
};

struct worker {
	const struct job *job;
	struct tally tally;
	LDAP *ld;
	int64_t number;
	pthread_t thread;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "lookups: %s: %s\n", what, why);
	exit(1);
}

static LDAP *join(const struct job *j)
{
	static const int version = LDAP_VERSION3;
	struct berval cred;
	LDAP *ld = NULL;

	ber_str2bv(j->password, 0, 0, &cred);
	if (ldap_initialize(&ld, j->uri) != LDAP_SUCCESS ||
	    ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0)
		die("connect", j->uri);
	int rc = ldap_sasl_bind_s(ld, j->dn, LDAP_SASL_SIMPLE, &cred, NULL,
				  NULL, NULL);
	if (rc != LDAP_SUCCESS)
		die("bind", ldap_err2string(rc));
	return ld;
}

static void key_of(const struct job *j, int64_t number, char ret[NAME_SIZE])
{
	const struct names n = {.users = (uint64_t)j->users,
				.from = (uint64_t)j->from};
	uint64_t user = name_turn(&n, (uint64_t)number);
	char *to = ret;

	for (const char *p = j->key; *p != '\0'; p++) {
		size_t room = (size_t)(ret + NAME_SIZE - to);
		unsigned long long what = p[1] == 'h' ? user / HOUSEHOLD : user;

		if (room < 16)
			die(j->key, "is too long");
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		to += snprintf(to, room, p[1] == 'h' ? "%04llu" : "%06llu",
			       what);
		p++;
	}
	*to = '\0';
}

static void ask(struct worker *w)
{
	static const int scopes[] = {[DIRECT_ENTRY] = LDAP_SCOPE_BASE,
				     [DIRECT_CHILDREN] = LDAP_SCOPE_ONELEVEL,
				     [DIRECT_ALL] = LDAP_SCOPE_SUBTREE};
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct job *j = w->job;
	char key[NAME_SIZE];
	struct timeval limit = {.tv_sec = SECONDS};
	LDAPMessage *found = NULL;
	int64_t began = clock_micros();

	key_of(j, w->number, key);
	const char *filter = lookup_filter(a, &j->lookup, key);
	if (filter == NULL)
		die("this is not asked for", key);
	int rc = ldap_search_ext_s(w->ld, j->lookup.base,
				   scopes[j->lookup.scope], filter,
				   operation_names(j->lookup.wanted), 0, NULL,
				   NULL, &limit, LDAP_NO_LIMIT, &found);
	int entries = rc == LDAP_SUCCESS ? ldap_count_entries(w->ld, found) : 0;
	ldap_msgfree(found);
	if (rc == LDAP_SUCCESS && entries == j->entries)
		tally_count(&w->tally, clock_micros() - began);
	else
		tally_error(&w->tally, "%s: %s, %d entries instead of %d",
			    filter, ldap_err2string(rc), entries,
			    (int)j->entries);
}

static void *work(void *ctx)
{
	struct worker *w = ctx;

	w->tally.began = clock_micros();
	/* Once at least, however late it is. */
	do {
		ask(w);
		w->number += w->job->threads;
	} while (clock_micros() < w->job->ends);
	w->tally.ended = clock_micros();
	return NULL;
}

static int64_t number_of(const char *text)
{
	int64_t n;

	if (!text_number(text, 0, INT64_MAX, &n))
		die(text, "that is no number");
	return n;
}

static void read_words(struct job *j, struct arena *a, char **argv)
{
	struct err e = {0};

	j->uri = argv[1];
	j->dn = argv[2];
	j->password = argv[3];
	j->base = argv[4];
	j->file = argv[5];
	j->setting = argv[6];
	j->key = argv[7];
	j->users = number_of(argv[8]);
	j->from = number_of(argv[9]);
	j->threads = number_of(argv[10]);
	j->millis = number_of(argv[11]);
	j->entries = number_of(argv[12]);
	if (j->threads < 1 || j->threads > THREADS_MAX || j->users < 1)
		die("threads, users", "out of range");
	if (!lookup_read(a, j->file, j->setting, j->base, &j->lookup, &e))
		die(j->file, e.text);
}

static void print_filter(struct arena *a, const struct job *j)
{
	char key[NAME_SIZE];

	key_of(j, 0, key);
	const char *filter = lookup_filter(a, &j->lookup, key);
	puts(filter != NULL ? filter : "");
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct worker workers[THREADS_MAX];
	struct job j = {.uri = NULL};

	if (argc != 13)
		die("URI DN PASSWORD BASE FILE SETTING KEY USERS FROM THREADS "
		    "MILLIS ENTRIES",
		    "are wanted");
	read_words(&j, a, argv);
	if (j.millis == 0) {
		print_filter(a, &j);
		return 0;
	}
	connect_prepare();
	for (int64_t i = 0; i < j.threads; i++)
		workers[i] =
			(struct worker){.job = &j, .ld = join(&j), .number = i};
	j.ends = clock_micros() + j.millis * 1000;
	for (int64_t i = 0; i < j.threads; i++) {
		if (pthread_create(&workers[i].thread, NULL, work,
				   &workers[i]) != 0)
			die("thread", "cannot be started");
	}
	for (int64_t i = 0; i < j.threads; i++) {
		pthread_join(workers[i].thread, NULL);
		if (i > 0)
			tally_merge(&workers[0].tally, &workers[i].tally);
		ldap_unbind_ext(workers[i].ld, NULL, NULL);
	}
	tally_print(&workers[0].tally);
	return workers[0].tally.errors > 0;
}
