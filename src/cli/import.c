#include "cli/import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/convert.h"
#include "cli/import_keys.h"
#include "cli/input.h"
#include "cli/parts.h"
#include "cli/talk.h"
#include "crypto/digest.h"

enum {
	ID_BYTES = 12,
	TURNS = 26, /* of one file, that are done */
	TRIES = 60, /* of one part */
	PAUSE = 1,  /* seconds between them */
};

struct import_options {
	struct request_options request;
	const char *format, *on_conflict, *type, *domain;
	int64_t part_bytes;
	bool keys;
};

static const struct import_options defaults = {.request = REQUEST_DEFAULTS,
					       .on_conflict = "fail",
					       .part_bytes = PART_BYTES};

/* clang-format off */
#define F(member) FIELD(struct import_options, member)
static const struct command_group own = {
	NULL, (const struct command_option[]){
	OPTION("format", F(format), "FORMAT",
	       "csv, ndjson, ldif, sql, modoboa, docker-mailserver or passwd; by default what the file is called, or begins with"),
	OPTION("type", F(type), "domain|user|alias",
	       "what records are that do not say so"),
	OPTION("domain", F(domain), "DOMAIN",
	       "where the accounts of a passwd are to be"),
	OPTION("on-conflict", F(on_conflict), "fail|skip|update",
	       "what becomes of records whose name is taken (fail)"),
	OPTION("keys", F(keys), NULL,
	       "nothing but the API keys in a dump of DinoMail's database, so that they stay good here"),
	OPTION("part-bytes", F(part_bytes), "N",
	       "how large a request is, about; http.body_bytes of the gateway is more (524288)"),
	OPTIONS_END}};
#undef F
/* clang-format on */

/* What is known of the import under way. */
struct course {
	struct talk talk;
	const struct import_options *o;
	const char *name, *format, *id; /* id NULL: a dry run */
	struct input input;
	struct convert convert; /* where the file is read here */
	struct parts parts;
	size_t first;     /* record of the next part */
	json_t *summary;  /* as it was last */
	size_t counts[3]; /* of a dry run: done well, failed, no password */
};

/* The same file, brought in in the same way. */
static void digest_file(struct course *c, unsigned char ret[DIGEST_SIZE])
{
	struct digest *d = digest_begin(NULL, 0);
	const char *type = c->o->type != NULL ? c->o->type : "";
	const char *domain = c->o->domain;

	digest_add_bare(d, c->input.text, c->input.size);
	digest_add(d, c->format, strlen(c->format));
	digest_add(d, type, strlen(type));
	digest_add(d, c->o->on_conflict, strlen(c->o->on_conflict));
	if (domain != NULL)
		digest_add(d, domain, strlen(domain));
	digest_end(&d, ret);
}

/* The first of its names under which it is not done yet. */
static enum outcome find_id(struct course *c, const unsigned char digest[])
{
	struct arena *a = c->talk.arena;
	char hex[2 * ID_BYTES + 1] = "";

	for (size_t i = 0; i < ID_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	for (int turn = 0; turn < TURNS; turn++) {
		c->id = arena_printf(a, "%s%c", hex, 'a' + turn);
		const struct client_ask ask =
			{.method = "GET",
			 .path = arena_join(a, "/v1/imports/", c->id, NULL)};
		struct client_reply r;
		enum outcome got = talk_try(&c->talk, a, &ask, &r);
		const char *state =
			json_string_value(json_object_get(r.json, "state"));

		if (got == OUTCOME_NOT_FOUND)
			return OUTCOME_DONE;
		if (got != OUTCOME_DONE)
			return talk_judge(&c->talk, got, &r);
		if (state == NULL || strcmp(state, "done") != 0) {
			fprintf(stderr,
				"provost: going on where %s was cut off\n",
				c->name);
			return OUTCOME_DONE;
		}
	}
	return (enum outcome)command_complain(
		"this file was brought in too often within a week");
}

static const char *text_in(json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s != NULL ? s : "";
}

/* All that is wrong with a record, in its own words. */
static void tell_problem(struct course *c, json_t *record)
{
	struct arena *a = c->talk.arena;
	json_t *error = json_object_get(record, "error"), *fault;
	json_t *faults = json_object_get(error, "errors");
	size_t line =
		(size_t)json_integer_value(json_object_get(record, "line"));
	const char *name = input_place(&c->input, &line);
	const char *key = outcome_clean(a, text_in(record, "key"));
	size_t i;

	if (error == NULL)
		fprintf(stderr, "%s:%zu: %s: the password was left out: %s\n",
			name, line, key,
			outcome_clean(a, text_in(record, "password_left_out")));
	else if (json_array_size(faults) == 0)
		fprintf(stderr, "%s:%zu: %s: %s\n", name, line, key,
			outcome_clean(a, text_in(error, "detail")));
	json_array_foreach(faults, i, fault)
		fprintf(stderr, "%s:%zu: %s: %s: %s\n", name, line, key,
			outcome_clean(a, text_in(fault, "pointer")),
			outcome_clean(a, text_in(fault, "detail")));
}

static void count(struct course *c, json_t *record)
{
	bool failed = strcmp(text_in(record, "result"), "failed") == 0;

	c->counts[failed]++;
	c->counts[2] += json_object_get(record, "password_left_out") != NULL;
}

/* What came of one part; false if the report was cut off. */
static bool read_report(struct course *c, FILE *from)
{
	char *line = NULL;
	size_t room = 0;
	bool whole = false;

	rewind(from);
	while (getline(&line, &room, from) > 0) {
		json_t *object = json_loads(line, 0, NULL);
		json_t *summary = json_object_get(object, "import");

		if (c->o->request.json)
			fputs(line, stdout);
		if (summary != NULL) {
			json_decref(c->summary);
			c->summary = json_incref(summary);
			whole = true;
		} else if (json_object_get(object, "result") != NULL) {
			count(c, object);
			if (json_object_get(object, "error") != NULL ||
			    json_object_get(object, "password_left_out") !=
				    NULL)
				tell_problem(c, object);
		}
		json_decref(object);
	}
	free(line);
	return whole;
}

static const char *path_of(struct course *c, size_t line, bool more)
{
	struct arena *a = c->talk.arena;

	return arena_printf(a,
			    "/v1/imports?format=%s&on_conflict=%s&report=%s"
			    "&first=%zu&line=%zu&more=%s%s%s%s%s",
			    client_escape(c->talk.client, a,
					  c->parts.how == PARTS_CONVERTED
						  ? format_ndjson.name
						  : c->format),
			    c->o->on_conflict,
			    c->o->request.json ? "all" : "problems", c->first,
			    line, more ? "true" : "false",
			    c->o->type != NULL ? "&type=" : "",
			    c->o->type != NULL ? c->o->type : "",
			    c->id != NULL ? "&id=" : "",
			    c->id != NULL ? c->id : "");
}

/* Whether all of it is done; *again: the same may be sent once more. */
static enum outcome try_part(struct course *c, FILE *part, size_t line,
			     bool *again)
{
	FILE *report = input_temporary();
	struct client_reply r;

	*again = false;
	if (report == NULL)
		return OUTCOME_FAILED;
	int64_t size = ftell(part);
	rewind(part);
	const struct client_ask ask = {.method = "POST",
				       .path = path_of(c, line,
						       parts_more(&c->parts)),
				       .type = "application/octet-stream",
				       .send = part,
				       .send_size = size,
				       .receive = report,
				       .receives = "application/x-ndjson"};
	enum outcome got = talk_try(&c->talk, c->talk.arena, &ask, &r);
	bool whole = got == OUTCOME_DONE || r.status == 0
			     ? read_report(c, report)
			     : false;
	fclose(report);
	fseek(part, 0, SEEK_END);
	*again = c->id != NULL && (r.status == 0 || got == OUTCOME_UNAVAILABLE);
	if (got != OUTCOME_DONE && !*again)
		return talk_judge(&c->talk, got, &r);
	if (whole && strcmp(text_in(c->summary, "state"), "interrupted") != 0) {
		*again = false;
		return OUTCOME_DONE;
	}
	const char *code =
		text_in(json_object_get(c->summary, "error"), "code");
	if (strcmp(code, "taken_over") == 0)
		return (enum outcome)command_complain(
			"somebody else goes on with this import");
	*again = c->id != NULL;
	return OUTCOME_UNAVAILABLE;
}

static enum outcome send_part(struct course *c, FILE *part, size_t line)
{
	enum outcome got = OUTCOME_UNAVAILABLE;
	bool again = true;

	for (int try = 0; again && try < TRIES; try++) {
		if (try > 0)
			sleep(PAUSE);
		got = try_part(c, part, line, &again);
	}
	if (again)
		command_complain("it could not be gone on with; the same "
				 "command goes on where it stopped");
	json_t *last = json_object_get(c->summary, "last");
	if (json_is_integer(last))
		c->first = (size_t)json_integer_value(last) + 1;
	return got;
}

/* What is read several times is told of when it is read for the last time. */
static int64_t place(struct course *c)
{
	return c->parts.how == PARTS_CONVERTED ? (int64_t)c->convert.reader.at
					       : ftell(c->input.file);
}

static enum outcome send_all(struct course *c)
{
	enum outcome got = OUTCOME_DONE;
	size_t line;

	while (got == OUTCOME_DONE) {
		FILE *part = input_temporary();

		if (part == NULL)
			return OUTCOME_FAILED;
		if (!parts_next(&c->parts, part, &line)) {
			fclose(part);
			break;
		}
		got = send_part(c, part, line);
		fclose(part);
		talk_progress(c->name, place(c), (int64_t)c->input.size);
	}
	talk_progress_end();
	return got;
}

/* With what was found at fault, or ignored, before it was sent. */
static long long total(const struct course *c, const char *name)
{
	long long n = json_integer_value(json_object_get(c->summary, name));

	if (strcmp(name, "failed") == 0)
		n += (long long)c->convert.failed;
	if (strcmp(name, "ignored") == 0)
		n += (long long)c->convert.ignored;
	return n;
}

static enum outcome sum_up(struct course *c)
{
	static const char *const names[] = {"created", "updated", "unchanged",
					    "skipped", "ignored", "failed"};
	size_t failed = c->counts[1] + c->convert.failed;

	if (c->id != NULL)
		failed = (size_t)total(c, "failed");
	for (size_t i = 0;
	     c->id != NULL && i < COUNT(names) && !c->o->request.json; i++)
		printf("%s\t%lld\n", names[i], total(c, names[i]));
	if (c->id == NULL && !c->o->request.json)
		printf("failed\t%zu\n", failed);
	return failed > 0 ? OUTCOME_REFUSED : OUTCOME_DONE;
}

/* A line of the report, of what was not sent. */
static void tell_unsent(void *ctx, const struct import_record *r,
			const struct err *e)
{
	struct course *c = ctx;
	size_t line = r->line;
	const char *name = input_place(&c->input, &line);

	if (!c->o->request.json) {
		fprintf(stderr, "%s:%zu: %s\n", name, line, e->text);
		return;
	}
	json_t *o = json_pack("{s:I, s:I, s:n, s:s, s:{s:s, s:s*}}", "number",
			      (json_int_t)r->number, "line",
			      (json_int_t)r->line, "key", "result", "failed",
			      "error", "detail", e->text, "code", e->code);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

/* Where it does not come in parts, it is read here. */
static bool begin_converting(struct course *c, const struct reader_format *f)
{
	const struct reader_input in = {.arena = c->talk.arena,
					.text = c->input.text,
					.size = c->input.size,
					.kind = KIND_COUNT,
					.domain = c->o->domain};
	struct err e = {0};

	c->convert = (struct convert){.tell = tell_unsent, .ctx = c};
	if (convert_open(&c->convert, f, &in, &e))
		return true;
	command_complain(
		arena_join(c->talk.arena, c->name, ": ", e.text, NULL));
	return false;
}

/* How it is cut. */
static bool begin_parts(struct course *c)
{
	const struct reader_format *f = reader_find(c->format, NULL);
	const bool whole = f != NULL && f->whole;

	c->parts = (struct parts){.from = c->input.file,
				  .most = (size_t)c->o->part_bytes,
				  .convert = &c->convert,
				  .how = whole                 ? PARTS_CONVERTED
					 : f == &format_csv    ? PARTS_CSV
					 : f == &format_ldif   ? PARTS_LDIF
					 : f == &format_ndjson ? PARTS_LINES
							       : PARTS_WHOLE};
	return !whole || begin_converting(c, f);
}

static enum outcome bring(struct course *c)
{
	unsigned char digest[DIGEST_SIZE];
	enum outcome got = OUTCOME_DONE;

	if (!begin_parts(c))
		return OUTCOME_REFUSED;
	digest_file(c, digest);
	if (!c->o->request.dry_run)
		got = find_id(c, digest);
	if (got == OUTCOME_DONE)
		got = send_all(c);
	parts_end(&c->parts);
	convert_end(&c->convert);
	return got == OUTCOME_DONE ? sum_up(c) : got;
}

/* Several are one only where they are read here. */
static bool fits_together(const struct course *c)
{
	const struct reader_format *f = reader_find(c->format, NULL);

	if (c->input.count == 1 || (f != NULL && f->whole))
		return true;
	command_complain("files of this format are brought in one by one");
	return false;
}

static enum outcome talk(struct course *c, const struct command *command)
{
	if (!talk_open(&c->talk, command, c->o))
		return c->talk.outcome;
	enum outcome got =
		c->o->keys ? import_keys(&c->talk, &c->input) : bring(c);
	json_decref(c->summary);
	talk_close(&c->talk);
	return got;
}

static int run(const struct command *command, const void *options,
	       char *const *words)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct course c = {.o = options, .first = 1};
	int status = OUTCOME_FAILED;

	if (words[0] == NULL)
		return command_misused("say which file is to be brought in");
	c.name = words[0];
	if (!input_open(&c.input, a, words))
		return OUTCOME_FAILED;
	c.format =
		c.o->format != NULL ? c.o->format : input_format(&c.input, a);
	if (fits_together(&c))
		status = (int)talk(&c, command);
	input_close(&c.input);
	return status;
}

const struct command command_import = {
	.name = "import",
	.summary = "Bring in domains, users and aliases from a file",
	.words = "FILE...",
	.more = "What was cut off, the same command goes on with. FILE may be "
		"-, the standard input; several are read as one where the "
		"format allows it.",
	.groups = {&own, REQUEST_WRITES},
	.defaults = &defaults,
	.size = sizeof(struct import_options),
	.run = run,
	.asks = "POST\t/v1/imports\tid,format,type,on_conflict,report,more,first,line,domain\t\nGET\t/v1/imports/%\t\t\nPOST\t/v1/keys\t\t\n"};
