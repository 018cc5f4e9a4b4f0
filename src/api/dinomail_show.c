#include <string.h>

#include "api/dinomail.h"
#include "core/alias.h"
#include "core/dkim_keys.h"
#include "core/domain.h"
#include "core/domain_checks.h"
#include "core/user.h"
#include "core/verdict.h"
#include "util/text.h"

/* clang-format off */
#define OWN \
	{"id",           "integer", "ID",           "\"\"", true,  true,  NULL}, \
	{"resource_uri", "string",  "resource uri", NULL,   false, false, NULL}
const struct tastypie_field dinomail_domain_fields[] = {
	{"name",               "string",   "name",               NULL,   false, true,  NULL},
	{"display_name",       "string",   "display name",       "\"\"", true,  false, NULL},
	{"short_display_name", "string",   "short display name", "\"\"", true,  false, NULL},
	{"dkim_key",           "string",   "dkim key",           "\"\"", true,  false, NULL},
	{"dkim_key_name",      "string",   "dkim key name",      "\"\"", true,  false, NULL},
	{"dkim_last_update",   "datetime", "dkim last update",   "true", true,  false, NULL},
	{"dkim_status",        "integer",  "dkim status",        "0",    false, false, NULL},
	{"dmarc_last_update",  "datetime", "dmarc last update",  "true", true,  false, NULL},
	{"dmarc_status",       "integer",  "dmarc status",       "0",    false, false, NULL},
	{"imap_address",       "string",   "imap address",       "\"\"", true,  false, NULL},
	{"pop_address",        "string",   "pop address",        "\"\"", true,  false, NULL},
	{"smtp_address",       "string",   "smtp address",       "\"\"", true,  false, NULL},
	{"spf_last_update",    "datetime", "spf last update",    "true", true,  false, NULL},
	{"spf_status",         "integer",  "spf status",         "0",    false, false, NULL},
	OWN,
	{NULL,                 NULL,       NULL,                 NULL,   false, false, NULL},
};
const struct tastypie_field dinomail_user_fields[] = {
	{"domain", "related", "domain", NULL, false, false, "/api/virtualdomain/schema/"},
	{"email",  "string",  "email",  NULL, false, true,  NULL},
	{"quota",  "integer", "quota",  "0",  false, false, NULL},
	OWN,
	{NULL,     NULL,      NULL,     NULL, false, false, NULL},
};
const struct tastypie_field dinomail_alias_fields[] = {
	{"domain",      "related", "domain",      NULL, false, false, "/api/virtualdomain/schema/"},
	{"source",      "string",  "source",      NULL, false, false, NULL},
	{"destination", "string",  "destination", NULL, false, false, NULL},
	OWN,
	{NULL,          NULL,      NULL,          NULL, false, false, NULL},
};
const struct tastypie_field dinomail_password_fields[] = {
	{"password", "string", "password", NULL, false, false, NULL},
	OWN,
	{NULL,       NULL,     NULL,       NULL, false, false, NULL},
};
const struct tastypie_field dinomail_key_fields[] = {
	{"created", "datetime", "created", "true", true,  false, NULL},
	{"key",     "string",   "key",     "\"\"", true,  false, NULL},
	OWN,
	{NULL,      NULL,       NULL,      NULL,   false, false, NULL},
};
/* clang-format on */

/* Empty text stands for nothing. */
static json_t *text_or_empty(const char *text)
{
	return json_string(text != NULL ? text : "");
}

json_t *dinomail_time(struct arena *a, const char *time)
{
	return text_or_empty(
		time != NULL ? arena_strndup(a, time, strcspn(time, "Z"))
			     : NULL);
}

/* A row's own members, and its URI. */
static json_t *begin(const struct call *call, const struct collection *c,
		     int64_t number, json_t *object)
{
	json_object_set_new(object, "id", json_integer(number));
	json_object_set_new(object, "resource_uri",
			    json_string(tastypie_uri(call->task.arena, c->name,
						     number)));
	return object;
}

/* URIs of domains; those of a list are mostly of one. */
struct domain_uri {
	const char *name, *uri;
};

static bool domain_uri(const struct call *call, const char *address,
		       struct domain_uri *known, struct err *e)
{
	const char *name = address_domain(address);
	struct store *s = call->gateway->store;
	int64_t number;

	if (text_equal(known->name, name))
		return true;
	if (!s->ops->number(s, &call->task, KIND_DOMAIN, name, NULL,
			    NUMBER_NONE, &number, e))
		return false;
	*known = (struct domain_uri){name,
				     tastypie_uri(call->task.arena,
						  "virtualdomain", number)};
	return true;
}

bool dinomail_show_users(const struct call *call, const struct roster_row *rows,
			 size_t count, json_t *into, struct err *e)
{
	const struct collection *c = numbered_collection(call, KIND_USER);
	struct domain_uri of = {NULL, NULL};

	for (size_t i = 0; i < count; i++) {
		const struct user *u = rows[i].record;
		int64_t quota = u->quota_bytes;

		if (!domain_uri(call, u->address, &of, e))
			return false;
		json_array_append_new(
			into,
			begin(call, c, rows[i].number,
			      json_pack("{s:s, s:s, s:I}", "domain", of.uri,
					"email", u->address, "quota",
					(json_int_t)(quota != NUMBER_NONE
							     ? quota
							     : 0))));
	}
	return true;
}

/* What DinoMail shows people alone: where mail goes. */
static bool show_verdict(const struct call *call, const struct roster_row *row,
			 json_t *object, struct err *e)
{
	const char *include = tastypie_parameter(call, "include");
	const char *to[] = {row->part};
	struct alias al = *(const struct alias *)row->record;

	if (!text_equal(include, "verdict"))
		return true;
	al.destinations = (struct text_list){to, 1};
	if (!verdict_of(call->gateway, &call->task, &al, 1, e))
		return false;
	json_object_set_new(object, "exterior", json_boolean(al.exterior));
	json_object_set_new(object, "ok", json_boolean(al.ok));
	return true;
}

bool dinomail_show_aliases(const struct call *call,
			   const struct roster_row *rows, size_t count,
			   json_t *into, struct err *e)
{
	const struct collection *c = numbered_collection(call, KIND_ALIAS);
	struct domain_uri of = {NULL, NULL};

	for (size_t i = 0; i < count; i++) {
		if (!domain_uri(call, rows[i].key, &of, e))
			return false;
		json_t *object = json_pack("{s:s, s:s, s:s}", "destination",
					   rows[i].part, "domain", of.uri,
					   "source", rows[i].key);
		json_array_append_new(into,
				      begin(call, c, rows[i].number, object));
		if (!show_verdict(call, &rows[i], object, e))
			return false;
	}
	return true;
}

/* What the checks found, in the numbers of DinoMail: the first row that fits.
 */
static const struct {
	const char *check, *code; /* NULL: any other */
	int status;
} statuses[] = {
	{"dkim", "not_answered", 0},
	{"dkim", "ok", 4},
	{"dkim", "dkim_missing", 1},
	{"dkim", "dkim_malformed", 2},
	{"dkim", NULL, 3},
	{"dmarc", "not_answered", 0},
	{"dmarc", "dmarc_missing", 0},
	{"dmarc", "ok", 2},
	{"dmarc", "dmarc_weak", 2},
	{"dmarc", NULL, 1},
	{"spf", "not_answered", 0},
	{"spf", "spf_missing", 0},
	{"spf", NULL, 1},
};

static int status_of_code(const char *check, const char *code)
{
	size_t i = 0;

	while (strcmp(statuses[i].check, check) != 0 ||
	       (statuses[i].code != NULL &&
		!text_equal(statuses[i].code, code)))
		i++;
	return statuses[i].status;
}

static int status_of_check(const struct checkup_report *r, const char *check,
			   const char *about)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct checkup_result *found = &r->results[i];

		if (text_equal(found->name, check) &&
		    (about == NULL || text_equal(found->about, about)))
			return status_of_code(check, found->code);
	}
	return 0;
}

/* The key that signs; who may not see it sees none. */
static bool signing_key(const struct call *call, const char *name,
			struct dkim_key *ret, struct err *e)
{
	struct dkim_list list = {.count = 0};

	*ret = dkim_defaults;
	if (call->gateway->dkim != NULL &&
	    !dkim_list(call->gateway, &call->task, name, &list, e)) {
		if (e->kind != ERR_DENIED && e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
	}
	for (size_t i = 0; i < list.count; i++) {
		if (text_equal(list.items[i].state, DKIM_ACTIVE))
			*ret = list.items[i];
	}
	return true;
}

static bool show_domain(const struct call *call, const struct roster_row *row,
			json_t *object, struct err *e)
{
	struct arena *a = call->task.arena;
	struct checked checked = {.report = {.count = 0}};
	const struct domain *d = row->record;
	struct dkim_key key;

	if (!signing_key(call, d->name, &key, e) ||
	    (call->gateway->checkbook != NULL &&
	     !domain_checks_read(call->gateway, &call->task, d->name, &checked,
				 e)))
		return false;
	const struct checkup_report *r = &checked.report;
	const char *at = r->checked_at != NULL ? r->checked_at : d->created_at;
	const char *p = key.record != NULL ? strstr(key.record, "p=") : NULL;
	const struct {
		const char *key, *text;
	} texts[] = {
		{"name", d->name},
		{"display_name", d->display_name},
		{"short_display_name", d->short_display_name},
		{"imap_address", d->imap_host},
		{"pop_address", d->pop3_host},
		{"smtp_address", d->smtp_host},
		{"dkim_key_name", key.selector},
		{"dkim_key", p != NULL ? p + 2 : NULL},
	};
	for (size_t i = 0; i < COUNT(texts); i++)
		json_object_set_new(object, texts[i].key,
				    text_or_empty(texts[i].text));
	for (const char *const *check =
		     (const char *const[]){"dkim", "dmarc", "spf", NULL};
	     *check != NULL; check++) {
		bool dkim = strcmp(*check, "dkim") == 0;
		int status = dkim && p == NULL
				     ? 0
				     : status_of_check(r, *check,
						       dkim ? dkim_name(a, &key)
							    : NULL);

		json_object_set_new(object,
				    arena_join(a, *check, "_status", NULL),
				    json_integer(status));
		json_object_set_new(object,
				    arena_join(a, *check, "_last_update", NULL),
				    dinomail_time(a, at));
	}
	return true;
}

bool dinomail_show_domains(const struct call *call,
			   const struct roster_row *rows, size_t count,
			   json_t *into, struct err *e)
{
	const struct collection *c = numbered_collection(call, KIND_DOMAIN);

	for (size_t i = 0; i < count; i++) {
		json_t *object = json_object();

		json_array_append_new(into,
				      begin(call, c, rows[i].number, object));
		if (!show_domain(call, &rows[i], object, e))
			return false;
	}
	return true;
}
