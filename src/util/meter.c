#include "util/meter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/field.h"

enum { LABELS = 2, NUMBER_SIZE = 48, MICROS = 1000000 };

enum type { COUNTER, GAUGE, HISTOGRAM };

/* Named values of a label, ended by NULL; or, without a name, whole labels. */
struct label {
	const char *name;
	const char *const *values;
};

struct rule {
	const char *name; /* without the end that its type gives it */
	enum type type;
	bool micros; /* it is counted in them, and told in seconds */
	bool sparse; /* what is 0 is not told */
	struct label by[LABELS];
	const char *help;
};

static const char *const build[] = {"version=\"" PACKAGE_VERSION "\"", NULL};
static const char *const checks[] =
	{"directory_read",       "directory_write", "directory_read_socket",
	 "directory_add_socket", "login",           "schema",
	 "single_writer",        "lease",           "journal",
	 "password_hashing",     "change_log",      NULL};
static const char *const codes[] = {"200", "201",   "202", "204", "304", "400",
				    "401", "403",   "404", "405", "406", "409",
				    "410", "412",   "413", "415", "422", "428",
				    "429", "431",   "500", "501", "503", "504",
				    "505", "other", NULL};
static const char *const buckets[] = {"source", "refused", "key",
				      "caller", "checks",  NULL};
static const char *const passwords[] = {"right", "wrong", "unheard", "delayed",
					NULL};
static const char *const operations[] = {"search", "add",  "modify", "delete",
					 "rename", "bind", NULL};
static const char *const results[] = {"success",     "not_found",
				      "exists",      "assertion_failed",
				      "constraint",  "denied",
				      "limit",       "busy",
				      "other",       "timeout",
				      "unavailable", "unknown",
				      "not_sent",    NULL};
static const char *const uses[] = {"gateway", "login", "policy", NULL};
static const char *const pools[] = {"hashing",
				    "connecting",
				    "verifying tokens",
				    "fetching keys",
				    "making keys",
				    "other",
				    NULL};
static const char *const plans[] = {"running", "stuck", NULL};
static const char *const duties[] = {"journal",      "report",   "expiry",
				     "expiry-sweep", "limits",   "held",
				     "seal",         "webhooks", "checks",
				     "dkim",         "other",    NULL};
static const char *const webhooks[] = {"active", "failing", "given_up", NULL};
static const char *const answers[] = {"found", "nothing", "no_name", "failed",
				      NULL};
static const char *const ends[] = {"success", "failure", NULL};
static const char *const no_routes[] = {"method=\"other\",route=\"other\"",
					NULL};
static const char *const *routes = no_routes;

/* A label whose values are told when the process starts. */
static const char *const at_start[] = {NULL};

/* Upper ends of the intervals of each histogram. */
static const struct {
	int64_t micros;
	const char *text;
} bounds[] = {
	{250, "0.00025"},   {500, "0.0005"},  {1000, "0.001"},
	{2500, "0.0025"},   {5000, "0.005"},  {10000, "0.01"},
	{25000, "0.025"},   {50000, "0.05"},  {100000, "0.1"},
	{250000, "0.25"},   {500000, "0.5"},  {1000000, "1.0"},
	{2500000, "2.5"},   {5000000, "5.0"}, {10000000, "10.0"},
	{30000000, "30.0"},
};

enum {
	BOUNDS = sizeof(bounds) / sizeof(bounds[0]),
	/* Behind its intervals a histogram has what is longer, and the sum. */
	HISTOGRAM_CELLS = BOUNDS + 2,
	HISTOGRAM_SUM = BOUNDS + 1,
};

/* clang-format off */
static const struct rule rules[METER_COUNT] = {
	[METER_BUILD] = {"provost_build_info", GAUGE, false, false, {{NULL, build}},
		"1, with the version of provostd."},
	[METER_READY] = {"provost_ready", GAUGE, false, false, {{0}},
		"Whether /readyz says 200."},
	[METER_CHECK] = {"provost_check_failed", GAUGE, false, false, {{"check", checks}},
		"Whether a check of /readyz fails."},
	[METER_HTTP_REQUESTS] = {"provost_http_requests", COUNTER, false, true, {{NULL, at_start}, {"code", codes}},
		"Requests by route and status."},
	[METER_HTTP_TIME] = {"provost_http_request_duration_seconds", HISTOGRAM, true, true, {{NULL, at_start}},
		"From a request's headers to its reply."},
	[METER_HTTP_UNDER_WAY] = {"provost_http_requests_in_progress", GAUGE, false, false, {{0}},
		"Requests under way."},
	[METER_HTTP_REFUSED] = {"provost_http_refused", COUNTER, false, true, {{"code", codes}},
		"Requests refused before they had a route: too large, malformed, or too many at once."},
	[METER_HTTP_CONNECTIONS] = {"provost_http_connections", GAUGE, false, false, {{0}},
		"Open connections of clients."},
	[METER_HTTP_ACCEPTED] = {"provost_http_connections_accepted", COUNTER, false, false, {{0}},
		"Connections of clients."},
	[METER_HTTP_TURNED_AWAY] = {"provost_http_connections_refused", COUNTER, false, false, {{0}},
		"Connections refused because their address had too many."},
	[METER_RATE_LIMITED] = {"provost_rate_limited", COUNTER, false, false, {{"bucket", buckets}},
		"Requests refused because somebody asked too often."},
	[METER_PASSWORDS] = {"provost_password_attempts", COUNTER, false, false, {{"result", passwords}},
		"Passwords tried; delayed: not heard, for there were too many wrong ones; unheard: the directory could not say."},
	[METER_OPERATIONS] = {"provost_directory_operations", COUNTER, false, true, {{"operation", operations}, {"result", results}},
		"Operations of the directory; unknown: the answer of a write was lost; not_sent: none could be sent."},
	[METER_OPERATION_TIME] = {"provost_directory_operation_duration_seconds", HISTOGRAM, true, false, {{"operation", operations}},
		"From sending an operation, or queueing for it, to its result."},
	[METER_OPERATIONS_UNDER_WAY] = {"provost_directory_operations_in_progress", GAUGE, false, false, {{"use", uses}},
		"Operations the directory has not answered yet."},
	[METER_OPERATIONS_WAITING] = {"provost_directory_operations_waiting", GAUGE, false, false, {{"use", uses}},
		"Operations that wait for a connection."},
	[METER_CONNECTIONS] = {"provost_directory_connections", GAUGE, false, false, {{"use", uses}},
		"Open connections to the directory."},
	[METER_CONNECTIONS_SILENT] = {"provost_directory_connections_silent", GAUGE, false, false, {{"use", uses}},
		"Of these, those that nothing is sent on because the directory did not answer."},
	[METER_CONNECTS] = {"provost_directory_connects", COUNTER, false, false, {{"use", uses}},
		"Connections made to the directory, again and again where one is lost."},
	[METER_CONNECTS_FAILED] = {"provost_directory_connect_failures", COUNTER, false, false, {{"use", uses}},
		"Tries to connect to the directory that failed."},
	[METER_SILENCES] = {"provost_directory_silences", COUNTER, false, false, {{"use", uses}},
		"Times that a connection was found silent."},
	[METER_POOL_WAITING] = {"provost_pool_waiting", GAUGE, false, false, {{"pool", pools}},
		"Jobs that wait for a thread."},
	[METER_POOL_RUNNING] = {"provost_pool_running", GAUGE, false, false, {{"pool", pools}},
		"Jobs that have one."},
	[METER_POOL_LIMIT] = {"provost_pool_queue_limit", GAUGE, false, false, {{"pool", pools}},
		"Jobs that may wait."},
	[METER_POOL_REFUSED] = {"provost_pool_refused", COUNTER, false, false, {{"pool", pools}},
		"Jobs refused because too many waited, or too long."},
	[METER_POOL_RUN] = {"provost_pool_job_duration_seconds", HISTOGRAM, true, false, {{"pool", pools}},
		"How long a thread had a job: with hashing, that of one password."},
	[METER_FIBERS] = {"provost_fibers", GAUGE, false, false, {{0}},
		"Fibers alive: requests, and what keeps connections."},
	[METER_LEASE] = {"provost_lease_held", GAUGE, false, false, {{0}},
		"Whether this gateway does what is done once for all of them."},
	[METER_PLANS] = {"provost_journal_plans", GAUGE, false, false, {{"state", plans}},
		"Plans in the journal, seen by who has the lease; else 0."},
	[METER_DUTY_DONE] = {"provost_duty_last_success_timestamp_seconds", GAUGE, true, true, {{"duty", duties}},
		"When who has the lease last did a duty."},
	[METER_DUTY_FAILED] = {"provost_duty_failures", COUNTER, false, false, {{"duty", duties}},
		"Duties that failed."},
	[METER_LOG_FOLLOWED] = {"provost_change_log_followed", GAUGE, false, false, {{0}},
		"Whether the directory's log can be read; else no credential is remembered."},
	[METER_LOG_HEARD] = {"provost_change_log_read_timestamp_seconds", GAUGE, true, true, {{0}},
		"Up to when the directory's log was read."},
	[METER_WEBHOOKS] = {"provost_webhooks", GAUGE, false, false, {{"state", webhooks}},
		"Enabled webhooks, seen by who has the lease; else 0."},
	[METER_WEBHOOK_POSTS] = {"provost_webhook_posts", COUNTER, false, false, {{"result", ends}},
		"Messages posted to webhooks, each try."},
	[METER_WEBHOOK_TIME] = {"provost_webhook_post_duration_seconds", HISTOGRAM, true, false, {{0}},
		"From posting a message to its reply."},
	[METER_TOKEN_KEYS] = {"provost_token_key_fetches", COUNTER, false, false, {{"result", ends}},
		"Fetches of the OpenID provider's keys."},
	[METER_DNS] = {"provost_dns_queries", COUNTER, false, false, {{"result", answers}},
		"Questions that were put to resolvers."},
	[METER_DNS_TIME] = {"provost_dns_query_duration_seconds", HISTOGRAM, true, false, {{0}},
		"How long these took, with the second try and TCP."},
	[METER_DNS_FOREIGN] = {"provost_dns_foreign_packets", COUNTER, false, false, {{0}},
		"What came for an answer and was none: somebody may be forging them."},
	[METER_DNS_STREAMS] = {"provost_dns_streams", COUNTER, false, false, {{0}},
		"Questions that were put over TCP."},
	[METER_CERTIFICATE] = {"provost_tls_certificate_not_after_timestamp_seconds", GAUGE, true, true, {{0}},
		"When our certificate expires."},
	[METER_PROCESS_START] = {"process_start_time_seconds", GAUGE, true, false, {{0}},
		"When the process started, in seconds since 1970."},
	[METER_PROCESS_CPU] = {"process_cpu_seconds", COUNTER, true, false, {{0}},
		"Time of processors it had."},
	[METER_PROCESS_MEMORY] = {"process_resident_memory_bytes", GAUGE, false, false, {{0}},
		"Memory it has."},
	[METER_PROCESS_DESCRIPTORS] = {"process_open_fds", GAUGE, false, false, {{0}},
		"Descriptors it has."},
	[METER_PROCESS_DESCRIPTORS_MOST] = {"process_max_fds", GAUGE, false, false, {{0}},
		"Descriptors it may have."},
	[METER_PROCESS_THREADS] = {"process_threads", GAUGE, false, false, {{0}},
		"Threads it has."},
};
/* clang-format on */

/* Where each of them begins among the cells, and how many values a label has.
 */
static struct {
	size_t first;
	unsigned counts[LABELS];
} layout[METER_COUNT];
static size_t cell_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Those of one thread, which alone writes them, and of all for what is set.
 * They are never freed: what was counted stays counted. */
struct cells {
	struct cells *next;
	_Atomic int64_t cell[];
};

static _Atomic(struct cells *) all;
static struct cells *common; /* last in the list */
static _Thread_local struct cells *mine;

static const char *const *values_of(const struct label *l)
{
	return l->values == at_start ? routes : l->values;
}

static unsigned count(const struct label *l)
{
	const char *const *values = values_of(l);
	unsigned n = 0;

	while (values != NULL && values[n] != NULL)
		n++;
	return n > 0 ? n : 1;
}

static struct cells *cells_new(void)
{
	return alloc_zeroed(sizeof(struct cells) +
			    cell_count * sizeof(_Atomic int64_t));
}

static size_t width(enum meter m)
{
	return rules[m].type == HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

static void lay_out(void)
{
	for (unsigned m = 0; m < METER_COUNT; m++) {
		size_t size = width(m);

		layout[m].first = cell_count;
		for (size_t i = 0; i < LABELS; i++) {
			layout[m].counts[i] = count(&rules[m].by[i]);
			size *= layout[m].counts[i];
		}
		cell_count += size;
	}
	common = cells_new();
	atomic_store(&all, common);
}

void meter_prepare(const char *const list[])
{
	routes = list;
	pthread_once(&once, lay_out);
}

static struct cells *enrol(void)
{
	struct cells *c;

	pthread_once(&once, lay_out);
	c = cells_new();
	c->next = atomic_load(&all);
	while (!atomic_compare_exchange_weak(&all, &c->next, c))
		continue;
	mine = c;
	return c;
}

/* What is out of range counts as the last, which mostly is "other". */
static size_t place(enum meter m, unsigned a, unsigned b)
{
	const unsigned *counts = layout[m].counts;

	if (a >= counts[0])
		a = counts[0] - 1;
	if (b >= counts[1])
		b = counts[1] - 1;
	return layout[m].first + ((size_t)a * counts[1] + b) * width(m);
}

/* No other thread writes it: nothing has to be locked. */
static void more(_Atomic int64_t *cell, int64_t n)
{
	int64_t was = atomic_load_explicit(cell, memory_order_relaxed);

	atomic_store_explicit(cell, was + n, memory_order_relaxed);
}

void meter_add(enum meter m, unsigned a, unsigned b, int64_t n)
{
	struct cells *c = mine != NULL ? mine : enrol();

	more(&c->cell[place(m, a, b)], n);
}

void meter_time(enum meter m, unsigned a, int64_t micros)
{
	struct cells *c = mine != NULL ? mine : enrol();
	_Atomic int64_t *cell = &c->cell[place(m, a, 0)];
	size_t i = 0;

	while (i < BOUNDS && micros > bounds[i].micros)
		i++;
	more(&cell[i], 1);
	more(&cell[HISTOGRAM_SUM], micros);
}

void meter_set(enum meter m, unsigned a, int64_t value)
{
	pthread_once(&once, lay_out);
	atomic_store_explicit(&common->cell[place(m, a, 0)], value,
			      memory_order_relaxed);
}

static unsigned find(const char *const list[], const char *name)
{
	unsigned i = 0;

	while (list[i + 1] != NULL && strcmp(list[i], name) != 0)
		i++;
	return i;
}

unsigned meter_code(unsigned status)
{
	const char text[] = {(char)('0' + status / 100 % 10),
			     (char)('0' + status / 10 % 10),
			     (char)('0' + status % 10), '\0'};

	return find(codes, text);
}

unsigned meter_pool(const char *name)
{
	return find(pools, name);
}

unsigned meter_duty(const char *name)
{
	return find(duties, name);
}

static int64_t sum(size_t at)
{
	int64_t n = 0;

	for (struct cells *c = atomic_load(&all); c != NULL; c = c->next)
		n += atomic_load_explicit(&c->cell[at], memory_order_relaxed);
	return n;
}

/* What one thread took up and another has done may be seen in the wrong order.
 */
static int64_t amount(size_t at)
{
	int64_t n = sum(at);

	return n > 0 ? n : 0;
}

/* One of the labels of a sample, "" if it has none. */
static void put_label(FILE *to, const struct label *l, unsigned i,
		      const char **between)
{
	const char *const *values = values_of(l);

	if (values == NULL)
		return;
	fputs(*between, to);
	if (l->name == NULL)
		fputs(values[i], to);
	else
		fprintf(to, "%s=\"%s\"", l->name, values[i]);
	*between = ",";
}

struct sample {
	FILE *to;
	const struct rule *rule;
	unsigned by[LABELS];
};

static void put(const struct sample *s, const char *end, const char *bound,
		int64_t value, bool micros)
{
	const char *between = "{";
	char number[NUMBER_SIZE];

	fprintf(s->to, "%s%s", s->rule->name, end);
	for (size_t i = 0; i < LABELS; i++)
		put_label(s->to, &s->rule->by[i], s->by[i], &between);
	if (bound != NULL) {
		fprintf(s->to, "%sle=\"%s\"", between, bound);
		between = ",";
	}
	if (micros)
		snprintf(number, sizeof(number), "%s%lld.%06lld",
			 value < 0 ? "-" : "", llabs(value / MICROS),
			 llabs(value % MICROS));
	else
		snprintf(number, sizeof(number), "%lld", (long long)value);
	fprintf(s->to, "%s %s\n", between[0] == ',' ? "}" : "", number);
}

/* The sum is read first: what is counted meanwhile makes no mean too large. */
static void put_histogram(const struct sample *s, size_t at)
{
	int64_t total = 0, all_of_it = sum(at + HISTOGRAM_SUM);

	for (size_t i = 0; i < BOUNDS; i++) {
		total += sum(at + i);
		put(s, "_bucket", bounds[i].text, total, false);
	}
	total += sum(at + BOUNDS);
	put(s, "_bucket", "+Inf", total, false);
	put(s, "_sum", NULL, all_of_it, true);
	put(s, "_count", NULL, total, false);
}

static bool is_empty(enum meter m, size_t at)
{
	for (size_t i = 0; i < width(m); i++) {
		if (sum(at + i) != 0)
			return false;
	}
	return true;
}

static void put_samples(FILE *to, enum meter m)
{
	const struct rule *r = &rules[m];
	struct sample s = {.to = to, .rule = r};

	for (s.by[0] = 0; s.by[0] < layout[m].counts[0]; s.by[0]++) {
		for (s.by[1] = 0; s.by[1] < layout[m].counts[1]; s.by[1]++) {
			size_t at = place(m, s.by[0], s.by[1]);

			if (r->sparse && is_empty(m, at))
				continue;
			if (r->type == HISTOGRAM)
				put_histogram(&s, at);
			else
				put(&s, r->type == COUNTER ? "_total" : "",
				    NULL, amount(at), r->micros);
		}
	}
}

static void put_family(FILE *to, enum meter m, bool open)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	const struct rule *r = &rules[m];
	const char *end = r->type == COUNTER && !open ? "_total" : "";

	fprintf(to, "# HELP %s%s %s\n# TYPE %s%s %s\n", r->name, end, r->help,
		r->name, end, types[r->type]);
	put_samples(to, m);
}

const char *meter_write(struct arena *a, bool open, size_t *size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);

	pthread_once(&once, lay_out);
	if (to == NULL)
		alloc_die();
	meter_set(METER_BUILD, 0, 1);
	for (unsigned m = 0; m < METER_COUNT; m++)
		put_family(to, m, open);
	if (open)
		fputs("# EOF\n", to);
	if (fclose(to) != 0)
		alloc_die();
	char *ret = arena_strndup(a, text, *size);
	free(text);
	return ret;
}
