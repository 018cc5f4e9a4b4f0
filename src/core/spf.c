#include "core/spf.h"

#include <string.h>

#include "util/text.h"

static const char version[] = "v=spf1";

enum { VERSION_SIZE = sizeof(version) - 1, IPV4_BITS = 32, IPV6_BITS = 128 };

static const struct {
	const char *word;
	enum spf_kind kind;
	char after; /* what stands behind the word, before its value */
	bool needed;
	bool lookup;
} words[] = {
	{"all", SPF_ALL, '\0', false, false},
	{"include", SPF_INCLUDE, ':', true, true},
	{"a", SPF_A, ':', false, true},
	{"mx", SPF_MX, ':', false, true},
	{"ptr", SPF_PTR, ':', false, true},
	{"ip4", SPF_IP4, ':', true, false},
	{"ip6", SPF_IP6, ':', true, false},
	{"exists", SPF_EXISTS, ':', true, true},
	{"redirect", SPF_REDIRECT, '=', true, true},
};

bool spf_is(const char *text, size_t size)
{
	return size >= VERSION_SIZE &&
	       memcmp(text, version, VERSION_SIZE) == 0 &&
	       (size == VERSION_SIZE || text[VERSION_SIZE] == ' ');
}

/* The row of a word that ends at one of ":=/" or the end. */
static size_t row_of(const char *word)
{
	size_t n = strcspn(word, ":=/"), i = 0;

	while (i < COUNT(words) && (strlen(words[i].word) != n ||
				    strncmp(words[i].word, word, n) != 0))
		i++;
	return i;
}

/* Lengths of networks, "/24//64" or either. */
static bool lengths_are_good(const char *text)
{
	int64_t bits;

	if (*text == '\0')
		return true;
	const char *six = strstr(text, "//");
	char four[8] = "";
	size_t n = six != NULL ? (size_t)(six - text) : strlen(text);

	if (six != NULL && !text_number(six + 2, 0, IPV6_BITS, &bits))
		return false;
	if (n == 0)
		return true;
	if (n >= sizeof(four))
		return false;
	memcpy(four, text + 1, n - 1);
	return text_number(four, 0, IPV4_BITS, &bits);
}

static bool read_network(const char *text, enum spf_kind kind,
			 struct network *ret)
{
	struct err e = {0};
	bool six = strchr(text, ':') != NULL;

	return six == (kind == SPF_IP6) && network_parse(text, ret, &e);
}

/* False: it is not as that kind has to be. */
static bool read_value(struct arena *a, const char *domain, size_t row,
		       const char *text, struct spf_term *ret)
{
	bool given = *text != '\0' && *text == words[row].after;

	if (words[row].needed && (!given || text[1] == '\0'))
		return false;
	text += given;
	if (ret->kind == SPF_IP4 || ret->kind == SPF_IP6)
		return read_network(text, ret->kind, &ret->network);
	if (ret->kind == SPF_ALL)
		return *text == '\0';
	size_t n = strcspn(text, "/");
	if (given && n == 0)
		return false;
	ret->domain = given ? text_lower(a, arena_strndup(a, text, n)) : domain;
	return (text[n] == '\0' || ret->kind == SPF_A || ret->kind == SPF_MX) &&
	       lengths_are_good(text + n);
}

bool spf_term_read(struct arena *a, const char *domain, const char *text,
		   struct spf_term *ret)
{
	static const char qualifiers[] = "+-~?";
	bool qualified = *text != '\0' && strchr(qualifiers, *text) != NULL;
	const char *word = text_lower(a, text + qualified);
	size_t row = row_of(word);

	if (row == COUNT(words))
		return false;
	*ret = (struct spf_term){.kind = words[row].kind,
				 .qualifier = qualified ? *text : '+'};
	return !(qualified && ret->kind == SPF_REDIRECT) &&
	       read_value(a, domain, row, word + strlen(words[row].word), ret);
}

/* "exp=" and modifiers that nobody knows mean nothing to us. */
static bool is_modifier(const char *word)
{
	size_t n = strcspn(word, ":=/");

	return n > 0 && word[n] == '=' && word[0] != '+' && word[0] != '-' &&
	       word[0] != '~' && word[0] != '?';
}

static const char *take(struct arena *a, const char *domain, const char *word,
			struct spf *s)
{
	struct spf_term term;

	if (s->count == SPF_TERMS_MAX)
		return "it has too many terms";
	if (spf_term_read(a, domain, word, &term)) {
		s->terms[s->count++] = term;
		return NULL;
	}
	if (is_modifier(word) && row_of(word) == COUNT(words))
		return NULL;
	return arena_join(a, "it has a term that is none: ",
			  text_is_clean(word) ? word : "not UTF-8", NULL);
}

void spf_read(struct arena *a, const char *domain, const char *text,
	      size_t size, struct spf *ret)
{
	const char *p = text + VERSION_SIZE, *end = text + size;
	bool ended = false;

	*ret = (struct spf){
		.terms = arena_alloc(a, SPF_TERMS_MAX * sizeof(*ret->terms))};
	while (p < end && ret->fault == NULL) {
		const char *blank = memchr(p, ' ', (size_t)(end - p));
		const char *next = blank != NULL ? blank : end;
		size_t before = ret->count;

		if (next > p)
			ret->fault =
				take(a, domain,
				     arena_strndup(a, p, (size_t)(next - p)),
				     ret);
		/* What follows "all" is never asked for. */
		if (ended)
			ret->count = before;
		ended = ended || (ret->count > before &&
				  ret->terms[before].kind == SPF_ALL);
		p = blank != NULL ? blank + 1 : end;
	}
}

/* Records on the way, each with whether mail passes that it lets pass. */
struct following {
	struct arena *arena;
	const struct spf_term *wanted;
	bool *found;
	size_t count;
	struct dns_question next[SPF_LOOKUPS_MAX + 1];
	bool passes[SPF_LOOKUPS_MAX + 1];
	size_t waiting;
	struct spf_sight *sight;
};

static bool is_same(const struct spf_term *have, const struct spf_term *want)
{
	if (have->qualifier != '+' || have->kind != want->kind)
		return false;
	if (want->kind == SPF_IP4 || want->kind == SPF_IP6)
		return have->network.bits <= want->network.bits &&
		       network_holds(&have->network, &want->network);
	return text_equal(have->domain, want->domain);
}

static bool leads_on(const struct spf_term *t)
{
	return t->kind == SPF_INCLUDE || t->kind == SPF_REDIRECT;
}

static void look(struct following *f, const struct spf *s, bool passes)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct spf_term *t = &s->terms[i];

		for (size_t k = 0; passes && k < f->count; k++)
			f->found[k] = f->found[k] || is_same(t, &f->wanted[k]);
		f->sight->lookups += t->kind != SPF_ALL && t->kind != SPF_IP4 &&
				     t->kind != SPF_IP6;
		/* What depends on a message cannot be looked up. */
		if (!leads_on(t) || strchr(t->domain, '%') != NULL ||
		    f->sight->lookups > SPF_LOOKUPS_MAX)
			continue;
		f->passes[f->waiting] = passes && t->qualifier == '+';
		f->next[f->waiting++] = (struct dns_question){.name = t->domain,
							      .type = DNS_TXT};
	}
}

static void read_included(struct following *f, const struct dns_question *q,
			  bool passes)
{
	struct spf s = {.count = 0};
	size_t records = 0;

	if (q->outcome == DNS_FAILED) {
		f->sight->complete = false;
		return;
	}
	for (size_t i = 0; i < q->count; i++) {
		const struct dns_record *r = &q->records[i];

		if (!spf_is(r->text, r->size))
			continue;
		records++;
		spf_read(f->arena, q->name, r->text, r->size, &s);
	}
	if (records != 1 || s.fault != NULL)
		f->sight->fault =
			arena_join(f->arena, q->name,
				   ", which it includes, has ",
				   records == 0 ? "no SPF record"
				   : records > 1
					   ? "several SPF records"
					   : "one that is not well-formed",
				   NULL);
	else
		look(f, &s, passes);
}

void spf_follow(struct resolver *r, struct arena *a, const struct spf *s,
		const struct spf_term *wanted, size_t count, int64_t until,
		struct spf_sight *ret)
{
	struct following f = {.arena = a,
			      .wanted = wanted,
			      .found = arena_alloc(a,
						   (count + 1) * sizeof(bool)),
			      .count = count,
			      .sight = ret};

	*ret = (struct spf_sight){.complete = true};
	look(&f, s, true);
	while (f.waiting > 0) {
		struct following now = f;

		r->ops->ask(r, a, now.next, now.waiting, until);
		f.waiting = 0;
		for (size_t i = 0; i < now.waiting; i++)
			read_included(&f, &now.next[i], now.passes[i]);
	}
	for (size_t i = 0; i < count; i++)
		ret->found += f.found[i];
}
