#include <pthread.h>
#include <stdlib.h>

#include "tests/lib/tap.h"
#include "util/field.h"
#include "util/meter.h"
#include "util/process.h"

enum { THREADS = 4, TIMES = 100000 };

static const char *const routes[] = {"method=\"other\",route=\"other\"",
				     "method=\"GET\",route=\"/x/{y}\"", NULL};

static struct arena *a;

/* The value of a sample, as text; NULL: there is none. */
static const char *value(const char *sample)
{
	size_t size;
	const char *text = meter_write(a, false, &size);
	const char *at = strstr(text, arena_join(a, "\n", sample, " ", NULL));

	if (at == NULL)
		return NULL;
	at += strlen(sample) + 2;
	return arena_strndup(a, at, strcspn(at, "\n"));
}

static void *count(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < TIMES; i++)
		meter_add(METER_HTTP_ACCEPTED, 0, 0, 1);
	meter_add(METER_FIBERS, 0, 0, 2);
	return NULL;
}

static void threads(void)
{
	pthread_t them[THREADS];

	for (int i = 0; i < THREADS; i++)
		OK(pthread_create(&them[i], NULL, count, NULL) == 0,
		   "a thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(them[i], NULL);
	IS(value("provost_http_connections_accepted_total"), "400000",
	   "nothing is lost among threads, nor when they end");
	meter_add(METER_FIBERS, 0, 0, -7);
	IS(value("provost_fibers"), "1", "what one began another ends");
	meter_add(METER_FIBERS, 0, 0, -2);
	IS(value("provost_fibers"), "0", "and never less than nothing");
}

static void labels(void)
{
	meter_add(METER_HTTP_REQUESTS, 1, meter_code(404), 3);
	meter_add(METER_HTTP_REQUESTS, 77, meter_code(799), 1);
	IS(value("provost_http_requests_total{method=\"GET\",route=\"/x/{y}\","
		 "code=\"404\"}"),
	   "3", "a route and a status");
	IS(value("provost_http_requests_total{method=\"GET\",route=\"/x/{y}\","
		 "code=\"other\"}"),
	   "1", "what is out of range makes no series");
	OK(value("provost_http_requests_total{method=\"other\","
		 "route=\"other\",code=\"404\"}") == NULL,
	   "what did not happen is not told");
	NUMBER(meter_pool("nonesuch"), meter_pool("other"), "another pool");
	OK(meter_pool("hashing") != meter_pool("connecting"), "two pools");
	IS(value("provost_pool_waiting{pool=\"hashing\"}"), "0",
	   "what may be told to be nothing");
}

static void histograms(void)
{
	static const int64_t micros[] = {0,       250,     251,
					 1000000, 1000001, 30000001};

	for (size_t i = 0; i < COUNT(micros); i++)
		meter_time(METER_OPERATION_TIME, 0, micros[i]);
#define TIME "provost_directory_operation_duration_seconds"
	IS(value(TIME "_bucket{operation=\"search\",le=\"0.00025\"}"), "2",
	   "the end of an interval belongs to it");
	IS(value(TIME "_bucket{operation=\"search\",le=\"0.0005\"}"), "3",
	   "the next has those before");
	IS(value(TIME "_bucket{operation=\"search\",le=\"1.0\"}"), "4", "1 s");
	IS(value(TIME "_bucket{operation=\"search\",le=\"30.0\"}"), "5",
	   "30 s");
	IS(value(TIME "_bucket{operation=\"search\",le=\"+Inf\"}"), "6", "all");
	IS(value(TIME "_count{operation=\"search\"}"), "6", "how many");
	IS(value(TIME "_sum{operation=\"search\"}"), "32.000503", "together");
}

static void formats(void)
{
	size_t size;
	const char *text = meter_write(a, true, &size);

	NUMBER((long)size, (long)strlen(text), "as long as it says");
	IS(text + size - 6, "# EOF\n", "OpenMetrics has an end");
	OK(strstr(text, "# TYPE provost_http_connections_accepted counter\n") !=
		   NULL,
	   "and counters by their bare name");
	text = meter_write(a, false, &size);
	OK(strstr(text, "# EOF") == NULL, "the older format has not");
	OK(strstr(text, "# TYPE provost_http_connections_accepted_total "
			"counter\n") != NULL,
	   "nor that");
	process_measure();
	OK(atof(value("process_resident_memory_bytes")) > 100000, "memory");
	OK(atof(value("process_open_fds")) >= 3, "descriptors");
	IS(value("process_threads"), "1", "threads");
}

int main(void)
{
	a = arena_new();
	meter_prepare(routes);
	threads();
	labels();
	histograms();
	formats();
	arena_free(a);
	return tap_done();
}
