/* What a client of a foreign API is told when the directory fails it in the
 * middle. */
#include <string.h>

#include "api/tastypie.h"
#include "tests/lib/tap.h"
#include "tests/lib/world.h"
#include "json/text.h"

static struct world *w;
static enum err_kind failure;

static bool numbered(struct store *s, const struct task *t, enum kind k,
		     int64_t number, const char **key, const char **part,
		     struct err *e)
{
	(void)s, (void)t, (void)k, (void)number, (void)key, (void)part;
	return err_set(e, failure, "so it is");
}

static bool post(const char *body, struct err *e)
{
	static const struct route route = {.method = "POST",
					   .path = "virtualdomain"};
	const struct request req = {.arena = w->arena,
				    .method = "POST",
				    .body = body,
				    .body_size = strlen(body)};
	const struct call call = {.req = &req,
				  .gateway = &w->gateway,
				  .dialect = &dialect_dinomail,
				  .route = &route,
				  .task = w->admin};
	struct response res = {.status = 0};
	json_t *ret = NULL;
	bool good = tastypie_post(&call, &res, &ret, e);

	json_decref(ret);
	return good && res.status == 201;
}

static bool is_there(const char *name)
{
	struct domain d;
	struct revision rev;
	struct err e = {0};

	return provision_read(&w->gateway, &w->admin, KIND_DOMAIN, name, &d,
			      &rev, &e);
}

int main(void)
{
	struct store_ops ops;
	struct err e = {0};

	json_text_prepare();
	w = world_open();
	ops = *w->store->ops;
	ops.numbered = numbered;
	w->store->ops = &ops;
	failure = ERR_UNAVAILABLE;
	OK(!post("{\"name\": \"one.example\", \"id\": 7}", &e) &&
		   e.kind == ERR_UNAVAILABLE,
	   "who has a number is not known");
	OK(!is_there("one.example"), "so nothing is made with it");
	e = (struct err){0};
	failure = ERR_NOT_FOUND;
	OK(post("{\"name\": \"two.example\", \"id\": 7}", &e) &&
		   is_there("two.example"),
	   "nobody has it");
	world_close(&w);
	return tap_done();
}
