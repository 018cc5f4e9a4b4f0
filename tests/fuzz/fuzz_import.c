/* What is brought in: the first byte says in which format it is.  Each reader
 * ends, says of each record where it begins, in rising order, and has something
 * to show or to complain about. */
#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "fuzz.h"
#include "import/cell.h"
#include "import/reader.h"

static const struct codec_field domain_fields[] =
	{{"name", FIELD(struct domain, name), CODEC_REQUIRED},
	 {"quota_bytes", FIELD(struct domain, quota_bytes), 0},
	 {NULL, {0, 0}, 0}};
static const struct codec_field user_fields[] =
	{{"address", FIELD(struct user, address), CODEC_REQUIRED},
	 {"name", FIELD(struct user, name), 0},
	 {"enabled", FIELD(struct user, enabled), 0},
	 {"forward_to", FIELD(struct user, forward_to), 0},
	 {"keep_copy", FIELD(struct user, keep_copy), 0},
	 {"password_hash", FIELD(struct user, ready), 0},
	 {NULL, {0, 0}, 0}};
static const struct codec_field alias_fields[] =
	{{"address", FIELD(struct alias, address), CODEC_REQUIRED},
	 {"destinations", FIELD(struct alias, destinations), CODEC_REQUIRED},
	 {NULL, {0, 0}, 0}};

static const struct codec *codec_for(enum kind k)
{
	static const struct codec codecs[] =
		{{domain_fields, sizeof(struct domain), &domain_defaults, true},
		 {user_fields, sizeof(struct user), &user_defaults, true},
		 {alias_fields, sizeof(struct alias), &alias_defaults, true}};

	return &codecs[k == KIND_DOMAIN ? 0 : k == KIND_USER ? 1 : 2];
}

/* False at the end. */
static bool read_one(struct reader *r, size_t size, size_t *number)
{
	struct arena *a = arena_new();
	struct import_record rec;
	struct err e = {0};
	bool some = reader_next(r, a, &rec, &e);

	HOLDS(r->at <= size);
	if (some) {
		HOLDS(rec.number > *number);
		HOLDS(rec.line > 0);
		HOLDS(e.kind != ERR_NONE || rec.kind == KIND_COUNT ||
		      json_is_object(rec.members));
		*number = rec.number;
	}
	arena_free(a);
	return some;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"csv", "ndjson", "ldif"};
	struct arena *a = arena_new();
	struct reader r;
	struct err e = {0};
	size_t number = 0;

	if (size > 0) {
		char *text = arena_alloc(a, size);

		memcpy(text, data + 1, size - 1);
		const struct reader_input in = {.arena = a,
						.text = text,
						.size = size - 1,
						.codec = codec_for,
						.kind = data[0] & 0x80
								? KIND_USER
								: KIND_COUNT};
		HOLDS(strcmp(cell_undo(cell_defuse(a, text)), text) == 0);
		if (reader_begin(&r, reader_find(names[data[0] % 3], NULL), &in,
				 &e)) {
			while (read_one(&r, size, &number))
				;
		} else {
			HOLDS(e.kind != ERR_NONE);
		}
	}
	arena_free(a);
	return 0;
}
