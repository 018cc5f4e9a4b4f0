#include "util/trace.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/random.h"

enum {
	VERSION = 2,
	FLAGS = 2,
	PARENT_AT = VERSION + 1 + TRACE_ID + 1,
	FLAGS_AT = PARENT_AT + TRACE_SPAN + 1,
	SIZE = FLAGS_AT + FLAGS, /* of version 00, and at least of others */
	MEMBERS_MAX = 32,
	KEY_MAX = 256,
	TENANT_MAX = 241,
	SYSTEM_MAX = 14,
	VALUE_MAX = 256,
};

static const char digits[] = "0123456789abcdef",
		  key_rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";

/* In lower case; and not only zeros, unless they are allowed. */
static bool is_hex(const char *text, size_t size, bool zero)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\0' || strchr(digits, text[i]) == NULL)
			return false;
		zero = zero || text[i] != '0';
	}
	return zero;
}

static void make_hex(char *to, size_t size)
{
	unsigned char bytes[TRACE_ID / 2];

	do {
		random_bytes(bytes, size / 2);
		for (size_t i = 0; i < size / 2; i++) {
			to[2 * i] = digits[bytes[i] >> 4];
			to[2 * i + 1] = digits[bytes[i] & 15];
		}
	} while (!is_hex(to, size, false));
	to[size] = '\0';
}

bool trace_read(const char *text, struct trace *ret)
{
	size_t size = strlen(text);
	bool first = strncmp(text, "00", VERSION) == 0;

	/* Later versions have more behind that, and begin the same. */
	if (size < SIZE || (first && size > SIZE) ||
	    (size > SIZE && text[SIZE] != '-') ||
	    !is_hex(text, VERSION, true) || strncmp(text, "ff", VERSION) == 0 ||
	    text[VERSION] != '-' ||
	    !is_hex(text + VERSION + 1, TRACE_ID, false) ||
	    text[PARENT_AT - 1] != '-' ||
	    !is_hex(text + PARENT_AT, TRACE_SPAN, false) ||
	    text[FLAGS_AT - 1] != '-' || !is_hex(text + FLAGS_AT, FLAGS, true))
		return false;
	*ret = (struct trace){.state = NULL};
	memcpy(ret->id, text + VERSION + 1, TRACE_ID);
	memcpy(ret->parent, text + PARENT_AT, TRACE_SPAN);
	make_hex(ret->span, TRACE_SPAN);
	ret->sampled = ((strchr(digits, text[FLAGS_AT + 1]) - digits) & 1) != 0;
	return true;
}

static bool is_name(const char *text, size_t size, size_t most,
		    bool digit_first)
{
	if (size == 0 || size > most)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (strchr(key_rest, text[i]) == NULL)
			return false;
	}
	return (text[0] >= 'a' && text[0] <= 'z') ||
	       (digit_first && text[0] >= '0' && text[0] <= '9');
}

static bool is_key(const char *text, size_t size)
{
	const char *at = memchr(text, '@', size);

	if (at == NULL)
		return is_name(text, size, KEY_MAX, false);
	size_t tenant = (size_t)(at - text);
	return is_name(text, tenant, TENANT_MAX, true) &&
	       is_name(at + 1, size - tenant - 1, SYSTEM_MAX, false);
}

static bool is_value(const char *text, size_t size)
{
	if (size == 0 || size > VALUE_MAX || text[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < ' ' || text[i] > '~' || text[i] == '=')
			return false;
	}
	return true;
}

static bool is_member(const char *text, size_t size)
{
	const char *equals = memchr(text, '=', size);
	size_t key = equals != NULL ? (size_t)(equals - text) : 0;

	return equals != NULL && is_key(text, key) &&
	       is_value(equals + 1, size - key - 1);
}

struct member {
	const char *text;
	size_t key;
};

static bool is_new(const struct member *list, size_t count)
{
	const struct member *last = &list[count];

	for (size_t i = 0; i < count; i++) {
		if (list[i].key == last->key &&
		    memcmp(list[i].text, last->text, last->key) == 0)
			return false;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool trace_state_is_good(const char *text)
{
	struct member list[MEMBERS_MAX];
	size_t count = 0;

	if (strlen(text) > TRACE_STATE_MAX)
		return false;
	for (const char *next = text; *next != '\0';) {
		const char *at = next + strspn(next, " \t");
		size_t size = strcspn(at, ",");

		next = at + size + (at[size] == ',');
		while (size > 0 && is_blank(at[size - 1]))
			size--;
		if (size == 0)
			continue;
		if (count == MEMBERS_MAX || !is_member(at, size))
			return false;
		list[count] = (struct member){at, strcspn(at, "=")};
		if (!is_new(list, count++))
			return false;
	}
	return count > 0;
}

void trace_begin(struct trace *ret)
{
	*ret = (struct trace){.state = NULL};
	make_hex(ret->id, TRACE_ID);
	make_hex(ret->span, TRACE_SPAN);
}

const char *trace_text(struct arena *a, const struct trace *t)
{
	return arena_printf(a, "00-%s-%s-%s", t->id, t->span,
			    t->sampled ? "01" : "00");
}
