#include "api/resolution.h"

#include "util/field.h"

static const char *const kinds[] = {
	[HOP_USER] = "user",           [HOP_ALIAS] = "alias",
	[HOP_CATCH_ALL] = "catch_all", [HOP_ALIAS_DOMAIN] = "alias_domain",
	[HOP_RELAY] = "relay",         [HOP_EXTERNAL] = "external",
	[HOP_NONE] = "none",           [HOP_UNKNOWN] = "unknown",
};

static json_t *texts(const struct text_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *hop(const struct hop *h)
{
	json_t *enabled =
		h->post != NULL ? json_boolean(h->post->enabled) : json_null();

	return json_pack("{s:s, s:s, s:o, s:o, s:s?}", "address", h->address,
			 "kind", kinds[h->kind], "enabled", enabled, "leads_to",
			 texts(&h->leads_to), "problem", h->problem);
}

static json_t *mailbox(const struct signpost *p)
{
	json_t *quota = p->quota_bytes != NUMBER_NONE
				? json_integer(p->quota_bytes)
				: json_null();

	return json_pack("{s:s, s:o, s:b}", "address", p->key, "quota_bytes",
			 quota, "login_enabled", p->login_enabled);
}

static json_t *trouble(const struct trouble *t)
{
	return json_pack("{s:s, s:s, s:s}", "code", t->code, "address",
			 t->address, "detail", t->detail);
}

json_t *resolution_show(const struct resolution *r)
{
	json_t *hops = json_array(), *mailboxes = json_array(),
	       *problems = json_array();

	for (size_t i = 0; i < r->hop_count; i++)
		json_array_append_new(hops, hop(r->hops[i]));
	for (size_t i = 0; i < r->mailbox_count; i++)
		json_array_append_new(mailboxes, mailbox(r->mailboxes[i]));
	for (size_t i = 0; i < r->trouble_count; i++)
		json_array_append_new(problems, trouble(&r->troubles[i]));
	return json_pack("{s:s, s:o, s:b, s:o, s:o, s:o, s:o}", "address",
			 r->address, "deliverable",
			 r->deliverable == VERDICT_UNKNOWN
				 ? json_null()
				 : json_boolean(r->deliverable == VERDICT_YES),
			 "complete", r->complete, "hops", hops, "mailboxes",
			 mailboxes, "external", texts(&r->external), "problems",
			 problems);
}
