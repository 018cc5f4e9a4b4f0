#include "cli/domain.h"

#include "cli/member.h"

/* clang-format off */
static const struct command_group members = {
	"What it is", (const struct command_option[]){
	MEMBER("kind", member_text, "kind", "local|alias|relay",
	       "what happens to its mail: mailboxes here, those of another "
	       "domain, or passed on [local]"),
	MEMBER("target", member_text, "target", "DOMAIN",
	       "of an alias domain: the one it stands for"),
	MEMBER("transport", member_text, "transport", "TRANSPORT",
	       "of a relay domain: where mail is passed on to, as "
	       "smtp:[mx.example.org]"),
	MEMBER("verify-recipients", member_flag, "verify_recipients", "yes|no",
	       "of a relay domain: ask its server for each recipient"),
	MEMBER("enabled", member_flag, "enabled", "yes|no",
	       "whether mail is taken, and users can log in"),
	MEMBER("description", member_text, "description", "TEXT",
	       "what is to be noted"),
	MEMBER("display-name", member_text, "display_name", "TEXT",
	       "what mail programs call the service"),
	MEMBER("short-display-name", member_text, "short_display_name", "TEXT",
	       "the same in short"),
	MEMBER("imap-host", member_text, "imap_host", "HOST",
	       "server that mail programs are told [the site's]"),
	MEMBER("pop3-host", member_text, "pop3_host", "HOST",
	       "server that mail programs are told [the site's]"),
	MEMBER("smtp-host", member_text, "smtp_host", "HOST",
	       "server that mail programs are told [the site's]"),
	MEMBER("default-user-quota-bytes", member_bytes, "default_user_quota_bytes", "BYTES",
	       "quota of new users; 0 is no limit"),
	MEMBER("quota-bytes", member_bytes, "quota_bytes", "BYTES",
	       "what the quotas of all users may add up to; 0 is no limit"),
	MEMBER("max-users", member_number, "max_users", "N",
	       "0 is no limit"),
	MEMBER("max-aliases", member_number, "max_aliases", "N",
	       "0 is no limit"),
	MEMBER("sponsor", member_text, "sponsor", "LOGIN",
	       "the reseller out of whose budgets it comes"),
	OPTIONS_END}};

static const struct command_group at_creation = {
	"At its creation", (const struct command_option[]){
	MEMBER("reserved-to", member_list, "reserved_to", "ADDRESS",
	       "where mail for abuse, postmaster and other reserved names "
	       "goes; may be given again"),
	OPTIONS_END}};

static const struct command_group renaming = {
	"Another name", (const struct command_option[]){
	MEMBER("name", member_text, "name", "DOMAIN",
	       "by which it is called from now on, with all that is in it"),
	MEMBER("no-alias", query_true, "keep_alias=false", NULL,
	       "do not keep the old name as an alias domain"),
	OPTIONS_END}};

static const struct command_group listing = {
	NULL, (const struct command_option[]){
	MEMBER("search", query_text, "q", "TEXT",
	       "only whose name contains it; those that begin so if it ends in *"),
	MEMBER("enabled", query_flag, "enabled", "yes|no",
	       "only those that are, or are not"),
	MEMBER("kind", query_text, "kind", "local|alias|relay",
	       "only those of that kind"),
	OPTIONS_END}};

static const struct command_group reading = {
	NULL, (const struct command_option[]){
	MEMBER("include", query_text, "include", "counts",
	       "tell what there is in it, too"),
	MEMBER("as-of", query_text, "as_of", "TIME",
	       "as it was then"),
	OPTIONS_END}};

static const struct command_group removing = {
	NULL, (const struct command_option[]){
	MEMBER("recursive", query_true, "recursive=true", NULL,
	       "with all users and aliases in it"),
	OPTIONS_END}};

static const struct command_group zone = {
	NULL, (const struct command_option[]){
	MEMBER("zone", query_true, "format=zone", NULL,
	       "as lines for a zone file"),
	OPTIONS_END}};

static const struct command_group telling = {
	NULL, (const struct command_option[]){
	MEMBER("format", query_text, "format", "clientconfig|mobileconfig",
	       "for Thunderbird and others, or for devices of Apple "
	       "[clientconfig]"),
	MEMBER("address", query_text, "emailaddress", "ADDRESS",
	       "whose profile it is, for devices of Apple [they ask]"),
	OPTIONS_END}};
/* clang-format on */

static const char findings[] = "name,about,result,code,actor,detail";

static const struct command domain_list =
	{.name = "list",
	 .summary = "List domains",
	 .groups = {&listing, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/domains",
		 .columns = "name,kind,state,target,transport,description",
		 .is_paged = true)};

static const struct command domain_show = {.name = "show",
					   .summary = "Show a domain",
					   .words = "DOMAIN",
					   .groups = {&reading, REQUEST_READS},
					   REQUEST(.method = "GET",
						   .path = "/v1/domains/%")};

static const struct command domain_add =
	{.name = "add",
	 .summary = "Make a domain",
	 .words = "DOMAIN",
	 .groups = {&members, &at_creation, REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/domains", .members = "name")};

static const struct command domain_set = {.name = "set",
					  .summary = "Change a domain",
					  .words = "DOMAIN",
					  .groups = {&members, &renaming,
						     &request_unsetting,
						     &request_waiting,
						     REQUEST_WRITES},
					  REQUEST(.method = "PATCH",
						  .path = "/v1/domains/%",
						  .is_wanting = true)};

static const struct command domain_remove = {
	.name = "remove",
	.summary = "Delete a domain",
	.words = "DOMAIN",
	.more = "It goes into the trash, for as long as the gateway keeps that. "
		"Mailboxes stay where they are.",
	.groups = {&removing, REQUEST_WRITES},
	REQUEST(.method = "DELETE", .path = "/v1/domains/%")};

static const struct command domain_revert =
	REQUEST_REVERT("Change a domain back to how it was", "DOMAIN",
		       "/v1/domains/%/revert");

static const struct command domain_checks =
	{.name = "checks",
	 .summary = "List what was found in the DNS of a domain",
	 .words = "DOMAIN",
	 .groups = {REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/domains/%/checks",
		 .items = "results", .columns = findings)};

static const struct command domain_check =
	{.name = "check",
	 .summary = "Look now what the DNS says of a domain",
	 .words = "DOMAIN",
	 .groups = {REQUEST_WRITES},
	 REQUEST(.method = "POST", .path = "/v1/domains/%/checks",
		 .items = "results", .columns = findings)};

static const struct command domain_dns =
	{.name = "dns",
	 .summary = "List what a domain should have in the DNS",
	 .words = "DOMAIN",
	 .groups = {&zone, REQUEST_READS},
	 REQUEST(.method = "GET", .path = "/v1/domains/%/dns",
		 .items = "records", .columns = "name,type,value,state,code",
		 .is_text = true)};

static const struct command domain_autoconfig =
	{.name = "autoconfig",
	 .summary = "Print what mail clients are told of a domain",
	 .words = "DOMAIN",
	 .groups = {&telling, &request_connection},
	 REQUEST(.method = "GET", .path = "/v1/domains/%/autoconfig",
		 .is_text = true)};

static const struct command *const verbs[] =
	{&domain_list,   &domain_show,       &domain_add,   &domain_set,
	 &domain_remove, &domain_revert,     &domain_check, &domain_checks,
	 &domain_dns,    &domain_autoconfig, NULL};

const struct command command_domain = {.name = "domain",
				       .summary = "Domains",
				       .verbs = verbs};
