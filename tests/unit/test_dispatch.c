#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/health.h"
#include "tests/lib/client.h"
#include "tests/lib/tap.h"
#include "util/base64.h"
#include "json/text.h"

#define ADMIN "admin:admin's"
#define ANN "ann@example.org:secret"
#define JSON "application/json"
#define MERGE "application/merge-patch+json"

static struct world *w;

/* What becomes of requests that never reach a record. */
static const struct {
	const char *name;
	struct ask ask;
	unsigned status;
	const char *code, *allow;
} refusals[] = {
	{"no such path",
	 {"GET", "/v1/x", NULL, ADMIN, NULL, NULL, NULL},
	 404,
	 "not_found",
	 NULL},
	{"no such root",
	 {"GET", "/x", NULL, NULL, NULL, NULL, NULL},
	 404,
	 "not_found",
	 NULL},
	{"nothing at /v1/",
	 {"GET", "/v1/", NULL, ADMIN, NULL, NULL, NULL},
	 404,
	 "not_found",
	 NULL},
	{"a deep path",
	 {"GET", "/v1/1/2/3/4/5/6/7/8/9", NULL, ADMIN, NULL, NULL, NULL},
	 404,
	 "not_found",
	 NULL},
	{"a malformed one",
	 {"GET", "/v1/%zz", NULL, ADMIN, NULL, NULL, NULL},
	 400,
	 "path_malformed",
	 NULL},
	{"a verb we do not do",
	 {"DELETE", "/v1/users", NULL, ADMIN, NULL, NULL, NULL},
	 405,
	 "method_not_allowed",
	 "GET, HEAD, POST, OPTIONS"},
	{"nobody does",
	 {"BREW", "/v1/me", NULL, NULL, NULL, NULL, NULL},
	 405,
	 "method_not_allowed",
	 "GET, HEAD, OPTIONS"},
	{"for one thing",
	 {"POST", "/v1/users/a@b.c", NULL, ADMIN, NULL, NULL, NULL},
	 405,
	 "method_not_allowed",
	 "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
	{"get for put",
	 {"GET", "/v1/users/a@b.c/password", NULL, ADMIN, NULL, NULL, NULL},
	 405,
	 "method_not_allowed",
	 "PUT, OPTIONS"},
	{"the method's case counts",
	 {"get", "/v1/me", NULL, ADMIN, NULL, NULL, NULL},
	 405,
	 "method_not_allowed",
	 "GET, HEAD, OPTIONS"},
	{"no login",
	 {"GET", "/v1/me", NULL, NULL, NULL, NULL, NULL},
	 401,
	 "unauthenticated",
	 NULL},
	{"a wrong one",
	 {"GET", "/v1/me", NULL, "admin:x", NULL, NULL, NULL},
	 401,
	 "unauthenticated",
	 NULL},
	{"none is told before a parameter",
	 {"GET", "/v1/me", "x=1", NULL, NULL, NULL, NULL},
	 401,
	 "unauthenticated",
	 NULL},
	{"a parameter nobody knows",
	 {"GET", "/v1/me", "x=1", ADMIN, NULL, NULL, NULL},
	 400,
	 "parameter_unknown",
	 NULL},
	{"no type",
	 {"POST", "/v1/users", NULL, ADMIN, NULL, "{}", NULL},
	 415,
	 "unsupported_media_type",
	 NULL},
	{"a wrong type",
	 {"POST", "/v1/users", NULL, ADMIN, "text/plain", "{}", NULL},
	 415,
	 "unsupported_media_type",
	 NULL},
	{"nearly the right type",
	 {"POST", "/v1/users", NULL, ADMIN, "application/jsonx", "{}", NULL},
	 415,
	 "unsupported_media_type",
	 NULL},
	{"a merge patch is no creation",
	 {"POST", "/v1/users", NULL, ADMIN, MERGE, "{}", NULL},
	 415,
	 "unsupported_media_type",
	 NULL},
	{"no body",
	 {"POST", "/v1/users", NULL, ADMIN, JSON, "", NULL},
	 400,
	 "json_malformed",
	 NULL},
	{"half a body",
	 {"POST", "/v1/users", NULL, ADMIN, JSON, "{\"a", NULL},
	 400,
	 "json_malformed",
	 NULL},
	{"a list",
	 {"POST", "/v1/users", NULL, ADMIN, JSON, "[]", NULL},
	 400,
	 "json_not_object",
	 NULL},
	{"a deep body",
	 {"POST", "/v1/users", NULL, ADMIN, JSON, "[[[[[[[[[[[[[[[[[[[[", NULL},
	 400,
	 "json_too_deep",
	 NULL},
	{"a malformed condition",
	 {"DELETE", "/v1/users/bob@example.org", NULL, ADMIN, NULL, NULL,
	  "If-Match: x"},
	 400,
	 "if_match_malformed",
	 NULL},
	{"another's state",
	 {"DELETE", "/v1/users/bob@example.org", NULL, ADMIN, NULL, NULL,
	  "If-Match: \"x\""},
	 412,
	 "precondition_failed",
	 NULL},
	{"limit 0",
	 {"GET", "/v1/users", "limit=0", ADMIN, NULL, NULL, NULL},
	 400,
	 "parameter_malformed",
	 NULL},
	{"limit 1001",
	 {"GET", "/v1/users", "limit=1001", ADMIN, NULL, NULL, NULL},
	 400,
	 "parameter_malformed",
	 NULL},
	{"no limit",
	 {"GET", "/v1/users", "limit=", ADMIN, NULL, NULL, NULL},
	 400,
	 "parameter_malformed",
	 NULL},
	{"a made-up cursor",
	 {"GET", "/v1/users", "cursor=ann", ADMIN, NULL, NULL, NULL},
	 400,
	 "cursor_malformed",
	 NULL},
	{"a cursor with a NUL",
	 {"GET", "/v1/users", "cursor=AAAA", ADMIN, NULL, NULL, NULL},
	 400,
	 "cursor_malformed",
	 NULL},
	{"a bad domain",
	 {"GET", "/v1/users", "domain=x", ADMIN, NULL, NULL, NULL},
	 400,
	 "parameter_malformed",
	 NULL},
	{"a domain that is not there",
	 {"GET", "/v1/users", "domain=x.example", ADMIN, NULL, NULL, NULL},
	 404,
	 "not_found",
	 NULL},
	{"what one may not list",
	 {"GET", "/v1/users", NULL, ANN, NULL, NULL, NULL},
	 403,
	 "forbidden",
	 NULL},
	{"what one may not see",
	 {"GET", "/v1/users/bob@example.org", NULL, ANN, NULL, NULL, NULL},
	 404,
	 "not_found",
	 NULL},
	{"generate what?",
	 {"POST", "/v1/users", "generate_password=1", ADMIN, JSON,
	  "{\"address\": \"g@example.org\"}", NULL},
	 400,
	 "parameter_malformed",
	 NULL},
	{"generate and give",
	 {"POST", "/v1/users", "generate_password=true", ADMIN, JSON,
	  "{\"address\": \"g@example.org\", \"password\": \"x\"}", NULL},
	 400,
	 "password_twice",
	 NULL},
	{"a quota of no number",
	 {"POST", "/v1/users", NULL, ADMIN, JSON,
	  "{\"address\": \"bob@example.org\", "
	  "\"quota_bytes\": -9223372036854775808}",
	  NULL},
	 422,
	 "invalid",
	 NULL},
	{"an empty domain that is not",
	 {"DELETE", "/v1/domains/example.org", NULL, ADMIN, NULL, NULL, NULL},
	 409,
	 "not_empty",
	 NULL},
	{"a disabled domain",
	 {"POST", "/v1/users", NULL, ADMIN, JSON,
	  "{\"address\": \"x@closed.example\"}", NULL},
	 409,
	 "domain_disabled",
	 NULL},
};

/* Each request is one line of the log, and no password is in it. */
static int sink;

static bool logged_once(void)
{
	char text[4096];
	ssize_t got = pread(sink, text, sizeof(text) - 1, 0);

	if (got < 0 || ftruncate(sink, 0) != 0)
		abort();
	text[got] = '\0';
	return got > 0 && strchr(text, '\n') == text + got - 1 &&
	       strstr(text, "event=request") != NULL &&
	       strstr(text, "secret") == NULL &&
	       strstr(text, "admin's") == NULL;
}

static void refused(void)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct response res = client_ask(w, &refusals[i].ask);
		const char *code = client_member(w, &res, "code");

		NUMBER(res.status, refusals[i].status, refusals[i].name);
		IS(code, arena_printf(w->arena, "\"%s\"", refusals[i].code),
		   "its code");
		IS(client_header(&res, "Allow"), refusals[i].allow, "Allow");
		IS(res.type, "application/problem+json", "a problem");
		OK((client_header(&res, "WWW-Authenticate") != NULL) ==
			   (res.status == 401),
		   "who has to log in is told how");
		OK(logged_once(), "one line in the log, without secrets");
	}
}

static struct response ask(const char *method, const char *path,
			   const char *login, const char *body)
{
	const struct ask a = {method,
			      path,
			      NULL,
			      login,
			      body != NULL ? "application/json; charset=utf-8"
					   : NULL,
			      body,
			      NULL};

	return client_ask(w, &a);
}

static void verbs(void)
{
	struct response res =
		ask("OPTIONS", "/v1/users/x@example.org", NULL, NULL);

	NUMBER(res.status, 204, "OPTIONS");
	IS(client_header(&res, "Allow"),
	   "GET, HEAD, PUT, PATCH, DELETE, OPTIONS", "tells what may be done");
	OK(res.body == NULL && res.type == NULL, "without a body");
	res = ask("OPTIONS", "/v1/nothing", NULL, NULL);
	NUMBER(res.status, 404, "of nothing");
	res = ask("HEAD", "/v1/me", ADMIN, NULL);
	OK(res.status == 200 && res.body_size > 0, "HEAD is a GET");
	res = ask("HEAD", "/v1/users/x@example.org/password", ADMIN, NULL);
	NUMBER(res.status, 405, "but only where there is one");
	res = ask("GET", "/v1/users/ann%40example.org/", ADMIN, NULL);
	NUMBER(res.status, 200, "escapes and a last slash do not matter");
	IS(client_header(&res, "Cache-Control"), "no-store", "kept by nobody");
	IS(client_header(&res, "X-Content-Type-Options"), "nosniff",
	   "nor guessed at");
}

static void health(void)
{
	struct response res = ask("GET", "/livez", NULL, NULL);

	IS(res.body, "{\"status\":\"ok\"}", "alive");
	res = ask("GET", "/readyz", NULL, NULL);
	NUMBER(res.status, 200, "ready");
	OK(strstr(res.body, "{\"name\":\"directory_read\",\"status\":\"ok\","
			    "\"required\":true}") != NULL,
	   "and what was looked at");
	health_tell(HEALTH_LEASE, "nobody has it");
	res = ask("GET", "/readyz", NULL, NULL);
	NUMBER(res.status, 200, "what others lack is no reason");
	OK(strstr(res.body, "\"failed\",\"required\":false,\"reason\":"
			    "\"nobody has it\"") != NULL,
	   "but told");
	health_tell(HEALTH_LEASE, NULL);
	health_tell(HEALTH_SCHEMA, "another one");
	res = ask("GET", "/readyz", NULL, NULL);
	NUMBER(res.status, 503, "a directory without our schema is");
	OK(strstr(res.body, "\"code\":\"directory_schema\"") != NULL,
	   "and that is told");
	health_tell(HEALTH_SCHEMA, NULL);
	w->login.down = true;
	res = ask("GET", "/readyz", NULL, NULL);
	NUMBER(res.status, 503, "not ready while nobody can log in");
	w->login.down = false;
	store_mem_down(w->store, true);
	res = ask("GET", "/livez", NULL, NULL);
	NUMBER(res.status, 200, "alive without a directory");
	res = ask("GET", "/readyz", NULL, NULL);
	NUMBER(res.status, 503, "but not ready");
	IS(client_header(&res, "Retry-After"), "1", "come again");
	res = ask("GET", "/v1/users/ann@example.org", ADMIN, NULL);
	NUMBER(res.status, 503, "nor of use");
	OK(strstr(res.body, "store") == NULL, "why is not the client's");
	store_mem_down(w->store, false);
	res = ask("GET", "/openapi.json", NULL, NULL);
	IS(res.body, "{\"openapi\":\"3.1.0\"}", "the description");
	IS(res.type, "application/json", "of that type");
}

static void life_of_a_user(void)
{
	const char *path = "/v1/users/new@example.org";
	struct response res = ask("POST", "/v1/users", ADMIN,
				  "{\"address\": \"New@Example.org\", "
				  "\"password\": \"a secret\"}");

	NUMBER(res.status, 201, "created");
	IS(client_header(&res, "Location"), path, "where it is");
	IS(client_member(w, &res, "address"), "\"new@example.org\"", "what");
	OK(strstr(res.body, "secret") == NULL &&
		   strstr(res.body, "fake") == NULL,
	   "neither password nor hash comes back");
	const char *etag = client_header(&res, "ETag");
	struct ask read = {"GET", path, NULL, ADMIN, NULL, NULL, NULL};
	res = client_ask(w, &read);
	IS(client_header(&res, "ETag"), etag, "the same when read");
	read.condition = arena_printf(w->arena, "If-None-Match: %s", etag);
	res = client_ask(w, &read);
	OK(res.status == 304 && res.body == NULL && res.type == NULL,
	   "not modified");
	IS(client_header(&res, "ETag"), etag, "with its tag");

	struct ask change = {"PATCH",
			     path,
			     NULL,
			     ADMIN,
			     MERGE,
			     "{\"name\": \"Newt\"}",
			     arena_printf(w->arena, "If-Match: %s", etag)};
	res = client_ask(w, &change);
	NUMBER(res.status, 200, "changed");
	IS(client_member(w, &res, "name"), "\"Newt\"", "as wanted");
	res = client_ask(w, &change);
	NUMBER(res.status, 412, "once only, with a condition");
	res = ask("PATCH", path, ADMIN, "{\"name\": null}");
	IS(client_member(w, &res, "name"), "\"new\"", "null: the default");
	res = ask("PATCH", path, ADMIN, "{\"id\": \"x\"}");
	NUMBER(res.status, 422, "what is read-only cannot be set");
	res = ask("PUT", "/v1/users/new@example.org/password", ADMIN,
		  "{\"password\": \"other\"}");
	OK(res.status == 204 && res.body == NULL, "a new password");
	IS(store_mem_password(w->store, "new@example.org"),
	   "{CRYPT}$fake$other", "is stored");
	res = ask("DELETE", path, ADMIN, NULL);
	OK(res.status == 204 && res.body == NULL, "removed");
	res = ask("DELETE", path, ADMIN, NULL);
	NUMBER(res.status, 404, "once");
}

static void faults(void)
{
	struct response res =
		ask("POST", "/v1/users", ADMIN,
		    "{\"address\": \"a b@example.org\", \"quota_bytes\": -1, "
		    "\"enabled\": \"yes\", \"a/b\": 1, \"created_at\": \"x\"}");

	NUMBER(res.status, 422, "faults");
	IS(client_member(w, &res, "errors"),
	   "[{\"code\":\"type\",\"detail\":\"it must be true or false\","
	   "\"pointer\":\"/enabled\"},"
	   "{\"code\":\"unknown\",\"detail\":\"there is no such field\","
	   "\"pointer\":\"/a~1b\"},"
	   "{\"code\":\"read_only\",\"detail\":\"it cannot be set\","
	   "\"pointer\":\"/created_at\"},"
	   "{\"code\":\"format\",\"detail\":\"character 0x20 is not allowed "
	   "before '@'\",\"pointer\":\"/address\"},"
	   "{\"code\":\"range\",\"detail\":\"a quota is 0 or more bytes\","
	   "\"pointer\":\"/quota_bytes\"}]",
	   "of syntax and of meaning, all at once");
	res = ask("POST", "/v1/users", ADMIN, "{}");
	IS(client_member(w, &res, "errors"),
	   "[{\"code\":\"missing\",\"detail\":\"it is required\","
	   "\"pointer\":\"/address\"}]",
	   "what is missing is told once");
	res = ask("POST", "/v1/aliases", ADMIN,
		  "{\"address\": \"a@example.org\", \"destinations\": \"b\"}");
	IS(client_member(w, &res, "errors"),
	   "[{\"code\":\"type\",\"detail\":\"it must be an array of "
	   "strings\",\"pointer\":\"/destinations\"}]",
	   "what has the wrong type is not missing as well");
	res = ask("POST", "/v1/users", ADMIN,
		  "{\"address\": \"sales@example.org\"}");
	IS(client_member(w, &res, "conflicts_with"),
	   "\"/v1/aliases/sales@example.org\"", "what is in the way");
}

/* All pages of a list, one behind the other. */
static const char *walk(const char *path, const char *limit)
{
	const char *seen = "", *cursor = NULL;

	for (int i = 0; i < 20; i++) {
		const struct ask a =
			{"GET",
			 path,
			 cursor != NULL
				 ? arena_printf(w->arena, "limit=%s&cursor=%s",
						limit, cursor)
				 : arena_printf(w->arena, "limit=%s", limit),
			 ADMIN,
			 NULL,
			 NULL,
			 NULL};
		struct response res = client_ask(w, &a);
		const char *next = client_member(w, &res, "next_cursor");
		const char *items = client_member(w, &res, "items");

		for (const char *p = items;
		     (p = strstr(p, "\"address\":\"")) != NULL; p += 11)
			seen = arena_printf(w->arena, "%s %.*s", seen,
					    (int)strcspn(p + 11, "@"), p + 11);
		if (next == NULL || strcmp(next, "null") == 0)
			return seen;
		OK(client_header(&res, "Link") != NULL,
		   "the next page is linked");
		/* base64 goes into a query percent-encoded */
		cursor = "";
		for (const char *p = next + 1; *p != '"'; p++)
			cursor =
				arena_printf(w->arena,
					     *p == '=' || *p == '+' || *p == '/'
						     ? "%s%%%02X"
						     : "%s%c",
					     cursor, *p);
	}
	return "without end";
}

static void lists(void)
{
	char body[64];

	for (char c = 'e'; c > 'a'; c--) {
		if (snprintf(body, sizeof(body),
			     "{\"address\": \"%c@example.org\"}", c) > 0)
			ask("POST", "/v1/users", ADMIN, body);
	}
	IS(walk("/v1/users", "100"), " ann b bob c d e", "all on one page");
	IS(walk("/v1/users", "1"), " ann b bob c d e", "one a page");
	IS(walk("/v1/users", "3"), " ann b bob c d e", "two full pages");
	IS(walk("/v1/aliases", "1"), " sales", "one alias");
	struct response res = ask("GET", "/v1/domains", ADMIN, NULL);
	OK(strstr(res.body, "closed.example") <
		   strstr(res.body, "\"example.org"),
	   "domains are sorted");
}

static void who_am_i(void)
{
	struct response res = ask("GET", "/v1/me", ADMIN, NULL);

	IS(res.body,
	   "{\"login\":\"admin\",\"kind\":\"principal\","
	   "\"authenticated_by\":\"password\","
	   "\"super_administrator\":true,\"key\":null,\"reseller\":null,"
	   "\"usage\":null,\"roles\":[],\"more_roles\":false}",
	   "an administrator");
	res = ask("GET", "/v1/me", ANN, NULL);
	IS(res.body,
	   "{\"login\":\"ann@example.org\",\"kind\":\"user\","
	   "\"authenticated_by\":\"password\","
	   "\"super_administrator\":false,\"key\":null,\"reseller\":null,"
	   "\"usage\":null,\"roles\":[],\"more_roles\":false}",
	   "a user");
	w->login.busy = true;
	res = ask("GET", "/v1/me", ADMIN, NULL);
	NUMBER(res.status, 503, "too many log in");
	IS(client_header(&res, "WWW-Authenticate"), NULL,
	   "which is no reason to ask for a password again");
	w->login.busy = false;
}

static void generated(void)
{
	const struct ask a = {"POST",
			      "/v1/users",
			      "generate_password=true",
			      ADMIN,
			      JSON,
			      "{\"address\": \"g@example.org\"}",
			      NULL};
	struct response res = client_ask(w, &a);
	const char *password = client_member(w, &res, "generated_password");

	NUMBER(res.status, 201, "with a password of ours");
	OK(password != NULL && strlen(password) == 25, "which is shown");
	res = ask("GET", "/v1/users/g@example.org", ADMIN, NULL);
	IS(client_member(w, &res, "generated_password"), NULL, "once");
}

int main(void)
{
	FILE *file = tmpfile();
	struct err e = {0};

	sink = file != NULL ? fileno(file) : -1;
	json_text_prepare();
	w = world_open();
	OK(dispatch_check(&e), "every route asks for a right");
	if (fcntl(sink, F_SETFL, O_APPEND) != 0 ||
	    dup2(sink, STDERR_FILENO) < 0)
		return 1;
	refused();
	verbs();
	health();
	life_of_a_user();
	faults();
	lists();
	who_am_i();
	generated();
	world_close(&w);
	return tap_done();
}
