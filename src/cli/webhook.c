#include "cli/webhook.h"

#include "cli/member.h"

/* clang-format off */
static const struct command_group where = {
	"Where to", (const struct command_option[]){
	MEMBER("url", member_text, "url", "URL",
	       "https, and without a password"),
	OPTIONS_END}};

static const struct command_group members = {
	"What it is", (const struct command_option[]){
	MEMBER("event", member_list, "events", "EVENT",
	       "what is posted: user for all that becomes of users, user.created "
	       "for one thing; may be given again [everything]"),
	MEMBER("domain", member_list, "domains", "DOMAIN",
	       "of which domain; may be given again [all that you may see]"),
	MEMBER("description", member_text, "description", "TEXT",
	       "what is to be noted"),
	MEMBER("enabled", member_flag, "enabled", "yes|no",
	       "whether anything is posted"),
	OPTIONS_END}};
/* clang-format on */

static const struct command webhook_list =
	{.name = "list",
	 .summary = "List webhooks",
	 .groups = {&request_owner, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/webhooks",
		 .columns = "id,url,owner,events,enabled,status,failure")};

static const struct command webhook_show =
	REQUEST_SHOW("Show a webhook", "ID", "/v1/webhooks/%");

static const struct command webhook_add =
	{.name = "add",
	 .summary = "Have changes posted to a URL",
	 .words = "URL",
	 .more = "What verifies the messages is shown once, as secret.",
	 .groups = {&members, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/webhooks", .members = "url")};

static const struct command webhook_set =
	{.name = "set",
	 .summary = "Change a webhook",
	 .words = "ID",
	 .groups = {&where, &members, &request_unsetting, REQUEST_WRITES},
	 REQUEST(.method = "PATCH", .path = "/v1/webhooks/%",
		 .is_wanting = true)};

static const struct command webhook_remove =
	REQUEST_REMOVE("Delete a webhook", "ID", "/v1/webhooks/%");

static const struct command webhook_rotate =
	{.name = "rotate",
	 .summary = "Have another secret made",
	 .words = "ID",
	 .more = "It is shown once. The one before is good for a while, too.",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "POST", .path = "/v1/webhooks/%/secret")};

static const struct command webhook_test =
	{.name = "test",
	 .summary =
		 "Post a message that says nothing, and tell what came of it",
	 .words = "ID",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "POST", .path = "/v1/webhooks/%/test")};

static const struct command webhook_deliveries =
	{.name = "deliveries",
	 .summary = "List what was posted last, newest first",
	 .words = "ID",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/webhooks/%/deliveries",
		 .columns = "at,event,attempt,status,duration_ms,error")};

static const struct command *const verbs[] =
	{&webhook_list, &webhook_show,       &webhook_add,
	 &webhook_set,  &webhook_remove,     &webhook_rotate,
	 &webhook_test, &webhook_deliveries, NULL};

const struct command command_webhook = {.name = "webhook",
					.summary =
						"Where changes are posted to",
					.verbs = verbs};
