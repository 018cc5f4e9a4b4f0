/* A JSON object a line: the members of a record, "type" and, of what is a part
 * of something larger, where it was there. */
#include <string.h>

#include "import/reader.h"
#include "util/text.h"
#include "json/text.h"

/* False if it is there and no such number. */
static bool take_number(json_t *object, const char *key, size_t *ret)
{
	json_t *value = json_object_get(object, key);
	json_int_t n = json_integer_value(value);

	bool good = value == NULL || (n > 0 && n <= READER_PLACE_MOST);

	if (value != NULL && good)
		*ret = (size_t)n;
	json_object_del(object, key);
	return good;
}

static bool take_places(struct reader *r, struct import_record *ret,
			struct err *e)
{
	size_t number = 0;

	if (!take_number(ret->members, "line", &ret->line) ||
	    !take_number(ret->members, "number", &number))
		return err_code(e, ERR_INVALID, "place_malformed",
				"line and number are numbers from 1 to %d",
				READER_PLACE_MOST);
	if (number > 0 && number <= r->number)
		return err_code(e, ERR_INVALID, "place_backwards",
				"the numbers of records rise");
	ret->number = number;
	return true;
}

/* Of one record something else than of all. */
static bool take_conflict(struct import_record *ret, struct err *e)
{
	json_t *how = json_object_get(ret->members, "on_conflict");

	ret->implied = how != NULL && !json_is_null(how);
	if (ret->implied && !text_equal(json_string_value(how), "skip"))
		return err_code(e, ERR_INVALID, "conflict_malformed",
				"on_conflict of a record can only be skip");
	json_object_del(ret->members, "on_conflict");
	return true;
}

static bool take_kind(struct reader *r, struct import_record *ret,
		      struct err *e)
{
	json_t *type = json_object_get(ret->members, "type");
	json_t *change = json_object_get(ret->members, "change");

	ret->kind = type != NULL ? record_kind(json_string_value(type))
				 : r->in.kind;
	ret->change = json_is_true(change);
	if (change != NULL && !json_is_boolean(change))
		return err_code(e, ERR_INVALID, "change_malformed",
				"change is true or false");
	json_object_del(ret->members, "type");
	json_object_del(ret->members, "change");
	return ret->kind != KIND_COUNT ||
	       err_code(e, ERR_INVALID, "type_unknown",
			"type is domain, user or alias");
}

static bool open(struct reader *r, struct err *e)
{
	(void)r, (void)e;
	return true;
}

/* The next line with something in it. */
static bool some_line(struct reader *r, const char **text, size_t *size)
{
	do {
		if (!reader_line(r, text, size))
			return false;
	} while (strspn(*text, " \t") >= *size);
	return true;
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	const char *text;
	size_t size;

	if (!some_line(r, &text, &size))
		return false;
	ret->line = r->line - 1;
	if (size > READER_RECORD)
		return err_code(e, ERR_MALFORMED, "record_too_large",
				"a line has more than %d bytes", READER_RECORD);
	if (!json_text_parse(a, text, size, &ret->members, e))
		return false;
	return take_places(r, ret, e) && take_conflict(ret, e) &&
	       take_kind(r, ret, e);
}

const struct reader_format format_ndjson = {"ndjson", "application/x-ndjson",
					    open, next, false};
