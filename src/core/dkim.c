#include "core/dkim.h"

#include <string.h>

#include "core/address.h"
#include "util/text.h"

enum {
	STRING_MAX = 255, /* bytes of a string in a TXT record */
	ZONE_TTL = 3600,
};

const struct dkim_key dkim_defaults = {.state = DKIM_PREPARED,
				       .rotate_days = NUMBER_NONE,
				       .bits = NUMBER_NONE};

/* clang-format off */
static const struct {
	const char *word, *type;
	int64_t bits;
} algorithms[] = {
	{"rsa-2048", DKIM_RSA,     2048},
	{"rsa-3072", DKIM_RSA,     3072},
	{"rsa-4096", DKIM_RSA,     4096},
	{"ed25519",  DKIM_ED25519, 256},
};

static const char *const states[] = {
	DKIM_PREPARED, DKIM_PUBLISHED, DKIM_ACTIVE, DKIM_RETIRED,
};

static const char *const seen[] = {
	[DKIM_DNS_UNKNOWN] = "unknown",     [DKIM_DNS_ABSENT] = "absent",
	[DKIM_DNS_DIFFERENT] = "different", [DKIM_DNS_SHOWN] = "published",
};
/* clang-format on */

#define F(member) ((struct field)FIELD(struct dkim_key, member))

const char *dkim_dns_word(enum dkim_dns d)
{
	return seen[d];
}

bool dkim_algorithm(const char *word, const char **type, int64_t *bits)
{
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		if (text_equal(algorithms[i].word, word)) {
			*type = algorithms[i].type;
			*bits = algorithms[i].bits;
			return true;
		}
	}
	return false;
}

static bool is_label(const char *s, size_t size)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return size > 0 && strspn(s, inner) >= size && s[0] != '-' &&
	       s[size - 1] != '-';
}

bool dkim_is_selector(const char *text)
{
	if (strlen(text) > DKIM_SELECTOR_MAX)
		return false;
	for (;;) {
		size_t size = strcspn(text, ".");

		if (!is_label(text, size))
			return false;
		if (text[size] == '\0')
			return true;
		text += size + 1;
	}
}

void dkim_fold(struct dkim_key *k, struct arena *a)
{
	if (k->selector != NULL)
		k->selector = text_lower(a, k->selector);
	if (k->domain != NULL)
		k->domain = text_lower(a, k->domain);
}

static bool is_state(const char *word)
{
	for (size_t i = 0; i < COUNT(states); i++) {
		if (text_equal(states[i], word))
			return true;
	}
	return false;
}

void dkim_judge(const struct dkim_key *k, struct arena *a, struct err *e)
{
	if (!is_state(k->state))
		fault_field(e, a, FAULT_FORMAT, F(state),
			    "it is prepared, published, active or retired");
	if (k->description != NULL &&
	    (strlen(k->description) > DKIM_DESCRIPTION_MAX ||
	     !text_is_clean(k->description)))
		fault_field(e, a, FAULT_FORMAT, F(description),
			    "it is text of at most 1000 bytes on one line");
	if (k->rotate_days != NUMBER_NONE &&
	    (k->rotate_days < 0 || k->rotate_days > DKIM_DAYS_MAX))
		fault_field(e, a, FAULT_RANGE, F(rotate_days),
			    "it is a number from 0 to 3650");
}

static void judge_algorithm(const struct dkim_key *k, struct arena *a,
			    struct err *e)
{
	const char *type;
	int64_t bits;

	if (k->pem != NULL && k->algorithm != NULL)
		fault_field(e, a, FAULT_FORMAT, F(algorithm),
			    "a key that is imported has its own");
	else if (k->algorithm != NULL &&
		 !dkim_algorithm(k->algorithm, &type, &bits))
		fault_field(e, a, FAULT_FORMAT, F(algorithm),
			    "it is rsa-2048, rsa-3072, rsa-4096 or ed25519");
}

/* Without a selector it gets one by the date, and a letter. */
static void judge_name(const struct dkim_key *k, struct arena *a, struct err *e)
{
	const struct dkim_key whole = {
		.domain = k->domain,
		.selector = k->selector != NULL ? k->selector : "20000101b",
	};

	if (k->domain != NULL &&
	    strlen(dkim_name(a, &whole)) > ADDRESS_DOMAIN_MAX)
		fault_field(e, a, FAULT_FORMAT, F(selector),
			    "SELECTOR._domainkey.DOMAIN is no name in the DNS: "
			    "it is longer than 253 bytes");
}

void dkim_judge_new(const struct dkim_key *k, struct arena *a, struct err *e)
{
	dkim_judge(k, a, e);
	judge_algorithm(k, a, e);
	if (k->selector != NULL && !dkim_is_selector(k->selector))
		fault_field(e, a, FAULT_FORMAT, F(selector),
			    "it is made of letters, digits and '-', with dots "
			    "between, of at most 63 characters");
	else
		judge_name(k, a, e);
	if (k->pem != NULL && strlen(k->pem) > DKIM_PEM_MAX)
		fault_field(e, a, FAULT_FORMAT, F(pem),
			    "it is no private key in PEM");
	if (text_equal(k->state, DKIM_RETIRED))
		fault_field(e, a, FAULT_FORMAT, F(state),
			    "a new key is not retired");
	/* What is made now is in no DNS as yet. */
	else if (k->pem == NULL && is_state(k->state) &&
		 !text_equal(k->state, DKIM_PREPARED))
		fault_field(e, a, FAULT_FORMAT, F(state),
			    "only a key that is imported may be in use");
}

const char *dkim_name(struct arena *a, const struct dkim_key *k)
{
	return arena_join(a, k->selector, "._domainkey.", k->domain, NULL);
}

const char *dkim_record(struct arena *a, const char *type, const char *key)
{
	return arena_join(a, "v=DKIM1; k=", type, "; p=", key, NULL);
}

/* A string of a TXT record has at most 255 bytes. */
static void split(struct dkim_key *k, struct arena *a)
{
	size_t size = strlen(k->record);

	k->txt.items =
		arena_alloc(a, (size / STRING_MAX + 1) * sizeof(*k->txt.items));
	k->txt.count = 0;
	for (size_t at = 0; at < size; at += STRING_MAX) {
		size_t left = size - at;

		k->txt.items[k->txt.count++] =
			arena_strndup(a, k->record + at,
				      left < STRING_MAX ? left : STRING_MAX);
	}
}

/* There is nothing in a record that a zone file would want escaped: a ';' is
 * none within quotes. */
static const char *zone_text(const struct dkim_key *k, struct arena *a)
{
	const char *text = arena_printf(a, "%s %d IN TXT (", k->name, ZONE_TTL);

	for (size_t i = 0; i < k->txt.count; i++)
		text = arena_join(a, text, " \"", k->txt.items[i], "\"", NULL);
	return arena_join(a, text, " )\n", NULL);
}

/* What somebody has to do in the DNS, or with the key. */
static void advise(struct dkim_key *k, struct arena *a)
{
	const char *step = "keep",
		   *words = "Leave the record in the DNS: it is needed.";

	if (k->record == NULL) {
		step = "wait";
		words = "The key is being made.";
	} else if (text_equal(k->state, DKIM_PREPARED)) {
		step = "publish";
		words = "Publish the record in the DNS.";
	} else if (text_equal(k->state, DKIM_PUBLISHED) && k->staged) {
		step = "wait";
		words = "Leave the record in the DNS: the key will sign at "
			"due_at.";
	} else if (text_equal(k->state, DKIM_PUBLISHED)) {
		step = "activate";
		words = "Leave the record in the DNS, and make the key active "
			"when it is to sign.";
	} else if (text_equal(k->state, DKIM_RETIRED) && k->key_name == NULL) {
		step = "remove";
		words = "Take the record out of the DNS.";
	} else if (text_equal(k->state, DKIM_RETIRED)) {
		words = "Leave the record in the DNS until due_at, for mail "
			"that is on its way.";
	}
	k->next_step = step;
	k->instruction = arena_strdup(a, words);
}

void dkim_complete(struct dkim_key *k, struct arena *a)
{
	k->algorithm = text_equal(k->type, DKIM_RSA) && k->bits != NUMBER_NONE
			       ? arena_printf(a, "rsa-%lld", (long long)k->bits)
			       : k->type;
	k->name = arena_join(a, dkim_name(a, k), ".", NULL);
	if (k->record != NULL) {
		split(k, a);
		k->zone = zone_text(k, a);
	}
	advise(k, a);
}

bool dkim_may_become(const struct dkim_key *k, const char *state, struct err *e)
{
	if (text_equal(k->state, state) || text_equal(state, DKIM_RETIRED))
		return true;
	if (k->key_name == NULL)
		return err_code(e, ERR_CONFLICT, "no_private_key",
				"it has no private key any more, or not yet");
	if (text_equal(k->state, DKIM_PREPARED) &&
	    text_equal(state, DKIM_ACTIVE))
		return err_code(e, ERR_CONFLICT, "not_published",
				"it has to be published before it signs");
	if (text_equal(k->state, DKIM_ACTIVE))
		return err_code(e, ERR_CONFLICT, "key_signs",
				"a key that signs can only be retired");
	return true;
}

/* One tag of a list (RFC 6376 3.2), its value without white space; what comes
 * after it, NULL at the end. */
static const char *take_tag(const char *p, char *name, char *value, size_t size)
{
	size_t n = 0;

	*name = '\0';
	p += strspn(p, " \t\r\n");
	if (*p != '\0' && *p != ';') {
		*name = *p++;
		p += strspn(p, " \t\r\n");
		if (*p == '=')
			p++;
		else
			*name = '\0';
	}
	for (; *p != '\0' && *p != ';'; p++) {
		if (strchr(" \t\r\n", *p) == NULL && n + 1 < size)
			value[n++] = *p;
	}
	value[n] = '\0';
	return *p == ';' ? p + 1 : NULL;
}

/* What counts of a record. */
struct parsed {
	char type[16], key[2048];
	bool good;
};

static void parse(const char *text, struct parsed *ret)
{
	char name, value[sizeof(ret->key)];

	*ret = (struct parsed){.type = DKIM_RSA, .good = true};
	for (const char *p = text; p != NULL;) {
		p = take_tag(p, &name, value, sizeof(value));
		if (name == 'v')
			ret->good = strcmp(value, "DKIM1") == 0;
		else if (name == 'k')
			memcpy(ret->type, value, sizeof(ret->type) - 1);
		else if (name == 'p')
			memcpy(ret->key, value, sizeof(ret->key));
	}
}

enum dkim_dns dkim_compare(const char *record, const struct text_list *texts)
{
	struct parsed want, have;

	if (texts->count == 0)
		return DKIM_DNS_ABSENT;
	parse(record, &want);
	parse(texts->items[0], &have);
	return texts->count == 1 && have.good &&
			       strcmp(want.type, have.type) == 0 &&
			       strcmp(want.key, have.key) == 0
		       ? DKIM_DNS_SHOWN
		       : DKIM_DNS_DIFFERENT;
}
