#include "ldap/change_copy.h"

static const char *text(struct arena *a, const char *from)
{
	return from != NULL ? arena_strdup(a, from) : NULL;
}

static struct spot spot(struct arena *a, const struct spot *from)
{
	return (struct spot){text(a, from->key), text(a, from->domain)};
}

static struct text_list list(struct arena *a, const struct text_list *from)
{
	struct text_list ret = {NULL, from->count};

	if (from->count == 0)
		return ret;
	ret.items = arena_alloc(a, from->count * sizeof(*ret.items));
	for (size_t i = 0; i < from->count; i++)
		ret.items[i] = text(a, from->items[i]);
	return ret;
}

static const struct audit_record *record(struct arena *a,
					 const struct audit_record *from)
{
	struct audit_record *r = arena_alloc(a, sizeof(*r));

	*r = (struct audit_record){.id = text(a, from->id),
				   .time = text(a, from->time),
				   .action = text(a, from->action),
				   .actor = text(a, from->actor),
				   .actor_kind = text(a, from->actor_kind),
				   .request = text(a, from->request),
				   .kind = from->kind,
				   .change_count = from->change_count};
	r->changes =
		arena_alloc(a, (r->change_count + 1) * sizeof(*r->changes));
	for (size_t i = 0; i < r->change_count; i++)
		r->changes[i] =
			(struct audit_change){.attribute =
						      text(a,
							   from->changes[i]
								   .attribute),
					      .field = from->changes[i].field,
					      .secret =
						      from->changes[i].secret};
	return r;
}

struct change *change_copy(struct arena *a, const struct change *items,
			   size_t count)
{
	struct change *ret = arena_alloc(a, (count + 1) * sizeof(*ret));

	for (size_t i = 0; i < count; i++) {
		const struct change *c = &items[i];

		ret[i] = *c;
		ret[i].place = text(a, c->place);
		ret[i].at = spot(a, &c->at);
		ret[i].to = spot(a, &c->to);
		ret[i].entry = text(a, c->entry);
		ret[i].record = record(a, c->record);
		ret[i].gained = list(a, &c->gained);
		ret[i].lost = list(a, &c->lost);
	}
	return ret;
}
