#include "core/principal.h"

#include <string.h>

#include "core/address.h"
#include "core/kind.h"
#include "core/password.h"
#include "util/text.h"

#define F(member) (struct field) FIELD(struct principal, member)

const struct principal principal_defaults = {
	.kind = "person",
	.enabled = true,
	.max_domains = NUMBER_NONE,
	.max_users = NUMBER_NONE,
	.max_aliases = NUMBER_NONE,
	.max_deputies = NUMBER_NONE,
	.quota_bytes = NUMBER_NONE,
};

static const struct field budgets[] = {
	FIELD(struct principal, max_domains),
	FIELD(struct principal, max_users),
	FIELD(struct principal, max_aliases),
	FIELD(struct principal, max_deputies),
	FIELD(struct principal, quota_bytes),
};

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool principal_login_check(const char *login, struct err *e)
{
	size_t size = strlen(login);

	return (size > 0 && size <= PRINCIPAL_LOGIN_MAX &&
		is_letter_or_digit(login[0]) &&
		is_letter_or_digit(login[size - 1]) &&
		strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789._-") ==
			size) ||
	       err_set(e, ERR_INVALID,
		       "a login has 1 to 64 letters, digits, dots, dashes and "
		       "underscores, and begins and ends with a letter or "
		       "digit");
}

void principal_fold(void *principal, struct arena *a)
{
	struct principal *p = principal;

	fold_text(a, &p->login);
	fold_text(a, &p->sponsor);
	fold_text(a, &p->recovery_address);
	unique_set(a, &p->certificates);
}

static void login_fault(const char *login, struct field f, struct arena *a,
			struct err *e)
{
	struct err bad = {0};

	if (!principal_login_check(login, &bad))
		fault_field(e, a, FAULT_FORMAT, f, arena_strdup(a, bad.text));
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* The type of an attribute, or its number. */
static bool take_type(const char **s)
{
	const char *from = *s;

	*s += strspn(from, DIGITS) > 0    ? strspn(from, DIGITS ".")
	      : strspn(from, LETTERS) > 0 ? strspn(from, LETTERS DIGITS "-")
					  : 0;
	return *s > from;
}

/* Up to where the value of an attribute ends. */
static bool take_value(const char **s)
{
	static const char hex[] = DIGITS "abcdefABCDEF";
	const char *p = *s;

	while (*p != '\0' && strchr(",+\";<>", *p) == NULL) {
		if (*p++ != '\\')
			continue;
		if (*p == '\0')
			return false;
		if (strchr(hex, *p) != NULL && strspn(p++, hex) < 2)
			return false;
		p++;
	}
	*s = p;
	return *p == '\0' || *p == ',' || *p == '+';
}

/* A name as RFC 4514 writes it, without blanks around its signs. */
static bool is_subject(const char *s)
{
	for (;; s++) {
		if (!take_type(&s) || *s++ != '=' || !take_value(&s))
			return false;
		if (*s == '\0')
			return true;
	}
}

static bool is_certificate(const char *s)
{
	static const char subject[] = "subject:";
	size_t size = strlen(s);

	if (strncmp(s, subject, strlen(subject)) == 0)
		return size <= CERTIFICATE_MAX && text_is_clean(s) &&
		       is_subject(s + strlen(subject));
	return size == 64 && strspn(s, DIGITS "abcdef") == 64;
}

static void certificate_faults(const struct text_list *list, struct arena *a,
			       struct err *e)
{
	if (list->count > PRINCIPAL_CERTIFICATES_MAX) {
		fault_field(e, a, FAULT_RANGE, F(certificates),
			    arena_printf(a, "there are more than %d",
					 PRINCIPAL_CERTIFICATES_MAX));
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (is_certificate(list->items[i]))
			continue;
		fault_field(e, a, FAULT_FORMAT, F(certificates),
			    arena_printf(a,
					 "number %zu: the SHA-256 of a "
					 "certificate has 64 lower-case "
					 "hexadecimal digits; else it is "
					 "\"subject:\" and its subject as RFC "
					 "4514 writes it, %d bytes at most",
					 i + 1, CERTIFICATE_MAX));
	}
}

static void password_faults(const struct principal *p, struct arena *a,
			    struct err *e)
{
	struct err bad = {0};

	if (p->clear != NULL && !password_check(p->clear, &bad))
		fault_field(e, a, FAULT_FORMAT, F(clear),
			    arena_strdup(a, bad.text));
	if (p->clear != NULL && p->ready != NULL)
		fault_field(e, a, FAULT_RANGE, F(ready),
			    "give a password or a hash, not both");
}

static void budget_faults(const struct principal *p, struct arena *a,
			  struct err *e)
{
	for (size_t i = 0; i < COUNT(budgets); i++) {
		int64_t n = *(const int64_t *)field_in(budgets[i], p);

		if (n < 0 && n != NUMBER_NONE)
			fault_field(e, a, FAULT_RANGE, budgets[i],
				    "a budget is 0 or more");
	}
}

void principal_check(const void *principal, struct arena *a, struct err *e)
{
	const struct principal *p = principal;
	struct err bad = {0};

	if (p->login == NULL)
		fault_field(e, a, FAULT_MISSING, F(login), "a login is needed");
	else
		login_fault(p->login, F(login), a, e);
	if (p->sponsor != NULL)
		login_fault(p->sponsor, F(sponsor), a, e);
	if (p->sponsor != NULL && text_equal(p->sponsor, p->login))
		fault_field(e, a, FAULT_RANGE, F(sponsor),
			    "nobody is his own sponsor");
	if (!text_equal(p->kind, "person") && !text_equal(p->kind, "machine"))
		fault_field(e, a, FAULT_RANGE, F(kind),
			    "the kind is \"person\" or \"machine\"");
	prose_check(p->name, F(name), a, e);
	if (p->recovery_address != NULL &&
	    !address_check(p->recovery_address, ADDRESS_DESTINATION, &bad))
		fault_field(e, a, FAULT_FORMAT, F(recovery_address),
			    arena_strdup(a, bad.text));
	certificate_faults(&p->certificates, a, e);
	budget_faults(p, a, e);
	password_faults(p, a, e);
}

/* Who is no reseller has no budgets, not even ones that wait for him. */
void principal_complete(void *principal, struct arena *a)
{
	struct principal *p = principal;

	(void)a;
	if (p->name == NULL)
		p->name = p->login;
	if (p->family_name == NULL)
		p->family_name = p->name;
	for (size_t i = 0; !p->reseller && i < COUNT(budgets); i++)
		*(int64_t *)field_at(budgets[i], p) = NUMBER_NONE;
}

void principal_derive(void *principal, struct arena *a)
{
	struct principal *p = principal;

	(void)a;
	if (p->kind == NULL)
		p->kind = principal_defaults.kind;
}

bool principal_same(const void *stored, const void *sent)
{
	const struct principal *a = stored, *b = sent;

	for (size_t i = 0; i < COUNT(budgets); i++) {
		if (*(const int64_t *)field_in(budgets[i], a) !=
		    *(const int64_t *)field_in(budgets[i], b))
			return false;
	}
	return a->enabled == b->enabled && a->reseller == b->reseller &&
	       text_equal(a->kind, b->kind) && text_equal(a->name, b->name) &&
	       text_equal(a->sponsor, b->sponsor) &&
	       text_equal(a->recovery_address, b->recovery_address) &&
	       text_list_equal(a->certificates, b->certificates);
}

struct budget principal_budget(const struct principal *p)
{
	if (!p->reseller)
		return (struct budget){0};
	return (struct budget){.domains = p->max_domains,
			       .users = p->max_users,
			       .aliases = p->max_aliases,
			       .deputies = p->max_deputies,
			       .quota_bytes = p->quota_bytes};
}
