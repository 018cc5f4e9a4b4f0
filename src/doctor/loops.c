#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/address.h"
#include "doctor/analysis.h"

enum colour { NEW, ON_PATH, DONE };

/* Where the next destination leads; NULL: away, or to the same one. */
static struct held_address *step(const struct census *c, struct held_address *h)
{
	const char *to = h->destinations.items[h->at++];
	struct held_address *next = census_taker(c, to);

	return next != h && next != NULL && census_in_force(next) ? next : NULL;
}

/* From here back along the path to where the circle begins. */
static void tell(const struct analysis *an, struct held_address *end,
		 const struct held_address *begin)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	const char *way = begin->address, *entry = begin->address;
	size_t length = 1;

	for (struct held_address *h = end; h != begin; h = h->path) {
		if (strcmp(h->address, entry) < 0)
			entry = h->address;
		if (++length <= 10)
			way = arena_printf(a, "%s < %s", way, h->address);
	}
	if (analysis_wants(an, address_domain(entry)))
		report_find(an->report, FIND_LOOP, entry,
			    "mail runs in a circle of %zu: %s < %s", length,
			    way, length > 10 ? "..." : begin->address);
}

/* In depth, with the way back in the records: no stack could be too small. */
static void walk(const struct analysis *an, struct held_address *h)
{
	h->path = NULL;
	while (h != NULL) {
		struct held_address *next;

		h->colour = ON_PATH;
		if (h->at == h->destinations.count) {
			h->colour = DONE;
			h = h->path;
			continue;
		}
		next = step(an->census, h);
		if (next == NULL || next->colour == DONE)
			continue;
		if (next->colour == ON_PATH) {
			tell(an, h, next);
			continue;
		}
		next->path = h;
		h = next;
	}
}

void analyse_loops(const struct analysis *an)
{
	for (struct held_address *h = an->census->addresses; h != NULL;
	     h = h->next) {
		if (h->colour == NEW && census_in_force(h))
			walk(an, h);
	}
}
