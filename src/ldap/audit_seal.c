#include "ldap/audit_seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ldap/dn.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "util/text.h"

/* Counts with each seal and record: whoever changes what is counted here gives
 * it another name. */
static const char seal_form[] = "provost seal 1",
		  record_form[] = "provost record 1";

const char seal_none[SEAL_HEX] =
	"0000000000000000000000000000000000000000000000000000000000000000";

const char seal_journal[] = "=journal";

/* Not what slapd changes by itself, nor what nobody reads. */
const char *const seal_counted[] =
	{"entryCSN",       "reqStart",        "reqEnd",
	 "reqType",        "reqAuthzID",      "reqDN",
	 "reqResult",      "reqEntryUUID",    "reqNewRDN",
	 "reqNewSuperior", "reqDeleteOldRDN", "reqControls",
	 "reqMod",         "reqOld",          NULL};

const char *const seal_wanted[] =
	{"provostSealNumber", "provostSealFrom",   "provostSealTo",
	 "provostSealCount",  "provostSealRecord", "provostSealPrevious",
	 "provostSealDigest", "provostSealTime",   NULL};

static void add_text(struct digest *d, const char *text)
{
	digest_add(d, text, strlen(text));
}

static void add_number(struct digest *d, int64_t n)
{
	char text[24];

	if (snprintf(text, sizeof(text), "%lld", (long long)n) > 0)
		add_text(d, text);
}

static void spell(struct digest *d, char ret[SEAL_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[DIGEST_SIZE];

	digest_end(&d, bytes);
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[SEAL_HEX - 1] = '\0';
}

void seal_digest(const struct seal *s, char ret[SEAL_HEX])
{
	struct digest *d = digest_begin(NULL, 0);

	add_text(d, seal_form);
	add_number(d, s->number);
	add_text(d, s->from);
	add_text(d, s->to);
	add_text(d, s->time);
	add_text(d, s->previous);
	add_number(d, (int64_t)s->records.count);
	for (size_t i = 0; i < s->records.count; i++)
		add_text(d, s->records.items[i]);
	spell(d, ret);
}

bool seal_same(const char *one, const char *other)
{
	return strcmp(one, other) == 0;
}

void seal_record_digest(const struct entry *en, char ret[SEAL_HEX])
{
	struct digest *d = digest_begin(NULL, 0);

	add_text(d, record_form);
	for (const char *const *name = seal_counted; *name != NULL; name++) {
		const struct berval *v = entry_values(en, *name);
		size_t n = 0;

		while (v != NULL && v[n].bv_val != NULL)
			n++;
		add_text(d, *name);
		add_number(d, (int64_t)n);
		for (size_t i = 0; i < n; i++)
			digest_add(d, v[i].bv_val, v[i].bv_len);
	}
	spell(d, ret);
}

/* The value of the last part of a name, before `end`. */
static const char *last_value(struct arena *a, const char *dn, const char *end)
{
	const char *begin = end;

	while (begin > dn && begin[-1] != ',')
		begin--;
	const char *equals = memchr(begin, '=', (size_t)(end - begin));
	return equals == NULL
		       ? ""
		       : text_lower(a,
				    arena_strndup(a, equals + 1,
						  (size_t)(end - equals - 1)));
}

static const char journal_part[] = "provostJournalId=";

/* What is below a plan is a domain, or an address, out of the way. */
static const char *journal_place(struct arena *a, const char *dn,
				 const char *end)
{
	const char *plan = end;

	while (plan > dn && plan[-1] != ',')
		plan--;
	/* A part of a change set is nobody's. */
	if (plan == dn ||
	    strncasecmp(dn, journal_part, strlen(journal_part)) == 0)
		return seal_journal;
	const char *kept = last_value(a, dn, plan - 1);
	const char *at = strrchr(kept, '@');
	return at != NULL ? at + 1 : kept;
}

const char *seal_place(struct arena *a, const char *base, const char *dn)
{
	const char *domains = schema_domains_dn(a, base);
	const char *journal = schema_journal_dn(a, base);
	size_t size = strlen(dn);

	if (dn_is_below(dn, domains))
		return last_value(a, dn, dn + size - strlen(domains) - 1);
	if (dn_is_below(dn, journal))
		return journal_place(a, dn, dn + size - strlen(journal) - 1);
	if (dn_is_below(dn, base))
		return arena_join(a, "=",
				  last_value(a, dn,
					     dn + size - strlen(base) - 1),
				  NULL);
	return "=";
}

bool seal_line_read(struct arena *a, const char *text, struct seal_line *ret)
{
	const char *one = strchr(text, ' ');
	const char *two = one != NULL ? strchr(one + 1, ' ') : NULL;

	if (two == NULL || two - one != SEAL_HEX)
		return false;
	ret->csn = arena_strndup(a, text, (size_t)(one - text));
	ret->digest = arena_strndup(a, one + 1, SEAL_HEX - 1);
	ret->place = two + 1;
	return true;
}

/* Values come in no order. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void read_records(const struct berval *v, struct arena *a,
			 struct text_list *ret)
{
	size_t n = 0;

	while (v != NULL && v[n].bv_val != NULL)
		n++;
	ret->items = arena_alloc(a, (n + 1) * sizeof(*ret->items));
	for (ret->count = 0; ret->count < n; ret->count++)
		ret->items[ret->count] = v[ret->count].bv_val;
	qsort(ret->items, n, sizeof(*ret->items), by_text);
}

bool seal_read(const struct entry *en, struct arena *a, struct seal *ret,
	       struct err *e)
{
	const char *number = entry_text(en, "provostSealNumber");
	const char **const members[] = {&ret->from, &ret->to, &ret->previous,
					&ret->digest, &ret->time};
	static const char *const names[] = {"provostSealFrom", "provostSealTo",
					    "provostSealPrevious",
					    "provostSealDigest",
					    "provostSealTime"};

	if (number == NULL || !text_number(number, 1, INT64_MAX, &ret->number))
		return err_set(e, ERR_INTERNAL, "a seal has no number");
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *text = entry_text(en, names[i]);

		*members[i] = text != NULL ? text : "";
	}
	read_records(entry_values(en, "provostSealRecord"), a, &ret->records);
	return true;
}

const char *seal_parent(struct arena *a, const char *base)
{
	return dn_child(a, "ou", "audit", base);
}

const char *seal_dn(struct arena *a, const char *base, int64_t number)
{
	return dn_child(a, "provostSealNumber",
			arena_printf(a, "%lld", (long long)number),
			seal_parent(a, base));
}

static LDAPMod *one(struct arena *a, const char *name, const char *value)
{
	char **values = arena_alloc(a, 2 * sizeof(*values));

	values[0] = arena_strdup(a, value);
	return map_mod(a, LDAP_MOD_ADD, name, values);
}

static LDAPMod *many(struct arena *a, const char *name,
		     const struct text_list *list)
{
	char **values = arena_alloc(a, (list->count + 1) * sizeof(*values));

	for (size_t i = 0; i < list->count; i++)
		values[i] = arena_strdup(a, list->items[i]);
	return map_mod(a, LDAP_MOD_ADD, name, values);
}

LDAPMod **seal_add(struct arena *a, const struct seal *s)
{
	const char *number = arena_printf(a, "%lld", (long long)s->number);
	const char *count = arena_printf(a, "%zu", s->records.count);
	LDAPMod *const mods[] = {one(a, "objectClass", "provostSeal"),
				 one(a, "provostSealNumber", number),
				 one(a, "provostSealFrom", s->from),
				 one(a, "provostSealTo", s->to),
				 one(a, "provostSealCount", count),
				 one(a, "provostSealPrevious", s->previous),
				 one(a, "provostSealDigest", s->digest),
				 one(a, "provostSealTime", s->time),
				 many(a, "provostSealRecord", &s->records),
				 NULL};

	return arena_copy(a, mods, sizeof(mods));
}
