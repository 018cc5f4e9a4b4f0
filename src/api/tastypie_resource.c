#include <string.h>

#include "api/tastypie.h"
#include "util/text.h"

enum { SET_MAX = 1000 };

static const struct resource *of(const struct call *call)
{
	return numbered_resource(call);
}

bool tastypie_named(const struct call *call, struct roster_row *ret,
		    struct err *e)
{
	int64_t number;

	return tastypie_number(call->params[0], &number)
		       ? numbered_find(call, of(call), number, ret, e)
		       : tastypie_sorry(e, ERR_NOT_FOUND);
}

static bool not_allowed(struct err *e, const char *field, const char *what)
{
	return err_code(e, ERR_MALFORMED, tastypie_plain,
			"The '%.80s' field does not allow %s.", field, what);
}

static bool read_order(const struct call *call, struct roster_query *q,
		       struct err *e)
{
	const char *order = tastypie_parameter(call, "order_by");
	const struct wire_field *f;

	if (order == NULL)
		order = tastypie_parameter(call, "sort_by");
	if (order == NULL)
		return true;
	q->backwards = order[0] == '-';
	order += q->backwards;
	f = wire_find(of(call), order);
	if (f == NULL)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"No matching '%.80s' field for ordering on.",
				order);
	q->by_key = f->flags & WIRE_KEY;
	return q->by_key || f->type == &tastypie_id ||
	       not_allowed(e, order, "ordering");
}

/* A name, a number or a URI.  ERR_NOT_FOUND: of none. */
static bool read_domain(const struct call *call, const char *value,
			struct roster_query *q, struct err *e)
{
	const struct resource *domains = numbered_of_kind(call, KIND_DOMAIN);
	struct roster_row domain;
	struct err why = {0};
	int64_t number;

	q->domain = value;
	if (!tastypie_uri_number(value, domains->name, &number) &&
	    !tastypie_number(value, &number))
		return domain_name_check(value, &why) ||
		       err_set(e, ERR_NOT_FOUND, "there is none");
	if (!numbered_find(call, domains, number, &domain, e))
		return false;
	q->domain = domain.key;
	return true;
}

/* Those by which a list can be filtered, and by nothing but the whole value.
 * ERR_NOT_FOUND: nothing is like that. */
static bool read_filter(const struct call *call, const char *name,
			struct roster_query *q, struct err *e)
{
	struct arena *a = call->task.arena;
	const char *lookup = strstr(name, "__"); /* as Django has them */
	const char *field =
		lookup != NULL ? arena_strndup(a, name, (size_t)(lookup - name))
			       : name;
	const struct wire_field *f = wire_find(of(call), field);
	const char *value = tastypie_parameter(call, name);

	value = value != NULL ? text_lower(a, value) : "";
	if (f == NULL || f->type->name == NULL)
		return true; /* means nothing, and so does no harm */
	if (f->type == &tastypie_itself)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"The '%s' field is not a valid field name",
				field);
	if (lookup == NULL && f->type == &tastypie_domain)
		return read_domain(call, value, q, e);
	if (lookup == NULL && (f->flags & WIRE_KEY))
		q->key = value;
	else if (lookup == NULL && (f->flags & WIRE_PART))
		q->destination = value;
	else
		return not_allowed(e, field, "filtering");
	return true;
}

/* *none: whatever the others say, one of the filters is met by nothing. */
static bool read_query(const struct call *call, struct roster_query *q,
		       bool *none, struct err *e)
{
	const char *at = NULL, *name;

	*none = false;
	if (!tastypie_page(call, q, e) || !read_order(call, q, e))
		return false;
	while ((name = tastypie_each(call, &at)) != NULL) {
		if (read_filter(call, name, q, e))
			continue;
		if (e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		*none = true;
	}
	return true;
}

bool tastypie_list(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct roster_query q = {.kind = of(call)->kind};
	json_t *objects = json_array();
	struct roster r = {0};
	bool none;

	(void)res;
	if (!tastypie_accepted(call, e) || !read_query(call, &q, &none, e) ||
	    (!none && !numbered_list(call, of(call), &q, &r, e) &&
	     e->kind != ERR_NOT_FOUND))
		return json_decref(objects), false;
	err_clear(e);
	*ret = json_pack("{s:o, s:o}", "meta", tastypie_meta(call, &q, r.total),
			 "objects", objects);
	return wire_show(call, of(call), r.rows, r.count, objects, e);
}

bool tastypie_detail(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	json_t *objects = json_array();
	struct roster_row row;

	(void)res;
	if (tastypie_accepted(call, e) && tastypie_named(call, &row, e) &&
	    wire_show(call, of(call), &row, 1, objects, e))
		*ret = json_incref(json_array_get(objects, 0));
	json_decref(objects);
	return *ret != NULL;
}

/* One of a set: what there is, or that there is none. */
static bool find_one(const struct call *call, const char *id,
		     struct roster *found, json_t *missing, struct err *e)
{
	int64_t number;

	if (!tastypie_number(id, &number) || found->total++ == SET_MAX)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Invalid ids provided.");
	if (numbered_find(call, of(call), number, &found->rows[found->count],
			  e)) {
		found->count++;
		return true;
	}
	if (e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return json_array_append_new(missing, json_string(id)) == 0;
}

bool tastypie_set(const struct call *call, struct response *res, json_t **ret,
		  struct err *e)
{
	json_t *objects = json_array(), *missing = json_array();
	struct arena *a = call->task.arena;
	struct roster found = {
		.rows = arena_alloc(a, SET_MAX * sizeof(*found.rows))};
	const char *p = call->params[0];
	size_t size;

	(void)res;
	*ret = json_pack("{s:o, s:o}", "objects", objects, "not_found",
			 missing);
	for (; *p != '\0'; p += size + (p[size] == ';')) {
		size = strcspn(p, ";");
		if (!find_one(call, arena_strndup(a, p, size), &found, missing,
			      e))
			return false;
	}
	if (json_array_size(missing) == 0)
		json_object_del(*ret, "not_found");
	return wire_show(call, of(call), found.rows, found.count, objects, e);
}

/* 201, and where it is.  What it says of its number itself counts. */
static bool make(const struct call *call, struct response *res, json_t *body,
		 int64_t id, struct err *e)
{
	const char *const about[] = {"NOUN", of(call)->noun, "KEY", "ID", NULL};
	struct item i = {.of = of(call), .id = id};
	json_t *own = json_object_get(body, "id");
	struct roster_row other;

	if (json_is_integer(own))
		i.id = json_integer_value(own);
	if (i.id != NUMBER_NONE && numbered_find(call, i.of, i.id, &other, e))
		return wire_note(call, call->dialect->foreign->phrases->taken,
				 about, e);
	if (e->kind != ERR_NONE && e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	if (!wire_take(call, body, &i, e) || !numbered_write(call, &i, e) ||
	    !numbered_give(call, &i, &id, e))
		return false;
	res->status = 201;
	response_header(res, "Location",
			tastypie_uri(call->task.arena, i.of->name, id));
	return true;
}

bool tastypie_post(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	json_t *body;

	(void)ret;
	return tastypie_body(call, &body, e) &&
	       make(call, res, body, NUMBER_NONE, e);
}

/* Of what is there; or PUT makes it. */
bool tastypie_change(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	bool put = strcmp(call->req->method, "PUT") == 0, there;
	struct item i = {.of = of(call), .id = NUMBER_NONE};
	int64_t number = NUMBER_NONE;
	json_t *body;

	(void)ret;
	res->status = put ? 204 : 202;
	if (put && !tastypie_number(call->params[0], &number))
		return wire_no_integer(call, call->params[0], e);
	there = tastypie_named(call, &i.was, e);
	if (!there && (!put || e->kind != ERR_NOT_FOUND))
		return false;
	err_clear(e);
	if (!tastypie_body(call, &body, e))
		return false;
	return there ? wire_take(call, body, &i, e) &&
			       numbered_write(call, &i, e)
		     : make(call, res, body, number, e);
}

bool tastypie_delete(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct item i = {.of = of(call)};

	(void)ret;
	res->status = 204;
	if (tastypie_named(call, &i.was, e))
		return numbered_remove(call, &i, e);
	e->code = NULL; /* nothing is said here in any case */
	return false;
}

bool tastypie_post_detail(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	(void)call, (void)ret, (void)e;
	res->status = 501;
	return true;
}

/* What an object of a list is about; what it names and is gone is new. */
static bool take_item(const struct call *call, json_t *object, struct item *ret,
		      struct err *e)
{
	const char *uri =
		json_string_value(json_object_get(object, "resource_uri"));
	int64_t number;

	*ret = (struct item){.of = of(call), .id = NUMBER_NONE};
	if (!json_is_object(object))
		return tastypie_sorry(e, ERR_NOT_FOUND);
	if (uri != NULL && tastypie_uri_number(uri, ret->of->name, &number) &&
	    !numbered_find(call, ret->of, number, &ret->was, e) &&
	    e->kind != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return wire_take(call, object, ret, e);
}

static bool take_items(const struct call *call, json_t *objects,
		       struct item *items, struct err *e)
{
	for (size_t n = 0; n < json_array_size(objects); n++) {
		if (!take_item(call, json_array_get(objects, n), &items[n], e))
			return false;
	}
	return true;
}

static bool take_gone(const struct call *call, json_t *uris, struct item *items,
		      struct err *e)
{
	for (size_t n = 0; n < json_array_size(uris); n++) {
		const char *uri = json_string_value(json_array_get(uris, n));
		int64_t number;

		items[n] = (struct item){.of = of(call), .goes = true};
		if (uri == NULL ||
		    !tastypie_uri_number(uri, of(call)->name, &number) ||
		    !numbered_find(call, of(call), number, &items[n].was, e))
			return tastypie_sorry(e, ERR_NOT_FOUND);
	}
	return true;
}

static bool objects_in(const struct call *call, json_t **body, json_t **objects,
		       struct err *e)
{
	if (!tastypie_body(call, body, e))
		return false;
	*objects = json_object_get(*body, "objects");
	return json_is_array(*objects) ||
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"Invalid data sent: missing 'objects'");
}

static struct item *new_items(const struct call *call, size_t count)
{
	return arena_alloc(call->task.arena, (count + 1) * sizeof(struct item));
}

bool tastypie_patch_list(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	json_t *body, *objects;

	(void)ret;
	res->status = 202;
	if (!objects_in(call, &body, &objects, e))
		return false;
	json_t *gone = json_object_get(body, "deleted_objects");
	size_t count = json_array_size(objects),
	       all = count + json_array_size(gone);
	if (!numbered_fits(all, e))
		return false;
	struct item *items = new_items(call, all);

	return take_items(call, objects, items, e) &&
	       take_gone(call, gone, items + count, e) &&
	       numbered_write_all(call, items, all, e);
}

/* What looks like a choice would do away with the others as well. */
static bool is_unfiltered(const struct call *call, struct err *e)
{
	static const char *const harmless[] = {"username", "api_key", "format"};
	const char *at = NULL, *name;

	while ((name = tastypie_each(call, &at)) != NULL) {
		size_t i = 0;

		while (i < COUNT(harmless) && strcmp(harmless[i], name) != 0)
			i++;
		if (i == COUNT(harmless))
			return not_allowed(e, name, "filtering");
	}
	return true;
}

/* Who may do that is asked for by an option: it is the end of all mail. */
static bool whole(const struct call *call, struct roster *ret, struct err *e)
{
	struct roster_query q = {.kind = of(call)->kind,
				 .limit = ROSTER_LIMIT_MAX};

	if (!call->dialect->foreign->whole_lists(call->service))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Deleting whole lists is switched off here.");
	if (!is_unfiltered(call, e) ||
	    !numbered_list(call, of(call), &q, ret, e))
		return false;
	return ret->total <= ret->count ||
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"There are too many to delete them at once.");
}

/* A domain goes with all that is in it, which is more than fits into a set. */
bool tastypie_delete_list(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	struct roster r;

	(void)ret;
	res->status = 204;
	if (!whole(call, &r, e))
		return false;
	struct item *items = new_items(call, r.count);
	size_t count = numbered_replace(of(call), &r, items, 0);
	if (of(call)->kind != KIND_DOMAIN)
		return numbered_write_all(call, items, count, e);
	for (size_t n = 0; n < count; n++) {
		if (!numbered_remove(call, &items[n], e))
			return false;
	}
	return true;
}

/* What is there with the same name stays what it is, but for what is sent. */
bool tastypie_put_list(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	json_t *body, *objects;
	struct roster r;

	(void)ret;
	res->status = 204;
	if (!objects_in(call, &body, &objects, e) ||
	    !numbered_fits(json_array_size(objects), e) || !whole(call, &r, e))
		return false;
	size_t count = json_array_size(objects);
	struct item *items = new_items(call, count + r.count);
	return take_items(call, objects, items, e) &&
	       numbered_write_all(call, items,
				  numbered_replace(of(call), &r, items, count),
				  e);
}
