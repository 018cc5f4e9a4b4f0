#include "core/address.h"

#include <string.h>

enum { LABEL_MAX = 63 };

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* '+' separates a user's tag, "'" is refused by Dovecot's LMTP server, '*'
 * separates master users: a mailbox of such a name could not be reached. */
static bool is_own_char(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("._-=", c));
}

/* atext of RFC 5322, and the dot. */
static bool is_any_char(char c)
{
	return is_letter_or_digit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

bool address_may_hold(char c)
{
	return is_own_char(c);
}

bool address_delimiter(const char *text, char *ret, struct err *e)
{
	*ret = '\0';
	if (strcmp(text, "off") == 0)
		return true;
	*ret = text[0];
	return (strlen(text) == 1 && strchr("+~-=_", text[0]) != NULL) ||
	       err_set(e, ERR_INVALID,
		       "a delimiter is + or ~ or - or = or _, or off");
}

static bool local_check(const char *local, size_t size, enum address_use use,
			struct err *e)
{
	if (size > ADDRESS_LOCAL_MAX)
		return err_set(e, ERR_INVALID,
			       "more than %d characters before '@'",
			       ADDRESS_LOCAL_MAX);
	for (size_t i = 0; i < size; i++) {
		char c = local[i];

		if (!(use == ADDRESS_DESTINATION ? is_any_char(c)
						 : is_own_char(c)))
			return err_set(
				e, ERR_INVALID,
				"character 0x%02x is not allowed before '@'",
				(unsigned char)c);
		if (c == '.' &&
		    (i == 0 || i + 1 == size || local[i - 1] == '.'))
			return err_set(e, ERR_INVALID,
				       "a dot must stand between characters");
	}
	/* Programs would take it for an option. */
	if (size > 0 && local[0] == '-')
		return err_set(e, ERR_INVALID, "it must not begin with '-'");
	return true;
}

static bool label_check(const char *label, size_t size, struct err *e)
{
	if (size == 0 || size > LABEL_MAX)
		return err_set(e, ERR_INVALID,
			       "a label of a domain has 1 to %d characters",
			       LABEL_MAX);
	if (label[0] == '-' || label[size - 1] == '-')
		return err_set(e, ERR_INVALID,
			       "a label of a domain must not begin or end "
			       "with '-'");
	for (size_t i = 0; i < size; i++) {
		if (!is_letter_or_digit(label[i]) && label[i] != '-')
			return err_set(e, ERR_INVALID,
				       "character 0x%02x is not allowed in a "
				       "domain (write it as an A-label)",
				       (unsigned char)label[i]);
	}
	return true;
}

bool domain_name_check(const char *text, struct err *e)
{
	size_t labels = 0, size = 0;
	const char *label = text;

	if (strlen(text) > ADDRESS_DOMAIN_MAX)
		return err_set(e, ERR_INVALID,
			       "a domain has at most %d characters",
			       ADDRESS_DOMAIN_MAX);
	for (;; label += size + 1) {
		size = strcspn(label, ".");
		if (!label_check(label, size, e))
			return false;
		labels++;
		if (label[size] == '\0')
			break;
	}
	if (labels < 2)
		return err_set(e, ERR_INVALID, "a domain has at least one dot");
	/* Else it could look like an IPv4 address. */
	if (label[0] < 'a' || size < 2)
		return err_set(e, ERR_INVALID,
			       "the last label of a domain begins with a "
			       "letter and has two characters at least");
	return true;
}

bool address_check(const char *text, enum address_use use, struct err *e)
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		return err_set(e, ERR_INVALID, "there is no '@' in it");
	if (strlen(text) > ADDRESS_MAX)
		return err_set(e, ERR_INVALID,
			       "an address has at most %d characters",
			       ADDRESS_MAX);
	if (at == text && use != ADDRESS_ALIAS)
		return err_set(e, ERR_INVALID, "nothing stands before '@'");
	return local_check(text, (size_t)(at - text), use, e) &&
	       domain_name_check(at + 1, e);
}

size_t address_cost(const char *text)
{
	size_t cost = 0;

	for (; *text != '\0'; text++)
		cost += *text == '=' ? 3 : 1;
	return cost;
}

const char *address_domain(const char *text)
{
	const char *at = strchr(text, '@');

	return at != NULL ? at + 1 : NULL;
}

const char *address_local(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strcspn(text, "@"));
}
