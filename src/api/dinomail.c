/* The API of DinoMail 1.1, made with django-tastypie. */
#include <string.h>

#include "api/tastypie.h"
#include "core/again.h"
#include "core/alias.h"
#include "core/dkim_keys.h"
#include "core/domain.h"
#include "core/domain_checks.h"
#include "core/keys.h"
#include "core/user.h"
#include "core/verdict.h"
#include "util/text.h"

/* What its clients see: a record, and what they know besides. */
struct shown_domain {
	struct domain record;
	const char *dkim_key_name, *dkim_key;
	int64_t dkim_status, dmarc_status, spf_status;
	const char *checked_at;
};
struct shown_user {
	struct user record;
	const char *domain;
};
struct shown_alias {
	struct alias_row row;
	const char *domain;
	int64_t exterior, ok; /* NUMBER_NONE: nobody has asked */
};

enum {
	NAME = WIRE_KEY | WIRE_NEEDED | WIRE_UNIQUE | WIRE_NOT_NULL,
	ADDRESS = WIRE_KEY | WIRE_NEEDED | WIRE_UNIQUE,
	SOURCE = WIRE_KEY | WIRE_NEEDED,
	DESTINATION = WIRE_PART | WIRE_NEEDED,
	OF = WIRE_NEEDED | WIRE_NOT_NULL | WIRE_SEEN,
	FOUND = WIRE_SEEN | WIRE_BLANK,
	QUOTA = WIRE_NOT_NULL | WIRE_NULLABLE,
};

/* clang-format off */
#define D(member) FIELD(struct shown_domain, member)
static const struct wire_field domain_fields[] = {
	{"name",               &tastypie_name,    D(record.name),               NAME,       "name",               NULL},
	{"display_name",       &tastypie_text,    D(record.display_name),       WIRE_BLANK, "display name",       "\"\""},
	{"short_display_name", &tastypie_text,    D(record.short_display_name), WIRE_BLANK, "short display name", "\"\""},
	{"imap_address",       &tastypie_text,    D(record.imap_host),          WIRE_BLANK, "imap address",       "\"\""},
	{"pop_address",        &tastypie_text,    D(record.pop3_host),          WIRE_BLANK, "pop address",        "\"\""},
	{"smtp_address",       &tastypie_text,    D(record.smtp_host),          WIRE_BLANK, "smtp address",       "\"\""},
	{"dkim_key",           &tastypie_text,    D(dkim_key),                  FOUND,      "dkim key",           "\"\""},
	{"dkim_key_name",      &tastypie_text,    D(dkim_key_name),             FOUND,      "dkim key name",      "\"\""},
	{"dkim_status",        &tastypie_integer, D(dkim_status),               WIRE_SEEN,  "dkim status",        "0"},
	{"dkim_last_update",   &tastypie_time,    D(checked_at),                FOUND,      "dkim status last update",  "true"},
	{"dmarc_status",       &tastypie_integer, D(dmarc_status),              WIRE_SEEN,  "dmarc status",       "0"},
	{"dmarc_last_update",  &tastypie_time,    D(checked_at),                FOUND,      "dmarc status last update", "true"},
	{"spf_status",         &tastypie_integer, D(spf_status),                WIRE_SEEN,  "spf status",         "0"},
	{"spf_last_update",    &tastypie_time,    D(checked_at),                FOUND,      "spf status last update",   "true"},
	TASTYPIE_OWN,
	{NULL,                 NULL,              {0, 0},                       0,          NULL,                 NULL},
};
#define U(member) FIELD(struct shown_user, member)
static const struct wire_field user_fields[] = {
	{"domain",   &tastypie_domain,  U(domain),             OF,            "domain", NULL},
	{"email",    &tastypie_own,     U(record.address),     ADDRESS,       "email",  NULL},
	{"quota",    &tastypie_integer, U(record.quota_bytes), QUOTA,         "quota",  "0"},
	{"password", &tastypie_secret,  U(record.clear),       WIRE_NEW,      NULL,     NULL},
	TASTYPIE_OWN,
	{NULL,       NULL,              {0, 0},                0,             NULL,     NULL},
};
#define A(member) FIELD(struct shown_alias, member)
static const struct wire_field alias_fields[] = {
	{"domain",      &tastypie_domain,      A(domain),          OF,          "domain",      NULL},
	{"source",      &tastypie_alias,       A(row.source),      SOURCE,      "source",      NULL},
	{"destination", &tastypie_destination, A(row.destination), DESTINATION, "destination", NULL},
	{"exterior",    &tastypie_verdict,     A(exterior),        0,           NULL,          NULL},
	{"ok",          &tastypie_verdict,     A(ok),              0,           NULL,          NULL},
	TASTYPIE_OWN,
	{NULL,          NULL,                  {0, 0},             0,           NULL,          NULL},
};
static const struct wire_field password_fields[] = {
	{"password", &tastypie_text, U(record.clear), 0, "password", NULL},
	TASTYPIE_OWN,
	{NULL,       NULL,           {0, 0},          0, NULL,       NULL},
};
#define K(member) FIELD(struct key, member)
static const struct wire_field key_fields[] = {
	{"created", &tastypie_time, K(created_at), 0,          "created", NULL},
	{"key",     &tastypie_text, K(text),       WIRE_BLANK, "key",     "\"\""},
	TASTYPIE_OWN,
	{NULL,      NULL,           {0, 0},        0,          NULL,      NULL},
};

/* The result of a check as a number; the first row that fits, and 0 where none
 * does. */
static const struct {
	const char *check, *code; /* NULL: any other */
	int64_t status;
} statuses[] = {
	{"dkim",  "not_answered",   0},
	{"dkim",  "dkim_missing",   1},
	{"dkim",  "dkim_malformed", 2},
	{"dkim",  "ok",             4},
	{"dkim",  NULL,             3},
	{"dmarc", "not_answered",   0},
	{"dmarc", "dmarc_missing",  0},
	{"dmarc", "dmarc_weak",     2},
	{"dmarc", "ok",             2},
	{"dmarc", NULL,             1},
	{"spf",   "not_answered",   0},
	{"spf",   "spf_missing",    0},
	{"spf",   NULL,             1},
};
/* clang-format on */

/* Of that name in the DNS; NULL: of any. */
static int64_t status_of(const struct checkup_report *r, const char *check,
			 const char *about)
{
	const struct checkup_result *end = r->results + r->count, *at = NULL;

	for (const struct checkup_result *c = r->results; c < end && !at; c++) {
		if (text_equal(c->name, check) &&
		    (about == NULL || text_equal(c->about, about)))
			at = c;
	}
	for (size_t i = 0; at != NULL && i < COUNT(statuses); i++) {
		if (strcmp(statuses[i].check, check) == 0 &&
		    (statuses[i].code == NULL ||
		     text_equal(statuses[i].code, at->code)))
			return statuses[i].status;
	}
	return 0;
}

static bool look_at_domain(const struct call *call, struct shown_domain *d,
			   struct err *e)
{
	struct checked checked = {.report = {.count = 0}};
	const struct checkup_report *r = &checked.report;
	const char *name = d->record.name;
	struct dkim_key key;

	if (!dkim_signing(call->gateway, &call->task, name, &key, e) ||
	    (call->gateway->checkbook != NULL &&
	     !domain_checks_read(call->gateway, &call->task, name, &checked,
				 e)))
		return false;
	const char *p = key.record != NULL ? strstr(key.record, "p=") : NULL;

	d->dkim_key_name = key.selector;
	d->dkim_key = p != NULL ? p + 2 : NULL;
	d->dkim_status = p != NULL
				 ? status_of(r, "dkim",
					     dkim_name(call->task.arena, &key))
				 : 0;
	d->dmarc_status = status_of(r, "dmarc", NULL);
	d->spf_status = status_of(r, "spf", NULL);
	d->checked_at =
		r->checked_at != NULL ? r->checked_at : d->record.created_at;
	return true;
}

static bool look_at_domains(const struct call *call,
			    const struct roster_row *rows, size_t count,
			    void *views, struct err *e)
{
	struct shown_domain *d = views;

	(void)rows;
	for (size_t i = 0; i < count; i++) {
		if (!look_at_domain(call, &d[i], e))
			return false;
	}
	return true;
}

/* What DinoMail shows people alone, where it is asked for: what becomes of mail
 * for a row. */
static bool look_at_aliases(const struct call *call,
			    const struct roster_row *rows, size_t count,
			    void *views, struct err *e)
{
	bool asked = text_equal(tastypie_parameter(call, "include"), "verdict");
	struct alias *alone =
		arena_alloc(call->task.arena, (count + 1) * sizeof(*alone));
	struct shown_alias *al = views;

	(void)rows;
	for (size_t i = 0; i < count; i++)
		alone[i].destinations =
			(struct text_list){&al[i].row.destination, 1};
	if (asked && !verdict_of(call->gateway, &call->task, alone, count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		al[i].exterior = asked ? alone[i].exterior : NUMBER_NONE;
		al[i].ok = asked ? alone[i].ok : NUMBER_NONE;
	}
	return true;
}

/* Its domain, and that of its address: what was not sent is what it was. */
static bool same_domain(const struct call *call, const struct item *i,
			const char *address, const char *domain, struct err *e)
{
	const char *its = address != NULL ? address_domain(address) : NULL;

	if (domain == NULL)
		domain = address_domain(i->was.key);
	return text_equal(its, domain) ||
	       wire_note(call, call->dialect->foreign->phrases->foreign,
			 (const char *const[]){"VALUE",
					       address != NULL ? address : "",
					       "ITS",
					       its != NULL ? its : "None",
					       "DOMAIN", domain, NULL},
			 e);
}

/* Who is made without a password gets one that nobody knows. */
static bool judge_user(const struct call *call, struct item *i, struct err *e)
{
	struct shown_user *u = i->view;

	if (i->was.key == NULL && u->record.clear == NULL)
		u->record.clear = again_password(&call->task);
	return same_domain(call, i, u->record.address, u->domain, e);
}

static bool judge_alias(const struct call *call, struct item *i, struct err *e)
{
	const struct shown_alias *al = i->view;

	return same_domain(call, i, al->row.source, al->domain, e);
}

/* The caller's key; the same each time, until he takes it away. */
static bool own_key(const struct call *call, struct roster_row *ret,
		    struct err *e)
{
	const struct text_list rights = dialect_rights(call->task.arena);
	const char *login = call->task.caller->login;
	enum kind k = strchr(login, '@') != NULL ? KIND_USER : KIND_PRINCIPAL;
	struct key *key = arena_alloc(call->task.arena, sizeof(*key));
	struct store *s = call->gateway->store;

	*ret = (struct roster_row){.key = login, .record = key};
	return s->ops->number(s, &call->task, k, login, NULL, NUMBER_NONE,
			      &ret->number, e) &&
	       keys_standing(call->gateway, &call->task, &rights, "DinoMail",
			     key, e);
}

static const char *const all[] = {"get",    "post",  "put",
				  "delete", "patch", NULL};
static const char *const none[] = {NULL}, *const get[] = {"get", NULL},
			 *const put_patch[] = {"put", "patch", NULL};
static const struct resource resources[] = {
	{"virtualdomain", KIND_DOMAIN, "Domain", "Name", domain_fields,
	 sizeof(struct shown_domain), sizeof(struct domain), all, all,
	 look_at_domains, NULL, NULL},
	{"virtualuser", KIND_USER, "User", "Email", user_fields,
	 sizeof(struct shown_user), sizeof(struct user), all, all, NULL,
	 judge_user, NULL},
	{"virtualalias", KIND_ALIAS, "Alias", "Source and Destination",
	 alias_fields, sizeof(struct shown_alias), sizeof(struct alias_row),
	 all, all, look_at_aliases, judge_alias, NULL},
	{"changeuserpassword", KIND_USER, "User", "Email", password_fields,
	 sizeof(struct user), sizeof(struct user), none, put_patch, NULL, NULL,
	 NULL},
	{"apikey", KIND_PRINCIPAL, "Api Key", "User", key_fields,
	 sizeof(struct key), sizeof(struct key), get, get, NULL, NULL, own_key},
	{.name = NULL},
};

static const struct phrases phrases = {
	.blank = "This field cannot be blank.",
	.text = "'@FIELD@' must be a string.",
	.integer = "\u201c@VALUE@\u201d value must be an integer.",
	.too_great = "Ensure this value is less than or equal to @LIMIT@.",
	.too_long = "Ensure this value has at most @LIMIT@ characters "
		    "(it has @SIZE@).",
	.address = "Enter a valid email address.",
	.foreign = "The domain of @VALUE@ (@ITS@) is not the same as the "
		   "domain @DOMAIN@",
	.taken = "@NOUN@ with this @KEY@ already exists.",
};

static bool password(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	bool put = strcmp(call->req->method, "PUT") == 0;
	struct new_password new = {.keys = KEYS_USUAL};
	struct roster_row row;
	json_t *body;

	(void)ret;
	res->status = put ? 204 : 202;
	if (!tastypie_named(call, &row, e))
		return put && e->kind == ERR_NOT_FOUND
			       ? tastypie_sorry(e, ERR_NOT_FOUND)
			       : false;
	if (!tastypie_body(call, &body, e))
		return false;
	new.clear = json_string_value(json_object_get(body, "password"));
	return new.clear != NULL
		       ? provision_password(call->gateway, &call->task,
					    KIND_USER, row.key, &new, e)
		       : wire_note(call, phrases.blank, NULL, e);
}

/* clang-format off */
#define ROUTE(method, path, handle, right, kind) {method, path, NULL, handle, right, kind, {NULL}}
#define COLLECTION(name, right, kind)                                               \
	ROUTE("GET",    name,              tastypie_list,        right ":read",  kind), \
	ROUTE("POST",   name,              tastypie_post,        right ":write", kind), \
	ROUTE("PUT",    name,              tastypie_put_list,    right ":write", kind), \
	ROUTE("DELETE", name,              tastypie_delete_list, right ":write", kind), \
	ROUTE("PATCH",  name,              tastypie_patch_list,  right ":write", kind), \
	ROUTE("GET",    name "/schema",    tastypie_schema,      right ":read",  kind), \
	ROUTE("GET",    name "/set/{ids}", tastypie_set,         right ":read",  kind), \
	ROUTE("GET",    name "/{id}",      tastypie_detail,      right ":read",  kind), \
	ROUTE("POST",   name "/{id}",      tastypie_post_detail, right ":write", kind), \
	ROUTE("PUT",    name "/{id}",      tastypie_change,      right ":write", kind), \
	ROUTE("DELETE", name "/{id}",      tastypie_delete,      right ":write", kind), \
	ROUTE("PATCH",  name "/{id}",      tastypie_change,      right ":write", kind)

static const struct route routes[] = {
	ROUTE("GET",   "",                          tastypie_root,   open_to_all,       KIND_COUNT),
	COLLECTION("virtualdomain", "domains", KIND_DOMAIN),
	COLLECTION("virtualuser",   "users",   KIND_USER),
	COLLECTION("virtualalias",  "aliases", KIND_ALIAS),
	ROUTE("",      "changeuserpassword",        NULL,            "passwords:write", KIND_USER), /* it is there, for nothing */
	ROUTE("GET",   "changeuserpassword/schema", tastypie_schema, "passwords:write", KIND_USER),
	ROUTE("PUT",   "changeuserpassword/{id}",   password,        "passwords:write", KIND_USER),
	ROUTE("PATCH", "changeuserpassword/{id}",   password,        "passwords:write", KIND_USER),
	ROUTE("GET",   "apikey",                    tastypie_list,   "keys:write",      KIND_PRINCIPAL),
	ROUTE("GET",   "apikey/schema",             tastypie_schema, "keys:read",       KIND_PRINCIPAL),
	ROUTE("GET",   "apikey/set/{ids}",          tastypie_set,    "keys:write",      KIND_PRINCIPAL),
	ROUTE("GET",   "apikey/{id}",               tastypie_detail, "keys:write",      KIND_PRINCIPAL),
	ROUTE(NULL,    NULL,                        NULL,            NULL,              KIND_COUNT),
};
/* clang-format on */

static const struct route *const tables[] = {routes, NULL};

static bool is_on(const struct service *s)
{
	return s->settings != NULL && text_equal(s->settings->dinomail, "yes");
}

static bool whole_lists(const struct service *s)
{
	return text_equal(s->settings->dinomail_whole_lists, "yes");
}

/* Keys are fetched with a password, and all else is done with them. */
static unsigned schemes(const struct route *r)
{
	return r->kind == KIND_PRINCIPAL ? AUTH_BASIC : AUTH_API_KEY;
}

static bool url_keys(const struct service *s)
{
	return text_equal(s->settings->dinomail_url_keys, "yes");
}

static const struct foreign foreign = {
	.is_on = is_on,
	.method = tastypie_method,
	.schemes = schemes,
	.credential = tastypie_credential,
	.url_keys = url_keys,
	.resources = resources,
	.phrases = &phrases,
	.whole_lists = whole_lists,
	.finish = tastypie_finish,
};

const struct dialect dialect_dinomail = {
	.name = "dinomail",
	.prefix = "/api/",
	.tables = tables,
	.json_style = TASTYPIE_STYLE,
	.foreign = &foreign,
	.error_type = "application/json",
};
