#include "doctor/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "assets/asset.h"
#include "core/address.h"
#include "util/text.h"

enum { RESULTS_MAX = 16 };

static const char *file_text(const char *name)
{
	for (const struct asset *as = assets; as->name != NULL; as++) {
		if (strcmp(as->name, name) == 0)
			return as->text;
	}
	return NULL;
}

static size_t line_size(const char *text)
{
	return strcspn(text, "\n");
}

static bool is_setting(const char *line, const char *name)
{
	size_t size = strlen(name);

	return strncmp(line, name, size) == 0 &&
	       line[size + strspn(line + size, " ")] == '=';
}

/* The value of a setting, which may go on in lines that begin with blanks; NULL
 * if it is not there, "" if it is empty. */
static const char *setting_of(struct arena *a, const char *text,
			      const char *name)
{
	while (!is_setting(text, name)) {
		text += line_size(text);
		if (*text++ == '\0' || *text == '\0')
			return NULL;
	}
	text += strcspn(text, "=") + 1;
	text += strspn(text, " ");
	const char *value = arena_strndup(a, text, line_size(text));
	for (text += line_size(text);
	     text[0] == '\n' && (text[1] == ' ' || text[1] == '\t');
	     text += line_size(text)) {
		text += 1 + strspn(text + 1, " \t");
		value = arena_printf(a, "%s%.*s", value, (int)line_size(text),
				     text);
	}
	return value;
}

/* The words of a list, between commas and blanks. */
static void add_words(struct arena *a, struct text_list *to, const char *words)
{
	static const char between[] = ", \t";

	while (words != NULL && *(words += strspn(words, between)) != '\0' &&
	       to->count < RESULTS_MAX) {
		size_t size = strcspn(words, between);

		to->items[to->count++] = arena_strndup(a, words, size);
		words += size;
	}
}

static bool scope_of(const char *word, enum direct_scope *ret)
{
	*ret = DIRECT_ALL;
	if (word == NULL || strcmp(word, "sub") == 0 ||
	    strcmp(word, "subtree") == 0)
		return true;
	*ret = DIRECT_CHILDREN;
	return strcmp(word, "one") == 0 || strcmp(word, "onelevel") == 0;
}

static void read_results(struct arena *a, const char *text, struct lookup *l)
{
	struct text_list all = {
		.items =
			arena_alloc(a, (RESULTS_MAX + 2) * sizeof(*all.items))};

	l->terminal = setting_of(a, text, "terminal_result_attribute");
	l->format = setting_of(a, text, "result_format");
	l->results.items = all.items;
	add_words(a, &all, setting_of(a, text, "result_attribute"));
	add_words(a, &all, setting_of(a, text, "leaf_result_attribute"));
	l->results.count = all.count;
	if (l->terminal != NULL)
		all.items[all.count++] = l->terminal;
	/* Of an entry without attributes only its presence matters. */
	if (all.count == 0)
		all.items[all.count++] = "objectClass";
	l->wanted = all.items;
}

bool lookup_read(struct arena *a, const char *file, const char *setting,
		 const char *base, struct lookup *ret, struct err *e)
{
	const char *const pairs[] = {"BASE", base, NULL};
	const char *text = file_text(file), *scope;

	*ret = (struct lookup){.name = file};
	if (text == NULL)
		return err_set(e, ERR_NOT_FOUND, "%s is not shipped", file);
	text = text_fill(a, text, pairs);
	ret->filter = setting_of(a, text, setting);
	ret->base = setting_of(a, text, "search_base");
	if (ret->base == NULL)
		ret->base = setting_of(a, text, "base");
	scope = setting_of(a, text, "scope");
	if (ret->filter == NULL || ret->base == NULL ||
	    !scope_of(scope, &ret->scope))
		return err_set(e, ERR_INVALID, "%s has no %s", file, setting);
	read_results(a, text, ret);
	return true;
}

/* RFC 4515, as both programs do it. */
static const char *escaped(struct arena *a, const char *value)
{
	static const char digits[] = "0123456789abcdef";
	char *start = arena_alloc(a, strlen(value) * 3 + 1), *to = start;

	for (; *value != '\0'; value++) {
		if (strchr("*()\\", *value) == NULL) {
			*to++ = *value;
			continue;
		}
		*to++ = '\\';
		*to++ = digits[(unsigned char)*value >> 4];
		*to++ = digits[*value & 15];
	}
	return start;
}

/* What a letter behind '%' stands for; "" for one that is none of ours, NULL if
 * the key has no such part. */
static const char *part_of(struct arena *a, char letter, const char *key)
{
	const char *domain = address_domain(key);

	switch (letter) {
	case 's':
	case 'S':
		return key;
	case 'u':
	case 'U':
	case 'n':
		return domain != NULL && domain > key + 1
			       ? address_local(a, key)
			       : NULL;
	case 'd':
	case 'D':
		return domain;
	case '%':
		return "%";
	default:
		return "";
	}
}

/* Dovecot's %u is the whole login name, Postfix's what is before '@'. */
static char letter_for(const struct lookup *l, char letter)
{
	return letter == 'u' && strncmp(l->name, "dovecot", 7) == 0 ? 's'
								    : letter;
}

static const char *expand(struct arena *a, const struct lookup *l,
			  const char *template, const char *key,
			  const char *value)
{
	const char *text = "";

	for (size_t n; *template != '\0'; template += n) {
		n = strcspn(template, "%");
		text = arena_printf(a, "%s%.*s", text, (int)n, template);
		if (template[n] == '\0' || template[n + 1] == '\0')
			continue;
		char letter = letter_for(l, template[n + 1]);
		/* Small letters are of the result, where there is one. */
		const char *of = value != NULL && letter >= 'a' ? value : key;
		const char *part = part_of(a, letter, of);
		if (part == NULL)
			return NULL;
		text = arena_join(a, text,
				  value != NULL ? part : escaped(a, part),
				  NULL);
		n += 2;
	}
	return text;
}

const char *lookup_filter(struct arena *a, const struct lookup *l,
			  const char *key)
{
	return expand(a, l, l->filter, key, NULL);
}

static void add_values(struct arena *a, const struct lookup *l, const char *key,
		       const struct text_list *values, struct text_list *to,
		       size_t room)
{
	for (size_t i = 0; values != NULL && i < values->count; i++) {
		const char *value = l->format == NULL
					    ? values->items[i]
					    : expand(a, l, l->format, key,
						     values->items[i]);

		if (value != NULL && to->count < room)
			to->items[to->count++] = value;
	}
}

/* Room for all values of all entries. */
static size_t count_values(const struct direct_answer *answer)
{
	size_t n = 0;

	for (size_t i = 0; i < answer->count; i++) {
		for (size_t j = 0; j < answer->entries[i].count; j++)
			n += answer->entries[i].attributes[j].values.count;
	}
	return n;
}

struct text_list lookup_result(struct arena *a, const struct lookup *l,
			       const char *key,
			       const struct direct_answer *answer)
{
	size_t room = count_values(answer);
	struct text_list all = {
		.items = arena_alloc(a, (room + 1) * sizeof(*all.items))};

	for (size_t i = 0; i < answer->count; i++) {
		const struct direct_entry *en = &answer->entries[i];
		const struct text_list *last =
			l->terminal != NULL ? direct_values(en, l->terminal)
					    : NULL;

		if (last != NULL) {
			add_values(a, l, key, last, &all, room);
			continue;
		}
		for (size_t j = 0; j < l->results.count; j++)
			add_values(a, l, key,
				   direct_values(en, l->results.items[j]), &all,
				   room);
	}
	return all;
}
