#include "cli/role.h"

#include "cli/request.h"

static const struct command role_list =
	{.name = "list",
	 .summary = "List who has a role in a domain",
	 .words = "DOMAIN",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/domains/%/administrators",
		 .columns = "login,role,name")};

static const struct command role_set =
	{.name = "set",
	 .summary = "Give somebody a role in a domain",
	 .words = "DOMAIN LOGIN owner|administrator|viewer",
	 .groups = {REQUEST_WRITES},
	 REQUEST(.method = "PUT", .path = "/v1/domains/%/administrators/%",
		 .members = "role")};

static const struct command role_remove =
	REQUEST_REMOVE("Take somebody's role in a domain", "DOMAIN LOGIN",
		       "/v1/domains/%/administrators/%");

static const struct command *const verbs[] = {&role_list, &role_set,
					      &role_remove, NULL};

const struct command command_role =
	{.name = "role",
	 .summary = "Roles in domains: owners, administrators and viewers",
	 .verbs = verbs};
