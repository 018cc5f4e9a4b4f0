#include <string.h>

#include "api/admission.h"
#include "api/import_report.h"
#include "api/native.h"
#include "core/scope.h"
#include "http/outlet.h"
#include "http/settings.h"
#include "http/streams.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "json/text.h"

/* In the order of the route's table. */
enum {
	IMPORT_ID,
	IMPORT_FORMAT,
	IMPORT_TYPE,
	IMPORT_CONFLICT,
	IMPORT_REPORT,
	IMPORT_MORE,
	IMPORT_FIRST,
	IMPORT_LINE,
	IMPORT_DOMAIN
};

enum { KEEP_TRIES = 20, KEEP_PAUSE = 500, KEEP_MILLIS = 5000 };

static const char media_type[] = "application/x-ndjson";

/* An import on its way. */
struct import {
	struct call call; /* a copy */
	struct task task;
	struct reader reader;
	struct run run;
	struct import_job job;
	const char *problems[IMPORT_PROBLEMS];
	bool only_problems, more, dry, begun;
	struct stream_place *seat;
	struct outlet *outlet;
	uint64_t heard;
	int64_t told_at;
};

static bool malformed(struct err *e, const char *name, const char *words)
{
	return err_code(e, ERR_MALFORMED, "parameter_malformed", "%s is %s",
			name, words);
}

static bool read_conflict(const struct call *call, enum bulk_conflict *ret,
			  struct err *e)
{
	const char *value = call->query[IMPORT_CONFLICT];

	*ret = BULK_FAIL;
	for (int i = 0; value != NULL && i < BULK_CONFLICTS; i++) {
		*ret = (enum bulk_conflict)i;
		if (strcmp(bulk_conflicts[i], value) == 0)
			return true;
	}
	return value == NULL ||
	       malformed(e, "on_conflict", "fail, skip or update");
}

static bool read_flags(const struct call *call, struct import *im,
		       struct err *e)
{
	const char *report = call->query[IMPORT_REPORT];
	const char *more = call->query[IMPORT_MORE];

	im->only_problems = text_equal(report, "problems");
	im->more = text_equal(more, "true");
	if (report != NULL && !im->only_problems && strcmp(report, "all") != 0)
		return malformed(e, "report", "all or problems");
	return more == NULL || im->more || strcmp(more, "false") == 0 ||
	       malformed(e, "more", "true or false");
}

static bool read_format(const struct call *call,
			const struct reader_format **ret, struct err *e)
{
	const char *name = call->query[IMPORT_FORMAT];
	const struct reader_format *guess =
		reader_guess(call->req->body, call->req->body_size);

	*ret = reader_find(name, request_header(call->req, "Content-Type"));
	/* Others say that of their rows, too, which are no names of ours. */
	if (name == NULL && *ret == &format_csv && guess == &format_modoboa)
		*ret = guess;
	if (*ret == NULL && name == NULL)
		*ret = guess;
	if (*ret != NULL)
		return true;
	return name != NULL
		       ? malformed(e, "format", reader_names(call->task.arena))
		       : err_set(e, ERR_MEDIA_TYPE,
				 "say with format= what this is: %s",
				 reader_names(call->task.arena));
}

/* How many come before that one, which is counted from 1. */
static bool read_place(const struct call *call, size_t which, size_t *ret,
		       struct err *e)
{
	const char *value = call->query[which];
	int64_t n = 1;

	if (value != NULL && !text_number(value, 1, READER_PLACE_MOST, &n))
		return malformed(e, call->route->query[which],
				 "a number from 1");
	*ret = (size_t)n - 1;
	return true;
}

static bool comes_whole(const struct import *im,
			const struct reader_format *format, struct err *e)
{
	return !format->whole || !im->more ||
	       err_code(e, ERR_MALFORMED, "no_parts",
			"%s does not come in parts", format->name);
}

static bool begin_reading(const struct call *call, struct import *im,
			  struct err *e)
{
	const char *type = call->query[IMPORT_TYPE];
	const struct reader_format *format;
	struct reader_input in = {.arena = call->task.arena,
				  .text = call->req->body,
				  .size = call->req->body_size,
				  .codec = native_codec,
				  .kind = type != NULL ? record_kind(type)
						       : KIND_COUNT,
				  .domain = call->query[IMPORT_DOMAIN]};

	if (type != NULL && in.kind == KIND_COUNT)
		return malformed(e, "type", "domain, user or alias");
	return read_place(call, IMPORT_FIRST, &in.passed, e) &&
	       read_place(call, IMPORT_LINE, &in.lines, e) &&
	       read_format(call, &format, e) && comes_whole(im, format, e) &&
	       reader_begin(&im->reader, format, &in, e);
}

/* Its report is made over time, and not kept to be told again. */
static bool has_no_key(const struct call *call, struct err *e)
{
	return request_header(call->req, "Idempotency-Key") == NULL ||
	       err_code(e, ERR_MALFORMED, "idempotency_key_malformed",
			"an import is sent again with its id");
}

/* A key for imports may be for some collections alone. */
static bool may(void *ctx, enum kind k, struct err *e)
{
	static const char *const rights[] = {[KIND_DOMAIN] = "domains:write",
					     [KIND_USER] = "users:write",
					     [KIND_ALIAS] = "aliases:write"};
	struct import *im = ctx;

	return scope_allows(im->task.caller->scope, rights[k]) ||
	       err_code(e, ERR_DENIED, "scope", "this key is not for %s",
			rights[k]);
}

static bool say(struct import *im, struct arena *a, json_t *object)
{
	const char *text =
		arena_join(a, json_text_print(a, object, JSON_COMPACT), "\n",
			   NULL);

	im->told_at = clock_now();
	return outlet_write(im->outlet, text, strlen(text));
}

static void note(struct import *im, const struct outcome *o, json_t *shown)
{
	struct import_job *job = &im->job;

	import_count(job, o->result);
	job->passwords_left_out +=
		o->left_out != NULL && o->result != BULK_FAILED;
	if (!import_report_is_problem(o) ||
	    job->problems.count == IMPORT_PROBLEMS)
		return;
	im->problems[job->problems.count++] =
		arena_strdup(im->task.arena,
			     import_report_kept(o->arena, shown));
}

static bool tell(void *ctx, const struct outcome *o)
{
	struct import *im = ctx;
	json_t *shown = import_report_record(o);

	note(im, o, shown);
	if (!im->only_problems || import_report_is_problem(o))
		return say(im, o->arena, shown);
	json_decref(shown);
	/* Who has nothing to tell finds out whether anybody is there. */
	return clock_now() < im->told_at + OUTLET_BEAT
		       ? outlet_is_open(im->outlet)
		       : say(im, o->arena,
			     json_pack("{s:I}", "done", (json_int_t)o->number));
}

static bool is_passing(const struct err *e)
{
	return e->kind == ERR_UNAVAILABLE || e->kind == ERR_TIMEOUT ||
	       e->kind == ERR_LIMIT || e->kind == ERR_UNKNOWN;
}

/* The same again is no harm: nobody else writes it while we have it. */
static bool keep_job(struct import *im, int tries, struct err *e)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct task t = im->task;

	t.arena = a;
	do {
		err_clear(e);
		t.deadline = clock_now() + KEEP_MILLIS;
		if (import_keep(im->call.gateway, &t, &im->job, e)) {
			im->job.expires =
				arena_strdup(im->task.arena, im->job.expires);
			return true;
		}
		im->job.expires = NULL;
		outlet_wait(im->outlet, clock_now() + KEEP_PAUSE);
	} while (is_passing(e) && --tries > 0);
	return false;
}

static bool stands(struct import *im, struct err *e)
{
	struct login *l = im->call.gateway->login;

	return l->ops->stands(l, im->task.caller, &im->heard) ||
	       err_code(e, ERR_UNAUTHENTICATED, "proof_expired",
			"what you may do has changed meanwhile, or may have: "
			"go on with a new request");
}

static bool keep(void *ctx, size_t done, size_t reach, struct err *e)
{
	struct import *im = ctx;

	if (im->job.done < (int64_t)done)
		im->job.done = (int64_t)done;
	if (im->job.reach < (int64_t)reach)
		im->job.reach = (int64_t)reach;
	/* He has just shown who he is. */
	bool first = !im->begun;
	im->begun = true;
	return (first || stands(im, e)) && keep_job(im, KEEP_TRIES, e);
}

static void log_end(const struct import *im, const struct err *e)
{
	log_event(LOG_INFO, "import-ended", "id", im->call.req->id, "import",
		  im->job.id, "caller", im->task.caller->login, "state",
		  im->job.state, "error", e->kind != ERR_NONE ? e->text : NULL,
		  NULL);
}

/* What is done counts, also of what nobody goes on with. */
static void end(struct import *im, bool good, struct err *e)
{
	struct import_job *job = &im->job;
	struct err last = {0};

	job->state = !good      ? IMPORT_INTERRUPTED
		     : im->more ? IMPORT_PART
				: IMPORT_DONE;
	/* A part that came before is sent again. */
	if (job->done < (int64_t)im->run.done)
		job->done = (int64_t)im->run.done;
	if (!im->dry && !text_equal(e->code, "taken_over") &&
	    !keep_job(im, good ? KEEP_TRIES : 1, &last) && good) {
		*e = last;
		job->state = IMPORT_INTERRUPTED;
	}
	say(im, im->task.arena,
	    json_pack("{s:o}", "import",
		      import_report_job(im->task.arena, job, im->run.done, e)));
}

static void stream(void *ctx, struct outlet *o)
{
	struct import *im = ctx;
	struct err e = {0};
	int64_t before = im->job.done;

	im->outlet = o;
	im->told_at = clock_now();
	bool good = run_all(&im->run, &e);
	end(im, good, &e);
	admission_charge(&im->call, (size_t)(im->job.done - before), 0);
	log_end(im, &e);
	streams_leave(im->call.service->streams, &im->seat);
}

static bool sit_down(struct import *im, struct response *res, struct err *e)
{
	const struct call *call = &im->call;
	const struct http_settings *set = call->service->http;

	if (streams_enter(call->service->streams, set->streams,
			  set->streams_each, call->req->source_network,
			  im->task.caller->login, &im->seat, e))
		return true;
	if (e->kind == ERR_RATE)
		response_header(res, "Retry-After", "15");
	return false;
}

/* Of what an earlier part or try has told. */
static void take_problems(struct import *im)
{
	struct text_list *list = &im->job.problems;

	if (list->count > IMPORT_PROBLEMS)
		list->count = IMPORT_PROBLEMS;
	for (size_t i = 0; i < list->count; i++)
		im->problems[i] = list->items[i];
	list->items = im->problems;
}

static bool open_job(struct import *im, enum bulk_conflict how, struct err *e)
{
	const struct call *call = &im->call;

	if (im->dry)
		im->job =
			(struct import_job){.state = IMPORT_RUNNING,
					    .on_conflict = bulk_conflicts[how]};
	else if (!import_open(call->gateway, &call->task,
			      call->query[IMPORT_ID], how, &im->job, e))
		return false;
	take_problems(im);
	im->run = (struct run){.gateway = call->gateway,
			       .task = &im->task,
			       .reader = &im->reader,
			       .conflict = how,
			       .dry = im->dry,
			       .secret = im->job.secret,
			       .passed = (size_t)im->job.done,
			       .reach = (size_t)im->job.reach,
			       .may = may,
			       .tell = tell,
			       .keep = im->dry ? NULL : keep,
			       .ctx = im};
	return true;
}

static bool import_bring(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	struct arena *a = call->task.arena;
	struct import *im = arena_alloc(a, sizeof(*im));
	enum bulk_conflict how;

	(void)ret;
	im->call = *call;
	im->task = call->task;
	im->heard = call->task.caller->heard;
	im->dry = call->prefer.dry_run;
	if (!has_no_key(call, e) || !read_conflict(call, &how, e) ||
	    !read_flags(call, im, e) || !begin_reading(call, im, e) ||
	    !sit_down(im, res, e))
		return false;
	if (!open_job(im, how, e)) {
		streams_leave(call->service->streams, &im->seat);
		return false;
	}
	if (im->dry)
		prefer_applied(res, "dry-run");
	else
		response_header(res, "Location",
				arena_join(a, "/v1/imports/", im->job.id,
					   NULL));
	response_header(res, "X-Accel-Buffering", "no");
	res->type = media_type;
	res->stream = stream;
	res->stream_ctx = im;
	return true;
}

static bool import_show(const struct call *call, struct response *res,
			json_t **ret, struct err *e)
{
	struct import_job job;
	const struct err none = {0};

	(void)res;
	if (!import_read(call->gateway, &call->task, call->params[0], &job, e))
		return false;
	*ret = import_report_job(call->task.arena, &job, 0, &none);
	return true;
}

/* clang-format off */
const struct route import_routes[] = {
	{"POST", "imports",      NULL, import_bring, "imports:write", KIND_COUNT, {"id", "format", "type", "on_conflict", "report", "more", "first", "line", "domain"}},
	{"GET",  "imports/{id}", NULL, import_show,  "imports:read",  KIND_COUNT, {NULL}},
	{NULL,   NULL,           NULL, NULL,         NULL,            KIND_COUNT, {NULL}},
};
/* clang-format on */
