#include "core/rehearsal.h"

struct rehearsal *rehearsal_new(struct arena *a)
{
	struct rehearsal *r = arena_alloc(a, sizeof(*r));

	*r = (struct rehearsal){.arena = a, .next = &r->writes};
	return r;
}

bool rehearsal_is(const struct task *t)
{
	return t->rehearsal != NULL;
}

bool rehearsal_is_ahead(const struct task *t)
{
	return t->rehearsal != NULL && t->rehearsal->ahead;
}

static const void *copy(struct arena *a, const void *record, size_t size)
{
	return record != NULL ? arena_copy(a, record, size) : NULL;
}

void rehearsal_show(const struct task *t, const void *before, const void *after,
		    size_t size)
{
	struct rehearsal *r = t->rehearsal;

	if (r == NULL)
		return;
	r->before = copy(r->arena, before, size);
	r->after = copy(r->arena, after, size);
}

void rehearsal_note(const struct task *t, const char *text, bool own)
{
	struct rehearsal *r = t->rehearsal;

	if (r->write_count == REHEARSAL_WRITES) {
		r->more = true;
		return;
	}
	struct rehearsal_write *w = arena_alloc(r->arena, sizeof(*w));
	*w = (struct rehearsal_write){.text = arena_strdup(r->arena, text),
				      .own = own};
	*r->next = w;
	r->next = &w->next;
	r->write_count++;
}
