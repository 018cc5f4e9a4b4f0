#include "api/dry_run.h"

#include <string.h>

#include "api/dialect.h"
#include "api/native.h"
#include "core/plan.h"
#include "util/text.h"

static const char media_type[] = "application/vnd.provost.dry-run+json",
		  mask[] = "********";

/* What nobody knows before it is there, or what would be another one then. */
static const char *const unknown[] = {"updated_at", "generated_password", "key",
				      NULL};
static const char *const unknown_of_new[] = {"id", "created_at", NULL};

void dry_run_begin(struct call *call)
{
	const char *method = call->route->method;

	/* A change set is judged on a stage of its own, and what an import
	 * brings record by record. */
	if (strcmp(call->route->path, "changesets") == 0 ||
	    strcmp(call->route->path, "imports") == 0)
		return;
	/* Who needs no login writes nothing. */
	if (strcmp(call->route->right, open_to_all) == 0)
		return;
	if (call->prefer.dry_run && strcmp(method, "GET") != 0)
		call->task.rehearsal = rehearsal_new(call->task.arena);
}

static void drop(json_t *object, const char *const *names)
{
	for (; *names != NULL; names++)
		json_object_del(object, *names);
}

/* As the request's kind of record is shown; NULL: there is none. */
static json_t *shown(const struct call *call, const void *record)
{
	enum kind k = call->route->kind;

	if (record == NULL)
		return NULL;
	json_t *object = k != KIND_COUNT ? codec_encode(native_codec(k), record)
					 : native_show(call->route, record);
	drop(object, unknown);
	if (call->task.rehearsal->before == NULL)
		drop(object, unknown_of_new);
	return object;
}

static void add_change(json_t *list, const char *member, json_t *before,
		       json_t *after)
{
	json_array_append_new(list,
			      json_pack("{s:s, s:O, s:O}", "member", member,
					"before", before, "after", after));
}

/* What one of them has and the other has not, or has as something else. */
static void add_differences(json_t *list, json_t *before, json_t *after)
{
	json_t *names = before != NULL ? before : after, *one;
	const char *name;

	json_object_foreach(names, name, one) {
		json_t *was = before != NULL ? one : json_null();
		json_t *is = before == NULL  ? one
			     : after == NULL ? json_null()
					     : json_object_get(after, name);

		if (is == NULL)
			is = json_null();
		if (!json_equal(was, is))
			add_change(list, name, was, is);
	}
}

/* A password that comes is told, and never which. */
static bool sets_password(const struct call *call)
{
	const void *after = call->task.rehearsal->after;
	enum kind k = call->route->kind;
	struct passwords p;

	if (call->route->takes == &native_password)
		return true;
	if (after == NULL || k == KIND_COUNT)
		return false;
	return kind_passwords(k,
			      arena_copy(call->task.arena, after,
					 kind_rules(k)->size),
			      &p) &&
	       p.stored->hash != NULL;
}

static json_t *changes(const struct call *call)
{
	const struct rehearsal *r = call->task.rehearsal;
	json_t *before = shown(call, r->before), *after = shown(call, r->after);
	json_t *list = json_array();

	if (before != NULL || after != NULL)
		add_differences(list, before, after);
	json_decref(before);
	json_decref(after);
	if (sets_password(call)) {
		json_t *hidden = json_string(mask);

		add_change(list, "password", json_null(), hidden);
		json_decref(hidden);
	}
	return list;
}

static json_t *text(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *steps(const struct rehearsal *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->step_count; i++) {
		const struct step *s = &r->steps[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "step",
						      s->verb, "key", s->key,
						      "to", text(s->to)));
	}
	return list;
}

/* What the gateway does under its own name not everybody may see. */
static json_t *operations(const struct rehearsal *r, bool all)
{
	struct arena *a = r->arena;
	size_t size = 1;

	for (struct rehearsal_write *w = r->writes; w != NULL; w = w->next)
		size += strlen(w->text);
	char *whole = arena_alloc(a, size), *end = whole;
	for (struct rehearsal_write *w = r->writes; w != NULL; w = w->next) {
		size_t n = strlen(w->text);

		if (w->own && !all)
			continue;
		memcpy(end, w->text, n);
		end += n;
	}
	*end = '\0';
	return json_string(whole);
}

bool dry_run_tell(const struct call *call, struct response *res, json_t **reply,
		  struct err *e)
{
	const struct rehearsal *r = call->task.rehearsal;
	struct store *s = call->gateway->store;
	json_t *object = *reply;
	bool super;

	if (!s->ops->is_super_administrator(s, &call->task, &super, e)) {
		json_decref(object);
		return false;
	}
	if (object != NULL && json_is_object(object)) {
		drop(object, unknown);
		if (r->before == NULL)
			drop(object, unknown_of_new);
	}
	*reply = json_pack("{s:i, s:o, s:o, s:o, s:o, s:b}", "status",
			   (int)res->status, "object",
			   object != NULL ? object : json_null(), "changes",
			   changes(call), "steps", steps(r), "ldap",
			   operations(r, super), "complete", !r->more);
	res->status = 200;
	res->type = media_type;
	return true;
}
