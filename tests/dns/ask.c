/*
 * ask - asks the DNS through the port: ask RESOLVERS yes|no MILLIS NAME TYPE
 * ...
 *
 * All questions side by side, within so many milliseconds; "yes" if the
 * resolvers are to be trusted with DNSSEC.  One line of JSON an answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/resolver.h"
#include "dns/resolver.h"
#include "loop/fiber.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/network.h"

enum { FIBERS = 64, ARGUMENTS = 4, AT_ONCE = 32, DECIMAL = 10 };

static const char *const types[] = {"A",   "AAAA", "CNAME", "MX",
				    "TXT", "SRV",  "SOA"};
static const char *const outcomes[] = {"found", "nothing", "no-name", "failed"};

static struct loop *loop;
static struct dns_settings settings = {.queries = AT_ONCE};
static char **names;
static size_t count;
static int64_t millis;

static enum dns_type type_of(const char *word)
{
	size_t i = 0;

	while (i < COUNT(types) - 1 && strcmp(types[i], word) != 0)
		i++;
	return (enum dns_type)i;
}

static void tell(const struct dns_question *q, long long took)
{
	char text[NETWORK_TEXT] = "";

	printf("{\"name\": \"%s\", \"outcome\": \"%s\", \"secure\": %s, "
	       "\"detail\": \"%s\", \"millis\": %lld, \"records\": [",
	       q->name, outcomes[q->outcome], q->secure ? "true" : "false",
	       q->outcome == DNS_FAILED ? q->detail : "", took);
	for (size_t i = 0; i < q->count; i++) {
		const struct dns_record *r = &q->records[i];

		if (r->address != NULL)
			network_text(r->address, text);
		printf("%s{\"name\": \"%s\", \"text\": \"%.*s\", \"size\": %zu, "
		       "\"strings\": %zu, \"numbers\": [%u, %u, %u], "
		       "\"address\": \"%s\"}",
		       i > 0 ? ", " : "", r->name, (int)r->size,
		       r->text != NULL ? r->text : "", r->size, r->strings,
		       r->preference, r->weight, r->port, text);
	}
	printf("]}\n");
}

static void run(void *ctx)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct resolver *r = dns_resolver_open(loop, &settings);
	struct dns_question *q = arena_alloc(a, (count + 1) * sizeof(*q));
	int64_t begun = clock_now();

	(void)ctx;
	for (size_t i = 0; i < count; i++)
		q[i] = (struct dns_question){.name = names[2 * i],
					     .type = type_of(names[2 * i + 1])};
	r->ops->ask(r, a, q, count, begun + millis);
	for (size_t i = 0; i < count; i++)
		tell(&q[i], clock_now() - begun);
	dns_resolver_close(&r);
	loop_stop(loop);
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct err e = {0};

	if (argc < ARGUMENTS)
		return 2;
	settings.resolvers = argv[1];
	settings.validating = argv[2];
	if (!dns_settings_check(a, &settings, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	millis = strtoll(argv[ARGUMENTS - 1], NULL, DECIMAL);
	names = argv + ARGUMENTS;
	count = (size_t)(argc - ARGUMENTS) / 2;
	loop = loop_open(&e);
	if (loop == NULL)
		return 1;
	fiber_prepare(loop, FIBERS);
	fiber_start(loop, run, NULL);
	loop_run(loop);
	fiber_cleanup(loop);
	loop_close(&loop);
	return 0;
}
