#include "cli/principal.h"

#include "cli/member.h"

/* clang-format off */
static const struct command_group members = {
	"What he is", (const struct command_option[]){
	MEMBER("name", member_text, "name", "TEXT",
	       "the name in full"),
	MEMBER("kind", member_text, "kind", "person|machine",
	       "what acts under this name [person]"),
	MEMBER("enabled", member_flag, "enabled", "yes|no",
	       "whether he can log in"),
	MEMBER("super-administrator", member_flag, "super_administrator", "yes|no",
	       "whether he may see and change everything"),
	MEMBER("sponsor", member_text, "sponsor", "LOGIN",
	       "the reseller out of whose budgets he comes"),
	MEMBER("recovery-address", member_text, "recovery_address", "ADDRESS",
	       "for when he has lost his password"),
	MEMBER("certificate", member_list, "certificates", "TEXT",
	       "that his clients may log in with: its SHA-256, or subject: and "
	       "a subject; may be given again"),
	OPTIONS_END}};

static const struct command_group budgets = {
	"As a reseller, what he may give away", (const struct command_option[]){
	MEMBER("reseller-max-domains", member_number, "reseller.max_domains", "N",
	       "domains"),
	MEMBER("reseller-max-users", member_number, "reseller.max_users", "N",
	       "what max_users of the domains add up to"),
	MEMBER("reseller-max-aliases", member_number, "reseller.max_aliases", "N",
	       "what max_aliases of the domains add up to"),
	MEMBER("reseller-max-deputies", member_number, "reseller.max_deputies", "N",
	       "principals"),
	MEMBER("reseller-quota-bytes", member_bytes, "reseller.quota_bytes", "BYTES",
	       "what quota_bytes of the domains add up to"),
	OPTIONS_END}};

static const struct command_group reading = {
	NULL, (const struct command_option[]){
	MEMBER("include", query_text, "include", "usage",
	       "tell what he has given away, too"),
	OPTIONS_END}};

static const struct command_group keys = {
	NULL, (const struct command_option[]){
	MEMBER("keys", query_text, "keys", "keep|revoke",
	       "what becomes of his API keys"),
	OPTIONS_END}};
/* clang-format on */

static const struct command principal_list =
	{.name = "list",
	 .summary = "List principals",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/principals",
		 .columns =
			 "login,name,kind,enabled,super_administrator,sponsor",
		 .is_paged = true)};

static const struct command principal_show =
	{.name = "show",
	 .summary = "Show a principal",
	 .words = "LOGIN",
	 .groups = {&reading, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/principals/%")};

static const struct command principal_add =
	{.name = "add",
	 .summary = "Make a principal",
	 .words = "LOGIN",
	 .groups = {&members, &budgets, &request_made_password, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/principals", .members = "login",
		 .password = NEW_PASSWORD)};

static const struct command principal_set =
	{.name = "set",
	 .summary = "Change a principal",
	 .words = "LOGIN",
	 .groups = {&members, &budgets, &request_ready_hash, &request_unsetting,
		    REQUEST_WRITES},
	 REQUEST(.method = "PATCH", .path = "/v1/principals/%",
		 .is_wanting = true, .password = NEW_PASSWORD)};

static const struct command principal_remove =
	REQUEST_REMOVE("Delete a principal", "LOGIN", "/v1/principals/%");

static const struct command principal_password =
	{.name = "password",
	 .summary = "Set a principal's password",
	 .words = "LOGIN",
	 .groups = {&request_new_password, &keys, REQUEST_WRITES},
	 REQUEST(.method = "PUT", .path = "/v1/principals/%/password",
		 .password = ASKED_PASSWORD)};

static const struct command *const verbs[] = {&principal_list,
					      &principal_show,
					      &principal_add,
					      &principal_set,
					      &principal_remove,
					      &principal_password,
					      NULL};

const struct command command_principal = {
	.name = "principal",
	.summary =
		"Principals: administrators and machines, who have no mailboxes",
	.verbs = verbs};
