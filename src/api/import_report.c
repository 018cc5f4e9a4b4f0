#include "api/import_report.h"

#include <string.h>

#include "api/native.h"
#include "api/problem.h"
#include "http/status.h"
#include "json/text.h"

enum { KEY_SHOWN = 320, PROBLEM_KEPT = 2048 }; /* bytes */

static json_t *text(const char *s)
{
	json_t *value = s != NULL ? json_string(s) : NULL;

	return value != NULL ? value : json_null(); /* it may not be UTF-8 */
}

static const struct codec *codec_for(enum kind k)
{
	return k != KIND_COUNT ? native_codec(k) : NULL;
}

bool import_report_is_problem(const struct outcome *o)
{
	return o->result == BULK_FAILED || o->left_out != NULL;
}

/* A password in the wrong column is no name, and is not told. */
static json_t *name_of(const struct outcome *o)
{
	struct err bad = {0};

	if (o->key == NULL)
		return json_null();
	if (o->kind != KIND_COUNT)
		return kind_rules(o->kind)->check_key(o->key, &bad)
			       ? text(o->key)
			       : json_null();
	size_t size = strnlen(o->key, KEY_SHOWN);
	/* Not in the middle of a character. */
	while (size > 0 && o->key[size] != '\0' &&
	       (o->key[size] & 0xC0) == 0x80)
		size--;
	return text(arena_strndup(o->arena, o->key, size));
}

json_t *import_report_record(const struct outcome *o)
{
	json_t *ret =
		json_pack("{s:I, s:I, s:o, s:o, s:s}", "number",
			  (json_int_t)o->number, "line", (json_int_t)o->line,
			  "type",
			  text(o->kind != KIND_COUNT ? kind_rules(o->kind)->noun
						     : NULL),
			  "key", name_of(o), "result", bulk_results[o->result]);

	if (o->left_out != NULL && o->result != BULK_FAILED)
		json_object_set_new(ret, "password_left_out",
				    text(o->left_out));
	if (o->result == BULK_FAILED)
		json_object_set_new(ret, "error",
				    problem_word(o->arena, o->err,
						 status_of(o->err->kind),
						 codec_for(o->kind)));
	return ret;
}

/* Of one with many faults, the whole says enough. */
const char *import_report_kept(struct arena *a, json_t *problem)
{
	const char *ret =
		json_text_print(a, json_incref(problem), JSON_COMPACT);
	json_t *error = json_object_get(problem, "error");

	if (strlen(ret) <= PROBLEM_KEPT || error == NULL)
		return ret;
	problem = json_copy(problem);
	error = json_copy(error);
	json_object_del(error, "errors");
	json_object_set_new(problem, "error", error);
	return json_text_print(a, problem, JSON_COMPACT);
}

static json_t *problems(struct arena *a, const struct import_job *job)
{
	json_t *list = json_array(), *one;
	struct err none = {0};

	for (size_t i = 0; i < job->problems.count; i++) {
		if (json_text_parse_own(a, job->problems.items[i], &one, &none))
			json_array_append(list, one);
	}
	return list;
}

json_t *import_report_job(struct arena *a, const struct import_job *job,
			  size_t last, const struct err *e)
{
	json_t *ret = json_pack(
		"{s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"id", text(job->id), "state", job->state, "on_conflict",
		job->on_conflict, "done", (json_int_t)job->done, "created",
		(json_int_t)job->created, "updated", (json_int_t)job->updated,
		"unchanged", (json_int_t)job->unchanged, "skipped",
		(json_int_t)job->skipped, "ignored", (json_int_t)job->ignored,
		"failed", (json_int_t)job->failed, "passwords_left_out",
		(json_int_t)job->passwords_left_out, "problems",
		problems(a, job));

	json_object_set_new(ret, "last",
			    last > 0 ? json_integer((json_int_t)last)
				     : json_null());
	json_object_set_new(ret, "error",
			    e->kind != ERR_NONE
				    ? problem_word(a, e, status_of(e->kind),
						   NULL)
				    : json_null());
	json_object_set_new(ret, "created_at", text(job->created_at));
	json_object_set_new(ret, "updated_at", text(job->updated_at));
	json_object_set_new(ret, "expires_at", text(job->expires));
	return ret;
}
