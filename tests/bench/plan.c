#include "tests/bench/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/field.h"
#include "util/text.h"

static const char *const works[WORK_COUNT] = {
	[WORK_GET] = "get",           [WORK_LIST] = "list",
	[WORK_CREATE] = "create",     [WORK_PATCH] = "patch",
	[WORK_DELETE] = "delete",     [WORK_LOGIN] = "login",
	[WORK_PASSWORD] = "password",
};

static void die(const char *what, const char *word)
{
	fprintf(stderr, "%s: %s\n", what, word);
	exit(2);
}

/* Numbers that are not signed come as such. */
struct option {
	const char *flag;
	struct field field;
};

struct raw_plan {
	struct plan plan;
	const char *work;
	int64_t users, from;
};

/* clang-format off */
#define F(member) FIELD(struct raw_plan, member)
static const struct option options[] = {
	{"--work",        F(work)},
	{"--outstanding", F(plan.outstanding)},
	{"--millis",      F(plan.millis)},
	{"--count",       F(plan.count)},
	{"--users",       F(users)},
	{"--from",        F(from)},
	{"--tag",         F(plan.names.tag)},
	{"--password",    F(plan.password)},
	{"--hash",        F(plan.hash)},
	{"--hold",        F(plan.hold)},
	{"--address",     F(plan.address)},
	{"--login",       F(plan.login)},
	{"--uri",         F(plan.uri)},
	{"--base",        F(plan.base)},
	{"--caller",      F(plan.caller)},
	{"--threads",     F(plan.threads)},
};
#undef F
/* clang-format on */

static const struct option *find(const char *flag)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		if (strcmp(options[i].flag, flag) == 0)
			return &options[i];
	}
	die("there is no such option", flag);
	return NULL;
}

static void take(struct raw_plan *r, const struct option *o, char *value)
{
	void *to = field_at(o->field, r);

	if (o->field.kind == FIELD_TEXT)
		*(const char **)to = value;
	else if (o->field.kind == FIELD_FLAG)
		*(bool *)to = strcmp(value, "yes") == 0;
	else if (!text_number(value, 0, INT64_MAX, to))
		die(o->flag, "that is no number");
}

static enum work work_of(const char *name)
{
	for (size_t i = 0; i < WORK_COUNT; i++) {
		if (name != NULL && strcmp(works[i], name) == 0)
			return (enum work)i;
	}
	die("--work", "that is none");
	return WORK_COUNT;
}

void plan_read(struct plan *p, int argc, char **argv)
{
	struct raw_plan r = {.plan = {.outstanding = 1,
				      .millis = 1000,
				      .names.tag = "x",
				      .threads = 1}};

	for (int i = 1; i + 1 < argc; i += 2)
		take(&r, find(argv[i]), argv[i + 1]);
	if (argc % 2 == 0)
		die("a value is missing", argv[argc - 1]);
	r.plan.work = work_of(r.work);
	if (r.users <= 0 || r.users % HOUSEHOLD != 0)
		die("--users", "not a multiple of the size of a domain");
	if (r.plan.outstanding <= 0 ||
	    r.plan.outstanding > PLAN_OUTSTANDING_MAX)
		die("--outstanding", "too many or none");
	r.plan.names.users = (uint64_t)r.users;
	r.plan.names.from = (uint64_t)r.from;
	*p = r.plan;
}

bool plan_draw(const struct plan *p, atomic_uint_fast64_t *next,
	       int64_t began_micros, int64_t now_micros, uint64_t *ret)
{
	if (now_micros - began_micros >= p->millis * 1000)
		return false;
	*ret = atomic_fetch_add(next, 1);
	return p->count == 0 || *ret < (uint64_t)p->count;
}
