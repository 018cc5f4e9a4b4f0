#include <string.h>

#include "api/dialect.h"
#include "core/provision.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/fake_hasher.h"
#include "json/limits.h"
#include "json/text.h"

/* What a codec shows can be sent back, and says the same. */
static void send_back(struct arena *a, const struct codec *c,
		      const void *record)
{
	json_t *shown = codec_encode(c, record), *taken = json_deep_copy(shown);
	void *again = arena_alloc(a, c->size);
	struct presence present;
	struct err e = {0};

	for (const struct codec_field *row = c->fields; row->key; row++) {
		if (row->flags & CODEC_READ_ONLY) {
			json_object_del(taken, row->key);
			json_object_del(shown, row->key);
		}
	}
	HOLDS(codec_decode(c, a, taken, true, again, &present, &e));
	json_t *repeated = codec_encode(c, again);
	for (const struct codec_field *row = c->fields; row->key; row++) {
		const json_t *before = json_object_get(shown, row->key);

		/* null brings back a default, which is another value */
		if (before != NULL && !json_is_null(before))
			HOLDS(json_equal(json_object_get(repeated, row->key),
					 before));
	}
	json_decref(repeated);
	json_decref(taken);
	json_decref(shown);
}

static void every_fault(const struct codec *c, const struct err *e)
{
	HOLDS(e->kind == ERR_INVALID && e->faults != NULL);
	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		HOLDS(f->text != NULL && codec_key(c, f) != NULL);
}

static void decode(struct arena *a, const struct route *r, json_t *object,
		   bool partial)
{
	void *record = arena_alloc(a, r->takes->size);
	struct fake_hasher hasher = fake_hasher_make();
	const struct gateway g = {.hasher = &hasher.port};
	struct presence present;
	struct err e = {0};

	if (!codec_decode(r->takes, a, object, partial, record, &present, &e))
		every_fault(r->takes, &e);
	else
		send_back(a, r->takes, record);
	HOLDS(present.count <= json_object_size(object));
	/* A record that came in partly is judged only after the patch. */
	if (!partial && r->kind < KIND_COUNT &&
	    r->takes->size == kind_rules(r->kind)->size &&
	    !provision_judge(&g, r->kind, record, a, &e))
		HOLDS(e.kind == ERR_INVALID && e.faults != NULL);
}

static void every_codec(struct arena *a, json_t *object)
{
	for (const struct dialect *const *d = dialects; *d != NULL; d++) {
		struct rows rows = rows_of(*d);

		for (const struct route *r; (r = rows_next(&rows));) {
			if (r->takes == NULL)
				continue;
			decode(a, r, object, false);
			decode(a, r, object, true);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	json_t *object = NULL;
	struct err e = {0}, limits = {0};
	bool fits = json_limits_check((const char *)data, size, &limits);

	if (json_text_parse(a, (const char *)data, size, &object, &e)) {
		HOLDS(fits && json_is_object(object));
		every_codec(a, object);
		const char *text = json_text_print(a, json_incref(object), 0);
		json_t *again = NULL;
		HOLDS(json_text_parse(a, text, strlen(text), &again, &e));
		HOLDS(json_equal(object, again));
	} else {
		HOLDS(e.kind == ERR_MALFORMED && e.code != NULL);
	}
	arena_free(a);
	return 0;
}
