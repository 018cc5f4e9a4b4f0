#include "cli/alias.h"

#include "cli/member.h"

/* clang-format off */
static const struct command_group members = {
	"What it is", (const struct command_option[]){
	MEMBER("enabled", member_flag, "enabled", "yes|no",
	       "whether mail for it is taken"),
	MEMBER("send-as-allowed", member_flag, "send_as_allowed", "yes|no",
	       "whether its destinations may send as it"),
	MEMBER("expires-at", member_text, "expires_at", "TIME",
	       "when it stops being in force, 2027-01-31T00:00:00Z for one"),
	MEMBER("description", member_text, "description", "TEXT",
	       "what is to be noted"),
	OPTIONS_END}};

static const struct command_group editing = {
	"Where it leads", (const struct command_option[]){
	MEMBER("destination", member_list, "destinations", "ADDRESS",
	       "there, and nowhere else; may be given again"),
	MEMBER("add-destination", member_add, "destinations", "ADDRESS",
	       "there, too"),
	MEMBER("remove-destination", member_remove, "destinations", "ADDRESS",
	       "there no more"),
	OPTIONS_END}};

static const struct command_group renaming = {
	"Another address", (const struct command_option[]){
	MEMBER("address", member_text, "address", "ADDRESS",
	       "which it has from now on"),
	MEMBER("keep-old-address", query_true, "keep_old_address=true", NULL,
	       "the old one becomes an alias of it"),
	OPTIONS_END}};

static const struct command_group listing = {
	NULL, (const struct command_option[]){
	MEMBER("search", query_text, "q", "TEXT",
	       "only whose address contains it; those that begin so if it ends in *"),
	MEMBER("enabled", query_flag, "enabled", "yes|no",
	       "only those that are, or are not"),
	MEMBER("domain", query_text, "domain", "DOMAIN",
	       "only those in it"),
	MEMBER("ok", query_flag, "ok", "yes|no",
	       "only those all of whose destinations are there, or the others"),
	OPTIONS_END}};

static const struct command_group reading = {
	NULL, (const struct command_option[]){
	MEMBER("as-of", query_text, "as_of", "TIME",
	       "as it was then"),
	OPTIONS_END}};

static const struct command_group removing = {
	NULL, (const struct command_option[]){
	MEMBER("aliases", query_text, "aliases", "refuse|remove|keep",
	       "what becomes of aliases and forwards that lead to it; refuse: "
	       "it stays if there are any [refuse]"),
	OPTIONS_END}};
/* clang-format on */

static const struct command alias_list =
	{.name = "list",
	 .summary = "List aliases",
	 .groups = {&listing, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/aliases",
		 .columns = "address,destinations,state,ok,description",
		 .is_paged = true)};

static const struct command alias_show = {.name = "show",
					  .summary = "Show an alias",
					  .words = "ADDRESS",
					  .groups = {&reading, REQUEST_READS},
					  REQUEST(.method = "GET",
						  .path = "/v1/aliases/%")};

static const struct command alias_add =
	{.name = "add",
	 .summary = "Make an alias",
	 .words = "ADDRESS DESTINATION...",
	 .more = "ADDRESS may be @DOMAIN: what nobody has in the domain goes "
		 "there.",
	 .groups = {&members, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/aliases",
		 .members = "address,destinations*")};

static const struct command alias_set = {.name = "set",
					 .summary = "Change an alias",
					 .words = "ADDRESS",
					 .groups = {&members, &editing,
						    &renaming,
						    &request_unsetting,
						    REQUEST_WRITES},
					 REQUEST(.method = "PATCH",
						 .path = "/v1/aliases/%",
						 .is_wanting = true)};

static const struct command alias_remove = {
	.name = "remove",
	.summary = "Delete an alias",
	.words = "ADDRESS",
	.more = "It goes into the trash, for as long as the gateway keeps that.",
	.groups = {&removing, REQUEST_WRITES},
	REQUEST(.method = "DELETE", .path = "/v1/aliases/%")};

static const struct command alias_revert =
	REQUEST_REVERT("Change an alias back to how it was", "ADDRESS",
		       "/v1/aliases/%/revert");

static const struct command *const verbs[] = {&alias_list,   &alias_show,
					      &alias_add,    &alias_set,
					      &alias_remove, &alias_revert,
					      NULL};

const struct command command_alias = {.name = "alias",
				      .summary =
					      "Aliases, which lead elsewhere",
				      .verbs = verbs};
