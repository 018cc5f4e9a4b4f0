#include "cli/trash.h"

#include "cli/member.h"

/* clang-format off */
static const struct command_group listing = {
	NULL, (const struct command_option[]){
	MEMBER("kind", query_text, "kind", "user|alias|domain",
	       "only what was that"),
	MEMBER("domain", query_text, "domain", "DOMAIN",
	       "only what was in it"),
	OPTIONS_END}};
/* clang-format on */

static const struct command trash_list =
	{.name = "list",
	 .summary = "List what was deleted and can be restored",
	 .groups = {&listing, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/trash",
		 .columns =
			 "id,kind,name,deleted_by,deleted_at,restorable_until",
		 .is_paged = true)};

static const struct command trash_show =
	REQUEST_SHOW("Show what was deleted", "ID", "/v1/trash/%");

static const struct command trash_restore =
	{.name = "restore",
	 .summary = "Restore what was deleted",
	 .words = "ID",
	 .groups = {&request_waiting, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/trash/%/restore")};

static const struct command trash_remove =
	REQUEST_REMOVE("Delete it for good", "ID", "/v1/trash/%");

static const struct command *const verbs[] = {&trash_list, &trash_show,
					      &trash_restore, &trash_remove,
					      NULL};

const struct command command_trash = {.name = "trash",
				      .summary = "What was deleted",
				      .verbs = verbs};
