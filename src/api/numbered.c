#include "api/numbered.h"

#include <string.h>

#include "api/admission.h"
#include "core/address.h"
#include "core/removal.h"
#include "core/rename_domain.h"
#include "util/text.h"

enum {
	SET_MAX = 1000,
	OPERATIONS_EACH = 2,
	SHOWN_MAX = 80, /* bytes of what was sent, in errors */
};

const struct collection *numbered_collection(const struct call *call,
					     enum kind k)
{
	return call->dialect->foreign->collections(k);
}

static const struct collection *of(const struct call *call)
{
	return numbered_collection(call, call->route->kind);
}

bool numbered_find(const struct call *call, enum kind k, int64_t number,
		   struct roster_row *ret, struct err *e)
{
	struct store *s = call->gateway->store;
	void *record = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct roster_row row = {.number = number, .record = record};
	struct revision rev;

	*ret = (struct roster_row){.number = number};
	if (number == NUMBER_NONE)
		return err_set(e, ERR_NOT_FOUND, "there is none");
	if (!s->ops->numbered(s, &call->task, k, number, &row.key,
			      k == KIND_ALIAS ? &row.part : NULL, e) ||
	    !provision_read(call->gateway, &call->task, k, row.key, record,
			    &rev, e))
		return false;
	*ret = row;
	return true;
}

bool numbered_named(const struct call *call, struct roster_row *ret,
		    struct err *e)
{
	int64_t number;

	return tastypie_number(call->params[0], &number)
		       ? numbered_find(call, call->route->kind, number, ret, e)
		       : tastypie_sorry(e, ERR_NOT_FOUND);
}

static bool refuse(struct err *e, struct arena *a, const char *message)
{
	tastypie_note(e, a, message);
	return false;
}

bool numbered_not_a_number(struct err *e, struct arena *a, const char *text)
{
	char *shown = arena_strndup(a, text, strnlen(text, SHOWN_MAX));

	text_mend(shown);
	return refuse(e, a,
		      arena_join(a, "\u201c", shown,
				 "\u201d value must be an integer.", NULL));
}

/* What is taken already has words of its own; always false. */
static bool exists(const struct call *call, const struct collection *c,
		   struct err *e)
{
	struct arena *a = call->task.arena;

	if (e->kind != ERR_EXISTS)
		return false;
	err_clear(e);
	return refuse(e, a,
		      arena_join(a, c->noun, " with this ", c->key_noun,
				 " already exists.", NULL));
}

static bool has_field(const struct collection *c, const char *name)
{
	const struct tastypie_field *f = c->fields;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	return f->name != NULL;
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

	if (order == NULL)
		order = tastypie_parameter(call, "sort_by");
	if (order == NULL)
		return true;
	q->backwards = order[0] == '-';
	order += q->backwards;
	q->by_key = strcmp(order, of(call)->key) == 0;
	if (q->by_key || strcmp(order, "id") == 0)
		return true;
	if (has_field(of(call), order))
		return not_allowed(e, order, "ordering");
	return err_code(e, ERR_MALFORMED, tastypie_plain,
			"No matching '%.80s' field for ordering on.", order);
}

static bool nobodys(struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "there is none");
}

static bool read_domain(const struct call *call, const char *value,
			struct roster_query *q, struct err *e)
{
	struct roster_row domain;
	struct err why = {0};
	int64_t number;

	q->domain = value;
	if (!tastypie_uri_number(value, "virtualdomain", &number) &&
	    !tastypie_number(value, &number))
		return domain_name_check(value, &why) || nobodys(e);
	if (!numbered_find(call, KIND_DOMAIN, number, &domain, e))
		return false;
	q->domain = domain.key;
	return true;
}

/* Those by which a list can be filtered, and by nothing but the whole value.
 * ERR_NOT_FOUND: nothing is like that. */
static bool read_filter(const struct call *call, const char *name,
			struct roster_query *q, struct err *e)
{
	const struct collection *c = of(call);
	struct arena *a = call->task.arena;
	const char *lookup = strstr(name, "__"); /* as Django has them */
	const char *field =
		lookup != NULL ? arena_strndup(a, name, (size_t)(lookup - name))
			       : name;
	const char *value = tastypie_parameter(call, name);

	value = value != NULL ? text_lower(a, value) : "";
	if (strcmp(name, "resource_uri") == 0)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"The 'resource_uri' field is not a valid field "
				"name");
	if (strcmp(name, c->key) == 0)
		q->key = value;
	else if (call->route->kind == KIND_ALIAS &&
		 strcmp(name, "destination") == 0)
		q->destination = value;
	else if (call->route->kind != KIND_DOMAIN &&
		 strcmp(name, "domain") == 0)
		return read_domain(call, value, q, e);
	else if (has_field(c, field))
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

bool numbered_list(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct roster_query q = {.kind = call->route->kind};
	struct store *s = call->gateway->store;
	json_t *objects = json_array();
	struct roster r = {0};
	bool none;

	(void)res;
	if (!tastypie_accepted(call, e) || !read_query(call, &q, &none, e) ||
	    (!none && !s->ops->roster(s, &call->task, &q, &r, e) &&
	     e->kind != ERR_NOT_FOUND))
		return json_decref(objects), false;
	err_clear(e);
	*ret = json_pack("{s:o, s:o}", "meta", tastypie_meta(call, &q, r.total),
			 "objects", objects);
	return of(call)->show(call, r.rows, r.count, objects, e);
}

bool numbered_detail(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	json_t *objects = json_array();
	struct roster_row row;

	(void)res;
	if (tastypie_accepted(call, e) && numbered_named(call, &row, e) &&
	    of(call)->show(call, &row, 1, objects, e))
		*ret = json_incref(json_array_get(objects, 0));
	json_decref(objects);
	return e->kind == ERR_NONE;
}

bool numbered_set(const struct call *call, struct response *res, json_t **ret,
		  struct err *e)
{
	json_t *objects = json_array(), *missing = json_array();
	struct arena *a = call->task.arena;
	const char *p = call->params[0];
	size_t asked = 0;

	(void)res;
	*ret = json_pack("{s:o}", "objects", objects);
	while (*p != '\0') {
		const char *id = arena_strndup(a, p, strcspn(p, ";"));
		struct roster_row row;
		int64_t number;

		if (!tastypie_number(id, &number) || ++asked > SET_MAX) {
			json_decref(missing);
			return err_code(e, ERR_MALFORMED, tastypie_plain,
					"Invalid ids provided.");
		}
		if (!numbered_find(call, call->route->kind, number, &row, e) ||
		    !of(call)->show(call, &row, 1, objects, e))
			json_array_append_new(missing, json_string(id));
		p += strlen(id);
		p += *p == ';';
		if (e->kind != ERR_NONE && e->kind != ERR_NOT_FOUND)
			break;
		err_clear(e);
	}
	if (json_array_size(missing) > 0)
		json_object_set(*ret, "not_found", missing);
	json_decref(missing);
	return e->kind == ERR_NONE;
}

static enum kind kind_of(const struct call *call)
{
	return call->route->kind;
}

/* Into a set: an alias's row may take two operations. */
static bool put_in(const struct call *call, struct changeset *set,
		   struct item *i, struct err *e)
{
	const struct roster_row *was = &i->was;
	const struct alias_row before = {was->key, was->part};
	struct operation_asked o = {.verb = was->key != NULL ? CHANGESET_CHANGE
							     : CHANGESET_CREATE,
				    .kind = kind_of(call),
				    .key = was->key,
				    .record = i->record,
				    .fields = i->present.fields,
				    .field_count = i->present.count};
	bool skipped;

	if (i->goes)
		o.verb = CHANGESET_REMOVE;
	if (kind_of(call) == KIND_ALIAS)
		return rows_put(set, was->key != NULL ? &before : NULL,
				i->goes ? NULL : &i->row, e);
	return (o.verb == CHANGESET_CHANGE && o.field_count == 0) ||
	       changeset_add(set, &o, &skipped, e) || false;
}

static bool renumber(const struct call *call, const struct item *i,
		     struct err *e)
{
	const struct alias_row before = {i->was.key, i->was.part};

	return kind_of(call) != KIND_ALIAS || i->was.key == NULL || i->goes ||
	       rows_renumber(call->gateway, &call->task, &before, &i->row,
			     i->was.number, e);
}

/* All of them, or none. */
static bool write_all(const struct call *call, struct item *items, size_t count,
		      struct err *e)
{
	struct changeset *c = arena_alloc(call->task.arena, sizeof(*c));
	size_t made = 0;

	if (count > CHANGESET_MAX / OPERATIONS_EACH)
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"At most %d objects can be written at once.",
				CHANGESET_MAX / OPERATIONS_EACH);
	changeset_begin(c, call->gateway, &call->task, count * OPERATIONS_EACH);
	for (size_t i = 0; i < count; i++) {
		made += items[i].was.key == NULL &&
			call->route->kind == KIND_USER;
		if (!put_in(call, c, &items[i], e))
			return exists(call, items[i].of, e);
	}
	admission_charge(call, count, made);
	if (c->count > 0 && !changeset_run(c, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!renumber(call, &items[i], e))
			return false;
	}
	return true;
}

static bool write_record(const struct call *call, struct item *i, struct err *e)
{
	enum kind k = kind_of(call);
	const struct patch p = {i->record, i->present.fields, i->present.count,
				false, NULL};
	void *ret = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct revision rev;

	if (i->was.key == NULL)
		return provision_create(call->gateway, &call->task, k,
					i->record, &rev, e) ||
		       exists(call, i->of, e);
	if (k == KIND_DOMAIN && rename_domain_asked(i->was.key, &p))
		return rename_domain(call->gateway, &call->task, i->was.key, &p,
				     NULL, ret, &rev, e) ||
		       exists(call, i->of, e);
	return p.count == 0 ||
	       provision_change(call->gateway, &call->task, k, i->was.key, &p,
				NULL, ret, &rev, e) ||
	       exists(call, i->of, e);
}

static bool write_one(const struct call *call, struct item *i, struct err *e)
{
	return kind_of(call) == KIND_ALIAS ? write_all(call, i, 1, e)
					   : write_record(call, i, e);
}

/* 201, with the number that it asked for, unless somebody else has that. */
static bool created(const struct call *call, struct response *res,
		    const struct item *i, struct err *e)
{
	struct store *s = call->gateway->store;
	bool row = kind_of(call) == KIND_ALIAS;
	const char *key =
		row ? i->row.source : kind_key(kind_of(call), i->record);
	const char *part = row ? i->row.destination : NULL;
	int64_t number;

	if (!s->ops->number(s, &call->task, kind_of(call), key, part, i->id,
			    &number, e)) {
		if (e->kind != ERR_EXISTS && e->kind != ERR_INVALID)
			return false;
		err_clear(e);
		if (!s->ops->number(s, &call->task, kind_of(call), key, part,
				    NUMBER_NONE, &number, e))
			return false;
	}
	res->status = 201;
	response_header(res, "Location",
			tastypie_uri(call->task.arena, i->of->name, number));
	return true;
}

static bool make(const struct call *call, struct response *res, json_t *body,
		 int64_t id, struct err *e)
{
	struct item i = {.of = of(call), .id = id};

	return of(call)->take(call, body, &i, e) && write_one(call, &i, e) &&
	       created(call, res, &i, e);
}

bool numbered_post(const struct call *call, struct response *res, json_t **ret,
		   struct err *e)
{
	struct roster_row other;
	json_t *body, *id;
	int64_t number = NUMBER_NONE;

	(void)ret;
	if (!tastypie_body(call, &body, e))
		return false;
	id = json_object_get(body, "id");
	if (json_is_integer(id))
		number = json_integer_value(id);
	if (number != NUMBER_NONE &&
	    numbered_find(call, call->route->kind, number, &other, e))
		return refuse(e, call->task.arena,
			      arena_join(call->task.arena, of(call)->noun,
					 " with this ID already exists.",
					 NULL));
	err_clear(e);
	return make(call, res, body, number, e);
}

bool numbered_change(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	bool put = strcmp(call->req->method, "PUT") == 0;
	struct item i = {.of = of(call), .id = NUMBER_NONE};
	int64_t number;
	json_t *body;

	(void)ret;
	res->status = put ? 204 : 202;
	if (put && !tastypie_number(call->params[0], &number))
		return numbered_not_a_number(e, call->task.arena,
					     call->params[0]);
	if (!numbered_named(call, &i.was, e)) {
		if (!put || e->kind != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		return tastypie_body(call, &body, e) &&
		       make(call, res, body, number, e);
	}
	return tastypie_body(call, &body, e) &&
	       of(call)->take(call, body, &i, e) && write_one(call, &i, e);
}

static bool take_away(const struct call *call, struct item *i, struct err *e)
{
	const struct removal how = {.recursive = true, .links = LINKS_KEEP};
	struct text_list dangling;

	i->goes = true;
	return kind_of(call) == KIND_ALIAS
		       ? write_all(call, i, 1, e)
		       : removal(call->gateway, &call->task, kind_of(call),
				 i->was.key, &how, &dangling, e);
}

bool numbered_delete(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct item i = {.of = of(call)};

	(void)ret;
	res->status = 204;
	if (numbered_named(call, &i.was, e))
		return take_away(call, &i, e);
	if (e->code != NULL)
		e->code = NULL; /* nothing is said here in any case */
	return false;
}

bool numbered_post_detail(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	(void)call, (void)ret, (void)e;
	res->status = 501;
	return true;
}

/* What a list says is to be there. */
static bool take_items(const struct call *call, json_t *objects,
		       struct item *items, struct err *e)
{
	for (size_t n = 0; n < json_array_size(objects); n++) {
		json_t *object = json_array_get(objects, n);
		const char *uri = json_string_value(
			json_object_get(object, "resource_uri"));
		struct item *i = &items[n];
		int64_t number;

		*i = (struct item){.of = of(call), .id = NUMBER_NONE};
		if (!json_is_object(object))
			return tastypie_sorry(e, ERR_NOT_FOUND);
		if (uri != NULL &&
		    tastypie_uri_number(uri, i->of->name, &number) &&
		    !numbered_find(call, call->route->kind, number, &i->was,
				   e)) {
			if (e->kind != ERR_NOT_FOUND)
				return false;
			err_clear(e);
			i->was = (struct roster_row){.key = NULL};
		}
		if (!of(call)->take(call, object, i, e))
			return false;
	}
	return true;
}

static bool objects_in(const struct call *call, json_t *body, json_t **ret,
		       struct err *e)
{
	(void)call;
	*ret = json_object_get(body, "objects");
	return json_is_array(*ret) ||
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"Invalid data sent: missing 'objects'");
}

bool numbered_patch_list(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	json_t *body, *objects, *deleted;

	(void)ret;
	res->status = 202;
	if (!tastypie_body(call, &body, e) ||
	    !objects_in(call, body, &objects, e))
		return false;
	deleted = json_object_get(body, "deleted_objects");
	size_t count = json_array_size(objects),
	       gone = json_array_size(deleted);
	struct item *items = arena_alloc(call->task.arena,
					 (count + gone + 1) * sizeof(*items));
	if (!take_items(call, objects, items, e))
		return false;
	for (size_t n = 0; n < gone; n++) {
		const char *uri = json_string_value(json_array_get(deleted, n));
		int64_t number = NUMBER_NONE;

		items[count + n] = (struct item){.of = of(call), .goes = true};
		if (uri == NULL ||
		    !tastypie_uri_number(uri, of(call)->name, &number) ||
		    !numbered_find(call, call->route->kind, number,
				   &items[count + n].was, e))
			return tastypie_sorry(e, ERR_NOT_FOUND);
	}
	return write_all(call, items, count + gone, e);
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
	struct roster_query q = {.kind = call->route->kind,
				 .limit = ROSTER_LIMIT_MAX};
	struct store *s = call->gateway->store;

	if (!call->dialect->foreign->whole_lists(call->service))
		return err_code(e, ERR_MALFORMED, tastypie_plain,
				"Deleting whole lists is switched off here.");
	if (!is_unfiltered(call, e))
		return false;
	if (!s->ops->roster(s, &call->task, &q, ret, e))
		return false;
	return ret->total <= ret->count ||
	       err_code(e, ERR_MALFORMED, tastypie_plain,
			"There are too many to delete them at once.");
}

/* A domain goes with all that is in it, which is more than fits into a set. */
bool numbered_delete_list(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	struct roster r;

	(void)ret;
	res->status = 204;
	if (!whole(call, &r, e))
		return false;
	struct item *items =
		arena_alloc(call->task.arena, (r.count + 1) * sizeof(*items));
	for (size_t n = 0; n < r.count; n++)
		items[n] = (struct item){.of = of(call),
					 .was = r.rows[n],
					 .goes = true};
	if (call->route->kind != KIND_DOMAIN)
		return write_all(call, items, r.count, e);
	for (size_t n = 0; n < r.count; n++) {
		if (!take_away(call, &items[n], e))
			return false;
	}
	return true;
}

static bool is_same(const struct call *call, const struct roster_row *row,
		    const struct item *i)
{
	bool alias = call->route->kind == KIND_ALIAS;

	return text_equal(row->key,
			  alias ? i->row.source
				: kind_key(call->route->kind, i->record)) &&
	       (!alias || text_equal(row->part, i->row.destination));
}

/* What is there and is sent is changed, what is not is deleted.  Returns how
 * many operations that is. */
static size_t replace(const struct call *call, const struct roster *there,
		      struct item *items, size_t count)
{
	size_t n = count;

	for (size_t r = 0; r < there->count; r++) {
		const struct roster_row *row = &there->rows[r];
		bool stays = false;

		for (size_t i = 0; i < count && !stays; i++) {
			stays = items[i].was.key != NULL
					? items[i].was.number == row->number
					: is_same(call, row, &items[i]);
			if (stays)
				items[i].was = *row;
		}
		if (!stays)
			items[n++] = (struct item){.of = of(call),
						   .was = *row,
						   .goes = true};
	}
	return n;
}

/* What is there with the same name stays what it is, but for what is sent. */
bool numbered_put_list(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	json_t *body, *objects;
	struct roster r;

	(void)ret;
	res->status = 204;
	if (!tastypie_body(call, &body, e) ||
	    !objects_in(call, body, &objects, e) || !whole(call, &r, e))
		return false;
	size_t count = json_array_size(objects);
	struct item *items =
		arena_alloc(call->task.arena,
			    (count + r.count + 1) * sizeof(*items));
	if (!take_items(call, objects, items, e))
		return false;
	size_t n = replace(call, &r, items, count);
	return write_all(call, items, n, e);
}
