#include "ldap/journal_parts.h"

#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "core/work.h"
#include "tests/lib/tap.h"
#include "util/text.h"

enum { MANY = 900 };

static struct arena *a;

static struct work user_work(void)
{
	static const struct field fields[] = {FIELD(struct user, name),
					      FIELD(struct user, forward_to)};
	struct user before = user_defaults, after;
	const char *to[] = {"x@far.example", "y@far.example"};

	before.address = "ann@example.org";
	before.quota_bytes = 0;
	before.mailbox_id = "abc";
	before.id = "the id";
	user_complete(&before, a);
	after = before;
	after.name = "Ann \"the\" First \xc3\xa4";
	after.forward_to = (struct text_list){arena_copy(a, to, sizeof(to)), 2};
	after.stored.hash = "{CRYPT}$y$hash";
	after.stored.scram_sha_1 = "scram";
	user_complete(&after, a);
	return (struct work){.kind = KIND_USER,
			     .before = arena_copy(a, &before, sizeof(before)),
			     .after = arena_copy(a, &after, sizeof(after)),
			     .fields = fields,
			     .field_count = 2,
			     .etag = "a tag"};
}

static struct work domain_work(void)
{
	struct domain d = domain_defaults;

	d.name = "example.org";
	d.sponsor = "shop";
	d.sponsor_identity = "uid=shop";
	d.max_users = 7;
	domain_complete(&d, a);
	return (struct work){.kind = KIND_DOMAIN,
			     .after = arena_copy(a, &d, sizeof(d))};
}

/* All of it, what is not shown included. */
static bool same(enum kind k, const void *one, const void *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	for (const struct work_field *f = work_fields(k); f->name != NULL;
	     f++) {
		if (!work_same_field(f->field, one, other)) {
			printf("# %s\n", f->name);
			return false;
		}
	}
	return true;
}

static bool comes_back(const struct plan *p, struct plan *ret)
{
	struct work *works = arena_alloc(a, p->work_count * sizeof(*works));
	size_t next = 0, parts = 0;
	bool good = true;
	struct err e = {0};

	*ret = (struct plan){.id = p->id, .works = works};
	while (next < p->work_count && good) {
		const char *text = journal_pack_works(a, p, next, &next);

		good = journal_unpack_works(a, text, ret, works, p->work_count,
					    &e);
		parts++;
	}
	printf("# %zu parts\n", parts);
	for (size_t i = 0; i < p->work_count && good; i++) {
		const struct work *was = &p->works[i], *is = &works[i];

		good = was->kind == is->kind &&
		       same(was->kind, was->before, is->before) &&
		       same(was->kind, was->after, is->after) &&
		       was->field_count == is->field_count &&
		       text_equal(was->etag, is->etag);
	}
	return good && ret->work_count == p->work_count;
}

int main(void)
{
	struct plan p = {.id = "one", .login = "admin"}, back;
	struct work works[MANY];
	struct err e = {0};

	a = arena_new();
	for (size_t i = 0; i < MANY; i++)
		works[i] = i % 2 ? user_work() : domain_work();
	p.works = works;
	p.work_count = 2;
	OK(comes_back(&p, &back), "records come back as they were");
	OK(back.works[1].fields[0].offset == offsetof(struct user, name) ||
		   back.works[1].fields[1].offset ==
			   offsetof(struct user, name),
	   "and which members of them are meant");
	IS(back.login, "admin", "and who asked");
	p.work_count = MANY;
	OK(comes_back(&p, &back), "many, too, in several parts");
	OK(!journal_unpack_works(a, "{\"works\":[{}],\"login\":\"x\"}", &back,
				 works, 0, &e),
	   "more than there may be");

	const struct failure f = {.kind = ERR_CONFLICT,
				  .code = "limit_reached",
				  .text = "no more",
				  .conflicts_with = "/v1/users/x",
				  .step = 7,
				  .left = "a, b"};
	struct failure g;
	e = (struct err){0};
	OK(journal_write_failure(a, &back.failure) == NULL, "no failure");
	OK(journal_read_failure(a, journal_write_failure(a, &f), &g, &e) &&
		   g.kind == f.kind && text_equal(g.code, f.code) &&
		   text_equal(g.text, f.text) && g.step == 7 &&
		   text_equal(g.left, f.left) &&
		   text_equal(g.conflicts_with, f.conflicts_with),
	   "a failure");
	arena_free(a);
	return tap_done();
}
