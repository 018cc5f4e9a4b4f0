/*
 * reader - the records in a file, one after the other, whatever its format
 *
 * The text is read where it lies, and no more of it is kept than one record;
 * where a format has what belongs together in several places, these are noted.
 *
 * What is wrong with one record is told of that, and the next one is read; what
 * makes the whole of no use is told at once.
 */
#ifndef IMPORT_READER_H
#define IMPORT_READER_H

#include "import/record.h"
#include "util/err.h"

enum {
	READER_RECORD = 1 << 20,        /* bytes that a record has at most */
	READER_PLACE_MOST = 1000000000, /* numbers and lines that are told us */
};

struct reader_input {
	struct arena *arena; /* lives as long as the reader */
	const char *text;
	size_t size;
	codec_of *codec;
	enum kind kind;     /* of records that do not say; KIND_COUNT: they
			     * have to */
	size_t passed;      /* records before it, where it is a part */
	size_t lines;       /* the same of lines */
	const char *domain; /* of those that have none; or NULL */
};

struct reader {
	const struct reader_format *format;
	struct reader_input in;
	size_t at, line; /* the next byte, and in which line, from 1, it is */
	size_t number;   /* of the last record */
	void *own;       /* the format's */
};

/* Begin. */
typedef bool reader_open_fn(struct reader *r, struct err *e);

/* The next record, in a; or ret->line and e, why there is none there.  False
 * without e: there are no more. */
typedef bool reader_next_fn(struct reader *r, struct arena *a,
			    struct import_record *ret, struct err *e);

struct reader_format {
	const char *name, *media_type;
	reader_open_fn *open;
	reader_next_fn *next;
	bool whole; /* what belongs together may be anywhere in it: there are
		     * no parts of it */
};

/* By its name or, NULL, by the media type of a body.  NULL: there is none. */
const struct reader_format *reader_find(const char *name,
					const char *media_type);

/* By how the text begins, where that is sure; else NULL. */
const struct reader_format *reader_guess(const char *text, size_t size);

/* The names of all, for people. */
const char *reader_names(struct arena *a);

bool reader_begin(struct reader *ret, const struct reader_format *f,
		  const struct reader_input *in, struct err *e);

/* False: there are no more.  Else there is a record, or e says why not; it has
 * a number and a line in any case. */
bool reader_next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e);

/* For formats: the next line without its end, in place; false at the end. */
bool reader_line(struct reader *r, const char **text, size_t *size);

/* To the beginning of the text. */
void reader_rewind(struct reader *r);

/* The formats. */
extern const struct reader_format format_csv, format_ndjson, format_ldif,
	format_mailserver, format_modoboa, format_passwd, format_sql;

#endif
