#include "api/changes.h"

#include <string.h>
#include <strings.h>

#include "api/audit.h"
#include "api/native.h"
#include "core/query.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/text.h"

enum {
	CHANGES_LIMIT,
	CHANGES_CURSOR,
	CHANGES_KIND,
	CHANGES_DOMAIN,
	LOOK_MILLIS = 1500, /* that a page takes */
	LOOK_AT_ONCE = 200, /* changes that are looked at */
	WAIT_MILLIS = 200,  /* for what has been written and not read yet */
};

const char *change_cursor(struct arena *a, const char *place)
{
	return base64_encode(a, place, strlen(place));
}

const char *change_name(struct arena *a, const struct change *c)
{
	return arena_join(a, subject_names[c->subject], ".",
			  change_whats[c->what], NULL);
}

bool change_is_wanted(const struct change_filter *f, const struct change *c)
{
	return f->subjects[c->subject] &&
	       (f->domain == NULL || text_equal(f->domain, c->at.domain) ||
		text_equal(f->domain, c->to.domain));
}

/* The names of what changed, each once. */
static json_t *members(const struct change *c)
{
	const struct audit_record *r = c->record;
	json_t *ret = json_array(), *other;
	size_t at;

	for (size_t i = 0; c->what == CHANGE_CHANGED && i < r->change_count;
	     i++) {
		const char *name = audit_member(r, &r->changes[i]);
		bool there = name == NULL;

		json_array_foreach(ret, at, other)
			there = there ||
				strcmp(json_string_value(other), name) == 0;
		if (!there)
			json_array_append_new(ret, json_string(name));
	}
	return ret;
}

json_t *change_show(struct arena *a, const struct change *c)
{
	const struct audit_record *r = c->record;

	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, "
			 "s:s?, s:s?, s:o}",
			 "cursor", change_cursor(a, c->place), "time", r->time,
			 "event", change_name(a, c), "kind",
			 subject_names[c->subject], "key", c->at.key,
			 "renamed_to", c->to.key, "domain", c->at.domain, "id",
			 c->entry, "actor", r->actor, "actor_kind",
			 r->actor_kind, "request_id", r->request, "changed",
			 members(c));
}

static bool read_limit(const struct call *call, size_t *ret, struct err *e)
{
	int64_t n = QUERY_LIMIT_DEFAULT;

	if (call->query[CHANGES_LIMIT] != NULL &&
	    !text_number(call->query[CHANGES_LIMIT], 0, QUERY_LIMIT_MAX, &n))
		return err_code(e, ERR_MALFORMED, "parameter_malformed",
				"limit is a number from 0 to %d",
				QUERY_LIMIT_MAX);
	*ret = (size_t)n;
	return true;
}

/* Where a stream that was cut off had come to counts for more than where it
 * once began. */
static bool read_place(const struct call *call, bool stream, const char **ret,
		       struct err *e)
{
	const char *last = request_header(call->req, "Last-Event-ID");
	const char *cursor = call->query[CHANGES_CURSOR];
	struct feed *f = call->gateway->feed;
	char *place;
	size_t size;

	if (stream && last != NULL && last[0] != '\0')
		cursor = last;
	*ret = NULL;
	if (cursor == NULL)
		return true;
	if (!base64_decode(call->task.arena, cursor, &place, &size) ||
	    strlen(place) != size)
		return err_code(e, ERR_MALFORMED, "cursor_malformed",
				"that is not a cursor of ours");
	*ret = place;
	return f->ops->check(f, &call->task, place, e);
}

static bool read_subject(const char *word, size_t size, struct change_filter *f)
{
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		if (strlen(subject_names[i]) == size &&
		    strncmp(subject_names[i], word, size) == 0) {
			f->subjects[i] = true;
			/* Nobody knows any more which of these it was. */
			if (i == SUBJECT_USER || i == SUBJECT_ALIAS)
				f->subjects[SUBJECT_ADDRESS] = true;
			return true;
		}
	}
	return false;
}

static bool read_filter(const struct call *call, struct change_filter *f,
			struct err *e)
{
	const char *p = call->query[CHANGES_KIND],
		   *domain = call->query[CHANGES_DOMAIN];
	struct err bad = {0};

	*f = (struct change_filter){.domain = NULL};
	for (size_t i = 0; p == NULL && i < SUBJECT_COUNT; i++)
		f->subjects[i] = true;
	while (p != NULL) {
		size_t size = strcspn(p, ",");

		if (!read_subject(p, size, f))
			return err_code(e, ERR_MALFORMED, "parameter_malformed",
					"kind is user, alias, domain, "
					"principal or administrators, or "
					"several with commas between");
		p = p[size] == ',' ? p + size + 1 : NULL;
	}
	if (domain == NULL)
		return true;
	f->domain = text_lower(call->task.arena, domain);
	return domain_name_check(f->domain, &bad) ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed", "domain: %s",
			bad.text);
}

/* Whether the client prefers, or at least takes, events to a page. */
static bool takes_events(const struct request *req)
{
	static const char type[] = "text/event-stream";
	const char *p = request_header(req, "Accept");

	while (p != NULL && *p != '\0') {
		p += strspn(p, " \t,");
		size_t size = strcspn(p, ";, \t");

		if (size == strlen(type) && strncasecmp(p, type, size) == 0)
			return true;
		p += strcspn(p, ",");
	}
	return false;
}

struct page_of {
	const struct call *call;
	const struct change_filter *filter;
	struct sight *sight;
	const char *reached, *end; /* what was acknowledged is before that */
	size_t limit;
	bool more;
	json_t *items;
};

/* Some more of it; `more`: and there is more behind that. */
static bool read_on(struct page_of *p, struct err *e)
{
	const struct task *t = &p->call->task;
	struct feed *f = p->call->gateway->feed;
	struct change_page page;

	if (p->sight == NULL && !f->ops->sight(f, t, &p->sight, e))
		return false;
	if (!f->ops->read(f, t, p->sight, p->reached, LOOK_AT_ONCE, &page, e))
		return false;
	p->more = page.more;
	if (page.stale)
		p->sight = NULL;
	for (size_t i = 0; i < page.count; i++) {
		const struct change *c = &page.items[i];

		if (!change_is_wanted(p->filter, c))
			continue;
		if (json_array_size(p->items) == p->limit) {
			p->more = true;
			return true;
		}
		json_array_append_new(p->items, change_show(t->arena, c));
		p->reached = c->place;
	}
	p->reached = page.reached;
	p->more = p->more || strcmp(p->reached, p->end) < 0;
	/* It is read for all who follow in a moment. */
	if (p->more && !page.more)
		f->ops->await(f, p->reached, clock_now() + WAIT_MILLIS);
	return true;
}

/* Where nothing is asked for: where the log ends now. */
static bool show_page(const struct call *call, const struct change_filter *f,
		      const char *place, size_t limit, json_t **ret,
		      struct err *e)
{
	const struct task *t = &call->task;
	struct feed *feed = call->gateway->feed;
	struct page_of p = {.call = call,
			    .filter = f,
			    .reached = place,
			    .limit = limit,
			    .more = true,
			    .items = json_array()};
	int64_t until = clock_now() + LOOK_MILLIS;
	bool good = feed->ops->end(feed, t, &p.end, e);

	if (good && (place == NULL || limit == 0)) {
		p.more = false;
		p.reached = p.end;
	}
	while (good && p.more && json_array_size(p.items) < limit &&
	       clock_now() < until)
		good = read_on(&p, e);
	if (good)
		*ret = json_pack("{s:O, s:s, s:b}", "items", p.items, "cursor",
				 change_cursor(t->arena, p.reached), "more",
				 p.more);
	json_decref(p.items);
	return good;
}

static bool changes_read(const struct call *call, struct response *res,
			 json_t **ret, struct err *e)
{
	bool stream = takes_events(call->req);
	struct change_filter filter;
	const char *place = NULL;
	size_t limit = 0;

	if (call->gateway->feed == NULL)
		return err_code(e, ERR_UNAVAILABLE, "no_log",
				"changes are not followed");
	if (!read_limit(call, &limit, e) || !read_filter(call, &filter, e) ||
	    !read_place(call, stream, &place, e))
		return false;
	return stream ? change_stream(call, res, &filter, place, e)
		      : show_page(call, &filter, place, limit, ret, e);
}

/* clang-format off */
const struct route change_routes[] = {
	{"GET", "changes", NULL, changes_read, "changes:read", KIND_COUNT,
	 {"limit", "cursor", "kind", "domain"}},
	{NULL, NULL, NULL, NULL, NULL, KIND_COUNT, {NULL}},
};
/* clang-format on */
