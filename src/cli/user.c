#include "cli/user.h"

#include "cli/inactive.h"
#include "cli/member.h"

/* clang-format off */
static const struct command_group members = {
	"What he is", (const struct command_option[]){
	MEMBER("name", member_text, "name", "TEXT",
	       "the name in full"),
	MEMBER("given-name", member_text, "given_name", "TEXT",
	       "the given name"),
	MEMBER("family-name", member_text, "family_name", "TEXT",
	       "the family name"),
	MEMBER("enabled", member_flag, "enabled", "yes|no",
	       "whether mail is taken, and he can log in"),
	MEMBER("login-enabled", member_flag, "login_enabled", "yes|no",
	       "whether he can log in"),
	MEMBER("quota-bytes", member_bytes, "quota_bytes", "BYTES",
	       "what the mailbox may hold; 0 is no limit"),
	MEMBER("quota-messages", member_number, "quota_messages", "N",
	       "how many messages; 0 is no limit"),
	MEMBER("forward-to", member_list, "forward_to", "ADDRESS",
	       "where his mail is sent on to, and nowhere else; may be given "
	       "again"),
	MEMBER("keep-copy", member_flag, "keep_copy", "yes|no",
	       "whether mail that is sent on is in his mailbox, too"),
	MEMBER("send-as", member_list, "send_as", "ADDRESS",
	       "what else he may send as, or @DOMAIN; may be given again"),
	MEMBER("send-only", member_flag, "send_only", "yes|no",
	       "whether he sends mail and takes none"),
	MEMBER("recovery-address", member_text, "recovery_address", "ADDRESS",
	       "for when he has lost his password"),
	MEMBER("expires-at", member_text, "expires_at", "TIME",
	       "when he stops being in force, 2027-01-31T00:00:00Z for one"),
	OPTIONS_END}};

static const struct command_group editing = {
	"Of his lists", (const struct command_option[]){
	MEMBER("add-forward-to", member_add, "forward_to", "ADDRESS",
	       "send his mail there, too"),
	MEMBER("remove-forward-to", member_remove, "forward_to", "ADDRESS",
	       "and there no more"),
	MEMBER("add-send-as", member_add, "send_as", "ADDRESS",
	       "let him send as it, too"),
	MEMBER("remove-send-as", member_remove, "send_as", "ADDRESS",
	       "and as that no more"),
	OPTIONS_END}};

static const struct command_group renaming = {
	"Another address", (const struct command_option[]){
	MEMBER("address", member_text, "address", "ADDRESS",
	       "which is his from now on; whatever led to him leads there"),
	MEMBER("keep-old-address", query_true, "keep_old_address=true", NULL,
	       "the old one becomes an alias"),
	OPTIONS_END}};

static const struct command_group listing = {
	NULL, (const struct command_option[]){
	MEMBER("search", query_text, "q", "TEXT",
	       "only whose address or name contains it; those that begin so if it ends in *"),
	MEMBER("enabled", query_flag, "enabled", "yes|no",
	       "only those that are, or are not"),
	MEMBER("domain", query_text, "domain", "DOMAIN",
	       "only those in it"),
	OPTIONS_END}};

static const struct command_group reading = {
	NULL, (const struct command_option[]){
	MEMBER("include", query_text, "include", "aliases|login_state|aliases,login_state",
	       "tell who leads to him, or wrong passwords, too"),
	MEMBER("as-of", query_text, "as_of", "TIME",
	       "as he was then"),
	OPTIONS_END}};

static const struct command_group removing = {
	NULL, (const struct command_option[]){
	MEMBER("aliases", query_text, "aliases", "refuse|remove|keep",
	       "what becomes of aliases and forwards that lead to him; refuse: "
	       "he stays if there are any [refuse]"),
	OPTIONS_END}};

static const struct command_group keys = {
	NULL, (const struct command_option[]){
	MEMBER("keys", query_text, "keys", "keep|revoke",
	       "what becomes of his API keys"),
	OPTIONS_END}};
/* clang-format on */

static const struct command user_list = {
	.name = "list",
	.summary = "List users",
	.groups = {&listing, REQUEST_READS},
	REQUEST(.method = "GET", .path = "/v1/users",
		.columns =
			"address,name,state,quota_bytes,quota_used_bytes,last_login_at",
		.is_paged = true)};

static const struct command user_show = {.name = "show",
					 .summary = "Show a user",
					 .words = "ADDRESS",
					 .groups = {&reading, REQUEST_READS},
					 REQUEST(.method = "GET",
						 .path = "/v1/users/%")};

static const struct command user_add =
	{.name = "add",
	 .summary = "Make a user",
	 .words = "ADDRESS",
	 .more = "Without a password he takes mail and cannot log in.",
	 .groups = {&members, &request_made_password, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/users", .members = "address",
		 .password = NEW_PASSWORD)};

static const struct command user_set =
	{.name = "set",
	 .summary = "Change a user",
	 .words = "ADDRESS",
	 .groups = {&members, &editing, &renaming, &request_ready_hash,
		    &request_unsetting, REQUEST_WRITES},
	 REQUEST(.method = "PATCH", .path = "/v1/users/%", .is_wanting = true,
		 .password = NEW_PASSWORD)};

static const struct command user_remove = {
	.name = "remove",
	.summary = "Delete a user",
	.words = "ADDRESS",
	.more = "He goes into the trash, for as long as the gateway keeps that. "
		"His mailbox stays where it is.",
	.groups = {&removing, REQUEST_WRITES},
	REQUEST(.method = "DELETE", .path = "/v1/users/%")};

static const struct command user_password =
	{.name = "password",
	 .summary = "Set a user's password",
	 .words = "ADDRESS",
	 .groups = {&request_new_password, &keys, REQUEST_WRITES},
	 REQUEST(.method = "PUT", .path = "/v1/users/%/password",
		 .password = ASKED_PASSWORD)};

static const struct command user_revert =
	REQUEST_REVERT("Change a user back to how it was", "ADDRESS",
		       "/v1/users/%/revert");

static const struct command *const verbs[] = {&user_list,   &user_show,
					      &user_add,    &user_set,
					      &user_remove, &user_password,
					      &user_revert, &inactive_command,
					      NULL};

const struct command command_user = {.name = "user",
				     .summary = "Users, who have mailboxes",
				     .verbs = verbs};
