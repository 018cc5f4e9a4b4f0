#include "cli/dkim.h"

#include "cli/dkim_sync.h"
#include "cli/member.h"

/* clang-format off */
static const struct command_group making = {
	"What it is", (const struct command_option[]){
	MEMBER("selector", member_text, "selector", "SELECTOR",
	       "what tells it from the domain's others [the date]"),
	MEMBER("algorithm", member_text, "algorithm", "rsa-2048|rsa-3072|rsa-4096|ed25519",
	       "how it signs [rsa-2048; of rotate as the one that signs]"),
	OPTIONS_END}};

static const struct command_group importing = {
	"If it is there already", (const struct command_option[]){
	MEMBER("private-key-file", member_file, "private_key", "FILE",
	       "in PEM, without a password [one is made]"),
	OPTIONS_END}};

static const struct command_group fate = {
	"What becomes of it", (const struct command_option[]){
	MEMBER("state", member_text, "state", "prepared|published|active|retired",
	       "what it is: not in the DNS yet, there, the one that signs, one "
	       "that did"),
	MEMBER("staged", member_flag, "staged", "yes|no",
	       "whether it signs by itself when the DNS has shown it for a "
	       "while"),
	OPTIONS_END}};

static const struct command_group noting = {
	NULL, (const struct command_option[]){
	MEMBER("description", member_text, "description", "TEXT",
	       "what is to be noted"),
	MEMBER("rotate-after-days", member_number, "rotate_after_days", "N",
	       "how long it signs until it gets a successor; 0 is no limit "
	       "[the site's]"),
	OPTIONS_END}};
/* clang-format on */

static const struct command dkim_list =
	{.name = "list",
	 .summary = "List the keys that sign a domain's mail",
	 .words = "DOMAIN",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/domains/%/dkim",
		 .columns = "selector,algorithm,state,dns,next_step,due_at")};

static const struct command dkim_show = {
	.name = "show",
	.summary = "Show a key that signs a domain's mail",
	.words = "DOMAIN SELECTOR",
	.more = "Its record is txt, and as a line of a zone file zone; what is "
		"to be done there is instruction. The private key is never "
		"shown.",
	.groups = {REQUEST_READS},
	REQUEST(.method = "GET", .path = "/v1/domains/%/dkim/%")};

static const struct command dkim_add =
	{.name = "add",
	 .summary = "Make a key that signs a domain's mail, or bring one in",
	 .words = "DOMAIN",
	 .groups = {&making, &noting, &fate, &importing, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/domains/%/dkim")};

static const struct command dkim_set =
	{.name = "set",
	 .summary = "Move a key on, or change what becomes of it",
	 .words = "DOMAIN SELECTOR",
	 .groups = {&noting, &fate, &request_unsetting, REQUEST_WRITES},
	 REQUEST(.method = "PATCH", .path = "/v1/domains/%/dkim/%",
		 .is_wanting = true)};

static const struct command dkim_rotate =
	{.name = "rotate",
	 .summary = "Begin to replace the key that signs",
	 .words = "DOMAIN",
	 .more = "Publish the record of the new one: the rest comes by itself.",
	 .groups = {&making, &noting, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/domains/%/dkim/rotate")};

static const struct command dkim_remove =
	{.name = "remove",
	 .summary = "Delete a key, at once and for good",
	 .words = "DOMAIN SELECTOR",
	 .more = "One that signs has to be retired first.",
	 .groups = {REQUEST_WRITES},
	 REQUEST(.method = "DELETE", .path = "/v1/domains/%/dkim/%")};

static const struct command *const verbs[] = {&dkim_list,         &dkim_show,
					      &dkim_add,          &dkim_set,
					      &dkim_rotate,       &dkim_remove,
					      &dkim_sync_command, NULL};

const struct command command_dkim = {.name = "dkim",
				     .summary = "Keys that sign mail",
				     .verbs = verbs};
