/*
 * dkim - a key that signs the mail of a domain (RFC 6376, RFC 8463)
 *
 * It is prepared until the DNS shows its record, then published; active while
 * it signs; retired when it no longer does, and its record has to stay for
 * those whose mail is still on its way.  Its private part is never in a record.
 */
#ifndef CORE_DKIM_H
#define CORE_DKIM_H

#include "util/fault.h"

enum {
	DKIM_KEYS_MAX = 50, /* of one domain */
	DKIM_SELECTOR_MAX = 63,
	DKIM_DESCRIPTION_MAX = 1000,
	DKIM_PEM_MAX = 16384, /* bytes of a key that is imported */
	DKIM_DAYS_MAX = 3650,
	DKIM_BITS_MIN = 1024, /* of an RSA key that is imported (RFC 8301) */
	DKIM_BITS_MAX = 4096,
	DKIM_BITS_MADE = 2048, /* the least of one that is made */
};

#define DKIM_PREPARED "prepared"
#define DKIM_PUBLISHED "published"
#define DKIM_ACTIVE "active"
#define DKIM_RETIRED "retired"
#define DKIM_RSA "rsa"
#define DKIM_ED25519 "ed25519"

struct dkim_key {
	const char *domain, *selector;
	const char *algorithm; /* "rsa-2048" and so on, or "ed25519" */
	const char *state;
	const char *description;
	const char *pem;     /* a private key on its way in, else NULL */
	bool staged;         /* it goes on from state to state by itself */
	int64_t rotate_days; /* that it signs until there is another;
				NUMBER_NONE: the site's; 0: for ever */
	const char *record;  /* what is published; NULL: it has no key yet */
	const char *dns;     /* what was seen: see dkim_dns_word() */
	const char *checked_at, *due_at; /* when that was; when it goes on */
	const char *created_at, *published_at, *activated_at, *retired_at;

	/* Made of these. */
	const char *name, *zone, *next_step, *instruction;
	struct text_list txt;

	/* As they are stored. */
	const char *type, *key_name; /* NULL: it cannot sign */
	int64_t bits;
};

extern const struct dkim_key dkim_defaults;

/* In the form it is stored in. */
void dkim_fold(struct dkim_key *k, struct arena *a);

/* Note what can be wrong with a new one, and with any. */
void dkim_judge_new(const struct dkim_key *k, struct arena *a, struct err *e);
void dkim_judge(const struct dkim_key *k, struct arena *a, struct err *e);

bool dkim_is_selector(const char *text);

/* Type and bits of an algorithm that we make keys of.  False: of none. */
bool dkim_algorithm(const char *word, const char **type, int64_t *bits);

/* What is shown besides what is stored. */
void dkim_complete(struct dkim_key *k, struct arena *a);

/* The name in the DNS, without the dot at its end; it joins OpenDKIM's tables,
 * too. */
const char *dkim_name(struct arena *a, const struct dkim_key *k);

/* The record of a public key in base64. */
const char *dkim_record(struct arena *a, const char *type, const char *key);

/* Whether a key may become that: ERR_CONFLICT with a code. */
bool dkim_may_become(const struct dkim_key *k, const char *state,
		     struct err *e);

/* What the DNS has under a key's name. */
enum dkim_dns {
	DKIM_DNS_UNKNOWN,   /* it did not say */
	DKIM_DNS_ABSENT,    /* nothing */
	DKIM_DNS_DIFFERENT, /* another key, or several records */
	DKIM_DNS_SHOWN,     /* this key */
};
const char *dkim_dns_word(enum dkim_dns d);

/* Each text is a TXT record, its strings put together. */
enum dkim_dns dkim_compare(const char *record, const struct text_list *texts);

#endif
