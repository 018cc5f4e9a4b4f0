/* Entries of a directory (RFC 2849), ours and, as far as attributes are those
 * of inetOrgPerson, others'. */
#include <string.h>
#include <strings.h>

#include "import/reader.h"
#include "util/base64.h"
#include "util/text.h"

enum { VALUES_MAX = 12000, NAME_MAX_SIZE = 64 };

struct value {
	const char *name, *text;
};

struct entry {
	struct value *values;
	size_t count, room;
};

struct row {
	const char *attribute, *member;
};

/* clang-format off */
static const struct row domain_rows[] = {
	{"provostDomainName",        "name"},
	{"provostDomainKind",        "kind"},
	{"provostTargetDomain",      "target"},
	{"provostTransport",         "transport"},
	{"provostVerifyRecipients",  "verify_recipients"},
	{"provostEnabled",           "enabled"},
	{"provostEnabledWish",       "enabled"},
	{"description",              "description"},
	{"provostDisplayName",       "display_name"},
	{"provostShortDisplayName",  "short_display_name"},
	{"provostImapHost",          "imap_host"},
	{"provostPop3Host",          "pop3_host"},
	{"provostSmtpHost",          "smtp_host"},
	{"provostDefaultQuotaBytes", "default_user_quota_bytes"},
	{"provostQuotaBytes",        "quota_bytes"},
	{"provostMaxUsers",          "max_users"},
	{"provostMaxAliases",        "max_aliases"},
	{NULL,                       NULL},
};

static const struct row user_rows[] = {
	{"mail",                     "address"},
	{"cn",                       "name"},
	{"sn",                       "family_name"},
	{"givenName",                "given_name"},
	{"provostEnabled",           "enabled"},
	{"provostEnabledWish",       "enabled"},
	{"provostLoginEnabled",      "login_enabled"},
	{"provostQuotaBytes",        "quota_bytes"},
	{"provostQuotaMessages",     "quota_messages"},
	{"provostDestination",       "forward_to"},
	{"provostSender",            "send_as"},
	{"provostSendOnly",          "send_only"},
	{"provostRecoveryAddress",   "recovery_address"},
	{"provostExpires",           "expires_at"},
	{"userPassword",             "password_hash"},
	{NULL,                       NULL},
};

static const struct row alias_rows[] = {
	{"mail",                     "address"},
	{"provostDestination",       "destinations"},
	{"provostEnabled",           "enabled"},
	{"provostEnabledWish",       "enabled"},
	{"provostSenderAllowed",     "send_as_allowed"},
	{"provostExpires",           "expires_at"},
	{"description",              "description"},
	{NULL,                       NULL},
};

static const struct {
	const char *class;
	enum kind kind;
} classes[] = {
	{"provostDomain", KIND_DOMAIN},
	{"provostAlias",  KIND_ALIAS},
	{"provostUser",   KIND_USER},
	{"inetOrgPerson", KIND_USER},
};
/* clang-format on */

static const struct row *rows_of(enum kind k)
{
	return k == KIND_DOMAIN ? domain_rows
	       : k == KIND_USER ? user_rows
				: alias_rows;
}

static bool open(struct reader *r, struct err *e)
{
	(void)r, (void)e;
	return true;
}

/* A line and those that go on with it, which begin with a blank. */
static const char *unfold(struct reader *r, struct arena *a, const char *text,
			  size_t size)
{
	size_t room = size + 1, used = size, whole = size;
	struct reader ahead = *r;
	const char *more;
	size_t n;

	while (ahead.at < ahead.in.size && ahead.in.text[ahead.at] == ' ' &&
	       reader_line(&ahead, &more, &n) && whole < READER_RECORD)
		whole += n - 1;
	room = whole + 1;
	char *ret = arena_alloc(a, room);
	memcpy(ret, text, size);
	while (used < whole && reader_line(r, &more, &n)) {
		memcpy(ret + used, more + 1, n - 1);
		used += n - 1;
	}
	/* Lines that add nothing. */
	r->at = ahead.at;
	r->line = ahead.line;
	return ret;
}

static void keep(struct entry *en, struct arena *a, const char *name,
		 const char *text)
{
	if (en->count == en->room) {
		size_t room = en->room == 0 ? 32 : en->room * 4;
		struct value *more = arena_alloc(a, room * sizeof(*more));

		if (en->count > 0)
			memcpy(more, en->values, en->count * sizeof(*more));
		en->values = more;
		en->room = room;
	}
	en->values[en->count++] = (struct value){name, text};
}

static bool take_line(struct entry *en, struct arena *a, const char *line,
		      struct err *e)
{
	size_t name = strcspn(line, ":"), size;
	const char *text = line + name + 1;
	char *bytes;

	if (line[name] == '\0' || name == 0 || name > NAME_MAX_SIZE)
		return err_code(e, ERR_MALFORMED, "ldif_malformed",
				"a line is not ATTRIBUTE: VALUE");
	if (en->count == VALUES_MAX)
		return err_code(e, ERR_MALFORMED, "record_too_large",
				"an entry has more than %d values", VALUES_MAX);
	if (text[0] == '<')
		return err_code(e, ERR_INVALID, "ldif_url",
				"values of URLs are not fetched");
	if (text[0] == ':') {
		text += 1 + strspn(text + 1, " ");
		if (!base64_decode(a, text, &bytes, &size) ||
		    strlen(bytes) != size)
			return err_code(e, ERR_MALFORMED, "ldif_malformed",
					"a value is not base64 of text");
		text = bytes;
	} else {
		text += strspn(text, " ");
	}
	keep(en, a, arena_strndup(a, line, name), text);
	return true;
}

/* Up to the next blank line; what is wrong leaves the rest of it unread. */
static void read_entry(struct reader *r, struct arena *a, struct entry *en,
		       size_t *line, struct err *e)
{
	size_t begun = r->at, first = r->line, size;
	const char *text;

	while (reader_line(r, &text, &size)) {
		if (size == 0 && (en->count > 0 || e->kind != ERR_NONE))
			break;
		if (size == 0) {
			first = r->line;
			continue;
		}
		const char *whole = unfold(r, a, text, size);
		if (whole[0] == '#') {
			first = r->line;
			continue;
		}
		if (en->count == 0 && e->kind == ERR_NONE)
			*line = first;
		if (e->kind == ERR_NONE && r->at - begun > READER_RECORD)
			err_code(e, ERR_MALFORMED, "record_too_large",
				 "an entry has more than %d bytes",
				 READER_RECORD);
		if (e->kind == ERR_NONE)
			take_line(en, a, whole, e);
		if (en->count == 1 &&
		    strcasecmp(en->values[0].name, "version") == 0)
			en->count = 0;
		first = r->line;
	}
}

static const char *first_of(const struct entry *en, const char *name)
{
	for (size_t i = 0; i < en->count; i++) {
		if (strcasecmp(en->values[i].name, name) == 0)
			return en->values[i].text;
	}
	return NULL;
}

static enum kind kind_of(const struct entry *en)
{
	for (size_t i = 0; i < COUNT(classes); i++) {
		for (size_t j = 0; j < en->count; j++) {
			if (strcasecmp(en->values[j].name, "objectClass") ==
				    0 &&
			    strcasecmp(en->values[j].text, classes[i].class) ==
				    0)
				return classes[i].kind;
		}
	}
	return KIND_COUNT;
}

/* 20261121091200Z, as RFC 3339 has it; what is none is found at fault. */
static const char *instant_of(struct arena *a, const char *text)
{
	if (strspn(text, "0123456789") != 14 || text[14] != 'Z')
		return text;
	return arena_printf(a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4,
			    text + 6, text + 8, text + 10, text + 12);
}

static const char *member_of(enum kind k, const char *attribute)
{
	const struct row *row = rows_of(k);

	while (row->attribute != NULL &&
	       strcasecmp(row->attribute, attribute) != 0)
		row++;
	return row->member;
}

static void take_value(struct reader *r, struct arena *a,
		       struct import_record *ret, const char *own,
		       const struct value *v)
{
	const struct codec *c = r->in.codec(ret->kind);
	const char *member = member_of(ret->kind, v->name), *text = v->text;

	if (member == NULL)
		return;
	if (strcmp(member, "expires_at") == 0)
		text = instant_of(a, text);
	/* Other servers may have it as it is. */
	if (strcmp(member, "password_hash") == 0 && text[0] != '{')
		member = "password";
	if (strcmp(member, "forward_to") == 0 && own != NULL) {
		bool copy = strcasecmp(own, text) == 0;

		if (json_object_get(ret->members, "keep_copy") == NULL || copy)
			record_set(ret, c, "keep_copy",
				   copy ? "true" : "false");
		if (copy)
			return;
	}
	/* Of several names or addresses the first. */
	if (json_object_get(ret->members, member) == NULL ||
	    strcasecmp(v->name, "provostEnabledWish") == 0)
		record_set(ret, c, member, text);
	else
		record_more(ret, c, member, text);
}

static bool next(struct reader *r, struct arena *a, struct import_record *ret,
		 struct err *e)
{
	struct entry en = {0};

	read_entry(r, a, &en, &ret->line, e);
	if (e->kind != ERR_NONE)
		return false;
	if (en.count == 0)
		return false;
	const char *dn = first_of(&en, "dn");
	const char *type = first_of(&en, "changetype");
	enum kind k = kind_of(&en);
	if (dn == NULL || (type != NULL && strcasecmp(type, "add") != 0))
		return err_code(e, ERR_INVALID, "ldif_change",
				"only whole entries are brought in");
	size_t line = ret->line;
	record_begin(ret, a, k, line);
	ret->what = dn;
	const char *own = first_of(&en, "mail");
	if (k == KIND_COUNT || (k != KIND_DOMAIN && own == NULL)) {
		ret->kind = KIND_COUNT;
		return true;
	}
	for (size_t i = 0; i < en.count; i++)
		take_value(r, a, ret, own, &en.values[i]);
	return true;
}

const struct reader_format format_ldif = {"ldif", "text/ldif", open, next,
					  false};
