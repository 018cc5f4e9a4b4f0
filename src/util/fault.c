#include "util/fault.h"

static void add(struct err *e, struct arena *a, struct fault fault)
{
	struct fault *copy = arena_alloc(a, sizeof(*copy)), **end = &e->faults;

	while (*end != NULL)
		end = &(*end)->next;
	*copy = fault;
	*end = copy;
	err_set(e, ERR_INVALID, "%s", e->faults->text);
}

bool fault_has(const struct err *e, struct field field)
{
	for (const struct fault *f = e->faults; f != NULL; f = f->next) {
		if (f->key == NULL && f->field.offset == field.offset)
			return true;
	}
	return false;
}

void fault_field(struct err *e, struct arena *a, enum fault_kind kind,
		 struct field field, const char *text)
{
	/* What was sent wrongly is not missing as well. */
	if (kind == FAULT_MISSING && fault_has(e, field))
		return;
	add(e, a, (struct fault){.kind = kind, .field = field, .text = text});
}

void fault_key(struct err *e, struct arena *a, enum fault_kind kind,
	       const char *key, const char *text)
{
	add(e, a, (struct fault){.kind = kind, .key = key, .text = text});
}

void fault_at(struct err *e, struct arena *a, enum fault_kind kind,
	      const char *pointer, const char *text)
{
	add(e, a,
	    (struct fault){.kind = kind,
			   .key = pointer,
			   .placed = true,
			   .text = text});
}

void fault_coded(struct err *e, struct arena *a, const char *pointer,
		 const char *code, const char *text)
{
	add(e, a,
	    (struct fault){.key = pointer,
			   .placed = true,
			   .code = code,
			   .text = text});
}
