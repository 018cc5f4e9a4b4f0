#include <string.h>

#include "api/native.h"
#include "core/domain.h"
#include "core/scope.h"
#include "core/user.h"
#include "http/outlet.h"
#include "http/settings.h"
#include "http/streams.h"
#include "import/cell.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "json/text.h"

/* In the order of the route's table. */
enum { EXPORT_FORMAT, EXPORT_DOMAIN };

enum {
	COLUMNS_MAX = 64,
	PAGE_RECORDS = 500,
	PAGE_MILLIS = 10000,
	TRIES = 60,
	PAUSE = 1000,
};

/* What is made must find what it needs: alias domains come behind those that
 * they stand for. */
static const struct pass {
	enum kind kind;
	bool aliases; /* of domains: those, or all others */
	const char *right;
} passes[] = {
	{KIND_DOMAIN, false, "domains:read"},
	{KIND_DOMAIN, true, "domains:read"},
	{KIND_USER, false, "users:read"},
	{KIND_ALIAS, false, "aliases:read"},
};

enum format { FORMAT_NDJSON, FORMAT_CSV, FORMAT_LDIF, FORMATS };

static const char *const formats[FORMATS] = {"ndjson", "csv", "ldif"};
static const char *const media_types[FORMATS] = {"application/x-ndjson",
						 "text/csv; charset=utf-8",
						 "text/ldif; charset=utf-8"};

/* As an import names it. */
static const char hash_member[] = "password_hash";

struct export
{
	struct call call; /* a copy */
	const char *domain;
	enum format format;
	bool hashes, begun;
	const char *columns[COLUMNS_MAX];
	size_t count;
	struct stream_place *seat;
	struct outlet *outlet;
	uint64_t heard;
};

/* What can be sent to make it, and is shown. */
static bool is_carried(const struct codec_field *f)
{
	return (f->flags & (CODEC_READ_ONLY | CODEC_WRITE_ONLY)) == 0;
}

static bool has_column(const struct export *x, const struct codec_field *f)
{
	return is_carried(f) || (x->hashes && strcmp(f->key, hash_member) == 0);
}

static void find_columns(struct export *x)
{
	x->columns[x->count++] = "type";
	for (size_t i = 0; i < COUNT(passes); i++) {
		const struct codec_field *f =
			native_codec(passes[i].kind)->fields;

		for (; f->key != NULL; f++) {
			size_t n = 0;

			while (n < x->count &&
			       strcmp(x->columns[n], f->key) != 0)
				n++;
			if (n == x->count && has_column(x, f) &&
			    n < COLUMNS_MAX)
				x->columns[x->count++] = f->key;
		}
	}
}

static const char *join(struct arena *a, const char *const *texts, size_t count,
			const char *between)
{
	size_t size = 1;

	for (size_t i = 0; i < count; i++)
		size += strlen(between) + strlen(texts[i]);
	char *ret = arena_alloc(a, size), *to = ret;
	*to = '\0';
	for (size_t i = 0; i < count; i++)
		to = stpcpy(stpcpy(to, i > 0 ? between : ""), texts[i]);
	return ret;
}

static const char *items(struct arena *a, const json_t *array)
{
	size_t count = json_array_size(array);
	const char **texts = arena_alloc(a, (count + 1) * sizeof(*texts));

	for (size_t i = 0; i < count; i++)
		texts[i] = json_string_value(json_array_get(array, i));
	return join(a, texts, count, " ");
}

static const char *cell(struct arena *a, const json_t *value)
{
	switch (value != NULL ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		return cell_quote(a, json_string_value(value));
	case JSON_INTEGER:
		return arena_printf(a, "%lld",
				    (long long)json_integer_value(value));
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_ARRAY:
		return cell_quote(a, items(a, value));
	case JSON_NULL:
	case JSON_OBJECT:
	case JSON_REAL:
		break;
	}
	return "";
}

static const char *as_csv(struct export *x, struct arena *a, json_t *object)
{
	const char *cells[COLUMNS_MAX];

	for (size_t i = 0; i < x->count; i++)
		cells[i] = cell(a, json_object_get(object, x->columns[i]));
	const char *row =
		arena_join(a, join(a, cells, x->count, ","), "\r\n", NULL);
	json_decref(object); /* cells may be its own */
	return row;
}

static bool put(struct export *x, const char *text)
{
	return outlet_write(x->outlet, text, strlen(text));
}

static bool say(struct export *x, struct arena *a, json_t *object)
{
	return put(x, x->format == FORMAT_CSV
			      ? as_csv(x, a, object)
			      : arena_join(a,
					   json_text_print(a, object,
							   JSON_COMPACT),
					   "\n", NULL));
}

/* No import takes such a line. */
static bool say_incomplete(struct export *x, struct arena *a)
{
	return x->format == FORMAT_LDIF
		       ? put(x, "incomplete\n")
		       : say(x, a, json_pack("{s:s}", "type", "incomplete"));
}

static json_t *carried(enum kind k, const void *record)
{
	const struct codec *c = native_codec(k);
	json_t *all = codec_encode(c, record);
	json_t *ret = json_pack("{s:s}", "type", kind_rules(k)->noun);

	for (const struct codec_field *f = c->fields; f->key != NULL; f++) {
		json_t *value = json_object_get(all, f->key);

		if (is_carried(f) && value != NULL && !json_is_null(value))
			json_object_set(ret, f->key, value);
	}
	json_decref(all);
	return ret;
}

static bool say_record(struct export *x, struct arena *a, enum kind k,
		       const void *record)
{
	struct store *s = x->call.gateway->store;
	const struct user *u = record;
	struct task t = x->call.task;

	t.arena = a;
	if (x->format == FORMAT_LDIF)
		return put(x, s->ops->ldif(s, &t, k, record));
	json_t *object = carried(k, record);
	if (k == KIND_USER && u->stored.hash != NULL)
		json_object_set_new(object, hash_member,
				    json_string(u->stored.hash));
	return say(x, a, object);
}

static bool is_wanted(const struct export *x, const struct pass *p,
		      const char *record)
{
	const struct domain *d = (const struct domain *)record;

	return p->kind != KIND_DOMAIN ||
	       (text_equal(d->kind, "alias") == p->aliases &&
		(x->domain == NULL || text_equal(d->name, x->domain)));
}

/* Who has no password, and whose is not shown, look alike: the rules of an
 * older directory show none to anybody, and the right to them may be taken
 * away. */
static bool is_shown(const struct export *x, const struct task *t,
		     const struct page *page, struct err *e)
{
	struct store *s = x->call.gateway->store;
	const struct user *users = (const struct user *)page->records;
	bool shown = true;

	for (size_t i = 0; i < page->count; i++) {
		if (users[i].stored.hash != NULL)
			continue;
		if (!s->ops->shows_hash(s, t, users[i].address, &shown, e))
			return false;
		break;
	}
	return shown || err_set(e, ERR_DENIED,
				"the directory does not show you hashes of "
				"passwords");
}

static bool read_page(struct export *x, struct arena *a, const struct pass *p,
		      const char *after, size_t limit, struct page *ret,
		      struct err *e)
{
	struct store *s = x->call.gateway->store;
	struct task t = x->call.task;
	const struct query q = {.kind = p->kind,
				.domain = p->kind != KIND_DOMAIN ? x->domain
								 : NULL,
				.after = after,
				.limit = limit,
				.hashes = x->hashes && p->kind == KIND_USER};

	t.arena = a;
	t.deadline = clock_now() + PAGE_MILLIS;
	return s->ops->list(s, &t, &q, ret, e) &&
	       (!q.hashes || is_shown(x, &t, ret, e));
}

/* A while without the directory is waited for. */
static bool try_page(struct export *x, struct arena *a, const struct pass *p,
		     const char *after, struct page *ret, struct err *e)
{
	struct login *l = x->call.gateway->login;

	for (int try = 0; try < TRIES && outlet_is_open(x->outlet); try++) {
		err_clear(e);
		/* He has just shown who he is, and what he did before that may
		 * be heard of a moment later. */
		bool first = !x->begun;
		x->begun = true;
		if (!first &&
		    !l->ops->stands(l, x->call.task.caller, &x->heard))
			return err_code(e, ERR_UNAUTHENTICATED, "proof_expired",
					"what he may do may have changed");
		if (read_page(x, a, p, after, PAGE_RECORDS, ret, e))
			return true;
		if (e->kind != ERR_UNAVAILABLE && e->kind != ERR_TIMEOUT &&
		    e->kind != ERR_LIMIT)
			return false;
		outlet_wait(x->outlet, clock_now() + PAUSE);
	}
	return false;
}

static bool write_page(struct export *x, const struct pass *p,
		       const struct page *page)
{
	size_t size = kind_rules(p->kind)->size;

	for (size_t i = 0; i < page->count; i++) {
		const char *record = page->records + i * size;
		CLEANUP(arena_release) struct arena *a = arena_new();

		if (is_wanted(x, p, record) &&
		    !say_record(x, a, p->kind, record))
			return false;
	}
	return true;
}

static bool run_pass(struct export *x, const struct pass *p, struct err *e)
{
	size_t size = kind_rules(p->kind)->size;
	CLEANUP(arena_release) struct arena *place = arena_new();
	const char *after = NULL;
	bool more = true;

	while (more) {
		CLEANUP(arena_release) struct arena *a = arena_new();
		struct page page = {0};

		if (!try_page(x, a, p, after, &page, e) ||
		    !write_page(x, p, &page))
			return false;
		more = page.more && (page.count > 0 || page.last != NULL);
		if (!more)
			break;
		struct arena *next = arena_new();
		after = arena_strdup(next,
				     page.last != NULL
					     ? page.last
					     : kind_key(p->kind,
							page.records +
								(page.count -
								 1) * size));
		arena_free(place);
		place = next;
	}
	return true;
}

/* What comes before the first record. */
static bool say_head(struct export *x, struct arena *a)
{
	if (x->format == FORMAT_LDIF)
		return put(x, "version: 1\n\n");
	if (x->format != FORMAT_CSV)
		return true;
	json_t *names = json_object();
	for (size_t i = 0; i < x->count; i++)
		json_object_set_new(names, x->columns[i],
				    json_string(x->columns[i]));
	return say(x, a, names);
}

static void stream(void *ctx, struct outlet *o)
{
	struct export *x = ctx;
	struct arena *a = x->call.task.arena;
	struct err e = {0};

	x->outlet = o;
	bool good = say_head(x, a);
	for (size_t i = 0; good && i < COUNT(passes); i++)
		good = run_pass(x, &passes[i], &e);
	/* Nobody takes a part for the whole. */
	if (!good)
		say_incomplete(x, a);
	log_event(LOG_INFO, "export-ended", "id", x->call.req->id, "caller",
		  x->call.task.caller->login, "whole", good ? "yes" : "no",
		  "error", e.kind != ERR_NONE ? e.text : NULL, NULL);
	streams_leave(x->call.service->streams, &x->seat);
}

static bool may_read(struct export *x, struct err *e)
{
	for (size_t i = 0; i < COUNT(passes); i++) {
		struct page page;

		if (!scope_allows(x->call.task.caller->scope, passes[i].right))
			return err_code(e, ERR_DENIED, "scope",
					"this key is not for %s",
					passes[i].right);
		if (!read_page(x, x->call.task.arena, &passes[i], NULL, 1,
			       &page, e))
			return e->kind == ERR_NOT_FOUND && x->domain == NULL
				       ? err_set(e, ERR_DENIED,
						 "you may not list all of them")
				       : false;
	}
	return true;
}

static bool sit_down(struct export *x, struct response *res, struct err *e)
{
	const struct http_settings *set = x->call.service->http;

	if (streams_enter(x->call.service->streams, set->streams,
			  set->streams_each, x->call.req->source_network,
			  x->call.task.caller->login, &x->seat, e))
		return true;
	if (e->kind == ERR_RATE)
		response_header(res, "Retry-After", "15");
	return false;
}

static bool read_format(const struct call *call, enum format *ret,
			struct err *e)
{
	const char *name = call->query[EXPORT_FORMAT];

	*ret = FORMAT_NDJSON;
	for (int i = 0; name != NULL && i < FORMATS; i++) {
		*ret = (enum format)i;
		if (strcmp(formats[i], name) == 0)
			return true;
	}
	return name == NULL || err_code(e, ERR_MALFORMED, "parameter_malformed",
					"format is csv, ndjson or ldif");
}

static bool read_domain(const struct call *call, struct export *x,
			struct err *e)
{
	const char *domain = call->query[EXPORT_DOMAIN];
	struct err bad = {0};

	if (domain == NULL)
		return true;
	x->domain = text_lower(call->task.arena, domain);
	return domain_name_check(x->domain, &bad) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed", "domain: %s",
			bad.text);
}

static bool begin(const struct call *call, bool hashes, struct response *res,
		  struct err *e)
{
	struct export *x = arena_alloc(call->task.arena, sizeof(*x));

	x->call = *call;
	x->heard = call->task.caller->heard;
	x->hashes = hashes;
	if (!read_format(call, &x->format, e) || !read_domain(call, x, e))
		return false;
	find_columns(x);
	if (!may_read(x, e) || !sit_down(x, res, e))
		return false;
	response_header(res, "X-Accel-Buffering", "no");
	res->type = media_types[x->format];
	res->stream = stream;
	res->stream_ctx = x;
	return true;
}

static bool export_all(const struct call *call, struct response *res,
		       json_t **ret, struct err *e)
{
	(void)ret;
	return begin(call, false, res, e);
}

/* Noted before the first goes out. */
static bool export_hashes(const struct call *call, struct response *res,
			  json_t **ret, struct err *e)
{
	struct store *s = call->gateway->store;
	const char *domain = call->query[EXPORT_DOMAIN];
	bool may = false;

	(void)ret;
	if (!s->ops->may_read_hashes(s, &call->task, &may, e))
		return false;
	if (!may)
		return err_set(e, ERR_DENIED,
			       "you may not read hashes of passwords");
	if (!begin(call, true, res, e))
		return false;
	log_always("export-hashes", "id", call->req->id, "caller",
		   call->task.caller->login, "key", call->task.caller->key,
		   "source", call->task.source, "domain", domain, NULL);
	return true;
}

/* clang-format off */
const struct route export_routes[] = {
	{"GET", "exports", NULL, export_all, "exports:read", KIND_COUNT, {"format", "domain"}},
	{"GET", "exports/hashes", NULL, export_hashes, "exports:hashes", KIND_COUNT, {"format", "domain"}},
	{NULL,  NULL,      NULL, NULL,       NULL,           KIND_COUNT, {NULL}},
};
/* clang-format on */
