#include "api/admission.h"

#include "tests/lib/tap.h"
#include "util/field.h"

struct record {
	const char *address, *clear;
};

/* clang-format off */
#define F(member) FIELD(struct record, member)
static const struct codec_field fields[] = {
	{"address",  F(address), CODEC_REQUIRED},
	{"password", F(clear),   CODEC_WRITE_ONLY},
	{NULL,       {0, 0},     0},
};
#undef F
static const struct codec codec = {fields, sizeof(struct record), NULL, true};
static const struct route
	list = {"GET",  "x", NULL,   NULL, "x:read",  KIND_USER, {"limit", "cursor"}},
	make = {"POST", "x", &codec, NULL, "x:write", KIND_USER, {NULL}};
/* clang-format on */

/* So slow that nothing comes back while a test runs. */
static const struct rate_settings limits = {.source = 1,
					    .source_burst = 50,
					    .refused = 1,
					    .refused_burst = 5,
					    .caller = 1,
					    .caller_burst = 1000,
					    .key = 1,
					    .key_burst = 100,
					    .checks = 1,
					    .checks_burst = 3};
static struct service service = {.rate = &limits};
static const struct request req = {.source = "2001:db8::1",
				   .source_network = "2001:db8::/64"};

static struct call call_of(const struct caller *c)
{
	return (struct call){.req = &req,
			     .service = &service,
			     .route = &list,
			     .task = {.caller = c}};
}

static int64_t left(const struct call *call, enum rate which)
{
	return call->seen.by[which].state.left;
}

static void keys(void)
{
	const struct caller one = {.identity = "ann", .key = "k1"},
			    other = {.identity = "ann", .key = "k2"},
			    none = {.identity = "ann"};
	unsigned count = 0;
	struct err e = {0};

	for (;;) {
		struct call call = call_of(&one);

		if (!admission_enter(&call, &e))
			break;
		count++;
	}
	OK(count >= 100 && count <= 102 && e.kind == ERR_RATE,
	   "a key has its own");
	struct call call = call_of(&other);
	err_clear(&e);
	OK(admission_enter(&call, &e) && left(&call, RATE_KEY) == 99,
	   "so has another of the same owner");
	OK(left(&call, RATE_CALLER) >= 1000 - (int64_t)count - 1 &&
		   left(&call, RATE_CALLER) < 1000 - 100,
	   "what he does with any of them counts for him");
	call = call_of(&none);
	OK(admission_enter(&call, &e) && left(&call, RATE_KEY) == 0 &&
		   call.seen.by[RATE_KEY].rule.rate == 0,
	   "without a key there is none to ask");
}

static void checks(void)
{
	static const struct route check = {"POST",    "domains/{name}/checks",
					   NULL,      NULL,
					   "x:write", KIND_DOMAIN,
					   {NULL}};
	const struct caller kim = {.identity = "kim", .key = "k9"},
			    lee = {.identity = "lee"};
	struct err e = {0};
	unsigned count = 0;

	for (;;) {
		struct call call = call_of(&kim);

		call.route = &check;
		if (!admission_enter(&call, &e))
			break;
		count++;
	}
	OK(count >= 3 && count <= 5 && e.kind == ERR_RATE,
	   "the DNS is not asked for him any number of times");
	struct call call = call_of(&kim);
	err_clear(&e);
	OK(admission_enter(&call, &e) &&
		   call.seen.by[RATE_CHECKS].rule.rate == 0,
	   "what else he does is not held up by that");
	call = call_of(&lee);
	call.route = &check;
	OK(admission_enter(&call, &e) && left(&call, RATE_CHECKS) == 2,
	   "nor is anybody else");
}

static int64_t cost(const struct route *route, const char *limit, void *body)
{
	static const struct caller bob = {.identity = "bob", .key = "k3"};
	struct call before = call_of(&bob), call = call_of(&bob);
	struct err e = {0};

	admission_enter(&before, &e);
	call.route = route;
	call.query[0] = limit;
	call.body = body;
	admission_enter(&call, &e);
	admission_weigh(&call);
	int64_t caller = left(&before, RATE_CALLER) - left(&call, RATE_CALLER);
	int64_t key = left(&before, RATE_KEY) - left(&call, RATE_KEY);
	return caller == key ? caller : -1;
}

static void costs(void)
{
	struct record with = {"ann@example.org", "secret"},
		      without = {"ann@example.org", NULL};

	OK(cost(&list, NULL, NULL) == 1, "a list");
	OK(cost(&list, "100", NULL) == 1, "a list of a hundred");
	OK(cost(&list, "101", NULL) == 2, "a list of more");
	OK(cost(&list, "1000", NULL) == 10, "a list of a thousand");
	OK(cost(&list, "9999999", NULL) == 1, "what is no list at all");
	OK(cost(&make, NULL, &without) == 1, "a record");
	OK(cost(&make, NULL, &with) == 11, "one with a password");
}

/* A full one is left alone, whatever may become of the request. */
static unsigned proves(unsigned tries, enum err_kind kind,
		       const struct caller *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tries; i++) {
		struct call call = call_of(c);
		struct err e = {0};

		count += admission_prove(&call, &e);
		e.kind = kind;
		admission_settle(&call, &e);
	}
	return count;
}

static void refusals(void)
{
	static const enum err_kind ours[] = {ERR_LIMIT,   ERR_UNAVAILABLE,
					     ERR_TIMEOUT, ERR_INTERNAL,
					     ERR_RATE,    ERR_NONE};
	const struct caller known = {.identity = "ann"};

	for (size_t i = 0; i < COUNT(ours); i++)
		OK(proves(20, ours[i], NULL) == 20, "not his fault");
	OK(proves(20, ERR_MALFORMED, &known) == 20, "who is known is let in");
	unsigned count = proves(20, ERR_UNAUTHENTICATED, NULL);
	OK(count >= 5 && count <= 7, "who proves nothing is not, any more");
	OK(proves(1, ERR_NONE, &known) == 0, "nor who could, before he does");
}

static void arrivals(void)
{
	const struct request neighbour = {.source = "2001:db8::2",
					  .source_network = "2001:db8::/64"};
	unsigned count = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct call call = call_of(NULL);
		struct err e = {0};

		if (i % 2 == 1)
			call.req = &neighbour;
		count += admission_arrive(&call, &e);
	}
	OK(count >= 50 && count <= 52, "a /64 is one source");
}

int main(void)
{
	service.rates = rates_new();
	keys();
	checks();
	costs();
	refusals();
	arrivals();
	rates_free(&service.rates);
	OK(proves(100, ERR_UNAUTHENTICATED, NULL) == 100,
	   "without buckets nobody is limited");
	return tap_done();
}
