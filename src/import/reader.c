#include "import/reader.h"

#include <string.h>
#include <strings.h>

#include "util/text.h"
#include "json/limits.h"

static const struct reader_format *const formats[] =
	{&format_csv,     &format_ndjson,     &format_ldif,  &format_sql,
	 &format_modoboa, &format_mailserver, &format_passwd};

/* What is before a parameter, or a blank. */
static bool same_type(const char *type, const char *wanted)
{
	return wanted != NULL && strcspn(type, "; \t") == strlen(wanted) &&
	       strncasecmp(type, wanted, strlen(wanted)) == 0;
}

const struct reader_format *reader_find(const char *name,
					const char *media_type)
{
	for (size_t i = 0; i < COUNT(formats); i++) {
		const struct reader_format *f = formats[i];

		if (name != NULL ? strcmp(f->name, name) == 0
				 : media_type != NULL &&
					   same_type(media_type, f->media_type))
			return f;
	}
	return NULL;
}

const char *reader_names(struct arena *a)
{
	const char *list = formats[0]->name;

	for (size_t i = 1; i < COUNT(formats); i++)
		list = arena_join(a, list, ", ", formats[i]->name, NULL);
	return list;
}

void reader_rewind(struct reader *r)
{
	r->at = text_mark_size(r->in.text, r->in.size);
	r->line = r->in.lines + 1;
}

bool reader_begin(struct reader *ret, const struct reader_format *f,
		  const struct reader_input *in, struct err *e)
{
	*ret = (struct reader){.format = f, .in = *in, .number = in->passed};
	reader_rewind(ret);
	if (f->whole && (in->passed > 0 || in->lines > 0))
		return err_code(e, ERR_MALFORMED, "no_parts",
				"%s does not come in parts: what belongs "
				"together may be in several of them",
				f->name);
	/* As in UTF-16, or what is no text at all. */
	if (memchr(in->text, '\0', in->size) != NULL)
		return err_code(e, ERR_MALFORMED, "not_text",
				"that is not text in UTF-8");
	return f->open(ret, e);
}

bool reader_next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	*ret = (struct import_record){.kind = KIND_COUNT};
	if (!r->format->next(r, a, ret, e) && e->kind == ERR_NONE)
		return false;
	r->number++;
	if (ret->number == 0)
		ret->number = r->number;
	else
		r->number = ret->number;
	if (e->kind == ERR_NONE && ret->bad != NULL)
		err_code(e, ERR_MALFORMED, "not_text",
			 "%s is not text in UTF-8", ret->bad);
	if (e->kind == ERR_NONE && ret->many != NULL)
		err_code(e, ERR_MALFORMED, "record_too_large",
			 "%s has more than %d items", ret->many,
			 JSON_ELEMENTS_MAX);
	return true;
}

bool reader_line(struct reader *r, const char **text, size_t *size)
{
	const char *from = r->in.text + r->at, *end;
	size_t left = r->in.size - r->at;

	if (left == 0)
		return false;
	end = memchr(from, '\n', left);
	size_t whole = end != NULL ? (size_t)(end - from) + 1 : left;
	*text = from;
	*size = end != NULL ? whole - 1 : whole;
	if (*size > 0 && from[*size - 1] == '\r')
		(*size)--;
	r->at += whole;
	r->line++;
	return true;
}
