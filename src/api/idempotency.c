#include "api/idempotency.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

enum {
	WAIT = 2000,       /* milliseconds for who is just answering it */
	LOOK = 50,         /* milliseconds between looks */
	LEAVE = 500,       /* milliseconds before the deadline to say so */
	AFTERWARDS = 2000, /* milliseconds to note what was answered */
	NOTE_TRIES = 3,
	NOTE_PAUSE = 500, /* milliseconds, while there is no directory */
	STATUS_SIZE = 3,
};

static const char header[] = "Idempotency-Key";

/* Of an answer, besides what every reply has. */
static const char *const kept[] = {"Location", "Content-Location", "ETag",
				   "Link"};

/* What can be asked for again, because what it adds carries the mark of its
 * request, or its plan is named by that.  Of anything else nobody knows what
 * became of it. */
static const char *const provable[] =
	{"domains", "users",      "aliases",           "principals",
	 "keys",    "changesets", "trash/{id}/restore"};

static bool is_provable(const struct route *r)
{
	for (size_t i = 0; i < COUNT(provable); i++) {
		if (strcmp(provable[i], r->path) == 0)
			return true;
	}
	return false;
}

static bool malformed(struct err *e, const char *why)
{
	return err_code(e, ERR_MALFORMED, "idempotency_key_malformed", "%s %s",
			header, why);
}

/* Up to the closing quote; the end, or NULL. */
static const char *unquote(struct arena *a, const char *p, const char **ret)
{
	char *key = arena_alloc(a, strlen(p) + 1);
	size_t n = 0;

	for (p++; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && *++p != '"' && *p != '\\')
			return NULL;
		key[n++] = *p;
	}
	key[n] = '\0';
	*ret = key;
	return *p == '"' ? p + 1 : NULL;
}

/* Without quotes only what needs none. */
static const char *bare(struct arena *a, const char *p, const char **ret)
{
	size_t size = strcspn(p, "\" \t,;\\");

	*ret = arena_strndup(a, p, size);
	return p + size;
}

static bool is_printable(const char *key)
{
	for (; *key != '\0'; key++) {
		if (*key < ' ' || *key > '~')
			return false;
	}
	return true;
}

static size_t times_sent(const struct request *req)
{
	size_t n = 0;

	for (size_t i = 0; i < req->header_count; i++)
		n += strcasecmp(req->headers[i].name, header) == 0;
	return n;
}

bool idempotency_key(const struct request *req, const char **ret, struct err *e)
{
	const char *value = request_header(req, header), *end;

	*ret = NULL;
	if (value == NULL)
		return true;
	if (times_sent(req) > 1)
		return malformed(e, "was sent more than once");
	end = *value == '"' ? unquote(req->arena, value, ret)
			    : bare(req->arena, value, ret);
	if (end == NULL || end[strspn(end, " \t")] != '\0')
		return malformed(e, "is one string in quotes");
	if ((*ret)[0] == '\0' || strlen(*ret) > IDEMPOTENCY_KEY_MAX)
		return malformed(e, "has 1 to 255 characters");
	return is_printable(*ret) ||
	       malformed(e, "has printable characters of ASCII only");
}

static const char *header_of(const struct response *res, const char *name)
{
	for (size_t i = 0; i < res->header_count; i++) {
		if (strcasecmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	}
	return NULL;
}

/* Status, type, headers as lines, an empty line, and the body. */
const char *idempotency_write(struct arena *a, const struct response *res)
{
	bool whole = res->body_size <= IDEMPOTENCY_BODY_MAX;
	size_t body_size = res->body != NULL && whole ? res->body_size : 0;
	const char *head =
		arena_printf(a, "%u %s\n", res->status % 1000,
			     res->type != NULL && body_size > 0 ? res->type
								: "");

	for (size_t i = 0; i < COUNT(kept); i++) {
		const char *value = header_of(res, kept[i]);

		if (value != NULL)
			head = arena_join(a, head, kept[i], " ", value, "\n",
					  NULL);
	}
	const char *body =
		body_size > 0 ? arena_strndup(a, res->body, body_size) : "";
	return arena_join(a, head, "\n", body, NULL);
}

/* The line at *at without its end, which *at is behind then; or NULL. */
static char *take_line(struct arena *a, const char **at, const char *end)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));

	if (stop == NULL)
		return NULL;
	char *line = arena_strndup(a, *at, (size_t)(stop - *at));
	*at = stop + 1;
	return line;
}

static bool read_status(const char *line, struct response *ret)
{
	if (strspn(line, "0123456789") != STATUS_SIZE ||
	    line[STATUS_SIZE] != ' ')
		return false;
	ret->status = (unsigned)strtoul(line, NULL, 10);
	ret->type = line + STATUS_SIZE + 1;
	return true;
}

/* Only those that we keep, whatever is there. */
static bool read_header(char *line, struct response *ret)
{
	char *blank = strchr(line, ' ');

	if (blank == NULL)
		return false;
	*blank = '\0';
	for (size_t i = 0; i < COUNT(kept); i++) {
		if (strcmp(kept[i], line) != 0)
			continue;
		response_header(ret, kept[i], blank + 1);
		return true;
	}
	return false;
}

bool idempotency_read(struct arena *a, const char *text, struct response *ret)
{
	const char *at = text, *end = text + strlen(text);
	char *line = take_line(a, &at, end);
	size_t headers = 0;

	if (line == NULL || !read_status(line, ret))
		return false;
	while ((line = take_line(a, &at, end)) != NULL && line[0] != '\0') {
		if (++headers > COUNT(kept) || !read_header(line, ret))
			return false;
	}
	ret->body = at < end ? at : NULL;
	ret->body_size = (size_t)(end - at);
	return line != NULL;
}

static bool applies(const struct call *call)
{
	return strcmp(call->req->method, "POST") == 0 &&
	       call->task.caller != NULL && !call->prefer.dry_run &&
	       request_header(call->req, header) != NULL;
}

static bool is_busy(struct response *res, struct err *e)
{
	response_header(res, "Retry-After", "1");
	return err_code(e, ERR_CONFLICT, "request_under_way",
			"the same request is just being answered");
}

/* Until it is answered, given up by who answers it, or we may not wait. */
static bool claim(struct call *call, struct asked *asked, struct response *res,
		  struct claim *ret, struct err *e)
{
	const struct gateway *g = call->gateway;
	struct requests *r = g->requests;
	int64_t until = clock_now() + WAIT;

	if (until > call->task.deadline - LEAVE)
		until = call->task.deadline - LEAVE;
	while (r->ops->claim(r, &call->task, asked, ret, e)) {
		if (ret->state != CLAIM_BUSY)
			return true;
		if (clock_now() >= until ||
		    !g->store->ops->await(g->store, &call->task, LOOK))
			return is_busy(res, e);
		asked->look = true;
	}
	if (e->kind == ERR_RATE)
		response_header(res, "Retry-After", "60");
	return false;
}

static bool replay(struct call *call, const struct claim *c,
		   struct response *res, struct err *e)
{
	if (!idempotency_read(call->task.arena, c->answer, res))
		return err_set(e, ERR_INTERNAL, "what was answered is garbled");
	response_header(res, "Idempotent-Replayed", "true");
	return true;
}

static bool in_doubt(struct err *e)
{
	return err_code(e, ERR_CONFLICT, "outcome_unknown",
			"nobody knows what became of the request that had this "
			"key: look, and then use another");
}

static bool settle(struct call *call, struct claim *c, struct response *res,
		   bool *answered, struct err *e)
{
	switch (c->state) {
	case CLAIM_ANSWERED:
		*answered = true;
		return replay(call, c, res, e);
	case CLAIM_OTHER:
		return err_code(e, ERR_INVALID, "idempotency_key_reused",
				"this key was used for another request");
	case CLAIM_OURS:
	case CLAIM_BUSY:
		break;
	}
	call->claim = c;
	call->task.origin = &c->origin;
	return !c->origin.again || is_provable(call->route) || in_doubt(e);
}

bool idempotency_begin(struct call *call, struct response *res, bool *answered,
		       struct err *e)
{
	const struct request *req = call->req;
	const struct gateway *g = call->gateway;
	struct asked asked = {.body = req->body, .body_size = req->body_size};
	struct claim *c = arena_alloc(req->arena, sizeof(*c));

	*answered = false;
	if (!applies(call))
		return true;
	if (!idempotency_key(req, &asked.key, e))
		return false;
	if (g->requests == NULL)
		return err_set(e, ERR_UNAVAILABLE, "no requests are kept");
	asked.what = arena_join(req->arena, req->method, " ", req->path, "?",
				req->query != NULL ? req->query : "", NULL);
	/* Two may do what can be proved: the directory decides whose it is. */
	asked.stale_millis =
		is_provable(call->route) ? g->lease_millis : g->settle_millis;
	return claim(call, &asked, res, c, e) &&
	       settle(call, c, res, answered, e);
}

/* Not what may be otherwise in a moment. */
static bool is_final(const struct response *res, const struct err *e)
{
	return res->status < 500 && e->kind != ERR_RATE &&
	       !text_equal(e->code, "under_way") &&
	       !text_equal(e->code, "outcome_unknown");
}

/* What is known of it from now on. */
static bool note(const struct call *call, const struct task *t,
		 const struct response *res, const struct err *e,
		 struct err *why)
{
	struct requests *r = call->gateway->requests;
	const struct claim *c = call->claim;
	bool doubt = c->origin.again || e->kind == ERR_UNKNOWN;

	if (!is_final(res, e))
		return r->ops->leave(r, t, c, doubt, why);
	return r->ops->keep(r, t, c, idempotency_write(t->arena, res), why);
}

void idempotency_end(struct call *call, const struct response *res,
		     const struct err *e)
{
	struct store *s = call->gateway->store;
	struct task t = call->task;
	struct err why = {0};

	if (call->claim == NULL)
		return;
	/* It is answered late rather than not noted: the next who asks would
	 * have to wait, and to find out. */
	t.deadline = clock_now() + AFTERWARDS;
	for (int try = 0; try < NOTE_TRIES; try++) {
		err_clear(&why);
		if (note(call, &t, res, e, &why))
			return;
		if (!s->ops->await(s, &t, NOTE_PAUSE))
			break;
	}
	log_event(LOG_WARNING, "answer-not-kept", "id", call->req->id, "error",
		  why.text, NULL);
}
