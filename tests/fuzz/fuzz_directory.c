#include <ldap.h>
#include <string.h>

#include "ldap/dn.h"
#include "ldap/entry.h"
#include "ldap/filter.h"
#include "ldap/schema.h"
#include "tests/fuzz/fuzz.h"

/* One name below the parent, of the very value. */
static void dn(struct arena *a, const char *value)
{
	const char *text = dn_child(a, "mail", value, "ou=domains,dc=x");
	LDAPDN parsed = NULL;

	HOLDS(ldap_str2dn(text, &parsed, LDAP_DN_FORMAT_LDAPV3) == 0);
	HOLDS(parsed[0] && parsed[1] && parsed[2] && parsed[3] == NULL);
	HOLDS(parsed[0][0] != NULL && parsed[0][1] == NULL);
	HOLDS(parsed[0][0]->la_value.bv_len == strlen(value));
	HOLDS(memcmp(parsed[0][0]->la_value.bv_val, value, strlen(value)) == 0);
	ldap_dnfree(parsed);
	for (const char *p = text; *p != '\0'; p++)
		HOLDS(*p > ' ' && *p < 0x7f);
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

/* As many parentheses as we wrote, and nothing raw between them. */
static void filter(struct arena *a, const char *value)
{
	const char *one = filter_equal(a, "mail", value);
	const char *const parts[] = {one, "(a=b)"};
	const char *all = filter_and(a, one, filter_any(a, parts, 2));
	size_t plain = 0;

	HOLDS(strncmp(one, "(mail=", 6) == 0 && one[strlen(one) - 1] == ')');
	HOLDS(count(one, '(') == 1 && count(one, ')') == 1);
	HOLDS(count(all, '(') == 5 && count(all, ')') == 5);
	for (const char *p = one + 6; *p != ')'; p++) {
		HOLDS(*p != '*' && *p != '(' && *p >= ' ' && *p < 0x7f);
		if (*p == '\\') {
			HOLDS(strspn(p + 1, "0123456789abcdef") >= 2);
			p += 2;
		}
		plain++;
	}
	HOLDS(plain == strlen(value));
}

/* What the directory sends is read or refused. */
static void entry(struct arena *a, const uint8_t *data, size_t size)
{
	struct berval value = {size, arena_copy(a, data, size)};
	struct domain *record = arena_alloc(a, kind_rules(KIND_DOMAIN)->size);
	struct entry en;
	struct err e = {0};

	if (size == 0)
		return;
	if (!entry_read_control(&value, a, &en, &e)) {
		HOLDS(e.kind == ERR_INTERNAL);
		return;
	}
	if (!map_read(&schema_of(KIND_DOMAIN)->map, a, &en, record, &e))
		HOLDS(e.kind == ERR_INTERNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);

	if (text[0] != '\0')
		dn(a, text);
	filter(a, text);
	entry(a, data, size);
	arena_free(a);
	return 0;
}
