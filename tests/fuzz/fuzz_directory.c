#include <ldap.h>
#include <string.h>

#include "ldap/dn.h"
#include "ldap/filter.h"
#include "ldap/schema.h"
#include "tests/fuzz/fuzz.h"

/* libldap's own parser of filters; its header is not shipped. */
int ldap_pvt_put_filter(BerElement *ber, const char *text);

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

/* Where there is a name for a key, it is that key's, below the base. */
static void placed(struct arena *a, const char *key)
{
	for (enum kind k = KIND_DOMAIN; k < KIND_COUNT; k++) {
		const char *text = schema_dn(a, "dc=x", k, key);
		LDAPDN parsed = NULL;
		bool deep = k != KIND_DOMAIN && k != KIND_PRINCIPAL;
		int depth = deep ? 4 : 3;

		if (text == NULL)
			continue;
		HOLDS(ldap_str2dn(text, &parsed, LDAP_DN_FORMAT_LDAPV3) == 0);
		for (int i = 0; i < depth; i++)
			HOLDS(parsed[i] != NULL && parsed[i][1] == NULL);
		HOLDS(parsed[depth] == NULL);
		const struct berval *name = &parsed[0][0]->la_value;
		HOLDS(name->bv_len == strlen(key));
		HOLDS(memcmp(name->bv_val, key, name->bv_len) == 0);
		ldap_dnfree(parsed);
	}
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == c;
	return n;
}

/* To the directory it is one comparison, with the very value. */
static void encoded(const char *one, const char *value)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER), *back;
	struct berval bytes, attr, same;
	ber_len_t length;

	HOLDS(ber != NULL && ldap_pvt_put_filter(ber, one) == 0);
	HOLDS(ber_flatten2(ber, &bytes, 0) == 0);
	back = ber_init(&bytes);
	HOLDS(back != NULL);
	HOLDS(ber_peek_tag(back, &length) == LDAP_FILTER_EQUALITY);
	HOLDS(ber_scanf(back, "{mm}", &attr, &same) != LBER_ERROR);
	HOLDS(attr.bv_len == 4 && memcmp(attr.bv_val, "mail", 4) == 0);
	HOLDS(same.bv_len == strlen(value));
	HOLDS(memcmp(same.bv_val, value, same.bv_len) == 0);
	ber_free(back, 1);
	ber_free(ber, 1);
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
	encoded(one, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);

	if (text[0] != '\0')
		dn(a, text);
	placed(a, text);
	filter(a, text);
	arena_free(a);
	return 0;
}
