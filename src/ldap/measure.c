#include "ldap/measure.h"

#include <stdio.h>

#include "core/keytext.h"
#include "util/clock.h"
#include "util/field.h"
#include "util/log.h"
#include "util/meter.h"
#include "util/trace.h"

enum { NUMBER_SIZE = 24 };

/* What is not here is "other". */
static const struct {
	int code;
	enum meter_result as;
} codes[] = {
	{LDAP_SUCCESS, METER_RESULT_SUCCESS},
	{LDAP_X_NO_OPERATION, METER_RESULT_SUCCESS},
	{LDAP_NO_SUCH_OBJECT, METER_RESULT_NOT_FOUND},
	{LDAP_NO_SUCH_ATTRIBUTE, METER_RESULT_NOT_FOUND},
	{LDAP_ALREADY_EXISTS, METER_RESULT_EXISTS},
	{LDAP_TYPE_OR_VALUE_EXISTS, METER_RESULT_EXISTS},
	{LDAP_ASSERTION_FAILED, METER_RESULT_ASSERTION},
	{LDAP_CONSTRAINT_VIOLATION, METER_RESULT_CONSTRAINT},
	{LDAP_OBJECT_CLASS_VIOLATION, METER_RESULT_CONSTRAINT},
	{LDAP_INVALID_SYNTAX, METER_RESULT_CONSTRAINT},
	{LDAP_INVALID_CREDENTIALS, METER_RESULT_DENIED},
	{LDAP_INSUFFICIENT_ACCESS, METER_RESULT_DENIED},
	{LDAP_PROXIED_AUTHORIZATION_DENIED, METER_RESULT_DENIED},
	{LDAP_X_PROXY_AUTHZ_FAILURE, METER_RESULT_DENIED},
	{LDAP_TIMELIMIT_EXCEEDED, METER_RESULT_LIMIT},
	{LDAP_SIZELIMIT_EXCEEDED, METER_RESULT_LIMIT},
	{LDAP_ADMINLIMIT_EXCEEDED, METER_RESULT_LIMIT},
	{LDAP_BUSY, METER_RESULT_BUSY},
	{LDAP_UNAVAILABLE, METER_RESULT_BUSY},
};

static enum meter_result of_code(int code)
{
	for (size_t i = 0; i < COUNT(codes); i++) {
		if (codes[i].code == code)
			return codes[i].as;
	}
	return METER_RESULT_OTHER;
}

static enum meter_result of_failure(enum err_kind kind)
{
	return kind == ERR_UNKNOWN       ? METER_RESULT_UNKNOWN
	       : kind == ERR_TIMEOUT     ? METER_RESULT_TIMEOUT
	       : kind == ERR_UNAVAILABLE ? METER_RESULT_UNAVAILABLE
					 : METER_RESULT_NOT_SENT;
}

void measure_operation(const struct operation *op, bool answered,
		       const struct err *e, int64_t began)
{
	enum meter_result how =
		answered ? of_code(op->result) : of_failure(e->kind);

	meter_add(METER_OPERATIONS, op->kind, how, 1);
	meter_time(METER_OPERATION_TIME, op->kind, clock_micros() - began);
}

void measure_slow(const struct operation *op, const struct task *t,
		  int64_t millis, int64_t least, const char *what)
{
	static const char *const names[] =
		{[OPERATION_SEARCH] = "search", [OPERATION_ADD] = "add",
		 [OPERATION_MODIFY] = "modify", [OPERATION_DELETE] = "delete",
		 [OPERATION_RENAME] = "rename", [OPERATION_BIND] = "bind"};
	char number[NUMBER_SIZE];

	if (least == 0 || millis < least)
		return;
	snprintf(number, sizeof(number), "%lld", (long long)millis);
	log_event(LOG_WARNING, "directory-slow", "id", t->request, "trace",
		  t->trace != NULL ? t->trace->id : NULL, "operation",
		  names[op->kind], "what", keytext_hide(t->arena, what),
		  "millis", number, NULL);
}
