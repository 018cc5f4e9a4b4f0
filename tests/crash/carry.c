/*
 * Carry out a plan on a directory and die, as by a power cut, before a certain
 * write: carry URI BASE CALLER LEASE WRITES COMMAND...
 *
 *	rename OLD NEW     a user
 *	rename-domain OLD NEW [drop]
 *	remove DOMAIN      with all that is in it
 *	leave USER         with all that leads to him; the address is held
 *	discard USER       the same, into the trash; "discard-domain DOMAIN"
 *	restore ID         out of it
 *	clear              what the trash has kept long enough
 *	found DOMAIN TO    with its reserved names
 *	set                a change set of everything that one can have
 *	clash              the same, while somebody takes the last address
 *	set-trash, clash-trash
 *	                   the same, and what it deletes goes into the trash
 *	resume             what is found in the journal
 *
 * CALLER is whose login it is, LEASE in milliseconds.  WRITES is how many the
 * directory gets; -1: all; with an "s" behind it, it only stops before the
 *next. Ends with 0 when it was done to the end, with 1 when it failed, and by
 *SIGKILL otherwise.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldap.h>

#include "core/alias.h"
#include "core/changeset.h"
#include "core/domain.h"
#include "core/plan.h"
#include "core/provision.h"
#include "core/removal.h"
#include "core/rename_domain.h"
#include "core/trash.h"
#include "core/user.h"
#include "tests/lib/live.h"
#include "util/clock.h"
#include "util/instant.h"

enum { PATIENCE = 60000 };

static long writes_left = -1;
static int how_to_end = SIGKILL;

/* Before each write of libldap's that the gateway makes. */
static void *before_write(const char *name)
{
	if (writes_left >= 0 && writes_left-- == 0)
		raise(how_to_end);
	return dlsym(RTLD_NEXT, name);
}

/* A function by its address, which C gives no cast for. */
#define REAL(name)                      \
	union {                         \
		void *address;          \
		__typeof__(&name) call; \
	} real = {before_write(#name)}

int ldap_add_ext(LDAP *ld, const char *dn, LDAPMod **mods, LDAPControl **server,
		 LDAPControl **client, int *id)
{
	REAL(ldap_add_ext);
	return real.call(ld, dn, mods, server, client, id);
}

int ldap_modify_ext(LDAP *ld, const char *dn, LDAPMod **mods,
		    LDAPControl **server, LDAPControl **client, int *id)
{
	REAL(ldap_modify_ext);
	return real.call(ld, dn, mods, server, client, id);
}

int ldap_rename(LDAP *ld, const char *dn, const char *name, const char *parent,
		int delete, LDAPControl **server, LDAPControl **client, int *id)
{
	REAL(ldap_rename);
	return real.call(ld, dn, name, parent, delete, server, client, id);
}

int ldap_delete_ext(LDAP *ld, const char *dn, LDAPControl **server,
		    LDAPControl **client, int *id)
{
	REAL(ldap_delete_ext);
	return real.call(ld, dn, server, client, id);
}

static bool rename_user(const struct gateway *g, const struct task *t,
			char **words, struct err *e)
{
	struct user wanted = {.address = words[1]}, got;
	const struct field f = FIELD(struct user, address);
	const struct patch p = {&wanted, &f, 1, false, NULL};
	struct revision rev;

	return provision_change(g, t, KIND_USER, words[0], &p, NULL, &got, &rev,
				e);
}

static bool rename_all(const struct gateway *g, const struct task *t,
		       char **words, struct err *e)
{
	struct domain wanted = {.name = words[1]}, got;
	const struct field f = FIELD(struct domain, name);
	const struct patch p = {.record = &wanted,
				.fields = &f,
				.count = 1,
				.keep_key = words[2] == NULL};
	struct revision rev;

	return rename_domain(g, t, words[0], &p, NULL, &got, &rev, e);
}

/* A domain with all that is in it, a user with what leads to him. */
static bool remove_record(const struct gateway *g, const struct task *t,
			  enum kind k, const char *key, struct err *e)
{
	const struct removal how = {.recursive = true, .links = LINKS_REMOVE};
	struct text_list none;

	return removal(g, t, k, key, &how, &none, e);
}

static bool found(const struct gateway *g, const struct task *t,
		  const char *name, const char *to, struct err *e)
{
	struct domain d = domain_defaults;
	struct revision rev;

	d.name = name;
	d.reserved_to = (struct text_list){&to, 1};
	return provision_create(g, t, KIND_DOMAIN, &d, &rev, e);
}

static bool add(struct changeset *c, enum changeset_verb verb, enum kind k,
		const char *key, void *record, struct err *e)
{
	static const struct field name = FIELD(struct user, name);
	bool changes = verb == CHANGESET_CHANGE, skipped;
	struct operation_asked o = {.verb = verb,
				    .kind = k,
				    .key = key,
				    .record = record,
				    .fields = changes ? &name : NULL,
				    .field_count = changes};

	return changeset_add(c, &o, &skipped, e);
}

/* As an LDAP tool may, after the set was judged. */
static bool take_last(const struct gateway *g, const struct task *t,
		      struct alias al, struct err *e)
{
	const char *to = "y@far.example";
	struct revision rev;

	al.destinations = (struct text_list){&to, 1};
	alias_complete(&al, t->arena);
	return g->store->ops->add(g->store, t, KIND_ALIAS, &al, &rev, e);
}

static bool change_set(const struct gateway *g, const struct task *t,
		       bool clash, struct err *e)
{
	static struct changeset c;
	const char *carl = "carl@new.example";
	struct domain d = domain_defaults;
	struct user u = user_defaults, named = user_defaults;
	struct alias team = alias_defaults, last;

	d.name = "new.example";
	u.address = carl;
	named.name = "Ann the First";
	team.address = "team@new.example";
	team.destinations = (struct text_list){&carl, 1};
	last = team;
	last.address = "last@alpha.example";
	changeset_begin(&c, g, t, 20);
	return add(&c, CHANGESET_CREATE, KIND_DOMAIN, NULL, &d, e) &&
	       add(&c, CHANGESET_CREATE, KIND_USER, NULL, &u, e) &&
	       add(&c, CHANGESET_CREATE, KIND_ALIAS, NULL, &team, e) &&
	       add(&c, CHANGESET_CHANGE, KIND_USER, "ann@alpha.example", &named,
		   e) &&
	       add(&c, CHANGESET_REMOVE, KIND_USER, "gone@beta.example", NULL,
		   e) &&
	       add(&c, CHANGESET_REMOVE, KIND_ALIAS, "old@beta.example", NULL,
		   e) &&
	       add(&c, CHANGESET_REMOVE, KIND_DOMAIN, "beta.example", NULL,
		   e) &&
	       add(&c, CHANGESET_CREATE, KIND_ALIAS, NULL, &last, e) &&
	       (!clash || take_last(g, t, last, e)) && changeset_run(&c, e);
}

static bool restore(const struct gateway *g, const struct task *t,
		    const char *id, struct err *e)
{
	struct trashed x;

	return trash_restore(g, t, id, &x, e);
}

static bool clear(const struct gateway *g, const struct task *t, struct err *e)
{
	char now[INSTANT_SIZE];
	bool more;

	instant_text(now, clock_seconds());
	return trash_clear(g, t, now, &more, e);
}

static bool resume(const struct gateway *g, const struct task *t, struct err *e)
{
	struct plan *plans;
	size_t count;
	bool good = true;

	if (!g->journal->ops->list(g->journal, t, &plans, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct err why = {0};

		if (plan_resume(g, t, &plans[i], NULL, &why))
			continue;
		*e = why;
		good = false;
	}
	return good;
}

static int carry(struct live *live)
{
	char **words = live->ctx;
	const struct caller caller = live_caller(live, *words++);
	const struct task t = {.arena = live->arena,
			       .caller = &caller,
			       .deadline = clock_now() + PATIENCE};
	struct gateway *g = &live->gateway;
	struct err e = {0};
	bool good = false;

	g->name = "carry";
	g->hold_days = strcmp(words[2], "leave") == 0;
	g->trash_days = strncmp(words[2], "discard", strlen("discard")) == 0 ||
			strstr(words[2], "-trash") != NULL;
	g->lease_millis = strtol(*words++, NULL, 10);
	words++; /* the writes */
	if (strcmp(words[0], "rename") == 0)
		good = rename_user(g, &t, words + 1, &e);
	else if (strcmp(words[0], "rename-domain") == 0)
		good = rename_all(g, &t, words + 1, &e);
	else if (strcmp(words[0], "remove") == 0)
		good = remove_record(g, &t, KIND_DOMAIN, words[1], &e);
	else if (strcmp(words[0], "discard-domain") == 0)
		good = remove_record(g, &t, KIND_DOMAIN, words[1], &e);
	else if (strcmp(words[0], "leave") == 0 ||
		 strcmp(words[0], "discard") == 0)
		good = remove_record(g, &t, KIND_USER, words[1], &e);
	else if (strcmp(words[0], "restore") == 0)
		good = restore(g, &t, words[1], &e);
	else if (strcmp(words[0], "clear") == 0)
		good = clear(g, &t, &e);
	else if (strcmp(words[0], "found") == 0)
		good = found(g, &t, words[1], words[2], &e);
	else if (strncmp(words[0], "set", strlen("set")) == 0)
		good = change_set(g, &t, false, &e);
	else if (strncmp(words[0], "clash", strlen("clash")) == 0)
		good = change_set(g, &t, true, &e);
	else if (strcmp(words[0], "resume") == 0)
		good = resume(g, &t, &e);
	if (!good)
		printf("%s\n", e.text);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc < 7)
		return EXIT_FAILURE;
	struct live live = {.set = {.uri = argv[1], .base = argv[2]},
			    .work = carry,
			    .ctx = argv + 3};
	char *end;

	writes_left = strtol(argv[5], &end, 10);
	if (*end == 's')
		how_to_end = SIGSTOP;
	return live_run(&live);
}
