#include "ldap/audit_changes.h"

#include <string.h>
#include <strings.h>

#include "ldap/map.h"
#include "ldap/schema.h"
#include "util/text.h"

enum {
	CHANGES_MAX = 64, /* attributes that are told */
	VALUES_MAX = 200, /* of each of them */
};

/* Slapd's own, which every write brings, what says nothing, and where mailboxes
 * are. */
static const char *const ignored[] = {
	"entryCSN",         "entryUUID",      "modifiersName",
	"modifyTimestamp",  "creatorsName",   "createTimestamp",
	"objectClass",      "pwdChangedTime", "structuralObjectClass",
	"provostMailboxId", "provostUsageOf",
};

/* One that changes with each password, which is not shown. */
static const char password_sign[] = "pwdChangedTime",
		  password_name[] = "userPassword";

static bool is_ignored(const char *name)
{
	for (size_t i = 0; i < COUNT(ignored); i++) {
		if (strcasecmp(ignored[i], name) == 0)
			return true;
	}
	return false;
}

/* "name: value" or "name:= value": what, how and with which value. */
struct line {
	const char *name, *value; /* NULL: none is named */
	char how;                 /* '=', '+', '-', '#'; ' ' of what was */
};

static bool read_line(struct arena *a, const char *text, struct line *ret)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL || colon == text)
		return false; /* a mere separator */
	ret->name = arena_strndup(a, text, (size_t)(colon - text));
	ret->how = ' ';
	colon++;
	if (*colon != '\0' && strchr("=+-#", *colon) != NULL)
		ret->how = *colon++;
	ret->value = *colon == ' ' ? colon + 1 : NULL;
	return true;
}

/* The table's row of an attribute; NULL if it has none. */
static const struct map_attr *row_of(enum kind k, const char *name)
{
	if (k == KIND_COUNT)
		return NULL;
	for (const struct map_attr *at = schema_of(k)->map.attrs;
	     at->name != NULL; at++) {
		if (strcasecmp(at->name, name) == 0)
			return at;
	}
	return NULL;
}

static const char *shown(struct arena *a, const struct map_attr *row,
			 const char *value)
{
	if (row != NULL && row->field.kind == FIELD_FLAG)
		return text_lower(a, value);
	return row != NULL && (row->flags & MAP_TIME) != 0
		       ? map_instant(a, value)
		       : value;
}

static struct audit_change *change_of(struct arena *a, struct audit_record *r,
				      const char *name)
{
	for (size_t i = 0; i < r->change_count; i++) {
		if (r->changes[i].attribute != NULL &&
		    strcasecmp(r->changes[i].attribute, name) == 0)
			return &r->changes[i];
	}
	if (r->change_count == CHANGES_MAX)
		return NULL;
	const struct map_attr *row = row_of(r->kind, name);
	struct audit_change *c = &r->changes[r->change_count++];
	*c = (struct audit_change){.attribute = name,
				   .field = row != NULL ? &row->field : NULL};
	c->before.items = arena_alloc(a, VALUES_MAX * sizeof(char *));
	c->after.items = arena_alloc(a, VALUES_MAX * sizeof(char *));
	return c;
}

static void put(struct text_list *list, const char *value)
{
	if (list->count < VALUES_MAX)
		list->items[list->count++] = value;
}

static void take_out(struct text_list *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcasecmp(list->items[i], value) != 0)
			continue;
		memmove(&list->items[i], &list->items[i + 1],
			(list->count - i - 1) * sizeof(*list->items));
		list->count--;
		return;
	}
}

static void increment(struct arena *a, struct text_list *list, const char *by)
{
	int64_t n, more;

	if (list->count == 1 &&
	    text_number(list->items[0], INT64_MIN / 2, INT64_MAX / 2, &n) &&
	    text_number(by, INT64_MIN / 2, INT64_MAX / 2, &more))
		list->items[0] = arena_printf(a, "%lld", (long long)(n + more));
}

static void note_secret(struct audit_record *r, const char *name)
{
	if (r->change_count < CHANGES_MAX)
		r->changes[r->change_count++] =
			(struct audit_change){.attribute = name,
					      .secret = true};
}

/* What was: of what was deleted everything, else of what is written. */
static void read_old(struct arena *a, const struct entry *en,
		     struct audit_record *r)
{
	const struct berval *v = entry_values(en, "reqOld");
	struct line l;

	for (; v != NULL && v->bv_val != NULL; v++) {
		if (!read_line(a, v->bv_val, &l) || l.value == NULL ||
		    is_ignored(l.name))
			continue;
		struct audit_change *c = change_of(a, r, l.name);
		if (c == NULL)
			continue;
		const char *value = shown(a, row_of(r->kind, l.name), l.value);
		put(&c->before, value);
		if (strcmp(r->action, "delete") != 0)
			put(&c->after, value);
	}
}

static void apply(struct arena *a, struct audit_change *c, const char *value,
		  char how, bool *begun)
{
	if ((how == '=' && !*begun) || (how == '-' && value == NULL))
		c->after.count = 0;
	*begun = how == '=';
	if (value == NULL)
		return;
	if (how == '-')
		take_out(&c->after, value);
	else if (how == '#')
		increment(a, &c->after, value);
	else
		put(&c->after, value);
}

static void read_new(struct arena *a, const struct entry *en,
		     struct audit_record *r, bool *password)
{
	const struct berval *v = entry_values(en, "reqMod");
	const struct audit_change *last = NULL;
	bool begun = false;
	struct line l;

	for (; v != NULL && v->bv_val != NULL; v++) {
		if (!read_line(a, v->bv_val, &l)) {
			last = NULL;
			continue;
		}
		if (strcasecmp(l.name, password_sign) == 0)
			*password = true;
		struct audit_change *c =
			is_ignored(l.name) ? NULL : change_of(a, r, l.name);
		if (c == NULL)
			continue;
		/* A replacement's values follow each other. */
		begun = begun && c == last;
		last = c;
		apply(a, c,
		      l.value != NULL
			      ? shown(a, row_of(r->kind, l.name), l.value)
			      : NULL,
		      l.how, &begun);
	}
}

/* What is now as it was is no change. */
static void drop_unchanged(struct audit_record *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->change_count; i++) {
		if (r->changes[i].secret ||
		    !text_list_equal(r->changes[i].before, r->changes[i].after))
			r->changes[kept++] = r->changes[i];
	}
	r->change_count = kept;
}

void audit_changes_read(struct arena *a, const struct entry *en,
			struct audit_record *r)
{
	bool password = false;

	r->changes = arena_alloc(a, CHANGES_MAX * sizeof(*r->changes));
	read_old(a, en, r);
	read_new(a, en, r, &password);
	/* Something was written of which nothing is shown. */
	bool hidden = strcmp(r->action, "change") == 0 && !password &&
		      r->change_count == 0;
	drop_unchanged(r);
	if (password || hidden)
		note_secret(r, password ? password_name : NULL);
}
