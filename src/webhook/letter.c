#include "webhook/letter.h"

#include <string.h>

#include "api/changes.h"
#include "crypto/digest.h"
#include "util/clock.h"
#include "util/instant.h"
#include "json/text.h"

enum { NAME_BYTES = 16 };

/* One who keeps what he has seen by this never does the same twice. */
static const char *name(struct arena *a, const struct webhook *w,
			const char *place, const char *event)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[DIGEST_SIZE];
	char *text = arena_alloc(a, 2 * NAME_BYTES + 1);
	struct digest *d = digest_begin(NULL, 0);

	digest_add(d, w->id, strlen(w->id));
	digest_add(d, place, strlen(place));
	digest_add(d, event, strlen(event));
	digest_end(&d, bytes);
	for (size_t i = 0; i < NAME_BYTES; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * NAME_BYTES] = '\0';
	return arena_join(a, "msg_", text, NULL);
}

static void write(struct arena *a, const char *time, json_t *data,
		  struct message *m)
{
	m->body = json_text_print(a,
				  json_pack("{s:s, s:s, s:o}", "type", m->event,
					    "timestamp", time, "data", data),
				  JSON_COMPACT);
	m->size = strlen(m->body);
}

void letter_of_change(struct arena *a, const struct webhook *w,
		      const struct change *c, struct message *ret)
{
	*ret = (struct message){.event = change_name(a, c)};
	ret->id = name(a, w, c->place, ret->event);
	write(a, c->record->time, change_show(a, c), ret);
}

void letter_of_loss(struct arena *a, const struct webhook *w, const char *place,
		    struct message *ret)
{
	char now[INSTANT_SIZE];

	instant_text(now, clock_seconds());
	*ret = (struct message){.event = "changes.lost"};
	ret->id = name(a, w, place, ret->event);
	write(a, now, json_pack("{s:s}", "webhook", w->id), ret);
}
