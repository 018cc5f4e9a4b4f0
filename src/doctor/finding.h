/*
 * finding - what the doctor can find: one row each, in finding.c
 *
 * The words are read by programs and never change their meaning;
 * docs/doctor.md has a paragraph on each.
 */
#ifndef DOCTOR_FINDING_H
#define DOCTOR_FINDING_H

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

enum finding {
	/* Exists, and gets no mail. */
	FIND_UNDELIVERABLE,
	FIND_ALIAS_TO_NOWHERE,
	FIND_CATCH_ALL_TO_NOWHERE,
	FIND_FORWARD_TO_NOWHERE,
	FIND_TARGET_MISSING,
	FIND_TARGET_DISABLED,
	FIND_TARGET_KIND,
	FIND_RELAY_WITHOUT_TRANSPORT,
	FIND_SEND_ONLY,
	FIND_STILL_DELIVERED,
	/* Logs in and should not, or the other way round. */
	FIND_LOGIN_OPEN,
	FIND_LOGIN_REFUSED,
	FIND_EXPIRED_IN_FORCE,
	FIND_PASSWORD_FORM,
	FIND_NO_PASSWORD,
	FIND_ROLE_DISABLED,
	/* Leads nowhere. */
	FIND_DESTINATION_MISSING,
	FIND_DESTINATION_DISABLED,
	FIND_SENDER_FOREIGN,
	FIND_SENDER_ELSEWHERE,
	FIND_ROLE_MISSING,
	FIND_LOOP,
	FIND_ADDRESS_TWICE,
	FIND_ROLE_NAME,
	/* Keys that sign mail. */
	FIND_DKIM_SEVERAL,
	FIND_DKIM_CONFLICT,
	FIND_DKIM_NOT_SHOWN,
	FIND_DKIM_WITHOUT_KEY,
	FIND_DKIM_WAITS,
	FIND_DKIM_LATE,
	FIND_DKIM_DOMAIN_OFF,
	FIND_DKIM_OLD,
	FIND_KEY_FILE_OPEN,
	/* The directory server. */
	FIND_INDEX_MISSING,
	FIND_OVERLAY_MISSING,
	FIND_SLAPD_EXPOSED,
	FIND_SEVERAL_WRITERS,
	FIND_READABLE,
	FIND_SERVICE_LOGIN,
	/* Limits. */
	FIND_TOO_MANY_USERS,
	FIND_TOO_MANY_ALIASES,
	FIND_QUOTA_EXCEEDED,
	FIND_TALLY_WRONG,
	/* Time, and what is left over. */
	FIND_EXPIRES,
	FIND_PLAN_STUCK,
	FIND_PLAN_OLD,
	FIND_USAGE_ORPHAN,
	FIND_RETIRED_EXPIRED,
	FIND_COUNT
};

struct finding_kind {
	const char *code;
	enum severity severity;
	const char *advice; /* what to do */
};

const struct finding_kind *finding_kind(enum finding f);

/* "info", "warning", "error" */
const char *severity_name(enum severity s);

#endif
