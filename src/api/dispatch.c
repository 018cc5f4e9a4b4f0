#include "api/dispatch.h"

#include <string.h>
#include <strings.h>

#include "api/admission.h"
#include "api/conditional.h"
#include "api/count.h"
#include "api/deprecation.h"
#include "api/dry_run.h"
#include "api/idempotency.h"
#include "api/query.h"
#include "api/traced.h"
#include "core/keytext.h"
#include "core/replace.h"
#include "core/scope.h"
#include "http/status.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "json/text.h"

bool dispatch_check(struct err *e)
{
	const struct route *r;

	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		struct rows rows = rows_of(*d);

		while ((r = rows_next(&rows)) != NULL) {
			if (r->right == NULL || r->right[0] == '\0')
				return err_set(e, ERR_INTERNAL,
					       "%s: no right for %s %s",
					       (*d)->name, r->method, r->path);
		}
	}
	return deprecation_check(deprecations, e);
}

static bool is_on(const struct dialect *d, const struct service *s)
{
	return d->foreign == NULL || (s != NULL && d->foreign->is_on(s));
}

/* What others serve is served without its last slash, too. */
static bool is_below(const struct dialect *d, const char *path)
{
	size_t size = strlen(d->prefix) - 1;

	return strncmp(path, d->prefix, size) == 0 &&
	       (path[size] == '/' || (path[size] == '\0' && d->foreign));
}

/* The last one takes whatever is left. */
static const struct dialect *find_dialect(const struct service *s,
					  const char *path)
{
	const struct dialect *const *d = dialects;

	while (d[1] != NULL && (!is_below(*d, path) || !is_on(*d, s)))
		d++;
	return *d;
}

/* HEAD is a GET whose body libmicrohttpd keeps back. */
static bool same_method(const struct dialect *d, const struct route *r,
			const char *method)
{
	return strcmp(r->method, method) == 0 ||
	       (d->foreign == NULL && strcmp(method, "HEAD") == 0 &&
		strcmp(r->method, "GET") == 0);
}

/* In a foreign dialect the first row that fits a path says which it is, and
 * nothing else does. */
static bool fits(const struct dialect *d, const struct route *r,
		 const struct path *path, const char *params[ROUTE_PARAMS],
		 const char **first)
{
	if (!route_matches(r, path, params) ||
	    (d->foreign != NULL && *first != NULL &&
	     strcmp(*first, r->path) != 0))
		return false;
	*first = r->path;
	return true;
}

/* What a path allows, for 405 and OPTIONS; NULL if it is none of ours. */
static const char *allowed(const struct dialect *d, const struct path *path,
			   struct arena *a)
{
	const char *between = d->foreign == NULL ? ", " : ",";
	const char *params[ROUTE_PARAMS], *list = NULL, *first = NULL;
	struct rows rows = rows_of(d);
	const struct route *r;

	while ((r = rows_next(&rows)) != NULL) {
		if (!fits(d, r, path, params, &first))
			continue;
		list = list == NULL ? r->method
				    : arena_printf(a, "%s%s%s", list, between,
						   r->method);
		if (d->foreign == NULL && strcmp(r->method, "GET") == 0)
			list = arena_printf(a, "%s, HEAD", list);
	}
	return list != NULL && d->foreign == NULL
		       ? arena_printf(a, "%s, OPTIONS", list)
		       : list;
}

static bool find_route(const struct dialect *d, struct call *call,
		       struct response *res, struct err *e)
{
	const struct request *req = call->req;
	struct rows rows = rows_of(d);
	const char *first = NULL;
	const struct route *r;
	struct path path;

	if (!path_split(req->arena, req->path + strlen(d->prefix) - 1, &path,
			e))
		return false;
	while ((r = rows_next(&rows)) != NULL) {
		if (fits(d, r, &path, call->params, &first) &&
		    same_method(d, r, req->method)) {
			call->route = r;
			call->amends = d->amends != NULL ? d->amends(r) : NULL;
			return true;
		}
	}
	const char *allow = allowed(d, &path, req->arena);
	if (allow == NULL)
		return err_set(e, ERR_NOT_FOUND, "nothing is here");
	call->allow = allow;
	if (allow[0] != '\0')
		response_header(res, "Allow", allow);
	return err_set(e, ERR_METHOD, "only %s can be done here", allow);
}

static bool is_visit(const struct route *r)
{
	return strcmp(r->right, open_to_all) == 0 && r->kind != KIND_COUNT;
}

bool dispatch_is_visit(const struct request *req)
{
	struct call call = {.req = req};
	struct response none = {0};
	struct err e = {0};

	return find_route(find_dialect(NULL, req->path), &call, &none, &e) &&
	       is_visit(call.route);
}

/* A browser shows a certificate without being asked, whatever page has it send
 * a request. */
static bool is_of_foreign_page(const struct request *req)
{
	const char *site = request_header(req, "Sec-Fetch-Site");

	return request_header(req, "Origin") != NULL ||
	       (site != NULL && strcmp(site, "none") != 0 &&
		strcmp(site, "same-origin") != 0);
}

/* It counts where nothing else was given, right or wrong. */
static bool take_certificate(const struct request *req, struct credential *ret)
{
	if (req->certificate == NULL || is_of_foreign_page(req) ||
	    request_header(req, "Authorization") != NULL)
		return false;
	*ret = (struct credential){.proof = PROOF_CERTIFICATE,
				   .secret = req->certificate,
				   .subject = req->subject,
				   .source = req->source};
	return true;
}

/* A login with a NUL in it, or such, is refused like any other wrong one. */
static bool is_nobody(const struct request *req, unsigned schemes,
		      struct auth *ret)
{
	const char *header = request_header(req, "Authorization");

	*ret = (struct auth){.scheme = AUTH_BASIC, .name = "", .secret = ""};
	return (schemes & AUTH_BASIC) != 0 && header != NULL &&
	       strncasecmp(header, "Basic ", 6) == 0;
}

/* What the client proves with: keys of ours begin with a word that no token
 * does, so that neither is ever tried as the other. */
static bool read_credential(const struct call *call, const struct dialect *d,
			    struct credential *ret, struct err *e)
{
	static const char key_prefix[] = "pvt_";
	const struct foreign *f = d->foreign;
	unsigned schemes = f != NULL ? f->schemes(call->route) : d->schemes;
	struct auth auth;

	if (f == NULL && take_certificate(call->req, ret))
		return true;
	if (!auth_read(call->req, schemes, &auth) &&
	    !is_nobody(call->req, schemes, &auth) &&
	    (f == NULL || !f->credential(call, &auth, e)))
		return e->kind != ERR_NONE
			       ? false
			       : err_set(e, ERR_UNAUTHENTICATED,
					 "log in with HTTP Basic or an API key");
	*ret = (struct credential){.proof = PROOF_PASSWORD,
				   .name = auth.name,
				   .secret = auth.secret,
				   .source = call->req->source};
	if (auth.scheme == AUTH_API_KEY)
		ret->proof = PROOF_KEY;
	else if (auth.scheme == AUTH_BEARER)
		ret->proof = strncmp(auth.secret, key_prefix,
				     strlen(key_prefix)) == 0
				     ? PROOF_KEY
				     : PROOF_TOKEN;
	return true;
}

/* A key may be used for what it was made for; what its owner may do at all the
 * directory decides. */
static bool within_scope(const struct call *call, struct err *e)
{
	return scope_allows(call->task.caller->scope, call->route->right) ||
	       err_code(e, ERR_DENIED, "scope", "this key is not for %s",
			call->route->right);
}

/* Who came with a key or a token is told that it was not taken, and not why. */
static const char *challenge(const struct request *req)
{
	const char *header = request_header(req, "Authorization");

	return header != NULL && strncasecmp(header, "Bearer ", 7) == 0
		       ? "Bearer realm=\"provost\", error=\"invalid_token\""
		       : "Basic realm=\"provost\", charset=\"UTF-8\"";
}

static bool authenticate(struct call *call, const struct dialect *d,
			 struct response *res, struct err *e)
{
	struct login *l = call->gateway->login;
	struct credential c;

	if (call->service->open)
		return true;
	if (strcmp(call->route->right, open_to_all) == 0)
		return !is_visit(call->route) || admission_visit(call, e);
	if (!admission_prove(call, e))
		return false;
	if (read_credential(call, d, &c, e) &&
	    l->ops->verify(l, &call->task, &c, false, &call->task.caller, e))
		return admission_enter(call, e) && within_scope(call, e);
	if (e->kind == ERR_UNAUTHENTICATED && d->foreign == NULL)
		response_header(res, "WWW-Authenticate", challenge(call->req));
	return false;
}

static const char plain[] = "application/json";
static const char merge[] = "application/merge-patch+json";
static const char operations[] = "application/json-patch+json";

static bool is_of(const struct request *req, const char *wanted)
{
	const char *type = request_header(req, "Content-Type");

	return type != NULL && strcspn(type, "; \t") == strlen(wanted) &&
	       strncasecmp(type, wanted, strlen(wanted)) == 0;
}

static bool is_json(const struct call *call)
{
	bool patches = strcmp(call->req->method, "PATCH") == 0;

	return is_of(call->req, plain) || (patches && is_of(call->req, merge));
}

static bool wrong_type(const struct call *call, struct response *res,
		       struct err *e)
{
	struct arena *a = call->req->arena;
	bool amends = call->amends != NULL;

	if (strcmp(call->req->method, "PATCH") == 0)
		response_header(res, "Accept-Patch",
				arena_join(a, merge, ", ", plain,
					   amends ? ", " : "",
					   amends ? operations : "", NULL));
	return err_set(e, ERR_MEDIA_TYPE,
		       "send JSON, with Content-Type: application/json");
}

static bool read_amendment(struct call *call, struct err *e)
{
	const struct request *req = call->req;
	json_t *array;

	return json_text_parse_array(req->arena, req->body, req->body_size,
				     &array, e) &&
	       json_patch_read(req->arena, array, &call->amendment, e);
}

/* PUT, where it replaces what the path names. */
static bool read_whole(struct call *call, json_t *object, struct err *e)
{
	const struct route *r = call->route;
	struct arena *a = call->req->arena;

	if (codec_decode_whole(r->takes, a, object, kind_rules(r->kind)->key,
			       call->body, &call->whole, e))
		return true;
	replace_judge(call->gateway, r->kind, call->params[0], call->body, a,
		      e);
	return false;
}

static bool read_body(struct call *call, struct response *res, struct err *e)
{
	const struct request *req = call->req;
	const struct codec *takes = call->route->takes;
	json_t *object;

	if (takes == NULL)
		return true;
	if (call->amends != NULL && is_of(req, operations))
		return read_amendment(call, e);
	if (!is_json(call))
		return wrong_type(call, res, e);
	call->body = arena_alloc(req->arena, takes->size);
	if (!json_text_parse(req->arena, req->body, req->body_size, &object, e))
		return false;
	/* A body without defaults is no record: it replaces none. */
	if (takes->defaults != NULL && strcmp(req->method, "PUT") == 0)
		return read_whole(call, object, e);
	bool partial = strcmp(req->method, "PATCH") == 0;
	if (codec_decode(takes, req->arena, object, partial, call->body,
			 &call->present, e))
		return true;
	/* All faults are told at once: those of a new record's values, too. */
	if (strcmp(req->method, "POST") == 0 && takes->defaults != NULL &&
	    call->route->kind != KIND_COUNT)
		provision_judge(call->gateway, call->route->kind, call->body,
				req->arena, e);
	return false;
}

static void write_body(struct response *res, struct arena *a, json_t *reply,
		       size_t style)
{
	res->body = json_text_print(a, reply, style);
	res->body_size = strlen(res->body);
}

static void word(const struct dialect *d, struct call *call,
		 struct response *res, struct err *e)
{
	struct arena *a = call->req->arena;
	unsigned (*status)(enum err_kind) =
		d->status_of != NULL ? d->status_of : status_of;

	res->status = status(e->kind);
	res->type = d->error_type;
	if (res->status == 503 || res->status == 504)
		response_header(res, "Retry-After", "1");
	if (e->kind == ERR_CHANGED && e->etag != NULL)
		conditional_tag(call->req, res, e->etag);
	write_body(res, a,
		   d->word_error(a, e, res->status,
				 call->route != NULL ? call->route->takes
						     : NULL),
		   d->json_style);
}

/* The one place that logs a request, whatever became of it. */
static void log_request(const struct call *call, const struct response *res,
			int64_t took, const struct err *e)
{
	const struct request *req = call->req;
	char status[TEXT_DECIMAL], micros[TEXT_DECIMAL];
	/* Health checks come every few seconds, and what they tell is logged
	 * where it happens. */
	bool health = call->service->open ||
		      (call->route != NULL &&
		       strcmp(call->route->right, open_to_all) == 0);
	int level = health                                     ? LOG_DEBUG
		    : res->status >= 500 && res->status != 501 ? LOG_ERR
							       : LOG_INFO;

	log_event(level, "request", "id", req->id, "trace",
		  call->task.trace != NULL ? call->task.trace->id : NULL,
		  "source", req->source, "caller",
		  call->task.caller != NULL ? call->task.caller->login : "-",
		  "method", req->method, "path",
		  keytext_hide(req->arena, req->path), "status",
		  text_decimal(status, res->status), "preference",
		  call->task.rehearsal != NULL ? "dry-run" : NULL, "micros",
		  text_decimal(micros, took), "error",
		  e->kind != ERR_NONE ? keytext_hide(req->arena, e->text)
				      : NULL,
		  NULL);
}

/* A route may know better what it would have done. */
static bool has_told(const struct response *res)
{
	for (size_t i = 0; i < res->header_count; i++) {
		if (strcmp(res->headers[i].name, "Preference-Applied") == 0)
			return true;
	}
	return false;
}

/* Headers about a resource that is not as they say are not sent. */
static bool rehearse(struct call *call, struct response *res, json_t **reply,
		     struct err *e)
{
	size_t headers = res->header_count;
	bool good = call->route->handle(call, res, reply, e);

	if (good && has_told(res))
		return true;
	res->header_count = headers;
	if (!good || !dry_run_tell(call, res, reply, e))
		return false;
	prefer_applied(res, "dry-run");
	return true;
}

static bool answer(const struct dialect *d, struct call *call,
		   struct response *res, json_t **reply, struct err *e)
{
	bool answered;

	if (!admission_arrive(call, e) || !find_route(d, call, res, e))
		return false;
	if (d->foreign != NULL) {
		if (!authenticate(call, d, res, e))
			return false;
		admission_weigh(call);
		return call->route->handle(call, res, reply, e);
	}
	if (!query_has_no_credential(call->req, e) ||
	    !prefer_read(call->req, &call->prefer, e) ||
	    !authenticate(call, d, res, e) || !query_parse(call, e) ||
	    !read_body(call, res, e))
		return false;
	admission_weigh(call);
	dry_run_begin(call);
	if (call->task.rehearsal != NULL)
		return rehearse(call, res, reply, e);
	if (!idempotency_begin(call, res, &answered, e) || answered)
		return answered;
	return call->route->handle(call, res, reply, e);
}

static bool is_options(const struct call *call, struct response *res,
		       const struct err *e)
{
	if (e->kind != ERR_METHOD || strcmp(call->req->method, "OPTIONS") != 0)
		return false;
	res->status = 204;
	return true;
}

void dispatch(const struct service *s, const struct request *req,
	      struct response *res)
{
	struct call call = {.req = req,
			    .service = s,
			    .gateway = s->gateway,
			    .task = {.arena = req->arena,
				     .deadline = req->deadline,
				     .request = req->id,
				     .source = req->source}};
	const struct dialect *d =
		s->open ? &dialect_health : find_dialect(s, req->path);
	struct request *meant = arena_alloc(req->arena, sizeof(*meant));
	struct err e = {0};

	*meant = *req; /* a stream has it for longer than we do */
	if (d->foreign != NULL)
		meant->method = d->foreign->method(req);
	call.req = meant;
	call.dialect = d;

	call.must_match = d->conditional && s->settings != NULL &&
			  text_equal(s->settings->require_if_match, "yes");
	json_t *reply = NULL;

	*res = (struct response){.status = 200, .type = "application/json"};
	response_header(res, "Cache-Control", "no-store");
	response_header(res, "X-Content-Type-Options", "nosniff");
	response_header(res, "Referrer-Policy", "no-referrer");
	call.task.trace = traced(req, res);
	bool good = answer(d, &call, res, &reply, &e);
	admission_settle(&call, &e);
	rates_tell(&call.seen, req->arena, res);
	if (d->foreign == NULL && !good && !is_options(&call, res, &e))
		word(d, &call, res, &e);
	else if (reply != NULL)
		write_body(res, req->arena, reply, d->json_style);
	if (d->foreign != NULL)
		d->foreign->finish(&call, res, &e);
	if (res->body == NULL && res->stream == NULL)
		res->type = NULL;
	idempotency_end(&call, res, &e);
	deprecation_tell(deprecation_of(s->deprecations, d, call.route),
			 req->arena, res);
	int64_t micros = clock_micros() - req->began;
	count_request(call.route, res->status, micros);
	log_request(&call, res, micros, &e);
}
