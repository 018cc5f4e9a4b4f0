/*
 * imported - the records that a reader makes of a text, as lines to compare
 */
#ifndef TESTS_IMPORTED_H
#define TESTS_IMPORTED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alias.h"
#include "core/domain.h"
#include "core/user.h"
#include "import/reader.h"

static const struct codec_field imported_domain[] =
	{{"name", FIELD(struct domain, name), CODEC_REQUIRED},
	 {"quota_bytes", FIELD(struct domain, quota_bytes), 0},
	 {NULL, {0, 0}, 0}};
static const struct codec_field imported_user[] =
	{{"address", FIELD(struct user, address), CODEC_REQUIRED},
	 {"name", FIELD(struct user, name), 0},
	 {"enabled", FIELD(struct user, enabled), 0},
	 {"forward_to", FIELD(struct user, forward_to), 0},
	 {"keep_copy", FIELD(struct user, keep_copy), 0},
	 {"password_hash", FIELD(struct user, ready), 0},
	 {NULL, {0, 0}, 0}};
static const struct codec_field imported_alias[] =
	{{"address", FIELD(struct alias, address), CODEC_REQUIRED},
	 {"destinations", FIELD(struct alias, destinations), CODEC_REQUIRED},
	 {NULL, {0, 0}, 0}};

static inline const struct codec *imported_codec(enum kind k)
{
	static const struct codec codecs[] =
		{{imported_domain, sizeof(struct domain), &domain_defaults,
		  true},
		 {imported_user, sizeof(struct user), &user_defaults, true},
		 {imported_alias, sizeof(struct alias), &alias_defaults, true}};

	return &codecs[k == KIND_DOMAIN ? 0 : k == KIND_USER ? 1 : 2];
}

/* One record: its line, what it is, and its members; or what is wrong. */
static inline const char *imported_record(struct arena *a,
					  const struct import_record *r,
					  const struct err *e)
{
	if (e->kind != ERR_NONE)
		return arena_printf(a, "%zu !%s\n", r->line,
				    e->code != NULL ? e->code : e->text);
	if (r->kind == KIND_COUNT)
		return arena_printf(a, "%zu -%s\n", r->line,
				    r->what != NULL ? r->what : "");
	char *json = json_dumps(r->members, JSON_SORT_KEYS | JSON_COMPACT);
	const char *ret =
		arena_printf(a, "%zu %s%s%s %s\n", r->line,
			     kind_rules(r->kind)->noun, r->change ? "*" : "",
			     r->implied ? "?" : "", json);
	free(json);
	return ret;
}

static inline const char *imported_of(struct arena *a, const char *format,
				      const char *text, size_t size)
{
	/* As it lies in memory elsewhere: nothing is behind it. */
	char *bare = malloc(size > 0 ? size : 1);
	const struct reader_input in = {.arena = a,
					.text = bare,
					.size = size,
					.codec = imported_codec,
					.kind = KIND_COUNT,
					.domain = "d.example"};
	const char *all = "";
	struct reader r;
	struct err e = {0};

	memcpy(bare, text, size);
	if (!reader_begin(&r, reader_find(format, NULL), &in, &e))
		all = arena_printf(a, "!%s\n",
				   e.code != NULL ? e.code : e.text);
	for (bool some = e.kind == ERR_NONE; some;) {
		struct arena *own = arena_new();
		struct import_record rec;
		struct err why = {0};

		some = reader_next(&r, own, &rec, &why);
		if (some)
			all = arena_join(a, all,
					 imported_record(own, &rec, &why),
					 NULL);
		arena_free(own);
	}
	free(bare);
	return all;
}

/* Of a text without NUL. */
static inline const char *imported(struct arena *a, const char *format,
				   const char *text)
{
	return imported_of(a, format, text, strlen(text));
}

/* A file of tests/import, whole. */
static inline char *imported_file(struct arena *a, const char *name)
{
	const char *top = getenv("top_srcdir");
	FILE *f = fopen(arena_join(a, top != NULL ? top : ".", "/tests/import/",
				   name, NULL),
			"re");
	char *ret = arena_alloc(a, 1 << 16);

	if (f != NULL) {
		ret[fread(ret, 1, (1 << 16) - 1, f)] = '\0';
		fclose(f);
	}
	return ret;
}

#endif
