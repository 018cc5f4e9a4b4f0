/* What a domain should publish in the DNS, and what was found there. */
#include <string.h>
#include <strings.h>

#include "api/native.h"
#include "core/domain_checks.h"
#include "core/zone.h"
#include "util/text.h"

/* In the order of the route's table. */
enum { DNS_FORMAT };

static const char zone_type[] = "text/dns";

static json_t *text_or_null(const char *s)
{
	return s != NULL ? json_string(s) : json_null();
}

static json_t *result_show(const struct checkup_result *r)
{
	return json_pack("{s:s, s:s?, s:s, s:s, s:s?, s:s?, s:s?, s:s?}",
			 "name", r->name, "about", r->about, "result",
			 r->result, "code", r->code, "detail", r->detail,
			 "actor", r->actor, "seen", r->seen, "wanted",
			 r->wanted);
}

static json_t *proof_show(const struct call *call, const struct checked *c)
{
	if (c->challenge == NULL)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "name",
			 arena_join(call->task.arena, PUBLISH_CHALLENGE, ".",
				    c->domain.name, NULL),
			 "type", "TXT", "value", c->challenge);
}

static json_t *checks_json(const struct call *call, const struct checked *c)
{
	json_t *results = json_array();

	for (size_t i = 0; i < c->report.count; i++)
		json_array_append_new(results,
				      result_show(&c->report.results[i]));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:o, s:o}", "domain",
			 c->domain.name, "state", c->report.state, "checked_at",
			 c->report.checked_at, "next_check_at",
			 c->report.next_at, "results", results, "proof",
			 proof_show(call, c));
}

static bool checks_show(const struct call *call, struct response *res,
			json_t **ret, struct err *e)
{
	struct checked c;

	(void)res;
	if (!domain_checks_read(call->gateway, &call->task, call->params[0], &c,
				e))
		return false;
	*ret = checks_json(call, &c);
	return true;
}

static bool checks_do(const struct call *call, struct response *res,
		      json_t **ret, struct err *e)
{
	struct checked c;

	(void)res;
	if (!domain_checks_run(call->gateway, &call->task, call->params[0], &c,
			       e))
		return false;
	*ret = checks_json(call, &c);
	return true;
}

static json_t *record_show(const struct call *call, const struct wish *w,
			   const struct checkup_result *r)
{
	struct arena *a = call->task.arena;
	json_t *strings = json_null();

	if (w->type == DNS_TXT) {
		struct text_list l = zone_strings(a, w->text);

		strings = json_array();
		for (size_t i = 0; i < l.count; i++)
			json_array_append_new(strings, json_string(l.items[i]));
	}
	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:o, s:s?, s:s?, s:s?}",
			 "check", w->purpose, "name", w->name, "type",
			 publish_type(w->type), "ttl", ZONE_TTL, "value",
			 publish_value(a, w), "strings", strings, "state",
			 r != NULL ? r->result : NULL, "code",
			 r != NULL ? r->code : NULL, "key_state", w->key_state);
}

/* Names of the domain and words of ours: nothing in a comment ends it. */
static void zone_show(const struct call *call, const struct checked *c,
		      const struct wishes *w, struct response *res)
{
	struct arena *a = call->task.arena;
	const char *text =
		arena_printf(a,
			     "; what %s should have in the DNS; checked: %s\n",
			     c->domain.name,
			     c->report.checked_at != NULL ? c->report.checked_at
							  : "never");

	for (size_t i = 0; i < w->count; i++) {
		const struct wish *x = &w->items[i];
		const struct checkup_result *r = checkup_of(&c->report, x);

		text = arena_join(a, text, "; ", x->purpose, ": ",
				  r != NULL ? r->result : "not checked",
				  x->key_state != NULL ? ", the key is " : "",
				  x->key_state != NULL ? x->key_state : "",
				  "\n", zone_line(a, x), NULL);
	}
	res->type = zone_type;
	res->body = text;
	res->body_size = strlen(text);
}

/* What the parameter says or, without it, the header. */
static bool read_format(const struct call *call, bool *zone, struct err *e)
{
	const char *format = call->query[DNS_FORMAT];
	const char *accept = request_header(call->req, "Accept");

	*zone = format != NULL ? strcmp(format, "zone") == 0
			       : accept != NULL &&
					 strcasestr(accept, zone_type) != NULL;
	return format == NULL || *zone || strcmp(format, "json") == 0 ||
	       err_code(e, ERR_MALFORMED, "parameter_malformed",
			"format is json or zone");
}

static bool dns_show(const struct call *call, struct response *res,
		     json_t **ret, struct err *e)
{
	struct checked c;
	struct wishes w;
	bool zone;

	if (!read_format(call, &zone, e) ||
	    !domain_checks_wishes(call->gateway, &call->task, call->params[0],
				  &c, &w, e))
		return false;
	response_header(res, "Vary", "Accept");
	if (zone) {
		zone_show(call, &c, &w, res);
		return true;
	}
	json_t *records = json_array();
	for (size_t i = 0; i < w.count; i++)
		json_array_append_new(records,
				      record_show(call, &w.items[i],
						  checkup_of(&c.report,
							     &w.items[i])));
	*ret = json_pack("{s:s, s:o, s:o}", "domain", c.domain.name,
			 "checked_at", text_or_null(c.report.checked_at),
			 "records", records);
	return true;
}

/* clang-format off */
const struct route dns_routes[] = {
	{"GET",  "domains/{name}/checks", NULL, checks_show, "domains:read",  KIND_DOMAIN, {NULL}},
	{"POST", "domains/{name}/checks", NULL, checks_do,   "domains:write", KIND_DOMAIN, {NULL}},
	{"GET",  "domains/{name}/dns",    NULL, dns_show,    "domains:read",  KIND_DOMAIN, {"format"}},
	{NULL,   NULL,                    NULL, NULL,        NULL,            KIND_COUNT,  {NULL}},
};
/* clang-format on */
