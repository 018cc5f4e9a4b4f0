/*
 * meter - what is counted and measured, for those who watch over the gateway
 *
 *	meter_add(METER_RATE_LIMITED, bucket, 0, 1);
 *	meter_time(METER_POOL_RUN, pool, micros);
 *
 * Each thread counts in cells of its own, which only a reader adds up, so that
 * nobody waits for anybody.  All that there is to count is in one table, and so
 * is each value of each label: what clients send can never make another series,
 * and no name, address or secret gets here.  Safe from any thread.
 */
#ifndef UTIL_METER_H
#define UTIL_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"

/* The comment names what a and b are, in the order of enums. */
enum meter {
	METER_BUILD,
	METER_READY,
	METER_CHECK,         /* number in enum check, api/checks.h */
	METER_HTTP_REQUESTS, /* route, meter_code() */
	METER_HTTP_TIME,     /* route */
	METER_HTTP_UNDER_WAY,
	METER_HTTP_REFUSED, /* meter_code() */
	METER_HTTP_CONNECTIONS,
	METER_HTTP_ACCEPTED,
	METER_HTTP_TURNED_AWAY,
	METER_RATE_LIMITED,         /* enum rate */
	METER_PASSWORDS,            /* enum meter_password */
	METER_OPERATIONS,           /* enum operation_kind, enum meter_result */
	METER_OPERATION_TIME,       /* enum operation_kind */
	METER_OPERATIONS_UNDER_WAY, /* enum connect_as */
	METER_OPERATIONS_WAITING,   /* the same, as in all that follow */
	METER_CONNECTIONS,
	METER_CONNECTIONS_SILENT,
	METER_CONNECTS,
	METER_CONNECTS_FAILED,
	METER_SILENCES,
	METER_POOL_WAITING, /* meter_pool() */
	METER_POOL_RUNNING,
	METER_POOL_LIMIT,
	METER_POOL_REFUSED,
	METER_POOL_RUN,
	METER_FIBERS,
	METER_LEASE,
	METER_PLANS,     /* enum meter_plan */
	METER_DUTY_DONE, /* meter_duty() */
	METER_DUTY_FAILED,
	METER_LOG_FOLLOWED,
	METER_LOG_HEARD,
	METER_WEBHOOKS,      /* enum meter_webhook */
	METER_WEBHOOK_POSTS, /* enum meter_end */
	METER_WEBHOOK_TIME,
	METER_TOKEN_KEYS, /* enum meter_end */
	METER_DNS,        /* enum meter_dns */
	METER_DNS_TIME,
	METER_DNS_FOREIGN,
	METER_DNS_STREAMS,
	METER_CERTIFICATE,
	METER_PROCESS_START,
	METER_PROCESS_CPU,
	METER_PROCESS_MEMORY,
	METER_PROCESS_DESCRIPTORS,
	METER_PROCESS_DESCRIPTORS_MOST,
	METER_PROCESS_THREADS,
	METER_COUNT,
};

enum meter_password {
	METER_PASSWORD_RIGHT,
	METER_PASSWORD_WRONG,
	METER_PASSWORD_UNHEARD,
	METER_PASSWORD_DELAYED,
};

enum meter_result {
	METER_RESULT_SUCCESS,
	METER_RESULT_NOT_FOUND,
	METER_RESULT_EXISTS,
	METER_RESULT_ASSERTION,
	METER_RESULT_CONSTRAINT,
	METER_RESULT_DENIED,
	METER_RESULT_LIMIT,
	METER_RESULT_BUSY,
	METER_RESULT_OTHER,
	METER_RESULT_TIMEOUT,
	METER_RESULT_UNAVAILABLE,
	METER_RESULT_UNKNOWN,
	METER_RESULT_NOT_SENT,
};

enum meter_plan { METER_PLAN_RUNNING, METER_PLAN_STUCK };

enum meter_webhook {
	METER_WEBHOOK_ACTIVE,
	METER_WEBHOOK_FAILING,
	METER_WEBHOOK_GIVEN_UP,
};

enum meter_dns {
	METER_DNS_FOUND,
	METER_DNS_NOTHING,
	METER_DNS_NO_NAME,
	METER_DNS_FAILED,
};

enum meter_end { METER_END_SUCCESS, METER_END_FAILURE };

/* Before anything is counted: the routes, as `method="GET",route="/livez"`,
 * ended by NULL; they live as long as the process.  The first is of requests
 * that have none.  Without this call there is that one. */
void meter_prepare(const char *const routes[]);

/* Count n more, or fewer where that is a gauge.  A number that is not used is
 * 0. */
void meter_add(enum meter m, unsigned a, unsigned b, int64_t n);

/* Something took that long. */
void meter_time(enum meter m, unsigned a, int64_t micros);

/* It is now that much, whoever says so.  Seconds are told in microseconds. */
void meter_set(enum meter m, unsigned a, int64_t value);

/* The number of a status, pool or duty; others are one together. */
unsigned meter_code(unsigned status);
unsigned meter_pool(const char *name);
unsigned meter_duty(const char *name);

/* All there is, in the text format of Prometheus, 0.0.4, or, if `open`, that of
 * OpenMetrics 1.0.0. */
const char *meter_write(struct arena *a, bool open, size_t *size);

#endif
