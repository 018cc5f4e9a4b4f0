#include "api/admission.h"

#include <string.h>

#include "core/query.h"
#include "util/text.h"

enum {
	COST = 1,
	COST_PASSWORD = 10,    /* besides: one is hashed or verified */
	RECORDS_A_TOKEN = 100, /* of a list */
	OPERATIONS_A_TOKEN = 5,
	LIST_LIMIT = 0, /* which parameter of a list says how many */
};

static const char *network_of(const struct call *call)
{
	const struct request *req = call->req;

	return req->source_network != NULL ? req->source_network : req->source;
}

static bool take(struct call *call, enum rate which, const char *whose,
		 int64_t cost, struct err *e)
{
	const struct service *s = call->service;

	return rates_take(s->rates, s->rate, which, whose, cost, &call->seen,
			  e);
}

bool admission_arrive(struct call *call, struct err *e)
{
	return take(call, RATE_SOURCE, network_of(call), COST, e);
}

bool admission_prove(struct call *call, struct err *e)
{
	const struct service *s = call->service;

	return rates_look(s->rates, s->rate, RATE_REFUSED, network_of(call),
			  &call->seen, e);
}

bool admission_visit(struct call *call, struct err *e)
{
	return take(call, RATE_REFUSED, network_of(call), COST, e);
}

/* Each is a few dozen questions to the DNS, and waits for the answers. */
static bool is_check(const struct route *r)
{
	return strcmp(r->method, "POST") == 0 &&
	       strcmp(r->path, "domains/{name}/checks") == 0;
}

bool admission_enter(struct call *call, struct err *e)
{
	const struct caller *c = call->task.caller;

	return (c->key == NULL || take(call, RATE_KEY, c->key, COST, e)) &&
	       take(call, RATE_CALLER, c->identity, COST, e) &&
	       (!is_check(call->route) ||
		take(call, RATE_CHECKS, c->identity, COST, e));
}

/* A long list is as much work as several requests. */
static int64_t records_cost(const struct call *call)
{
	const char *first = call->route->query[LIST_LIMIT];
	const char *limit = call->query[LIST_LIMIT];
	int64_t n;

	if (first == NULL || strcmp(first, "limit") != 0 || limit == NULL ||
	    !text_number(limit, 1, QUERY_LIMIT_MAX, &n))
		return 0;
	return (n - 1) / RECORDS_A_TOKEN;
}

/* Whether there is a password in what he sent. */
static bool brings_password(const struct call *call)
{
	const struct codec *takes = call->route->takes;

	if (call->amendment != NULL)
		return json_patch_writes(call->amendment, "password");
	if (takes == NULL || call->body == NULL)
		return false;
	for (const struct codec_field *f = takes->fields; f->key != NULL; f++) {
		if (strcmp(f->key, "password") == 0 &&
		    *(const char *const *)field_in(f->field, call->body) !=
			    NULL)
			return true;
	}
	return false;
}

void admission_weigh(struct call *call)
{
	const struct service *s = call->service;
	const struct caller *c = call->task.caller;
	int64_t cost = records_cost(call) +
		       (brings_password(call) ? COST_PASSWORD : 0);

	if (c == NULL || cost == 0)
		return;
	if (c->key != NULL)
		rates_charge(s->rates, s->rate, RATE_KEY, c->key, cost,
			     &call->seen);
	rates_charge(s->rates, s->rate, RATE_CALLER, c->identity, cost,
		     &call->seen);
}

void admission_charge(const struct call *call, size_t operations,
		      size_t passwords)
{
	const struct service *s = call->service;
	const struct caller *c = call->task.caller;
	struct rates_seen seen = call->seen;
	int64_t cost = (int64_t)(operations / OPERATIONS_A_TOKEN +
				 passwords * COST_PASSWORD);

	if (c->key != NULL)
		rates_charge(s->rates, s->rate, RATE_KEY, c->key, cost, &seen);
	rates_charge(s->rates, s->rate, RATE_CALLER, c->identity, cost, &seen);
}

/* Nobody pays for what is our fault, or was refused for coming too often. */
static bool is_his_fault(enum err_kind kind)
{
	return kind == ERR_UNAUTHENTICATED || kind == ERR_NOT_FOUND ||
	       kind == ERR_METHOD || kind == ERR_MALFORMED;
}

void admission_settle(struct call *call, const struct err *e)
{
	const struct service *s = call->service;

	if (call->task.caller == NULL && is_his_fault(e->kind))
		rates_charge(s->rates, s->rate, RATE_REFUSED, network_of(call),
			     COST, &call->seen);
}
