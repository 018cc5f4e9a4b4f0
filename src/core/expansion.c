#include "core/expansion.h"

#include <string.h>

/* The addresses at the moment; an alias may bring many at once. */
struct row {
	struct hop **hops;
	size_t count, room;
};

static void append(struct arena *a, struct row *r, struct hop *h)
{
	if (r->count == r->room) {
		r->room = r->room == 0 ? 64 : r->room * 2;
		struct hop **hops = arena_alloc(a, r->room * sizeof(*hops));

		if (r->count > 0)
			memcpy(hops, r->hops, r->count * sizeof(*hops));
		r->hops = hops;
	}
	r->hops[r->count++] = h;
}

/* What one lookup answers: the hop whose destinations count. */
static struct hop *looked_up(struct hop *h)
{
	while (h != NULL && h->passes)
		h = h->next[0];
	return h;
}

/* One lookup for the address at a place of the row: the first result takes the
 * place, the others go to the end.  False if nothing was found. */
static bool expand(struct arena *a, struct row *r, size_t at)
{
	struct hop *was = r->hops[at], *by = looked_up(was);

	if (by == NULL || by->post == NULL || !by->post->enabled)
		return false;
	/* A user without forwards: himself, maybe under another name. */
	if (by->leads_to.count == 0) {
		r->hops[at] = by;
		was->expanded = was->expanded || by == was;
		return true;
	}
	for (size_t i = 0; i < by->leads_to.count; i++) {
		struct hop *to = by->next[i];

		was->expanded = was->expanded || to == was || to == NULL;
		if (to != NULL && i == 0)
			r->hops[at] = to;
		else if (to != NULL)
			append(a, r, to);
	}
	return true;
}

static const struct expansion nesting = {
	"too_deep",
	"more than 20 steps in a row: Postfix puts such a message off until it "
	"returns it"};
static const struct expansion size =
	{"too_many",
	 "more than 12,000 addresses: Postfix puts such a message off "
	 "until it returns it"};

struct expansion expansion_of(struct arena *a, struct hop *root)
{
	struct row r = {0};

	append(a, &r, root);
	for (size_t at = 0; at < r.count; at++) {
		for (unsigned steps = 0; !r.hops[at]->expanded; steps++) {
			if (steps == RESOLVE_NESTING)
				return nesting;
			if (!expand(a, &r, at))
				break;
			if (r.count > RESOLVE_EXPANSION)
				return size;
		}
	}
	return (struct expansion){NULL, NULL};
}

/* Step by step instead of by recursion: a fiber's stack is small. */
void expansion_walk(struct arena *a, struct hop *root)
{
	struct row path = {0};

	append(a, &path, root);
	while (path.count > 0) {
		struct hop *h = path.hops[path.count - 1];

		h->walked = h->on_path = true;
		if (h->at == h->leads_to.count) {
			h->on_path = false;
			path.count--;
			continue;
		}
		struct hop *to = h->next[h->at++];
		if (to == NULL || to == h)
			continue;
		if (to->on_path)
			h->back = to->address;
		else if (!to->walked)
			append(a, &path, to);
	}
}
