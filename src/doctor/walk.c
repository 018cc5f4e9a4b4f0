#include "doctor/walk.h"

#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "doctor/keys.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "util/text.h"

enum {
	HOUR = 3600,
	RETIRED_GRACE =
		2 * 24 * HOUR, /* they are looked through now and then */
	RUNNING_MOST = HOUR,
	TALLY_GRACE = 600,
};

static bool has_class(const struct direct_entry *en, const char *class)
{
	const struct text_list *v = direct_values(en, "objectClass");

	for (size_t i = 0; v != NULL && i < v->count; i++) {
		if (strcasecmp(v->items[i], class) == 0)
			return true;
	}
	return false;
}

static bool flag(const struct direct_entry *en, const char *name)
{
	const char *text = direct_text(en, name);

	return text != NULL && strcasecmp(text, "TRUE") == 0;
}

/* 0 if it is not there, or no number. */
static int64_t number(const struct direct_entry *en, const char *name)
{
	const char *text = direct_text(en, name);
	int64_t n = 0;

	return text != NULL && text_number(text, 0, INT64_MAX, &n) ? n : 0;
}

static int64_t moment(const struct direct_entry *en, const char *name)
{
	const char *text = direct_text(en, name);

	return text != NULL ? analysis_time(text) : 0;
}

static const char *keep(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

static struct text_list keep_list(struct arena *a, const struct text_list *from)
{
	struct text_list to = {.count = from != NULL ? from->count : 0};

	if (to.count == 0)
		return to;
	to.items = arena_alloc(a, to.count * sizeof(*to.items));
	for (size_t i = 0; i < to.count; i++)
		to.items[i] = arena_strdup(a, from->items[i]);
	return to;
}

static void add_roles(struct census *c, const char *entry, const char *role,
		      const struct text_list *dns)
{
	for (size_t i = 0; dns != NULL && i < dns->count; i++)
		census_add_role(c, entry, role, dns->items[i]);
}

static void add_domain(struct census *c, const struct direct_entry *en,
		       const char *name)
{
	static const char *const roles[] = {"provostOwner",
					    "provostAdministrator",
					    "provostViewer", "provostSponsor"};
	struct held_domain *d = census_add_domain(c, name);

	d->kind = keep(c->arena, direct_text(en, "provostDomainKind"));
	d->target = keep(c->arena, direct_text(en, "provostTargetDomain"));
	d->transport = keep(c->arena, direct_text(en, "provostTransport"));
	d->id = keep(c->arena, direct_text(en, "entryUUID"));
	d->enabled = flag(en, "provostEnabled");
	d->verify_recipients = flag(en, "provostVerifyRecipients");
	d->max_users = number(en, "provostMaxUsers");
	d->max_aliases = number(en, "provostMaxAliases");
	d->quota_bytes = number(en, "provostQuotaBytes");
	for (size_t i = 0; i < COUNT(roles); i++)
		add_roles(c, d->name, roles[i], direct_values(en, roles[i]));
}

static void add_address(struct census *c, const struct direct_entry *en,
			const char *address, bool user)
{
	struct held_address *h = census_add_address(c, address, user);
	const char *login = direct_text(en, "provostLoginEnabled");

	h->destinations =
		keep_list(c->arena, direct_values(en, "provostDestination"));
	h->senders = keep_list(c->arena, direct_values(en, "provostSender"));
	h->mailbox = keep(c->arena, direct_text(en, "provostMailboxId"));
	h->expires = moment(en, "provostExpires");
	h->quota = number(en, "provostQuotaBytes");
	h->enabled = flag(en, "provostEnabled");
	h->login_enabled = login == NULL || strcasecmp(login, "FALSE") != 0;
	h->send_only = flag(en, "provostSendOnly");
	h->sender_allowed = flag(en, "provostSenderAllowed");
	h->renamed = direct_text(en, "provostFormerAddress") != NULL;
	add_roles(c, h->address, "owner", direct_values(en, "owner"));
}

/* Whose it is stands in its name, behind its own part. */
static void check_usage(const struct walk *w, struct arena *a,
			const struct direct_entry *en)
{
	const char *of = direct_text(en, "provostUsageOf");
	const char *parent = strchr(en->dn, ',');
	const char *at =
		parent != NULL ? strstr(parent, ",provostDomainName=") : NULL;

	if (of == NULL || at == NULL || strncmp(parent, ",mail=", 6) != 0)
		return;
	/* An address with an escape in it is not found, and passed over. */
	const char *name =
		arena_strndup(a, parent + 6, (size_t)(at - parent) - 6);
	const struct held_address *h = census_address(w->census, name);
	if (h != NULL && h->mailbox != NULL && strcmp(h->mailbox, of) != 0 &&
	    analysis_wants(w->analysis, address_domain(h->address)))
		report_find(w->report, FIND_USAGE_ORPHAN, en->dn,
			    "it is of the mailbox %s, the user has %s", of,
			    h->mailbox);
}

static void each_held(void *ctx, struct arena *a, const struct direct_entry *en)
{
	const struct walk *w = ctx;
	const char *mail = direct_text(en, "mail");
	const char *name = direct_text(en, "provostDomainName");

	if (name != NULL && has_class(en, "provostDomain"))
		add_domain(w->census, en, name);
	else if (mail != NULL && has_class(en, "provostUser"))
		add_address(w->census, en, mail, true);
	else if (mail != NULL && has_class(en, "provostAlias"))
		add_address(w->census, en, mail, false);
	else if (has_class(en, "provostUsage"))
		check_usage(w, a, en);
	else if (has_class(en, "provostDkimKey"))
		keys_add(w->census, en);
	else if (has_class(en, "provostCheck"))
		keys_add_check(w->census, en);
}

static const char *const held[] = {"objectClass",
				   "entryUUID",
				   "createTimestamp",
				   "mail",
				   "owner",
				   "provostAdministrator",
				   "provostCheckResult",
				   "provostDestination",
				   "provostDkimActivated",
				   "provostDkimDns",
				   "provostDkimDomain",
				   "provostDkimDue",
				   "provostDkimKeyName",
				   "provostDkimKeyType",
				   "provostDkimRotateDays",
				   "provostDkimSelector",
				   "provostDkimState",
				   "provostDomainKind",
				   "provostDomainName",
				   "provostEnabled",
				   "provostExpires",
				   "provostFormerAddress",
				   "provostLoginEnabled",
				   "provostMailboxId",
				   "provostMaxAliases",
				   "provostMaxUsers",
				   "provostOwner",
				   "provostQuotaBytes",
				   "provostSendOnly",
				   "provostSender",
				   "provostSenderAllowed",
				   "provostSponsor",
				   "provostTargetDomain",
				   "provostTransport",
				   "provostUsageOf",
				   "provostVerifyRecipients",
				   "provostViewer",
				   NULL};

bool walk_domains(struct walk *w, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct direct_search s = {.base = dn_child(a, "ou", "domains",
							 w->base),
					.scope = DIRECT_ALL,
					.filter = filter_present(a,
								 "objectClass"),
					.want = held,
					.as = w->sight->as};

	if (!direct_search(w->sight->all, &s, each_held, w, e))
		return false;
	census_complete(w->census);
	return true;
}

static void each_group(void *ctx, struct arena *a,
		       const struct direct_entry *en)
{
	const struct walk *w = ctx;

	(void)a;
	add_roles(w->census, en->dn, "member", direct_values(en, "member"));
}

static bool is_wanted(const struct analysis *an, const struct held_role *r)
{
	const char *at = strrchr(r->entry, '@');

	return analysis_wants(an, at != NULL ? at + 1 : r->entry);
}

static void judge_role(struct walk *w, const struct held_role *r,
		       const struct direct_answer *answer)
{
	const char *enabled =
		answer->count > 0
			? direct_text(&answer->entries[0], "provostEnabled")
			: NULL;

	if (answer->err.kind == ERR_NOT_FOUND ||
	    (answer->err.kind == ERR_NONE && answer->count == 0))
		report_find(w->report, FIND_ROLE_MISSING, r->entry,
			    "its %s %s does not exist", r->role, r->dn);
	else if (enabled != NULL && strcasecmp(enabled, "FALSE") == 0)
		report_find(w->report, FIND_ROLE_DISABLED, r->entry,
			    "its %s %s is disabled", r->role, r->dn);
}

/* Access rules paste names into filters; what ldif/database.ldif refuses may
 * have come in another way. */
static bool can_be_asked(const char *dn, const char *base)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_.@=,-";
	size_t size = strlen(dn), below = strlen(base);

	if (size <= below || strcasecmp(dn + size - below, base) != 0)
		return true;
	for (const char *c = dn; c < dn + size - below; c++) {
		bool escape = *c == '\\' && strncasecmp(c, "\\3d", 3) == 0;

		if (!escape && strchr(good, *c) == NULL)
			return false;
	}
	return true;
}

/* The next so many roles at once; *at moves behind them. */
static bool ask_roles(struct walk *w, const struct held_role **at,
		      struct err *e)
{
	static const char *const want[] = {"provostEnabled", NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct held_role *asked[DIRECT_AT_ONCE];
	struct direct_search searches[DIRECT_AT_ONCE];
	struct direct_answer answers[DIRECT_AT_ONCE];
	size_t count = 0;

	for (; *at != NULL && count < DIRECT_AT_ONCE; *at = (*at)->next) {
		if (!is_wanted(w->analysis, *at))
			continue;
		if (!can_be_asked((*at)->dn, w->base))
			report_find(w->report, FIND_ROLE_NAME, (*at)->entry,
				    "its %s is called %s", (*at)->role,
				    (*at)->dn);
		asked[count] = *at;
		searches[count++] = (struct direct_search){
			.base = (*at)->dn,
			.scope = DIRECT_ENTRY,
			.filter = filter_present(a, "objectClass"),
			.want = want,
			.as = w->sight->as};
	}
	if (!direct_ask(w->sight->all, a, searches, count, answers, e))
		return false;
	for (size_t i = 0; i < count; i++)
		judge_role(w, asked[i], &answers[i]);
	return true;
}

bool walk_roles(struct walk *w, struct err *e)
{
	static const char *const want[] = {"member", NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();
	const struct direct_search s = {.base = w->base,
					.scope = DIRECT_ALL,
					.filter = filter_equal(a, "objectClass",
							       "groupOfNames"),
					.want = want,
					.as = w->sight->as};

	if (!direct_search(w->sight->all, &s, each_group, w, e))
		return false;
	for (const struct held_role *at = w->census->roles; at != NULL;) {
		if (!ask_roles(w, &at, e))
			return false;
	}
	return true;
}

static void each_principal(void *ctx, struct arena *a,
			   const struct direct_entry *en)
{
	const struct walk *w = ctx;

	(void)a;
	analyse_expiry(w->analysis, en->dn, flag(en, "provostEnabled"),
		       moment(en, "provostExpires"));
	add_roles(w->census, en->dn, "provostSponsor",
		  direct_values(en, "provostSponsor"));
}

bool walk_principals(struct walk *w, struct err *e)
{
	static const char *const want[] = {"provostEnabled", "provostExpires",
					   "provostSponsor", NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *const either[] = {filter_present(a, "provostExpires"),
				      filter_present(a, "provostSponsor")};
	const struct direct_search s = {.base = dn_child(a, "ou", "principals",
							 w->base),
					.scope = DIRECT_ALL,
					.filter = filter_any(a, either,
							     COUNT(either)),
					.want = want,
					.as = w->sight->as};

	return !analysis_wants(w->analysis, NULL) ||
	       direct_search(w->sight->all, &s, each_principal, w, e);
}

/* Only what has a limit is counted. */
static void check_counter(const struct walk *w, const struct direct_entry *en,
			  const struct held_domain *d, const char *name,
			  int64_t limit, int64_t really)
{
	int64_t counted = number(en, name);

	if (limit > 0 && direct_text(en, name) != NULL && counted != really)
		report_find(w->report, FIND_TALLY_WRONG, d->name,
			    "%s is %lld and should be %lld", name,
			    (long long)counted, (long long)really);
}

static void check_tally(const struct walk *w, const struct direct_entry *en)
{
	const char *name = direct_text(en, "cn");
	const struct held_domain *d =
		name != NULL ? census_domain(w->census, name) : NULL;

	/* That of a domain of the same name that was deleted counts nothing,
	 * and what is being written is counted before it is there. */
	if (d == NULL ||
	    !text_equal(d->id, direct_text(en, "provostTallyOf")) ||
	    !analysis_wants(w->analysis, d->name) ||
	    moment(en, "modifyTimestamp") + TALLY_GRACE > w->analysis->now)
		return;
	check_counter(w, en, d, "provostTallyUsers", d->max_users, d->users);
	check_counter(w, en, d, "provostTallyAliases", d->max_aliases,
		      d->aliases);
	check_counter(w, en, d, "provostTallyQuotaBytes", d->quota_bytes,
		      d->quota_sum);
}

static void check_plan(const struct walk *w, const struct direct_entry *en)
{
	const char *state = direct_text(en, "provostJournalState");
	const char *name = direct_text(en, "provostJournalName");
	int64_t written = moment(en, "modifyTimestamp");

	if (direct_text(en, "provostJournalSteps") == NULL)
		return;
	if (text_equal(state, "stuck"))
		report_find(w->report, FIND_PLAN_STUCK, en->dn,
			    "it cannot go on%s%s", name != NULL ? "; of " : "",
			    name != NULL ? name : "");
	else if (written > 0 && written + RUNNING_MOST < w->analysis->now)
		report_find(w->report, FIND_PLAN_OLD, en->dn,
			    "nobody has gone on with it for %lld minutes",
			    (long long)(w->analysis->now - written) / 60);
}

static void each_journal(void *ctx, struct arena *a,
			 const struct direct_entry *en)
{
	const struct walk *w = ctx;

	(void)a;
	if (has_class(en, "provostTally"))
		check_tally(w, en);
	else if (analysis_wants(w->analysis, NULL))
		check_plan(w, en);
}

static void each_retired(void *ctx, struct arena *a,
			 const struct direct_entry *en)
{
	const struct walk *w = ctx;
	int64_t expires = moment(en, "provostExpires");

	(void)a;
	if (expires > 0 && expires + RETIRED_GRACE < w->analysis->now)
		report_find(w->report, FIND_RETIRED_EXPIRED, en->dn,
			    "it should be gone for %lld days",
			    (long long)(w->analysis->now - expires) /
				    (24 * HOUR));
}

bool walk_journal(struct walk *w, struct err *e)
{
	static const char *const want[] =
		{"objectClass",         "cn",
		 "modifyTimestamp",     "provostExpires",
		 "provostJournalName",  "provostJournalState",
		 "provostJournalSteps", "provostTallyAliases",
		 "provostTallyOf",      "provostTallyQuotaBytes",
		 "provostTallyUsers",   NULL};
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct direct_search s = {.base = dn_child(a, "ou", "journal", w->base),
				  .scope = DIRECT_CHILDREN,
				  .filter = filter_present(a, "objectClass"),
				  .want = want};

	if (w->sight->gateway == NULL)
		return true;
	if (!direct_search(w->sight->gateway, &s, each_journal, w, e))
		return false;
	if (!analysis_wants(w->analysis, NULL))
		return true;
	s.base = dn_child(a, "ou", "retired", w->base);
	return direct_search(w->sight->gateway, &s, each_retired, w, e) ||
	       e->kind == ERR_NOT_FOUND;
}
