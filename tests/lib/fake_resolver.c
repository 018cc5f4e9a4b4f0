#include "tests/lib/fake_resolver.h"

#include <stdio.h>
#include <string.h>

#include "util/network.h"

enum { ROOM = 64, NAME = 256 };

static void read_text(struct arena *a, const char *value,
		      struct dns_record *ret)
{
	char *text = arena_alloc(a, strlen(value) + 1);

	ret->strings = 1;
	for (; *value != '\0'; value++) {
		if (*value == '|')
			ret->strings++;
		else
			text[ret->size++] = *value;
	}
	ret->text = text;
}

static struct dns_record record_of(struct arena *a, const struct fake_record *f)
{
	struct dns_record r = {.name = ""};
	struct network n;
	char name[NAME] = "";

	switch (f->type) {
	case DNS_TXT:
		read_text(a, f->value, &r);
		break;
	case DNS_MX:
		sscanf(f->value, "%u %255s", &r.preference, name);
		break;
	case DNS_SRV:
		sscanf(f->value, "%u %u %u %255s", &r.preference, &r.weight,
		       &r.port, name);
		break;
	case DNS_A:
	case DNS_AAAA:
		if (network_address(f->value, &n))
			r.address = arena_copy(a, &n, sizeof(n));
		break;
	case DNS_CNAME:
	case DNS_SOA:
		snprintf(name, sizeof(name), "%s", f->value);
		break;
	}
	r.name = arena_strdup(a, strcmp(name, ".") == 0 ? "" : name);
	return r;
}

static void answer(struct fake_resolver *f, struct arena *a,
		   struct dns_question *q)
{
	q->outcome = DNS_NO_NAME;
	q->count = 0;
	q->secure = f->secure;
	q->records = arena_alloc(a, ROOM * sizeof(*q->records));
	for (const struct fake_record *r = f->records; r->name != NULL; r++) {
		if (strcmp(r->name, q->name) != 0)
			continue;
		if (q->outcome == DNS_NO_NAME)
			q->outcome = DNS_NOTHING;
		if (r->type != q->type || strcmp(r->value, "~") == 0 ||
		    q->count == ROOM)
			continue;
		if (strcmp(r->value, "!") == 0) {
			q->outcome = DNS_FAILED;
			q->detail = "nobody answers";
			return;
		}
		q->outcome = DNS_FOUND;
		q->records[q->count++] = record_of(a, r);
	}
}

static void ask(struct resolver *r, struct arena *a, struct dns_question *q,
		size_t count, int64_t until)
{
	struct fake_resolver *f = (struct fake_resolver *)r;

	(void)until;
	f->rounds++;
	f->asked += (unsigned)count;
	for (size_t i = 0; i < count; i++)
		answer(f, a, &q[i]);
}

static bool validates(struct resolver *r)
{
	return ((struct fake_resolver *)r)->secure;
}

struct resolver *fake_resolver(struct fake_resolver *f,
			       const struct fake_record *records)
{
	static const struct resolver_ops ops = {.ask = ask,
						.validates = validates};

	*f = (struct fake_resolver){.port = {&ops}, .records = records};
	return &f->port;
}
