#include "cli/key.h"

#include "cli/member.h"

/* clang-format off */
static const struct command_group members = {
	"What it is", (const struct command_option[]){
	MEMBER("label", member_text, "label", "TEXT",
	       "what its owner calls it"),
	MEMBER("scope", member_list, "scopes", "SCOPE",
	       "what it is for, users:read for one; may be given again"),
	MEMBER("domain", member_list, "domains", "DOMAIN",
	       "where it is for that; may be given again [wherever its owner "
	       "may]"),
	MEMBER("network", member_list, "networks", "NETWORK",
	       "where it may be used from, 192.0.2.0/24 for one; may be given "
	       "again [anywhere]"),
	MEMBER("enabled", member_flag, "enabled", "yes|no",
	       "whether it is good"),
	MEMBER("expires-at", member_text, "expires_at", "TIME",
	       "when it stops being good, 2027-01-31T00:00:00Z for one"),
	OPTIONS_END}};

static const struct command_group giving = {
	"Whose it is", (const struct command_option[]){
	MEMBER("owner", member_text, "owner", "LOGIN",
	       "an address, or a principal's login [yours]"),
	OPTIONS_END}};
/* clang-format on */

static const struct command key_list = {
	.name = "list",
	.summary = "List API keys",
	.groups = {&request_owner, REQUEST_READS},
	REQUEST(.method = "GET", .path = "/v1/keys",
		.columns =
			"id,label,owner,scopes,enabled,expires_at,last_used_at")};

static const struct command key_show =
	REQUEST_SHOW("Show an API key", "ID", "/v1/keys/%");

static const struct command key_add =
	{.name = "add",
	 .summary = "Make an API key",
	 .more = "Its text is shown once, as key.",
	 .groups = {&members, &giving, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/keys")};

static const struct command key_set =
	{.name = "set",
	 .summary = "Change an API key",
	 .words = "ID",
	 .groups = {&members, &request_unsetting, REQUEST_WRITES},
	 REQUEST(.method = "PATCH", .path = "/v1/keys/%", .is_wanting = true)};

static const struct command key_remove =
	REQUEST_REMOVE("Revoke an API key", "ID", "/v1/keys/%");

static const struct command *const verbs[] = {&key_list, &key_show,   &key_add,
					      &key_set,  &key_remove, NULL};

const struct command command_key = {.name = "key",
				    .summary = "API keys",
				    .verbs = verbs};
