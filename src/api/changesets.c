#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/admission.h"
#include "api/amend.h"
#include "api/conditional.h"
#include "api/native.h"
#include "api/prefer.h"
#include "api/problem.h"
#include "core/again.h"
#include "core/changeset.h"
#include "core/job.h"
#include "core/replace.h"
#include "core/scope.h"
#include "util/text.h"
#include "json/text.h"

enum { ELEMENTS_MAX = 200000 }; /* JSON values in all */

/* An operation on its way. */
struct member {
	struct operation_asked asked;
	const char *at; /* its JSON Pointer */
	const char *right;
	json_t *body;
	bool brings_password;
	bool skipped; /* it depends on one that was refused */
};

/* clang-format off */
static const struct {
	const char *segment, *right;
	enum kind kind;
} collections[] = {
	{"domains", "domains:write", KIND_DOMAIN},
	{"users",   "users:write",   KIND_USER},
	{"aliases", "aliases:write", KIND_ALIAS},
};

static const struct {
	const char *method;
	enum changeset_verb verb;
	size_t segments; /* of its path */
} methods[] = {
	{"POST",   CHANGESET_CREATE,  1},
	{"PUT",    CHANGESET_REPLACE, 2},
	{"PATCH",  CHANGESET_CHANGE,  2},
	{"DELETE", CHANGESET_REMOVE,  2},
};
/* clang-format on */

static const char *within(struct arena *a, const char *at, const char *name)
{
	return arena_join(a, at, "/", name, NULL);
}

static bool not_here(struct err *e)
{
	return err_code(e, ERR_CONFLICT, "not_in_a_set",
			"a change set creates, changes and deletes domains, "
			"users and aliases, without parameters: send this by "
			"itself");
}

/* Which of our resources it is about, and what is to become of it. */
static bool find_target(struct arena *a, const char *method, const char *path,
			struct member *m, struct err *e)
{
	struct operation_asked *o = &m->asked;
	struct path p;
	size_t verb = 0, which = 0;

	if (strncmp(path, "/v1/", 4) != 0 || strchr(path, '?') != NULL)
		return not_here(e);
	if (!path_split(a, path + 3, &p, e))
		return false;
	while (verb < COUNT(methods) &&
	       strcmp(methods[verb].method, method) != 0)
		verb++;
	while (which < COUNT(collections) &&
	       (p.count == 0 ||
		strcmp(collections[which].segment, p.segments[0]) != 0))
		which++;
	if (verb == COUNT(methods) || which == COUNT(collections) ||
	    p.count != methods[verb].segments)
		return not_here(e);
	o->verb = methods[verb].verb;
	o->kind = collections[which].kind;
	o->key = p.count > 1 ? p.segments[1] : NULL;
	m->right = collections[which].right;
	return true;
}

static const char *text_in(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void missing(struct err *e, struct arena *a, const struct member *m,
		    const char *name, bool there)
{
	fault_at(e, a, there ? FAULT_TYPE : FAULT_MISSING,
		 within(a, m->at, name),
		 there ? "it must be a string" : "it is missing");
}

/* What is wrong with the form of an operation. */
static bool check_form(struct arena *a, const struct member *m, json_t *object,
		       struct err *e)
{
	static const char *const known[] = {"method", "path", "if_match",
					    "body"};
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (i < COUNT(known) && strcmp(known[i], key) != 0)
			i++;
		if (i == COUNT(known))
			fault_at(e, a, FAULT_UNKNOWN,
				 arena_join(a, m->at, problem_escape(a, key),
					    NULL),
				 "there is no such field");
		else if (i < COUNT(known) - 1 && !json_is_string(value))
			missing(e, a, m, known[i], true);
	}
	for (size_t i = 0; i < 2; i++) {
		if (json_object_get(object, known[i]) == NULL)
			missing(e, a, m, known[i], false);
	}
	return e->faults == NULL;
}

static bool check_body(struct arena *a, const struct member *m, struct err *e)
{
	bool wanted = m->asked.verb != CHANGESET_REMOVE;

	if (m->asked.verb == CHANGESET_CHANGE && json_is_array(m->body))
		return true; /* a JSON Patch */
	if (wanted == json_is_object(m->body) && (wanted || m->body == NULL))
		return true;
	fault_at(e, a, m->body == NULL ? FAULT_MISSING : FAULT_TYPE,
		 within(a, m->at, "body"),
		 wanted ? "it must be an object" : "a deletion has none");
	return false;
}

static bool amend_staged(struct arena *a, struct changeset *set,
			 struct member *m, struct err *e)
{
	struct operation_asked *o = &m->asked;
	const struct codec *c = native_codec(o->kind);
	void *there = arena_alloc(a, c->size);
	const struct json_patch *what;
	struct revision rev;
	struct patch p;
	bool made;

	if (!json_patch_read(a, m->body, &what, e) ||
	    !changeset_read(set, o->kind, o->key, there, &rev, &made,
			    &m->skipped, e) ||
	    !provision_matches(o->if_match, &rev, e) ||
	    !amend_members(what, c, a, codec_encode(c, there), &p, e))
		return false;
	o->record = arena_copy(a, p.record, c->size);
	o->fields = p.fields;
	o->field_count = p.count;
	/* It says what to do with that, and with nothing else.  What the set
	 * makes is nobody else's. */
	if (o->if_match == NULL && !made) {
		const char **tags = arena_alloc(a, sizeof(*tags));
		const struct text_list list = {tags, 1};

		tags[0] = rev.etag;
		o->if_match = arena_copy(a, &list, sizeof(list));
	}
	return true;
}

/* A JSON Patch, of what will be there then.  Its faults have pointers into
 * it. */
static bool decode_patch(struct arena *a, struct changeset *set,
			 struct member *m, struct err *e)
{
	if (amend_staged(a, set, m, e))
		return true;
	for (struct fault *f = e->faults; f != NULL; f = f->next) {
		if (f->placed)
			f->key = arena_join(a, m->at, "/body", f->key, NULL);
	}
	return false;
}

/* As the routes of single records do. */
static bool decode(const struct call *call, struct member *m, struct err *e)
{
	struct operation_asked *o = &m->asked;
	const struct codec *c = native_codec(o->kind);
	struct arena *a = call->task.arena;
	struct presence present = {0};
	struct whole whole = {0};

	o->record = arena_alloc(a, c->size);
	if (o->verb == CHANGESET_REPLACE) {
		bool good = codec_decode_whole(c, a, m->body,
					       kind_rules(o->kind)->key,
					       o->record, &whole, e);
		o->fields = whole.written.fields;
		o->field_count = whole.written.count;
		o->kept = whole.kept.fields;
		o->kept_count = whole.kept.count;
		if (!good)
			replace_judge(call->gateway, o->kind, o->key, o->record,
				      a, e);
		return good;
	}
	bool partial = o->verb == CHANGESET_CHANGE;
	bool good =
		codec_decode(c, a, m->body, partial, o->record, &present, e);
	o->fields = present.fields;
	o->field_count = present.count;
	if (!good && !partial)
		provision_judge(call->gateway, o->kind, o->record, a, e);
	return good;
}

static bool read_member(const struct call *call, struct changeset *set,
			struct member *m, json_t *object, struct err *e)
{
	struct arena *a = call->task.arena;
	const char *match = text_in(object, "if_match");

	if (!json_is_object(object)) {
		fault_at(e, a, FAULT_TYPE, m->at, "it must be an object");
		return false;
	}
	m->body = json_object_get(object, "body");
	if (!check_form(a, m, object, e) ||
	    !find_target(a, text_in(object, "method"), text_in(object, "path"),
			 m, e) ||
	    !check_body(a, m, e))
		return false;
	if (!scope_allows(call->task.caller->scope, m->right))
		return err_code(e, ERR_DENIED, "scope",
				"this key is not for %s", m->right);
	if (match != NULL && !conditional_tags(a, match, &m->asked.if_match))
		return err_code(e, ERR_MALFORMED, "if_match_malformed",
				"if_match is not a list of entity tags");
	if (call->must_match && match == NULL &&
	    m->asked.verb != CHANGESET_CREATE)
		return patch_unconditional(e);
	if (json_is_array(m->body))
		return decode_patch(a, set, m, e);
	m->brings_password = json_object_get(m->body, "password") != NULL;
	return m->asked.verb == CHANGESET_REMOVE || decode(call, m, e);
}

/* What failed for a reason that has nothing to do with the operations. */
static bool is_ours(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE || e->kind == ERR_TIMEOUT ||
	       e->kind == ERR_LIMIT || e->kind == ERR_INTERNAL ||
	       e->kind == ERR_UNKNOWN || e->kind == ERR_RATE;
}

/* What is wrong with one operation, beside what is wrong with others. */
static void note(struct arena *a, const struct member *m, const struct err *why,
		 struct err *all)
{
	const struct codec *c =
		m->asked.record != NULL ? native_codec(m->asked.kind) : NULL;
	struct err first = *all;

	for (const struct fault *f = why->faults; f != NULL; f = f->next)
		fault_at(all, a, f->kind,
			 f->placed ? f->key
				   : arena_join(a, m->at, "/body",
						problem_pointer(a, c, f), NULL),
			 f->text);
	if (why->faults == NULL)
		fault_coded(all, a, m->at, problem_code(why),
			    arena_strdup(a, why->text));
	struct fault *faults = all->faults;
	/* The first one gives the reply its status. */
	*all = first.kind != ERR_NONE ? first : *why;
	all->faults = faults;
}

/* Judge them all; false if any is refused. */
static bool judge(const struct call *call, struct changeset *c, json_t *list,
		  size_t *passwords, struct err *e)
{
	struct arena *a = call->task.arena;

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct member m = {.at = arena_printf(a, "/operations/%zu", i)};
		bool skipped = false;
		struct err why = {0};

		if (read_member(call, c, &m, json_array_get(list, i), &why) &&
		    changeset_add(c, &m.asked, &skipped, &why)) {
			*passwords += m.brings_password;
			continue;
		}
		if (skipped || m.skipped)
			continue;
		if (is_ours(&why)) {
			*e = why;
			if (e->kind == ERR_UNKNOWN)
				e->kind = ERR_UNAVAILABLE;
			return false;
		}
		note(a, &m, &why, e);
	}
	return e->kind == ERR_NONE;
}

static bool read_list(const struct call *call, json_t **ret, struct err *e)
{
	const struct request *req = call->req;
	const char *type = request_header(req, "Content-Type");
	const char *json = "application/json", *key;
	struct arena *a = req->arena;
	json_t *object, *value;

	if (type == NULL || strncasecmp(type, json, strlen(json)) != 0 ||
	    strchr("; \t", type[strlen(json)]) == NULL)
		return err_set(e, ERR_MEDIA_TYPE,
			       "send JSON, with Content-Type: %s", json);
	if (!json_text_parse_within(a, req->body, req->body_size, ELEMENTS_MAX,
				    &object, e))
		return false;
	json_object_foreach(object, key, value) {
		if (strcmp(key, "operations") != 0)
			fault_key(e, a, FAULT_UNKNOWN, arena_strdup(a, key),
				  "there is no such field");
	}
	*ret = json_object_get(object, "operations");
	if (*ret == NULL)
		fault_at(e, a, FAULT_MISSING, "/operations", "it is missing");
	else if (!json_is_array(*ret))
		fault_at(e, a, FAULT_TYPE, "/operations",
			 "it must be an array of objects");
	else if (json_array_size(*ret) == 0 ||
		 json_array_size(*ret) > CHANGESET_MAX)
		fault_at(e, a, FAULT_RANGE, "/operations",
			 arena_printf(a, "1 to %d operations make a set",
				      CHANGESET_MAX));
	return e->faults == NULL;
}

/* What a step has done, as single requests would have told. */
static json_t *show_step(struct arena *a, const struct step *s, bool location)
{
	bool made = text_equal(s->verb, STEP_MAKE);
	bool gone = text_equal(s->verb, STEP_ASIDE);
	json_t *object = json_object();

	json_object_set_new(object, "status",
			    json_integer(made   ? 201
					 : gone ? 204
						: 200));
	if (location && !gone)
		json_object_set_new(object, "location",
				    json_string(
					    arena_join(a,
						       kind_rules(
							       plan_kind_of(s))
							       ->path,
						       s->key, NULL)));
	return object;
}

/* As it is when all is done. */
static void show_record(const struct call *call, const struct step *s,
			json_t *object)
{
	enum kind k = plan_kind_of(s);
	void *record = arena_alloc(call->task.arena, kind_rules(k)->size);
	struct revision rev;
	struct err none = {0};

	if (!provision_read(call->gateway, &call->task, k, s->key, record, &rev,
			    &none))
		return;
	json_object_set_new(object, "etag",
			    json_string(arena_join(call->task.arena, "\"",
						   rev.etag, "\"", NULL)));
	json_object_set_new(object, "body",
			    codec_encode(native_codec(k), record));
}

static bool is_operation(const struct step *s)
{
	return text_equal(s->to, "work");
}

static json_t *show_operations(const struct call *call,
			       const struct step *steps, size_t count,
			       bool done)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count && is_operation(&steps[i]); i++) {
		json_t *one = show_step(call->task.arena, &steps[i], done);

		if (done && !text_equal(steps[i].verb, STEP_ASIDE))
			show_record(call, &steps[i], one);
		json_array_append_new(list, one);
	}
	return json_pack("{s:o}", "operations", list);
}

static const char *job_path(struct arena *a, const struct plan *p)
{
	return arena_join(a, "/v1/jobs/", p->id, NULL);
}

static const char *state_of(const struct plan *p)
{
	if (text_equal(p->state, PLAN_DONE))
		return "succeeded";
	if (text_equal(p->state, PLAN_UNDONE))
		return "failed";
	if (text_equal(p->state, PLAN_STUCK))
		return "stuck";
	return p->failure.kind != ERR_NONE ? "undoing" : "running";
}

static json_t *text(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *show_failure(struct arena *a, const struct plan *p)
{
	const struct failure *f = &p->failure;
	struct err e = {.kind = f->kind, .code = f->code};

	if (f->kind == ERR_NONE)
		return json_null();
	bool set = text_equal(p->job, CHANGESET_JOB);
	json_t *object =
		json_pack("{s:s, s:s, s:s}", "pointer",
			  set ? arena_printf(a, "/operations/%lld",
					     (long long)f->step)
			      : "",
			  "code",
			  f->left != NULL ? "partly_undone" : problem_code(&e),
			  "detail", f->text != NULL ? f->text : "");
	if (f->left != NULL)
		json_object_set_new(object, "left", json_string(f->left));
	return object;
}

static json_t *show_job(struct arena *a, const struct plan *p)
{
	bool done = text_equal(p->state, PLAN_DONE);
	bool over = done || text_equal(p->state, PLAN_UNDONE);
	json_t *list = json_array();

	for (size_t i = 0; done && i < p->count; i++) {
		if (is_operation(&p->steps[i]))
			json_array_append_new(list,
					      show_step(a, &p->steps[i], true));
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
			 "id", p->id, "kind", p->job, "state", state_of(p),
			 "steps_done", (json_int_t)p->position, "steps_total",
			 (json_int_t)p->count, "operations", list, "error",
			 show_failure(a, p), "created_at", text(p->created_at),
			 "finished_at", text(over ? p->updated_at : NULL),
			 "expires_at", text(p->expires));
}

static bool tell_job(const struct call *call, const struct plan *p,
		     struct response *res, json_t **ret)
{
	struct arena *a = call->task.arena;

	res->status = 202;
	response_header(res, "Location", job_path(a, p));
	prefer_applied(res, "respond-async");
	*ret = show_job(a, p);
	return true;
}

static bool leave(const struct call *call, struct changeset *c,
		  struct response *res, json_t **ret, struct err *e)
{
	struct plan seen;

	return changeset_leave(c, e) &&
	       job_read(call->gateway, &call->task, c->plan.id, &seen, e) &&
	       tell_job(call, &seen, res, ret);
}

/* Which one it was that could not be done, and who can tell more. */
static bool tell_refusal(const struct call *call, const struct plan *p,
			 struct response *res, struct err *e)
{
	struct arena *a = call->task.arena;
	const struct err why = *e;

	if (e->kind == ERR_UNKNOWN && p->id != NULL)
		response_header(res, "Location", job_path(a, p));
	if (e->kind != ERR_UNKNOWN && p->failure.kind != ERR_NONE &&
	    !is_ours(e))
		fault_coded(e, a,
			    arena_printf(a, "/operations/%lld",
					 (long long)p->failure.step),
			    problem_code(&why), arena_strdup(a, why.text));
	e->kind = why.kind;
	return false;
}

/* An earlier try of the same request has begun with it. */
static bool tell_again(const struct call *call, const struct plan *p,
		       struct response *res, json_t **ret, bool *answered,
		       struct err *e)
{
	*answered = true;
	if (call->prefer.respond_async)
		return tell_job(call, p, res, ret);
	if (!again_judge_plan(call->gateway, &call->task, p, answered, e)) {
		if (text_equal(e->code, "under_way"))
			response_header(res, "Retry-After", "1");
		return tell_refusal(call, p, res, e);
	}
	if (*answered)
		*ret = show_operations(call, p->steps, p->count, true);
	return true;
}

static bool was_asked(const struct call *call, struct response *res,
		      json_t **ret, bool *answered, struct err *e)
{
	struct plan before;

	return again_find_plan(call->gateway, &call->task, &before, answered,
			       e) &&
	       (!*answered || tell_again(call, &before, res, ret, answered, e));
}

static bool changeset_create(const struct call *call, struct response *res,
			     json_t **ret, struct err *e)
{
	struct changeset *c = arena_alloc(call->task.arena, sizeof(*c));
	size_t passwords = 0;
	json_t *list = NULL;
	bool answered = false;

	if (!was_asked(call, res, ret, &answered, e))
		return false;
	if (answered)
		return true;
	if (!read_list(call, &list, e))
		return false;
	changeset_begin(c, call->gateway, &call->task, json_array_size(list));
	bool good = judge(call, c, list, &passwords, e);
	admission_charge(call, json_array_size(list), passwords);
	if (!good)
		return false;
	if (call->prefer.dry_run) {
		prefer_applied(res, "dry-run");
		*ret = show_operations(call, c->steps, c->count, false);
		return true;
	}
	if (call->prefer.respond_async)
		return leave(call, c, res, ret, e);
	if (!changeset_run(c, e))
		return tell_refusal(call, &c->plan, res, e);
	*ret = show_operations(call, c->steps, c->count, true);
	return true;
}

static bool job_show(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct plan p;

	(void)res;
	if (!job_read(call->gateway, &call->task, call->params[0], &p, e))
		return false;
	*ret = show_job(call->task.arena, &p);
	return true;
}

/* clang-format off */
const struct route changeset_routes[] = {
	{"POST", "changesets", NULL, changeset_create, "changesets:write", KIND_COUNT, {NULL}},
	{"GET",  "jobs/{id}",  NULL, job_show,         "jobs:read",        KIND_COUNT, {NULL}},
	{NULL,   NULL,         NULL, NULL,             NULL,               KIND_COUNT, {NULL}},
};
/* clang-format on */
