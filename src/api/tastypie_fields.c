#include <string.h>

#include "api/tastypie.h"
#include "util/clock.h"
#include "util/instant.h"
#include "util/text.h"

static bool show_time(struct showing *s, const void *member, json_t **ret,
		      struct err *e)
{
	const char *const *time = member;
	size_t size = *time != NULL ? strcspn(*time, "Z") : 0;

	(void)s, (void)e;
	*ret = json_stringn(*time != NULL ? *time : "", size);
	return true;
}

/* Every moment is the gateway's to tell; it has to make sense all the same. */
static bool take_time(const struct call *call, const struct wire_field *f,
		      json_t *value, void *member, struct err *e)
{
	const char *at = json_string_value(value);

	(void)call, (void)member;
	return at == NULL ||
	       (strlen(at) >= 10 && at[4] == '-' &&
		at[strspn(at, "0123456789-+:.TZ ")] == '\0') ||
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"Datetime provided to '%s' field doesn't appear to be "
			"a valid datetime string: '%.80s'",
			f->name, at);
}

static bool show_id(struct showing *s, const void *member, json_t **ret,
		    struct err *e)
{
	(void)member, (void)e;
	*ret = json_integer(s->row->number);
	return true;
}

static bool show_itself(struct showing *s, const void *member, json_t **ret,
			struct err *e)
{
	(void)member, (void)e;
	*ret = json_string(
		tastypie_uri(s->call->task.arena, s->of->name, s->row->number));
	return true;
}

/* That of the address; those of a list are mostly of one. */
static bool show_domain(struct showing *s, const void *member, json_t **ret,
			struct err *e)
{
	const struct task *t = &s->call->task;
	struct store *store = s->call->gateway->store;
	const char *name = address_domain(s->row->key);
	int64_t number;

	(void)member;
	if (!text_equal(s->name, name)) {
		if (!store->ops->number(store, t, KIND_DOMAIN, name, NULL,
					NUMBER_NONE, &number, e))
			return false;
		s->name = name;
		s->uri = tastypie_uri(t->arena,
				      numbered_of_kind(s->call, KIND_DOMAIN)
					      ->name,
				      number);
	}
	*ret = json_string(s->uri);
	return true;
}

/* A URI, or an object with one or a number. */
static const char *uri_in(const struct call *call, const struct resource *of,
			  json_t *value)
{
	json_t *pk = json_object_get(value, "pk");

	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(pk))
		return tastypie_uri(call->task.arena, of->name,
				    json_integer_value(pk));
	return json_string_value(json_object_get(value, "resource_uri"));
}

static bool take_domain(const struct call *call, const struct wire_field *f,
			json_t *value, void *member, struct err *e)
{
	const struct resource *of = numbered_of_kind(call, KIND_DOMAIN);
	const char *uri = uri_in(call, of, value), **name = member;
	struct roster_row row;
	int64_t number;

	if (value == NULL)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"The '%s' field has no data and doesn't allow "
				"a default or null value.",
				f->name);
	if (json_is_integer(value))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"The '%s' field was given data that was not a "
				"URI, not a dictionary-alike and does not have "
				"a 'pk' attribute: %lld.",
				f->name, (long long)json_integer_value(value));
	if (uri == NULL || !tastypie_uri_number(uri, of->name, &number))
		return tastypie_sorry(e, ERR_NOT_FOUND);
	if (!numbered_find(call, of, number, &row, e))
		return e->kind == ERR_NOT_FOUND &&
		       err_code(e, ERR_MALFORMED, tastypie_plain,
				"Could not find the provided %s object via "
				"resource URI '%.120s'.",
				of->name, uri);
	*name = row.key;
	return true;
}

static const char string[] = "Unicode string data. Ex: \"Hello World\"";
static const char integer[] = "Integer data. Ex: 2673";
static const char date[] =
	"A date & time as a string. Ex: \"2010-11-10T03:07:43\"";
static const char related[] = "A single related resource. Can be either a URI "
			      "or set of nested resource data.";

/* clang-format off */
const struct wire_type
	tastypie_text = {"string", string, wire_show_text, wire_take_text},
	tastypie_name = {"string", string, wire_show_text, wire_take_lower},
	tastypie_integer = {"integer", integer, wire_show_number, wire_take_integer},
	tastypie_time = {"datetime", date, show_time, take_time},
	tastypie_own = {"string", string, wire_show_text, wire_take_own},
	tastypie_alias = {"string", string, wire_show_text, wire_take_alias},
	tastypie_destination = {"string", string, wire_show_text, wire_take_destination},
	tastypie_domain = {"related", related, show_domain, take_domain},
	tastypie_secret = {NULL, NULL, NULL, wire_take_text},
	tastypie_verdict = {NULL, NULL, wire_show_verdict, NULL},
	tastypie_id = {"integer", integer, show_id, NULL},
	tastypie_itself = {"string", string, show_itself, NULL};
/* clang-format on */

static json_t *words(const char *const list[])
{
	json_t *array = json_array();

	for (; *list != NULL; list++)
		json_array_append_new(array, json_string(*list));
	return array;
}

/* A time without one is the present. */
static json_t *fallback(const struct wire_field *f)
{
	char now[INSTANT_SIZE];

	if (f->fallback != NULL)
		return json_loads(f->fallback, JSON_DECODE_ANY, NULL);
	if (f->type != &tastypie_time)
		return json_string("No default provided.");
	instant_text(now, clock_seconds());
	return json_stringn(now, strcspn(now, "Z"));
}

static json_t *describe(const struct call *call, const struct wire_field *f)
{
	const struct wire_type *t = f->type;
	json_t *object =
		json_pack("{s:b, s:o, s:s, s:b, s:b, s:b, s:s, s:b, s:s}",
			  "blank", (f->flags & WIRE_BLANK) != 0, "default",
			  fallback(f), "help_text", t->help, "nullable",
			  (f->flags & WIRE_NULLABLE) != 0, "primary_key",
			  t == &tastypie_id, "readonly", t == &tastypie_itself,
			  "type", t->name, "unique",
			  (f->flags & WIRE_UNIQUE) != 0, "verbose_name",
			  f->verbose);

	if (t == &tastypie_domain) {
		const char *name = numbered_of_kind(call, KIND_DOMAIN)->name;

		json_object_set_new(object, "related_schema",
				    json_string(arena_join(call->task.arena,
							   "/api/", name,
							   "/schema/", NULL)));
		json_object_set_new(object, "related_type",
				    json_string("to_one"));
	}
	return object;
}

static json_t *schema(const struct call *call, const struct resource *of)
{
	json_t *object = json_object();

	for (const struct wire_field *f = of->fields; f->name != NULL; f++) {
		if (f->type->name != NULL)
			json_object_set_new(object, f->name, describe(call, f));
	}
	return json_pack("{s:o, s:o, s:s, s:i, s:o}",
			 "allowed_detail_http_methods", words(of->detail),
			 "allowed_list_http_methods", words(of->list),
			 "default_format", "application/json", "default_limit",
			 0, "fields", object);
}

bool tastypie_schema(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	(void)res, (void)e;
	*ret = schema(call, numbered_resource(call));
	return true;
}

bool tastypie_root(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	bool full = text_equal(tastypie_parameter(call, "fullschema"), "true");
	struct arena *a = call->task.arena;

	(void)res, (void)e;
	*ret = json_object();
	for (const struct resource *r = call->dialect->foreign->resources;
	     r->name != NULL; r++) {
		const char *uri = arena_join(a, "/api/", r->name, "/", NULL);
		json_t *its =
			full ? schema(call, r)
			     : json_string(arena_join(a, uri, "schema/", NULL));

		json_object_set_new(*ret, r->name,
				    json_pack("{s:s, s:o}", "list_endpoint",
					      uri, "schema", its));
	}
	return true;
}
