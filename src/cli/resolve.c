#include "cli/resolve.h"

#include "cli/request.h"

const struct command command_resolve =
	{.name = "resolve",
	 .summary = "Say where mail for an address goes",
	 .words = "ADDRESS",
	 .more = "On its way: every hop, the mailboxes and addresses elsewhere "
		 "where it ends, and what is wrong.",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/resolve/%")};
