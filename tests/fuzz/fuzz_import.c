/* What is brought in: the first byte says in which format it is.  Each reader
 * ends, says of each record where it begins, in rising order, and has something
 * to show or to complain about. */
#include <string.h>

#include "fuzz.h"
#include "import/cell.h"
#include "tests/lib/imported.h"

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
	static const char *const names[] = {"csv",     "ndjson",
					    "ldif",    "sql",
					    "modoboa", "docker-mailserver",
					    "passwd"};
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
						.codec = imported_codec,
						.kind = data[0] & 0x80
								? KIND_USER
								: KIND_COUNT,
						.domain = "d.example"};
		reader_guess(text, size - 1);
		HOLDS(strcmp(cell_undo(cell_defuse(a, text)), text) == 0);
		if (reader_begin(&r,
				 reader_find(names[(data[0] & 0x7f) % 7], NULL),
				 &in, &e)) {
			while (read_one(&r, size, &number))
				;
		} else {
			HOLDS(e.kind != ERR_NONE);
		}
	}
	arena_free(a);
	return 0;
}
