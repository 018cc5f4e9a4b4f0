#include "api/wire.h"

#include <string.h>

#include "util/text.h"

enum { SHOWN_MAX = 80 }; /* bytes of what was sent, in errors */

static const struct phrases *phrases(const struct call *call)
{
	return call->dialect->foreign->phrases;
}

bool wire_note(const struct call *call, const char *phrase,
	       const char *const pairs[], struct err *e)
{
	struct arena *a = call->task.arena;

	fault_key(e, a, FAULT_POLICY, "",
		  pairs != NULL ? text_fill(a, phrase, pairs) : phrase);
	return false;
}

const struct wire_field *wire_find(const struct resource *of, const char *name)
{
	const struct wire_field *f = of->fields;

	while (f->name != NULL && strcmp(f->name, name) != 0)
		f++;
	return f->name != NULL ? f : NULL;
}

/* A view of what is there, or of nothing: then with the defaults. */
static void begin(const struct resource *of, const struct roster_row *row,
		  void *view)
{
	const struct kind_rules *rules = kind_rules(of->kind);

	if (of->kind == KIND_ALIAS)
		*(struct alias_row *)view =
			(struct alias_row){row->key, row->part};
	else
		memcpy(view, row->key != NULL ? row->record : rules->defaults,
		       of->record);
}

static json_t *show(struct showing *s, const void *view, struct err *e)
{
	json_t *object = json_object();

	for (const struct wire_field *f = s->of->fields; f->name; f++) {
		json_t *value = NULL;

		if (f->type->show != NULL &&
		    !f->type->show(s, field_in(f->member, view), &value, e))
			return json_decref(object), NULL;
		if (value != NULL)
			json_object_set_new(object, f->name, value);
	}
	return object;
}

bool wire_show(const struct call *call, const struct resource *of,
	       const struct roster_row *rows, size_t count, json_t *into,
	       struct err *e)
{
	char *views = arena_alloc(call->task.arena, (count + 1) * of->size);
	struct showing s = {.call = call, .of = of};

	for (size_t i = 0; i < count; i++)
		begin(of, &rows[i], views + i * of->size);
	if (of->look != NULL && !of->look(call, rows, count, views, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		s.row = &rows[i];
		json_t *object = show(&s, views + i * of->size, e);
		if (object == NULL)
			return false;
		json_array_append_new(into, object);
	}
	return true;
}

/* What an object says of a member; what a new one has to have is asked for,
 * be it not sent. */
static bool is_meant(const struct item *i, const struct wire_field *f,
		     const json_t *value)
{
	bool new = i->was.key == NULL;

	if (f->type->take == NULL || (!new && (f->flags & WIRE_NEW)))
		return false;
	return value != NULL || (new && (f->flags & WIRE_NEEDED));
}

static bool take_member(const struct call *call, json_t *object,
			const struct wire_field *f, struct item *i,
			struct err *e)
{
	json_t *value = json_object_get(object, f->name);
	void *member = field_at(f->member, i->view);

	if (json_is_null(value) && !(f->flags & WIRE_NOT_NULL))
		value = NULL;
	if (!is_meant(i, f, value))
		return true;
	if (!f->type->take(call, f, value, member, e))
		return false;
	if ((f->flags & WIRE_NEEDED) && *(const char **)member == NULL)
		wire_note(call, phrases(call)->blank, NULL, e);
	if (!(f->flags & WIRE_SEEN))
		i->present.fields[i->present.count++] = f->member;
	return true;
}

bool wire_take(const struct call *call, json_t *object, struct item *ret,
	       struct err *e)
{
	size_t count = 0;

	while (ret->of->fields[count].name != NULL)
		count++;
	ret->view = arena_alloc(call->task.arena, ret->of->size);
	begin(ret->of, &ret->was, ret->view);
	ret->present.fields =
		arena_alloc(call->task.arena, count * sizeof(struct field));
	for (const struct wire_field *f = ret->of->fields; f->name; f++) {
		if (!take_member(call, object, f, ret, e))
			return false;
	}
	return (ret->of->judge == NULL || ret->of->judge(call, ret, e)) &&
	       e->kind == ERR_NONE;
}

bool wire_show_text(struct showing *s, const void *member, json_t **ret,
		    struct err *e)
{
	const char *const *text = member;

	(void)s, (void)e;
	*ret = json_string(*text != NULL ? *text : "");
	return true;
}

bool wire_show_number(struct showing *s, const void *member, json_t **ret,
		      struct err *e)
{
	const int64_t *n = member;

	(void)s, (void)e;
	*ret = json_integer(*n != NUMBER_NONE ? *n : 0);
	return true;
}

bool wire_show_verdict(struct showing *s, const void *member, json_t **ret,
		       struct err *e)
{
	const int64_t *n = member;

	(void)s, (void)e;
	if (*n != NUMBER_NONE)
		*ret = json_boolean(*n);
	return true;
}

/* A number is taken for its digits, and what is empty for nothing. */
bool wire_take_text(const struct call *call, const struct wire_field *f,
		    json_t *value, void *member, struct err *e)
{
	const char *const about[] = {"FIELD", f->name, NULL};
	struct arena *a = call->task.arena;
	const char *text = json_string_value(value), **to = member;

	if (json_is_integer(value))
		text = arena_printf(a, "%lld",
				    (long long)json_integer_value(value));
	if (text == NULL && value != NULL && !json_is_null(value))
		return wire_note(call, phrases(call)->text, about, e);
	*to = text != NULL && text[0] != '\0' ? arena_strdup(a, text) : NULL;
	return true;
}

bool wire_take_lower(const struct call *call, const struct wire_field *f,
		     json_t *value, void *member, struct err *e)
{
	const char **text = member;

	if (!wire_take_text(call, f, value, member, e))
		return false;
	fold_text(call->task.arena, text);
	return true;
}

bool wire_no_integer(const struct call *call, const char *text, struct err *e)
{
	char *shown =
		arena_strndup(call->task.arena, text, strnlen(text, SHOWN_MAX));

	text_mend(shown);
	return wire_note(call, phrases(call)->integer,
			 (const char *const[]){"VALUE", shown, NULL}, e);
}

static bool is_integer(const json_t *value, int64_t *ret)
{
	const char *text = json_string_value(value);

	if (json_is_boolean(value))
		*ret = json_is_true(value);
	else if (json_is_integer(value))
		*ret = json_integer_value(value);
	else if (json_is_real(value) && json_real_value(value) > -9e18)
		*ret = (int64_t)json_real_value(value);
	else
		return text != NULL && text_number(text, 0, INT64_MAX, ret);
	return true;
}

bool wire_take_integer(const struct call *call, const struct wire_field *f,
		       json_t *value, void *member, struct err *e)
{
	static const char *const most[] = {"LIMIT", "9223372036854775807",
					   NULL};
	const char *text = json_string_value(value);
	int64_t *to = member;

	(void)f;
	if (json_is_null(value))
		wire_note(call, phrases(call)->blank, NULL, e);
	else if (json_is_real(value) &&
		 json_real_value(value) >= 9223372036854775808.0)
		wire_note(call, phrases(call)->too_great, most, e);
	else if (!is_integer(value, to))
		wire_no_integer(call, text != NULL ? text : "", e);
	return true;
}

static void too_long(const struct call *call, const char *text, int most,
		     struct err *e)
{
	struct arena *a = call->task.arena;

	wire_note(call, phrases(call)->too_long,
		  (const char *const[]){"LIMIT", arena_printf(a, "%d", most),
					"SIZE",
					arena_printf(a, "%zu", strlen(text)),
					NULL},
		  e);
}

/* What is an address elsewhere, and none of ours, is refused in our words. */
static bool take_address(const struct call *call, const struct wire_field *f,
			 json_t *value, void *member, enum address_use use,
			 struct err *e)
{
	const char *const *address = member;
	struct err why = {0}, none = {0};

	if (!wire_take_lower(call, f, value, member, e))
		return false;
	if (*address == NULL || address_check(*address, use, &why))
		return true;
	if (strlen(*address) > ADDRESS_MAX)
		too_long(call, *address, ADDRESS_MAX, e);
	else if (address_check(*address, ADDRESS_DESTINATION, &none))
		wire_note(call, arena_strdup(call->task.arena, why.text), NULL,
			  e);
	else
		wire_note(call, phrases(call)->address, NULL, e);
	return true;
}

bool wire_take_own(const struct call *call, const struct wire_field *f,
		   json_t *value, void *member, struct err *e)
{
	return take_address(call, f, value, member, ADDRESS_OWN, e);
}

bool wire_take_alias(const struct call *call, const struct wire_field *f,
		     json_t *value, void *member, struct err *e)
{
	return take_address(call, f, value, member, ADDRESS_ALIAS, e);
}

bool wire_take_destination(const struct call *call, const struct wire_field *f,
			   json_t *value, void *member, struct err *e)
{
	return take_address(call, f, value, member, ADDRESS_DESTINATION, e);
}
