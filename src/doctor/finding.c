#include "doctor/finding.h"

/* clang-format off */
static const struct finding_kind kinds[FIND_COUNT] = {
	[FIND_UNDELIVERABLE] = {"undeliverable", SEVERITY_ERROR,
		"look for a second entry with this address, and at the access rules of the directory"},
	[FIND_ALIAS_TO_NOWHERE] = {"alias_to_nowhere", SEVERITY_ERROR,
		"give it another destination, or delete it"},
	[FIND_CATCH_ALL_TO_NOWHERE] = {"catch_all_to_nowhere", SEVERITY_ERROR,
		"give it another destination, or delete it"},
	[FIND_FORWARD_TO_NOWHERE] = {"forward_to_nowhere", SEVERITY_ERROR,
		"take the forward away, or have a copy kept"},
	[FIND_TARGET_MISSING] = {"target_missing", SEVERITY_ERROR,
		"name a domain that exists, or delete the alias domain"},
	[FIND_TARGET_DISABLED] = {"target_disabled", SEVERITY_ERROR,
		"enable the target, or disable the alias domain as well"},
	[FIND_TARGET_KIND] = {"target_kind", SEVERITY_ERROR,
		"name a local domain"},
	[FIND_RELAY_WITHOUT_TRANSPORT] = {"relay_without_transport", SEVERITY_WARNING,
		"name the host that takes its mail: without it the MX is asked, which may be this one"},
	[FIND_SEND_ONLY] = {"send_only", SEVERITY_INFO,
		"nothing, if that is meant: he sends mail and takes none"},
	[FIND_STILL_DELIVERED] = {"still_delivered", SEVERITY_ERROR,
		"look for a second entry with this address, and at the access rules of the directory"},
	[FIND_LOGIN_OPEN] = {"login_open", SEVERITY_ERROR,
		"take the password away until the access rules and lookups are those that are shipped"},
	[FIND_LOGIN_REFUSED] = {"login_refused", SEVERITY_ERROR,
		"look for a second entry with this address, and at the access rules of the directory"},
	[FIND_EXPIRED_IN_FORCE] = {"expired_in_force", SEVERITY_WARNING,
		"see whether provostd runs: it looks every 10 s, and each hour for what was written late"},
	[FIND_PASSWORD_FORM] = {"password_form", SEVERITY_ERROR,
		"set a new password: this one is of a form that not every reader verifies, or clear text"},
	[FIND_NO_PASSWORD] = {"no_password", SEVERITY_INFO,
		"nothing, if he is not meant to log in"},
	[FIND_ROLE_DISABLED] = {"role_disabled", SEVERITY_INFO,
		"nothing, if that is meant: who has the role cannot log in"},
	[FIND_DESTINATION_MISSING] = {"destination_missing", SEVERITY_WARNING,
		"take the destination away, or make the address"},
	[FIND_DESTINATION_DISABLED] = {"destination_disabled", SEVERITY_WARNING,
		"take the destination away, or enable it"},
	[FIND_SENDER_FOREIGN] = {"sender_foreign", SEVERITY_WARNING,
		"take the sender away: mail under it would be forged"},
	[FIND_ROLE_MISSING] = {"role_missing", SEVERITY_WARNING,
		"take the name out of the role, before somebody is made who is called so"},
	[FIND_LOOP] = {"loop", SEVERITY_ERROR,
		"break the circle: mail that gets into it is put off until it is returned"},
	[FIND_ADDRESS_TWICE] = {"address_twice", SEVERITY_ERROR,
		"delete all but one: every reader takes another one, or none"},
	[FIND_INDEX_MISSING] = {"index_missing", SEVERITY_ERROR,
		"add the index as in ldif/database.ldif; restart provostd if the slapd is its own"},
	[FIND_OVERLAY_MISSING] = {"overlay_missing", SEVERITY_ERROR,
		"add the overlay as in ldif/database.ldif; restart provostd if the slapd is its own"},
	[FIND_SLAPD_EXPOSED] = {"slapd_exposed", SEVERITY_WARNING,
		"upgrade slapd to 2.5.14 or newer, or let it listen on the loopback address only"},
	[FIND_SEVERAL_WRITERS] = {"several_writers", SEVERITY_WARNING,
		"see to it that one server only takes writes: with two, one address may be given out twice"},
	[FIND_READABLE] = {"readable", SEVERITY_ERROR,
		"put the access rules of ldif/database.ldif back; treat what was readable as known to others"},
	[FIND_SERVICE_LOGIN] = {"service_login", SEVERITY_ERROR,
		"give the service the password of its file: as long as it has another one, its lookups fail"},
	[FIND_TOO_MANY_USERS] = {"too_many_users", SEVERITY_WARNING,
		"raise the limit, or delete users: nobody can be added meanwhile"},
	[FIND_TOO_MANY_ALIASES] = {"too_many_aliases", SEVERITY_WARNING,
		"raise the limit, or delete aliases: none can be added meanwhile"},
	[FIND_QUOTA_EXCEEDED] = {"quota_exceeded", SEVERITY_WARNING,
		"raise the quota of the domain, or lower those of its users"},
	[FIND_TALLY_WRONG] = {"tally_wrong", SEVERITY_WARNING,
		"see whether provostd runs: it counts again what others wrote"},
	[FIND_EXPIRES] = {"expires", SEVERITY_INFO,
		"move the date if it is to stay in force"},
	[FIND_PLAN_STUCK] = {"plan_stuck", SEVERITY_ERROR,
		"give whoever began it his rights back, or finish by hand what it names"},
	[FIND_PLAN_OLD] = {"plan_old", SEVERITY_WARNING,
		"see whether provostd runs, and what its log says of the plan"},
	[FIND_USAGE_ORPHAN] = {"usage_orphan", SEVERITY_INFO,
		"delete the entry: what was measured is of another mailbox"},
	[FIND_RETIRED_EXPIRED] = {"retired_expired", SEVERITY_INFO,
		"see whether provostd runs: it deletes such entries"},
};
/* clang-format on */

const struct finding_kind *finding_kind(enum finding f)
{
	return &kinds[f];
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = {[SEVERITY_INFO] = "info",
					    [SEVERITY_WARNING] = "warning",
					    [SEVERITY_ERROR] = "error"};

	return names[s];
}
