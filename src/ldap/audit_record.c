#include "ldap/audit_record.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ldap/audit_changes.h"
#include "ldap/audit_seal.h"
#include "ldap/control.h"
#include "ldap/dn.h"
#include "ldap/map.h"
#include "ldap/schema.h"
#include "util/text.h"

const char *const audit_wanted[] =
	{"entryCSN",  "reqType",        "reqStart",    "reqAuthzID", "reqDN",
	 "reqNewRDN", "reqNewSuperior", "reqControls", "reqMod",     "reqOld",
	 NULL};

/* The first part of a name: its attribute, its value, and what is above. */
struct part {
	const char *attribute, *value, *above;
};

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL && c != ' ' ? (int)(at - digits) : -1;
}

static struct part split(struct arena *a, const char *dn)
{
	const char *equals = strchr(dn, '='), *p = equals;
	struct part ret = {"", "", ""};

	if (equals == NULL)
		return ret;
	ret.attribute = arena_strndup(a, dn, (size_t)(equals - dn));
	char *to = arena_alloc(a, strlen(equals) + 1);
	ret.value = to;
	for (p++; *p != '\0' && *p != ','; p++) {
		if (*p != '\\' || p[1] == '\0') {
			*to++ = *p;
		} else if (hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			*to++ = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		} else {
			*to++ = *++p;
		}
	}
	ret.above = *p == ',' ? p + 1 : "";
	return ret;
}

const char *audit_login(struct arena *a, const char *base, const char *dn,
			const char **kind)
{
	static const char *const rows[][3] = {
		{"principals", "uid", "principal"},
		{"services", "cn", "service"},
	};
	struct part p = split(a, dn);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcasecmp(p.attribute, rows[i][1]) == 0 &&
		    dn_equal(p.above, dn_child(a, "ou", rows[i][0], base))) {
			*kind = rows[i][2];
			return p.value;
		}
	}
	bool user = strcasecmp(p.attribute, "mail") == 0;
	*kind = user ? "user" : "directory";
	return user ? p.value : dn;
}

/* What is written where. */
static const struct {
	const char *attribute, *sort;
	enum kind kind;
} sorts[] = {
	{"provostDomainName", "domain", KIND_DOMAIN},
	{"provostKeyId", "key", KIND_COUNT},
	{"provostDkimSelector", "dkim_key", KIND_COUNT},
	{"provostWebhookId", "webhook", KIND_COUNT},
	{"uid", "principal", KIND_PRINCIPAL},
};

static bool is_of_class(const struct entry *en, const char *class)
{
	static const char *const lists[] = {"reqMod", "reqOld"};
	const char *const forms[] = {"objectClass:+ ", "objectClass: "};

	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct berval *v = entry_values(en, lists[i]);

		for (; v != NULL && v->bv_val != NULL; v++) {
			size_t size = strlen(forms[i]);

			if (strncasecmp(v->bv_val, forms[i], size) == 0 &&
			    strcasecmp(v->bv_val + size, class) == 0)
				return true;
		}
	}
	return false;
}

/* A change does not name the class. */
static void sort_address(const struct entry *en, const char *place,
			 struct audit_record *r)
{
	static const enum kind kinds[] = {KIND_USER, KIND_ALIAS};

	r->sort = place[0] == '=' ? "held_address" : "address";
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!is_of_class(en, schema_of(kinds[i])->map.class))
			continue;
		r->kind = kinds[i];
		r->sort = kind_rules(r->kind)->noun;
	}
}

static void sort(struct arena *a, const struct entry *en, const char *dn,
		 const char *place, struct audit_record *r)
{
	struct part p = split(a, dn);

	r->kind = KIND_COUNT;
	r->object = p.value;
	r->sort = strcmp(place, "=roles") == 0    ? "role"
		  : strcmp(place, "=groups") == 0 ? "group"
						  : "other";
	for (size_t i = 0; i < COUNT(sorts); i++) {
		if (strcasecmp(p.attribute, sorts[i].attribute) == 0) {
			r->sort = sorts[i].sort;
			r->kind = sorts[i].kind;
		}
	}
	if (strcasecmp(p.attribute, "mail") == 0)
		sort_address(en, place, r);
	if (strcasecmp(p.attribute, "cn") == 0 && place[0] != '=') {
		r->sort = "usage";
		r->object = split(a, p.above).value;
	}
}

/* {1}{OID controlValue "HEX"}, as slapd logs it. */
static bool control_bytes(struct arena *a, const char *text, const char *oid,
			  struct berval *ret)
{
	const char *at = strstr(text, "}{");
	static const char mark[] = "controlValue \"";

	if (at == NULL || strncmp(at + 2, oid, strlen(oid)) != 0 ||
	    at[2 + strlen(oid)] != ' ')
		return false;
	*ret = (struct berval){0, arena_alloc(a, strlen(at))};
	at = strstr(at, mark);
	if (at == NULL)
		return true;
	for (at += strlen(mark); hex(at[0]) >= 0 && hex(at[1]) >= 0; at += 2)
		ret->bv_val[ret->bv_len++] =
			(char)(hex(at[0]) << 4 | hex(at[1]));
	return true;
}

static const char *text_of(struct arena *a, const struct berval *v)
{
	const char *text = arena_strndup(a, v->bv_val, v->bv_len);

	return text[0] != '\0' && text_is_clean(text) ? text : NULL;
}

/* "REQUEST PROOF KEY" and perhaps " TRACE", or the name of a job. */
static void read_words(struct arena *a, const char *words,
		       struct audit_record *r)
{
	const char *one = strchr(words, ' ');
	const char *two = one != NULL ? strchr(one + 1, ' ') : NULL;

	r->proof = "job";
	r->request = words;
	if (two == NULL)
		return;
	r->request = arena_strndup(a, words, (size_t)(one - words));
	r->proof = arena_strndup(a, one + 1, (size_t)(two - one - 1));
	const char *key = two + 1, *three = strchr(key, ' ');
	if (three != NULL) {
		key = arena_strndup(a, key, (size_t)(three - key));
		r->trace = three + 1;
	}
	r->key = strcmp(key, "-") != 0 ? key : NULL;
}

static void read_context(struct arena *a, struct berval *bytes,
			 struct audit_record *r)
{
	struct berval source, login, format, words;
	BerElement *ber = bytes->bv_len > 0 ? ber_init(bytes) : NULL;

	if (ber == NULL)
		return;
	if (ber_scanf(ber, "{mmmm}", &source, &login, &format, &words) !=
		    LBER_ERROR &&
	    text_equal(text_of(a, &format), CONTROL_CONTEXT_FORMAT)) {
		const char *text = text_of(a, &words);

		r->source = text_of(a, &source);
		if (text != NULL)
			read_words(a, text, r);
	}
	ber_free(ber, 1);
}

/* What was told of the request.  Only the gateway acts for others, so of
 * nobody else it counts; who may not read how it was asked for is told that
 * nothing is known. */
static void read_controls(struct arena *a, const struct entry *en,
			  struct audit_record *r)
{
	const struct berval *v = entry_values(en, "reqControls");
	bool proxied = text_equal(r->actor_kind, "service");
	struct berval bytes, context = {0, NULL};

	for (; v != NULL && v->bv_val != NULL; v++) {
		if (control_bytes(a, v->bv_val, LDAP_CONTROL_PROXY_AUTHZ,
				  &bytes))
			proxied = true;
		else if (control_bytes(a, v->bv_val, CONTROL_CONTEXT, &bytes))
			context = bytes;
	}
	r->proof = "ldap";
	if (proxied)
		read_context(a, &context, r);
}

static const char *action_of(const char *type)
{
	static const char *const rows[][2] = {
		{"add", "create"},
		{"modify", "change"},
		{"delete", "delete"},
		{"modrdn", "rename"},
	};

	for (size_t i = 0; type != NULL && i < COUNT(rows); i++) {
		if (strcasecmp(rows[i][0], type) == 0)
			return rows[i][1];
	}
	return NULL;
}

/* What is deleted may be moved there first, and come back. */
static void sort_move(struct arena *a, const char *base, const char *dn,
		      const char *to, struct audit_record *r)
{
	const char *journal = schema_journal_dn(a, base);

	if (to == NULL)
		return;
	if (dn_is_below(to, journal))
		r->action = "delete";
	else if (dn_is_below(dn, journal))
		r->action = "restore";
	else
		return;
	r->renamed_to = NULL;
}

bool audit_record_read(struct arena *a, const char *base,
		       const struct entry *en, struct audit_record *ret,
		       struct err *e)
{
	const char *dn = entry_text(en, "reqDN");
	const char *by = entry_text(en, "reqAuthzID");
	const char *new = entry_text(en, "reqNewRDN");

	*ret = (struct audit_record){.id = entry_text(en, "entryCSN"),
				     .action = action_of(
					     entry_text(en, "reqType"))};
	if (dn == NULL || ret->id == NULL || ret->action == NULL)
		return err_set(e, ERR_INTERNAL, "the log has a broken record");
	ret->time = map_instant(a, ret->id);
	ret->actor =
		by != NULL ? audit_login(a, base, by, &ret->actor_kind) : "";
	const char *place = seal_place(a, base, dn);
	ret->domain = place[0] != '=' ? place : NULL;
	sort(a, en, dn, place, ret);
	if (new != NULL)
		ret->renamed_to = split(a, new).value;
	sort_move(a, base, dn, entry_text(en, "reqNewSuperior"), ret);
	read_controls(a, en, ret);
	audit_changes_read(a, en, ret);
	return true;
}
