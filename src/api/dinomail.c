#include "api/dinomail.h"

#include <string.h>
#include <strings.h>

#include "api/query.h"
#include "core/again.h"
#include "core/domain.h"
#include "core/keys.h"
#include "core/user.h"
#include "util/text.h"

static const char blank[] = "This field cannot be blank.";

/* clang-format off */
#define F(member) FIELD(struct domain, member)
static const struct codec_field domain_rows[] = {
	{"name",               F(name),               0},
	{"display_name",       F(display_name),       0},
	{"short_display_name", F(short_display_name), 0},
	{"imap_address",       F(imap_host),          0},
	{"pop_address",        F(pop3_host),          0},
	{"smtp_address",       F(smtp_host),          0},
	{NULL,                 {0, 0},                0},
};
#undef F
#define F(member) FIELD(struct user, member)
static const struct codec_field user_rows[] = {
	{"email",    F(address),     0},
	{"quota",    F(quota_bytes), 0},
	{"password", F(clear),       CODEC_WRITE_ONLY},
	{NULL,       {0, 0},         0},
};
#undef F
#define F(member) FIELD(struct alias_row, member)
static const struct codec_field alias_rows[] = {
	{"source",      F(source),      0},
	{"destination", F(destination), 0},
	{NULL,          {0, 0},         0},
};
#undef F
static const struct codec domain_codec = {domain_rows, sizeof(struct domain), &domain_defaults, false};
static const struct codec user_codec = {user_rows, sizeof(struct user), &user_defaults, false};
static const struct codec alias_codec = {alias_rows, sizeof(struct alias_row), NULL, false};
/* clang-format on */

/* Numbers that Python takes for an integer.  False: it is noted. */
static bool take_integer(const struct call *call, json_t *value, json_t **ret,
			 struct err *e)
{
	struct arena *a = call->task.arena;
	const char *text = json_string_value(value);
	double real = json_is_real(value) ? json_real_value(value) : 0;
	int64_t n = 0;

	if (json_is_boolean(value))
		n = json_is_true(value);
	else if (json_is_integer(value))
		n = json_integer_value(value);
	else if (real >= 9223372036854775808.0)
		return tastypie_note(e, a,
				     "Ensure this value is less than or equal "
				     "to 9223372036854775807."),
		       false;
	else if (json_is_real(value) && real > -9e18)
		n = (int64_t)real;
	else if (text == NULL || !text_number(text, 0, INT64_MAX, &n))
		return numbered_not_a_number(e, a, text != NULL ? text : "");
	*ret = json_integer(n);
	return true;
}

/* In the types that the table wants.  What is null was not sent, and what is
 * empty is nothing. */
static json_t *tidy(const struct call *call, const struct codec *codec,
		    json_t *object, struct err *e)
{
	json_t *ret = json_object();

	for (const struct codec_field *f = codec->fields; f->key; f++) {
		json_t *value = json_object_get(object, f->key), *as = NULL;
		bool number = f->field.kind == FIELD_NUMBER;

		if (json_is_null(value) && number)
			tastypie_note(e, call->task.arena, blank);
		if (value == NULL || json_is_null(value))
			continue;
		if (number)
			take_integer(call, value, &as, e);
		else if (json_is_integer(value))
			as = json_string(
				arena_printf(call->task.arena, "%lld",
					     (long long)json_integer_value(
						     value)));
		else if (text_equal(json_string_value(value), ""))
			as = json_null();
		json_object_set_new(ret, f->key,
				    as != NULL ? as : json_incref(value));
	}
	return ret;
}

static bool decode(const struct call *call, const struct codec *codec,
		   json_t *object, void *record, struct presence *ret,
		   struct err *e)
{
	struct arena *a = call->task.arena;
	json_t *clean = tidy(call, codec, object, e);

	bool good = e->faults == NULL &&
		    codec_decode(codec, a, clean, true, record, ret, e);
	json_decref(clean);
	return good;
}

/* What it says of its domain: a URI, or an object with one or a number. */
static bool take_domain(const struct call *call, json_t *value, bool new,
			struct roster_row *ret, struct err *e)
{
	const char *uri = json_string_value(value);
	int64_t number = NUMBER_NONE;

	*ret = (struct roster_row){.key = NULL};
	if (value == NULL)
		return !new || err_code(e, ERR_MALFORMED, tastypie_plain,
					"The 'domain' field has no data and "
					"doesn't allow a default or null "
					"value.");
	if (json_is_integer(value))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"The 'domain' field was given data that was "
				"not a URI, not a dictionary-alike and does "
				"not have a 'pk' attribute: %lld.",
				(long long)json_integer_value(value));
	if (json_is_object(value)) {
		json_t *pk = json_object_get(value, "pk");

		uri = json_string_value(json_object_get(value, "resource_uri"));
		if (json_is_integer(pk))
			uri = tastypie_uri(call->task.arena, "virtualdomain",
					   json_integer_value(pk));
	}
	if (uri == NULL || !tastypie_uri_number(uri, "virtualdomain", &number))
		return tastypie_sorry(e, ERR_NOT_FOUND);
	if (numbered_find(call, KIND_DOMAIN, number, ret, e))
		return true;
	return e->kind == ERR_NOT_FOUND &&
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"Could not find the provided virtualdomain object via "
			"resource URI '%.120s'.",
			uri);
}

/* An address that is to be stored. */
static void judge(const struct call *call, const char *address,
		  enum address_use use, struct err *e)
{
	struct arena *a = call->task.arena;
	struct err why = {0}, none = {0};

	if (address == NULL)
		tastypie_note(e, a, blank);
	else if (strlen(address) > ADDRESS_MAX)
		tastypie_note(e, a,
			      arena_printf(a,
					   "Ensure this value has at most %d "
					   "characters (it has %zu).",
					   ADDRESS_MAX, strlen(address)));
	else if (!address_check(address, use, &why))
		tastypie_note(e, a,
			      address_check(address, ADDRESS_DESTINATION, &none)
				      ? arena_strdup(a, why.text)
				      : "Enter a valid email address.");
}

static bool is_of(const struct call *call, const char *address,
		  const char *domain, struct err *e)
{
	struct arena *a = call->task.arena;
	const char *its = address != NULL ? address_domain(address) : NULL;

	if (domain != NULL && !text_equal(its, domain))
		tastypie_note(e, a,
			      arena_join(a, "The domain of ",
					 address != NULL ? address : "", " (",
					 its != NULL ? its : "None",
					 ") is not the same as the domain ",
					 domain, NULL));
	return e->faults == NULL;
}

static const char *folded(const struct call *call, const char *text)
{
	return text != NULL ? text_lower(call->task.arena, text) : NULL;
}

static bool take_user(const struct call *call, json_t *object, struct item *ret,
		      struct err *e)
{
	const char *was = ret->was.key;
	struct roster_row domain;
	struct user *u = arena_alloc(call->task.arena, sizeof(*u));

	ret->record = u;
	if (!take_domain(call, json_object_get(object, "domain"), was == NULL,
			 &domain, e))
		return false;
	if (was != NULL) /* it has a resource of its own */
		json_object_del(object, "password");
	if (!decode(call, &user_codec, object, u, &ret->present, e))
		return false;
	u->address = folded(call, u->address);
	if (was == NULL && u->clear == NULL)
		u->clear = again_password(&call->task);
	const char *address =
		was != NULL && u->address == NULL ? was : u->address;
	if (was == NULL || u->address != NULL)
		judge(call, address, ADDRESS_OWN, e);
	return is_of(call, address,
		     domain.key != NULL ? domain.key
		     : was != NULL      ? address_domain(was)
					: NULL,
		     e);
}

static bool take_alias(const struct call *call, json_t *object,
		       struct item *ret, struct err *e)
{
	const struct roster_row *was = &ret->was;
	struct alias_row *row = &ret->row;
	struct roster_row domain;

	if (!take_domain(call, json_object_get(object, "domain"),
			 was->key == NULL, &domain, e) ||
	    !decode(call, &alias_codec, object, row, &ret->present, e))
		return false;
	row->source =
		row->source != NULL ? folded(call, row->source) : was->key;
	row->destination = row->destination != NULL
				   ? folded(call, row->destination)
				   : was->part;
	judge(call, row->source, ADDRESS_ALIAS, e);
	judge(call, row->destination, ADDRESS_DESTINATION, e);
	return is_of(call, row->source,
		     domain.key != NULL ? domain.key
		     : was->key != NULL ? address_domain(was->key)
					: NULL,
		     e);
}

/* What the checks find is not written; it has to make sense all the same. */
static bool check_findings(const struct call *call, json_t *object,
			   struct err *e)
{
	static const char *const checks[] = {"dkim", "dmarc", "spf"};
	struct arena *a = call->task.arena;

	for (size_t i = 0; i < COUNT(checks); i++) {
		const char *time =
			arena_join(a, checks[i], "_last_update", NULL);
		json_t *status =
			json_object_get(object, arena_join(a, checks[i],
							   "_status", NULL));
		const char *at =
			json_string_value(json_object_get(object, time));
		json_t *as = NULL;

		if (status != NULL && !json_is_null(status))
			take_integer(call, status, &as, e);
		json_decref(as);
		if (at != NULL &&
		    (strlen(at) < 10 || at[4] != '-' ||
		     strspn(at, "0123456789-+:.TZ ") != strlen(at)))
			return err_code(e, ERR_MALFORMED, tastypie_plain,
					"Datetime provided to '%s' field "
					"doesn't appear to be a valid datetime "
					"string: '%.80s'",
					time, at);
	}
	return e->faults == NULL;
}

static bool take_domain_object(const struct call *call, json_t *object,
			       struct item *ret, struct err *e)
{
	struct domain *d = arena_alloc(call->task.arena, sizeof(*d));

	ret->record = d;
	if (!check_findings(call, object, e) ||
	    !decode(call, &domain_codec, object, d, &ret->present, e))
		return false;
	d->name = folded(call, d->name);
	if (d->name == NULL &&
	    (ret->was.key == NULL || json_object_get(object, "name") != NULL))
		tastypie_note(e, call->task.arena, blank);
	return e->faults == NULL;
}

static const struct collection collections[KIND_COUNT] = {
	[KIND_DOMAIN] = {"virtualdomain", "Domain", "Name", "name",
			 dinomail_domain_fields, dinomail_show_domains,
			 take_domain_object},
	[KIND_USER] = {"virtualuser", "User", "Email", "email",
		       dinomail_user_fields, dinomail_show_users, take_user},
	[KIND_ALIAS] = {"virtualalias", "Alias", "Source and Destination",
			"source", dinomail_alias_fields, dinomail_show_aliases,
			take_alias},
};

static const struct collection *collection_of(enum kind k)
{
	return &collections[k];
}

static bool password(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	bool put = strcmp(call->req->method, "PUT") == 0;
	struct new_password new = {.keys = KEYS_USUAL};
	struct roster_row row;
	json_t *body;

	(void)ret;
	res->status = put ? 204 : 202;
	if (!numbered_named(call, &row, e))
		return put && e->kind == ERR_NOT_FOUND
			       ? tastypie_sorry(e, ERR_NOT_FOUND)
			       : false;
	if (!tastypie_body(call, &body, e))
		return false;
	new.clear = json_string_value(json_object_get(body, "password"));
	if (new.clear == NULL) {
		tastypie_note(e, call->task.arena, blank);
		return false;
	}
	return provision_password(call->gateway, &call->task, KIND_USER,
				  row.key, &new, e);
}

/* The caller's key; the same each time, until he takes it away. */
static bool show_key(const struct call *call, json_t **ret, int64_t *number,
		     struct err *e)
{
	const struct text_list rights = dialect_rights(call->task.arena);
	const char *login = call->task.caller->login;
	enum kind k = strchr(login, '@') != NULL ? KIND_USER : KIND_PRINCIPAL;
	struct store *s = call->gateway->store;
	struct key key;

	if (!s->ops->number(s, &call->task, k, login, NULL, NUMBER_NONE, number,
			    e) ||
	    !keys_standing(call->gateway, &call->task, &rights, "DinoMail",
			   &key, e))
		return false;
	*ret = json_pack("{s:o, s:I, s:s, s:s}", "created",
			 dinomail_time(call->task.arena, key.created_at), "id",
			 (json_int_t)*number, "key", key.text, "resource_uri",
			 tastypie_uri(call->task.arena, "apikey", *number));
	return true;
}

static bool key_list(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct roster_query q = {.limit = 0};
	int64_t number;
	json_t *key;

	(void)res;
	if (!tastypie_page(call, &q, e) || !show_key(call, &key, &number, e))
		return false;
	*ret = json_pack("{s:o, s:[o]}", "meta", tastypie_meta(call, &q, 1),
			 "objects", key);
	if (q.offset > 0)
		json_array_clear(json_object_get(*ret, "objects"));
	return true;
}

static bool key_detail(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	int64_t number, asked;
	json_t *key;

	(void)res;
	if (!tastypie_number(call->params[0], &asked))
		return tastypie_sorry(e, ERR_NOT_FOUND);
	if (!show_key(call, &key, &number, e))
		return false;
	if (asked == number)
		*ret = key;
	else
		json_decref(key);
	return asked == number || err_set(e, ERR_NOT_FOUND, "not his");
}

static bool key_set(const struct call *call, struct response *res, json_t **ret,
		    struct err *e)
{
	json_t *key, *objects = json_array(), *missing = json_array();
	const char *p = call->params[0];
	int64_t number, asked;

	(void)res;
	if (!show_key(call, &key, &number, e))
		return json_decref(objects), json_decref(missing), false;
	*ret = json_pack("{s:o}", "objects", objects);
	for (size_t size; *p != '\0'; p += size + (p[size] == ';')) {
		const char *id = arena_strndup(call->task.arena, p,
					       size = strcspn(p, ";"));

		if (tastypie_number(id, &asked) && asked == number)
			json_array_append(objects, key);
		else
			json_array_append_new(missing, json_string(id));
	}
	json_decref(key);
	if (json_array_size(missing) > 0)
		json_object_set(*ret, "not_found", missing);
	json_decref(missing);
	return true;
}

static const char *const all[] = {"get",    "post",  "put",
				  "delete", "patch", NULL};
static const char *const none[] = {NULL}, *const get[] = {"get", NULL},
			 *const put_patch[] = {"put", "patch", NULL};
static const struct {
	const char *name;
	const struct tastypie_field *fields;
	const char *const *list, *const *detail;
} resources[] = {
	{"apikey", dinomail_key_fields, get, get},
	{"changeuserpassword", dinomail_password_fields, none, put_patch},
	{"virtualalias", dinomail_alias_fields, all, all},
	{"virtualdomain", dinomail_domain_fields, all, all},
	{"virtualuser", dinomail_user_fields, all, all},
};

static bool schema(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	(void)res, (void)e;
	for (size_t i = 0; i < COUNT(resources) && *ret == NULL; i++) {
		if (strncmp(call->route->path, resources[i].name,
			    strcspn(call->route->path, "/")) == 0)
			*ret = tastypie_schema(resources[i].fields,
					       resources[i].list,
					       resources[i].detail);
	}
	return true;
}

static bool root(const struct call *call, struct response *res, json_t **ret,
		 struct err *e)
{
	bool full = text_equal(tastypie_parameter(call, "fullschema"), "true");
	struct arena *a = call->task.arena;

	(void)res, (void)e;
	*ret = json_object();
	for (size_t i = 0; i < COUNT(resources); i++) {
		const char *uri =
			arena_join(a, "/api/", resources[i].name, "/", NULL);
		json_t *its =
			full ? tastypie_schema(resources[i].fields,
					       resources[i].list,
					       resources[i].detail)
			     : json_string(arena_join(a, uri, "schema/", NULL));

		json_object_set_new(*ret, resources[i].name,
				    json_pack("{s:s, s:o}", "list_endpoint",
					      uri, "schema", its));
	}
	return true;
}

/* clang-format off */
#define ROUTE(method, path, handle, right, kind) {method, path, NULL, handle, right, kind, {NULL}}
#define COLLECTION(name, right, kind)                                              \
	ROUTE("GET",    name,              numbered_list,        right ":read",  kind), \
	ROUTE("POST",   name,              numbered_post,        right ":write", kind), \
	ROUTE("PUT",    name,              numbered_put_list,    right ":write", kind), \
	ROUTE("DELETE", name,              numbered_delete_list, right ":write", kind), \
	ROUTE("PATCH",  name,              numbered_patch_list,  right ":write", kind), \
	ROUTE("GET",    name "/schema",    schema,               right ":read",  kind), \
	ROUTE("GET",    name "/set/{ids}", numbered_set,         right ":read",  kind), \
	ROUTE("GET",    name "/{id}",      numbered_detail,      right ":read",  kind), \
	ROUTE("POST",   name "/{id}",      numbered_post_detail, right ":write", kind), \
	ROUTE("PUT",    name "/{id}",      numbered_change,      right ":write", kind), \
	ROUTE("DELETE", name "/{id}",      numbered_delete,      right ":write", kind), \
	ROUTE("PATCH",  name "/{id}",      numbered_change,      right ":write", kind)

static const struct route routes[] = {
	ROUTE("GET",   "",                          root,       open_to_all,       KIND_COUNT),
	COLLECTION("virtualdomain", "domains", KIND_DOMAIN),
	COLLECTION("virtualuser",   "users",   KIND_USER),
	COLLECTION("virtualalias",  "aliases", KIND_ALIAS),
	ROUTE("",      "changeuserpassword",        NULL,       "passwords:write", KIND_USER), /* it is there, for nothing */
	ROUTE("GET",   "changeuserpassword/schema", schema,     "passwords:write", KIND_USER),
	ROUTE("PUT",   "changeuserpassword/{id}",   password,   "passwords:write", KIND_USER),
	ROUTE("PATCH", "changeuserpassword/{id}",   password,   "passwords:write", KIND_USER),
	ROUTE("GET",   "apikey",                    key_list,   "keys:write",      KIND_PRINCIPAL),
	ROUTE("GET",   "apikey/schema",             schema,     "keys:read",       KIND_PRINCIPAL),
	ROUTE("GET",   "apikey/set/{ids}",          key_set,    "keys:write",      KIND_PRINCIPAL),
	ROUTE("GET",   "apikey/{id}",               key_detail, "keys:write",      KIND_PRINCIPAL),
	ROUTE(NULL,    NULL,                        NULL,       NULL,              KIND_COUNT),
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

/* What is in a URL is kept in logs and histories. */
static bool credential(const struct call *call, struct auth *ret, struct err *e)
{
	const char *header = request_header(call->req, "Authorization");
	const char *key = tastypie_parameter(call, "api_key");

	if (key == NULL || call->route->kind == KIND_PRINCIPAL ||
	    (header != NULL && strncasecmp(header, "ApiKey ", 7) == 0))
		return false;
	if (!text_equal(call->service->settings->dinomail_url_keys, "yes"))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Credentials in the URL are refused here: send "
				"them in the header Authorization.");
	*ret = (struct auth){AUTH_API_KEY, tastypie_parameter(call, "username"),
			     key};
	return ret->name != NULL;
}

static void finish(const struct call *call, struct response *res,
		   const struct err *e)
{
	if (e->kind == ERR_UNAUTHENTICATED && call->route != NULL &&
	    call->route->kind == KIND_PRINCIPAL)
		response_header(res, "WWW-Authenticate",
				"Basic Realm=\"django-tastypie\"");
	tastypie_finish(call, res, e);
}

static const struct foreign foreign = {
	.is_on = is_on,
	.method = tastypie_method,
	.schemes = schemes,
	.credential = credential,
	.collections = collection_of,
	.whole_lists = whole_lists,
	.finish = finish,
};

const struct dialect dialect_dinomail = {
	.name = "dinomail",
	.prefix = "/api/",
	.tables = tables,
	.json_style = TASTYPIE_STYLE,
	.foreign = &foreign,
	.error_type = "application/json",
};
