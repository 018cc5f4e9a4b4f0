#include "ldap/journal_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/work.h"
#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/map.h"
#include "ldap/result.h"
#include "ldap/schema.h"
#include "util/base64.h"
#include "util/random.h"
#include "util/text.h"
#include "json/codec.h"
#include "json/text.h"

enum {
	PART_SIZE = 128 * 1024, /* about, of JSON; one record may be larger */
	PARTS_MAX = 1000,
	WORKS_MAX = 2000,
	TIMES_READ = 10, /* all the parts may take that many times a read */
};

static const char secret_id[] = "secret";
static const char attr_part[] = "provostJournalPart";
static const char attr_id[] = "provostJournalId";

static json_t *text_of(const char *s)
{
	return s != NULL ? json_string(s) : NULL;
}

static void set(json_t *object, const char *key, json_t *value)
{
	if (value != NULL)
		json_object_set_new(object, key, value);
}

/* What is not given is left out. */
static json_t *member(struct field f, const void *record)
{
	const void *at = field_in(f, record);
	const struct text_list *list = at;
	json_t *array;

	switch (f.kind) {
	case FIELD_TEXT:
		return text_of(*(const char *const *)at);
	case FIELD_NUMBER:
		return *(const int64_t *)at != NUMBER_NONE
			       ? json_integer(*(const int64_t *)at)
			       : NULL;
	case FIELD_FLAG:
		return json_boolean(*(const bool *)at);
	case FIELD_LIST:
		break;
	}
	array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *pack_record(enum kind k, const void *record)
{
	json_t *object;

	if (record == NULL)
		return NULL;
	object = json_object();
	for (const struct work_field *f = work_fields(k); f->name != NULL; f++)
		set(object, f->name, member(f->field, record));
	return object;
}

static bool take(struct arena *a, struct field f, const json_t *value,
		 void *record)
{
	void *at = field_at(f, record);
	struct text_list *list = at;

	switch (f.kind) {
	case FIELD_TEXT:
		*(const char **)at =
			value != NULL
				? arena_strdup(a, json_string_value(value))
				: NULL;
		return true;
	case FIELD_NUMBER:
		*(int64_t *)at =
			value != NULL ? json_integer_value(value) : NUMBER_NONE;
		return true;
	case FIELD_FLAG:
		*(bool *)at = json_is_true(value);
		return true;
	case FIELD_LIST:
		break;
	}
	list->items = arena_alloc(a, (json_array_size(value) + 1) *
					     sizeof(*list->items));
	for (list->count = 0; list->count < json_array_size(value);
	     list->count++)
		list->items[list->count] =
			arena_strdup(a, json_string_value(
						json_array_get(value,
							       list->count)));
	return true;
}

static const void *unpack_record(struct arena *a, enum kind k, json_t *object)
{
	void *record;

	if (!json_is_object(object))
		return NULL;
	record = arena_alloc(a, kind_rules(k)->size);
	memcpy(record, kind_rules(k)->defaults, kind_rules(k)->size);
	for (const struct work_field *f = work_fields(k); f->name != NULL; f++)
		take(a, f->field, json_object_get(object, f->name), record);
	kind_rules(k)->derive(record, a);
	return record;
}

/* Members by their names. */
static json_t *pack_fields(const struct work *w)
{
	json_t *array = json_array();

	for (const struct work_field *f = work_fields(w->kind); f->name != NULL;
	     f++) {
		for (size_t i = 0; i < w->field_count; i++) {
			if (w->fields[i].offset == f->field.offset)
				json_array_append_new(array,
						      json_string(f->name));
		}
	}
	return array;
}

static void unpack_fields(struct arena *a, json_t *array, struct work *w)
{
	struct field *fields =
		arena_alloc(a, (json_array_size(array) + 1) * sizeof(*fields));

	w->fields = fields;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *name = json_string_value(json_array_get(array, i));

		for (const struct work_field *f = work_fields(w->kind);
		     f->name != NULL; f++) {
			if (text_equal(f->name, name))
				fields[w->field_count++] = f->field;
		}
	}
}

static json_t *pack_work(const struct work *w)
{
	json_t *object = json_object();

	set(object, "kind", json_string(kind_rules(w->kind)->noun));
	set(object, "before", pack_record(w->kind, w->before));
	set(object, "after", pack_record(w->kind, w->after));
	set(object, "fields", pack_fields(w));
	set(object, "etag", text_of(w->etag));
	return object;
}

static bool unpack_work(struct arena *a, json_t *object, struct work *ret)
{
	const char *noun = json_string_value(json_object_get(object, "kind"));
	const char *etag = json_string_value(json_object_get(object, "etag"));

	*ret = (struct work){.kind = KIND_COUNT};
	for (enum kind k = 0; k < KIND_COUNT; k++) {
		if (text_equal(kind_rules(k)->noun, noun))
			ret->kind = k;
	}
	if (work_fields(ret->kind) == NULL)
		return false;
	ret->before =
		unpack_record(a, ret->kind, json_object_get(object, "before"));
	ret->after =
		unpack_record(a, ret->kind, json_object_get(object, "after"));
	unpack_fields(a, json_object_get(object, "fields"), ret);
	ret->etag = etag != NULL ? arena_strdup(a, etag) : NULL;
	return true;
}

const char *journal_pack_works(struct arena *a, const struct plan *p,
			       size_t from, size_t *to)
{
	json_t *works = json_array();
	size_t size = 0;

	for (*to = from; *to < p->work_count && size < PART_SIZE; ++*to) {
		json_t *work = pack_work(&p->works[*to]);
		char *text = json_dumps(work, JSON_COMPACT);

		size += text != NULL ? strlen(text) : 0;
		json_text_free(text);
		json_array_append_new(works, work);
	}
	return json_text_print(a,
			       json_pack("{s:I, s:s, s:i, s:o}", "from",
					 (json_int_t)from, "login", p->login,
					 "count", (int)p->work_count, "works",
					 works),
			       JSON_COMPACT);
}

bool journal_unpack_works(struct arena *a, const char *text, struct plan *p,
			  struct work *works, size_t room, struct err *e)
{
	json_t *object;

	if (!json_text_parse_own(a, text, &object, e))
		return false;
	json_t *list = json_object_get(object, "works");
	const char *login = json_string_value(json_object_get(object, "login"));
	int64_t from = json_integer_value(json_object_get(object, "from"));
	if (from < 0 || login == NULL ||
	    (size_t)from + json_array_size(list) > room)
		return err_set(e, ERR_INTERNAL,
			       "plan %s has a part that is "
			       "none",
			       p->id);
	p->login = arena_strdup(a, login);
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!unpack_work(a, json_array_get(list, i),
				 &works[(size_t)from + i]))
			return err_set(e, ERR_INTERNAL,
				       "plan %s has a record that is none",
				       p->id);
		p->work_count++;
	}
	return true;
}

static LDAPMod *one_value(struct arena *a, const char *name, const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = arena_strdup(a, value);
	return map_mod(a, LDAP_MOD_ADD, name, values);
}

static bool add_part(struct ldap_journal *j, const struct task *t,
		     const char *dn, const char *id, const char *state,
		     const char *part, struct err *e)
{
	struct arena *a = t->arena;
	char **classes = arena_alloc(a, 3 * sizeof(*classes));
	LDAPMod *mods[] = {map_mod(a, LDAP_MOD_ADD, "objectClass", classes),
			   one_value(a, attr_id, id),
			   one_value(a, "provostJournalState", state),
			   one_value(a, attr_part, part), NULL};
	struct operation op = {.kind = OPERATION_ADD, .dn = dn, .mods = mods};

	classes[0] = arena_strdup(a, "provostJournal");
	classes[1] = arena_strdup(a, "provostJob");
	return store_run(&j->store, t, &op, j->store.set->write_seconds,
			 "journal", e);
}

/* The secret all gateways seal with is made by the first that needs it. */
static bool make_secret(struct ldap_journal *j, const struct task *t,
			const char *dn, struct err *e)
{
	unsigned char fresh[SEALING_KEY];

	random_bytes(fresh, sizeof(fresh));
	const char *part = base64_encode(t->arena, fresh, sizeof(fresh));
	explicit_bzero(fresh, sizeof(fresh));
	return add_part(j, t, dn, secret_id, secret_id, part, e) ||
	       e->kind == ERR_EXISTS;
}

static bool find_secret(struct ldap_journal *j, const struct task *t,
			struct err *e)
{
	const char *dn =
		schema_plan_dn(t->arena, j->store.set->base, secret_id);
	const char *text = NULL;
	char *bytes;
	size_t size;

	if (j->has_secret)
		return true;
	if (!store_look(&j->store, t, dn, attr_part, &text, e))
		return false;
	if (text == NULL && (!make_secret(j, t, dn, e) ||
			     (err_clear(e), !store_look(&j->store, t, dn,
							attr_part, &text, e))))
		return false;
	if (text == NULL || !base64_decode(t->arena, text, &bytes, &size) ||
	    size != sizeof(j->secret))
		return err_set(e, ERR_INTERNAL, "%s is no secret", dn);
	memcpy(j->secret, bytes, size);
	explicit_bzero(bytes, size);
	j->has_secret = true;
	return true;
}

static const char *part_id(struct arena *a, size_t number)
{
	return arena_printf(a, "part-%04zu", number);
}

static const char *seal_name(struct arena *a, const struct plan *p,
			     const char *id)
{
	return arena_join(a, p->id, "/", id, NULL);
}

static bool write_part(struct ldap_journal *j, const struct task *t,
		       const struct plan *p, size_t number, const char *text,
		       struct err *e)
{
	struct arena *a = t->arena;
	const char *id = part_id(a, number);
	const char *plan = schema_plan_dn(a, j->store.set->base, p->id);

	return add_part(j, t, dn_child(a, attr_id, id, plan), id, "part",
			sealing_close(a, j->secret, seal_name(a, p, id), text),
			e);
}

bool journal_write_works(struct journal *port, const struct task *t,
			 const struct plan *p, struct err *e)
{
	struct ldap_journal *j = journal_self(port);
	size_t next = 0;

	if (!find_secret(j, t, e))
		return false;
	for (size_t number = 0; next < p->work_count; number++) {
		const char *text = journal_pack_works(t->arena, p, next, &next);

		if (!write_part(j, t, p, number, text, e))
			return false;
	}
	return true;
}

/* The parts, as they come. */
struct parts {
	struct arena *arena;
	const char **ids, **texts;
	size_t count;
	struct err err;
};

static void each_part(void *ctx, LDAP *ld, LDAPMessage *message)
{
	struct parts *p = ctx;
	struct entry en;

	if (p->err.kind != ERR_NONE || p->count == PARTS_MAX ||
	    !entry_read(ld, message, p->arena, &en, &p->err))
		return;
	p->ids[p->count] = entry_text(&en, attr_id);
	p->texts[p->count] = entry_text(&en, attr_part);
	p->count += p->ids[p->count] != NULL && p->texts[p->count] != NULL;
}

static bool open_parts(struct ldap_journal *j, struct arena *a,
		       const struct parts *found, struct plan *p, struct err *e)
{
	struct work *works = arena_alloc(a, WORKS_MAX * sizeof(*works));
	size_t steps = 0;

	p->works = works;
	p->work_count = 0;
	for (size_t i = 0; i < found->count; i++) {
		const char *name = seal_name(a, p, found->ids[i]), *text;

		if (!sealing_open(a, j->secret, name, found->texts[i], &text))
			return err_set(e, ERR_INTERNAL,
				       "%s was sealed with another secret",
				       name);
		if (!journal_unpack_works(a, text, p, works, WORKS_MAX, e))
			return false;
	}
	while (steps < p->count && p->steps[steps].to != NULL &&
	       text_equal(p->steps[steps].to, "work"))
		steps++;
	return p->work_count == steps ||
	       err_set(e, ERR_NOT_FOUND, "plan %s lacks its records", p->id);
}

bool journal_read_works(struct journal *port, const struct task *t,
			struct plan *p, struct err *e)
{
	struct ldap_journal *j = journal_self(port);
	struct arena *a = t->arena;
	static const char *const want[] = {attr_id, attr_part, NULL};
	struct parts found = {.arena = a};
	struct operation op = {.kind = OPERATION_SEARCH,
			       .dn = schema_plan_dn(a, j->store.set->base,
						    p->id),
			       .scope = LDAP_SCOPE_ONELEVEL,
			       .filter = filter_present(a, attr_part),
			       .want = want,
			       .limit = OPERATION_ALL,
			       .each = each_part,
			       .ctx = &found};

	found.ids = arena_alloc(a, (PARTS_MAX + 1) * sizeof(*found.ids));
	found.texts = arena_alloc(a, (PARTS_MAX + 1) * sizeof(*found.texts));
	if (!find_secret(j, t, e) ||
	    !store_run(&j->store, t, &op,
		       j->store.set->read_seconds * TIMES_READ, "journal", e))
		return false;
	if (found.err.kind != ERR_NONE) {
		*e = found.err;
		return false;
	}
	return open_parts(j, a, &found, p, e);
}

/* By words, for other versions number them otherwise. */
static const char *const kinds[] = {
	[ERR_NONE] = "none",
	[ERR_MALFORMED] = "malformed",
	[ERR_INVALID] = "invalid",
	[ERR_UNAUTHENTICATED] = "unauthenticated",
	[ERR_DENIED] = "denied",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_METHOD] = "method",
	[ERR_EXISTS] = "exists",
	[ERR_CONFLICT] = "conflict",
	[ERR_CHANGED] = "changed",
	[ERR_UNCONDITIONAL] = "unconditional",
	[ERR_TOO_LARGE] = "too_large",
	[ERR_MEDIA_TYPE] = "media_type",
	[ERR_RATE] = "rate",
	[ERR_LIMIT] = "limit",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_TIMEOUT] = "timeout",
	[ERR_UNKNOWN] = "unknown",
	[ERR_INTERNAL] = "internal",
};

const char *journal_write_failure(struct arena *a, const struct failure *f)
{
	json_t *object;

	if (f->kind == ERR_NONE)
		return NULL;
	object = json_object();
	set(object, "kind", json_string(kinds[f->kind]));
	set(object, "code", text_of(f->code));
	set(object, "text", text_of(f->text));
	set(object, "conflicts_with", text_of(f->conflicts_with));
	set(object, "step", json_integer(f->step));
	set(object, "left", text_of(f->left));
	return json_text_print(a, object, JSON_COMPACT);
}

static const char *word(struct arena *a, json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? arena_strdup(a, s) : NULL;
}

bool journal_read_failure(struct arena *a, const char *text,
			  struct failure *ret, struct err *e)
{
	json_t *object;

	if (!json_text_parse(a, text, strlen(text), &object, e))
		return false;
	const char *kind = word(a, object, "kind");
	*ret = (struct failure){.kind = ERR_INTERNAL,
				.code = word(a, object, "code"),
				.text = word(a, object, "text"),
				.conflicts_with =
					word(a, object, "conflicts_with"),
				.left = word(a, object, "left")};
	ret->step = json_integer_value(json_object_get(object, "step"));
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (text_equal(kinds[i], kind))
			ret->kind = (enum err_kind)i;
	}
	return true;
}
