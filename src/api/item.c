#include "api/item.h"

#include "api/conditional.h"

bool item_made(const struct call *call, const char *location,
	       const struct revision *rev, json_t *shown, struct response *res,
	       json_t **ret)
{
	res->status = 201;
	response_header(res, "Location", location);
	conditional_tag(call->req, res, rev->etag);
	*ret = shown;
	return true;
}

bool item_read(const struct call *call, const struct amendable *of,
	       void *record, struct response *res, json_t **ret, struct err *e)
{
	struct revision rev;

	if (!of->read(call, record, &rev, e))
		return false;
	conditional_tag(call->req, res, rev.etag);
	if (conditional_is_fresh(call->req, rev.etag))
		res->status = 304;
	else
		*ret = of->show(call, record);
	return true;
}

bool item_change(const struct call *call, const struct amendable *of,
		 void *record, struct response *res, json_t **ret,
		 struct err *e)
{
	struct revision rev;

	if (!amend(call, record, &rev, e))
		return false;
	conditional_tag(call->req, res, rev.etag);
	*ret = of->show(call, record);
	return true;
}

json_t *item_list(const struct call *call, const struct amendable *of,
		  const void *records, size_t size, size_t count)
{
	const char *at = records;
	json_t *items = json_array();

	for (size_t i = 0; i < count; i++, at += size)
		json_array_append_new(items, of->show(call, at));
	return json_pack("{s:o, s:n}", "items", items, "next_cursor");
}
