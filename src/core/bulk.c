#include "core/bulk.h"

#include <string.h>

#include "core/user.h"
#include "util/text.h"

const char *const bulk_conflicts[] =
	{[BULK_FAIL] = "fail", [BULK_SKIP] = "skip", [BULK_UPDATE] = "update"};
const char *const bulk_results[] =
	{[BULK_CREATED] = "created",     [BULK_UPDATED] = "updated",
	 [BULK_UNCHANGED] = "unchanged", [BULK_SKIPPED] = "skipped",
	 [BULK_IGNORED] = "ignored",     [BULK_FAILED] = "failed"};

static void forget_field(struct bulk_item *item, struct field f)
{
	size_t n = 0;

	for (size_t i = 0; i < item->field_count; i++) {
		if (item->fields[i].offset != f.offset)
			item->fields[n++] = item->fields[i];
	}
	item->field_count = n;
}

static void leave_out(const struct gateway *g, const struct task *t,
		      struct bulk_item *item)
{
	struct arena *a = t->arena;
	struct passwords p;
	struct err bad = {0};
	const char *stored;

	item->left_out = NULL;
	if (!kind_passwords(item->kind, item->record, &p) || *p.ready == NULL ||
	    g->hasher->ops->admit(g->hasher, a, *p.ready, &stored, &bad))
		return;
	item->left_out = arena_strdup(a, bad.text);
	*p.ready = NULL;
	forget_field(item, p.ready_field);
}

static bool brings_password(const struct bulk_item *item)
{
	struct passwords p;

	return kind_passwords(item->kind, item->record, &p) &&
	       (*p.clear != NULL || *p.ready != NULL);
}

/* Who has no quota and is said to have none stays like that, though by itself
 * it would be the domain's default that he gets: the same input twice is the
 * same. */
static void keep_quota(struct bulk_item *item, const void *there)
{
	const struct user *was = there, *sent = item->record;

	if (item->kind == KIND_USER && was->quota_bytes == NUMBER_NONE &&
	    sent->quota_bytes == NUMBER_NONE)
		forget_field(item,
			     (struct field)FIELD(struct user, quota_bytes));
}

/* Nothing else than what was named is touched. */
static bool change(const struct gateway *g, const struct task *t,
		   struct bulk_item *item, enum bulk_result *ret, struct err *e)
{
	enum kind k = item->kind;
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	const char *key = kind_key(k, item->record);
	struct revision before, after;

	if (!provision_read(g, t, k, key, there, &before, e))
		return false;
	keep_quota(item, there);
	const struct patch p = {item->record, item->fields, item->field_count,
				false, NULL};
	if (!provision_change(g, t, k, key, &p, NULL, there, &after, e))
		return false;
	*ret = brings_password(item) || t->rehearsal != NULL ||
			       !text_equal(before.etag, after.etag)
		       ? BULK_UPDATED
		       : BULK_UNCHANGED;
	return true;
}

/* Hashing a password in clear is dear: not for somebody who is there. */
static bool is_there(const struct gateway *g, const struct task *t,
		     const struct bulk_item *item)
{
	enum kind k = item->kind;
	const char *key = kind_key(k, item->record);
	void *there = arena_alloc(t->arena, kind_rules(k)->size);
	struct revision rev;
	struct passwords p;
	struct err none = {0};

	return kind_passwords(k, item->record, &p) && *p.clear != NULL &&
	       provision_read(g, t, k, key, there, &rev, &none) &&
	       !(t->origin != NULL && t->origin->again);
}

static bool create(const struct gateway *g, const struct task *t,
		   const struct bulk_item *item, struct err *e)
{
	size_t size = kind_rules(item->kind)->size;
	struct revision rev;

	/* The record stays as it came, for a change. */
	return provision_create(g, t, item->kind,
				arena_copy(t->arena, item->record, size), &rev,
				e);
}

/* Another kind of record may have the address. */
static bool is_of_kind(const struct bulk_item *item, const struct err *e)
{
	const char *path = kind_rules(item->kind)->path;

	return e->conflicts_with == NULL ||
	       strncmp(e->conflicts_with, path, strlen(path)) == 0;
}

bool bulk_put(const struct gateway *g, const struct task *t,
	      struct bulk_item *item, enum bulk_conflict conflict,
	      enum bulk_result *ret, struct err *e)
{
	*ret = BULK_FAILED;
	leave_out(g, t, item);
	if (item->change)
		return change(g, t, item, ret, e);
	bool known = conflict != BULK_FAIL && is_there(g, t, item);
	if (!known && create(g, t, item, e)) {
		*ret = BULK_CREATED;
		return true;
	}
	if (!known && e->kind != ERR_EXISTS)
		return false;
	if (conflict == BULK_SKIP) {
		err_clear(e);
		*ret = BULK_SKIPPED;
		return true;
	}
	if (!known && (conflict == BULK_FAIL || !is_of_kind(item, e)))
		return false;
	err_clear(e);
	return change(g, t, item, ret, e);
}

bool bulk_judge(const struct gateway *g, const struct task *t,
		struct bulk_item *item, struct err *e)
{
	size_t size = kind_rules(item->kind)->size;

	leave_out(g, t, item);
	return provision_judge(g, item->kind,
			       arena_copy(t->arena, item->record, size),
			       t->arena, e);
}
